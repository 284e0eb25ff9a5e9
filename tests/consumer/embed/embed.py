#!/usr/bin/env python3
"""Uses linksdk_embed_credentials of the installed package, moved to another folder.

    embed.py --prefix DIR --work DIR --pki DIR --device NAME --tool FILE [--cc gcc]
"""

import argparse
import os
import shlex
import shutil
import stat
import subprocess
import sys

SOURCE = os.path.dirname(os.path.abspath(__file__))


def run(command, expect=0):
    done = subprocess.run(command, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if (done.returncode == 0) != (expect == 0):
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}\n{done.stdout}")
    return done.stdout


def said(text, words):
    """CMake and the tool break lines."""
    if words not in " ".join(text.split()):
        sys.exit(f"not said: {words}\n{text}")


def take(options, name, credentials):
    for suffix in ("crt", "key"):
        shutil.copyfile(os.path.join(options.pki, f"{name}.{suffix}"),
                        os.path.join(credentials, f"dev.{suffix}"))
    with open(os.path.join(credentials, "dev.crt"), encoding="ascii") as file:
        return file.read().replace("\n", "\r\n")


def holds(build, program, certificate):
    # A program for another machine runs through an emulator.
    emulator = shlex.split(os.environ.get("LINKSDK_EMULATOR", ""))
    printed = subprocess.run([*emulator, os.path.join(build, program)], check=True,
                             stdout=subprocess.PIPE).stdout.decode("ascii")
    if printed != certificate:
        sys.exit(f"{program} has another certificate:\n{printed}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("prefix", "work", "pki", "device", "tool"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--cc", default="gcc")
    options = parser.parse_args()
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        os.environ.pop(name, None)

    work = os.path.abspath(options.work)
    shutil.rmtree(work, ignore_errors=True)
    prefix, credentials, build = (os.path.join(work, name) for name in ("moved", "pem", "build"))
    shutil.copytree(options.prefix, prefix)
    os.makedirs(credentials)
    shutil.copyfile(os.path.join(options.pki, "platform-ca.crt"),
                    os.path.join(credentials, "roots.crt"))
    before = sorted(os.listdir(SOURCE))
    first = take(options, options.device, credentials)

    configure = ["cmake", "-S", SOURCE, f"-DCMAKE_PREFIX_PATH={prefix}",
                 f"-DCREDENTIALS={credentials}"]
    # A package that was installed without the command has it from elsewhere.
    installed = os.path.exists(os.path.join(prefix, "bin", "linksdk-x509"))
    tool = [] if installed else [f"-DLINKSDK_X509={options.tool}"]
    run([*configure, *tool, f"-DCMAKE_C_COMPILER={options.cc}", "-B", build])
    run(["cmake", "--build", build])
    for program in ("fw", "fw_with_library"):
        holds(build, program, first)
    for target in ("fw", "identity"):
        path = os.path.join(build, "linksdk-credentials", f"{target}.c")
        mode = stat.S_IMODE(os.stat(path).st_mode)
        if mode != 0o600:
            sys.exit(f"{path} has mode {mode:o}")
    if sorted(os.listdir(SOURCE)) != before:
        sys.exit("something was written into the source tree")

    second = take(options, "device-unknown", credentials)
    if second == first:
        sys.exit("the second certificate is the first")
    run(["cmake", "--build", build])
    for program in ("fw", "fw_with_library"):
        holds(build, program, second)

    shutil.copyfile(os.path.join(options.pki, f"{options.device}.key"),
                    os.path.join(credentials, "dev.key"))
    said(run(["cmake", "--build", build], expect=1), "does not belong to the certificate")

    shutil.rmtree(os.path.join(prefix, "bin"), ignore_errors=True)
    # Neither beside the package nor on the path.
    without = [*configure, "-DCMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH=OFF",
               "-DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF",
               f"-DCMAKE_MAKE_PROGRAM={shutil.which('make')}", "-G", "Unix Makefiles",
               f"-DCMAKE_C_COMPILER={shutil.which(options.cc)}", "-B", os.path.join(work, "without")]
    said(run(without, expect=1), "-DLINKSDK_INSTALL_TOOL=ON")
    run([*without, "-DLINKSDK_X509=" + os.path.abspath(options.tool)])


if __name__ == "__main__":
    main()
