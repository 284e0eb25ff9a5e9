#!/usr/bin/env python3
"""Builds the example as the demo does: credentials embedded, CMake, the installed package.

    build_example.py --tool linksdk-x509 --pki DIR --prefix DIR --work DIR
"""

import argparse
import os
import subprocess
import sys

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "c-examples")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("tool", "pki", "prefix", "work"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    credentials = os.path.join(os.path.abspath(options.work), "device.c")
    build = os.path.join(options.work, "build")
    for command in (
            [options.tool, "embed", "--cert", f"{options.pki}/device.crt",
             "--key", f"{options.pki}/device.key", "--ca", f"{options.pki}/platform-ca.crt",
             "--out", credentials, "--force"],
            ["cmake", "-S", EXAMPLES, "-B", build, f"-DCMAKE_PREFIX_PATH={options.prefix}",
             f"-DDEVICE_CREDENTIALS={credentials}"],
            ["cmake", "--build", build]):
        status = subprocess.run(command, check=False).returncode
        if status != 0:
            sys.exit(f"{' '.join(command)}: exit status {status}")


if __name__ == "__main__":
    main()
