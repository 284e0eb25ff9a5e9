#!/usr/bin/env python3
"""Runs a program with a private key in a fresh SoftHSM2 token.

    softhsm.py --work DIR --key FILE -- PROGRAM ARG...

{module}, {token}, {pin} and {label} in the arguments become what the program needs to find the key.
The token lives in DIR; the key file is what the token gets to import, and nothing else reads it.
"""

import argparse
import glob
import os
import shutil
import subprocess
import sys

import emulator

PLACES = {"{token}": "linksdk-test", "{pin}": "1234", "{label}": "device-key"}


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")


def find_module():
    places = glob.glob("/usr/lib/*/softhsm/libsofthsm2.so") + glob.glob("/usr/lib/softhsm/*.so")
    if not places:
        sys.exit("libsofthsm2.so is not installed (Debian package softhsm2)")
    return places[0]


def make_token(folder, key):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(f"{folder}/tokens")
    configuration = f"{folder}/softhsm2.conf"
    with open(configuration, "w", encoding="utf-8") as file:
        file.write(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n"
                   "log.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = configuration
    token, pin, label = PLACES.values()
    run("softhsm2-util", "--init-token", "--free", "--label", token, "--pin", pin, "--so-pin", pin)
    pkcs8 = f"{folder}/key.p8"
    run("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key, "-out", pkcs8)
    run("softhsm2-util", "--import", pkcs8, "--token", token, "--label", label, "--id", "01",
        "--pin", pin)
    os.remove(pkcs8)


def main():
    cut = sys.argv.index("--")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", required=True)
    parser.add_argument("--key", required=True)
    options = parser.parse_args(sys.argv[1:cut])
    make_token(os.path.abspath(options.work), options.key)
    places = {"{module}": find_module(), **PLACES}
    command = [places.get(word, word) for word in sys.argv[cut + 1:]]
    return subprocess.run(emulator.command(command), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
