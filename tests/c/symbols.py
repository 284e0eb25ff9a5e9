#!/usr/bin/env python3
"""Compares the global symbols of a finished object, archive or shared library with its export list.

    symbols.py --nm nm --exports cmake/exports/hal.txt --undefined cmake/exports/undefined.txt FILE
    symbols.py ... --version LINKSDK_0 liblinksdk.so
    symbols.py ... --expect-failure FILE

Defined: exactly the list; in a shared library, each in that version. Undefined: only names of the second list (there
may be several), which is what the C library and the unwinder provide.
"""

import argparse
import subprocess
import sys


def names_in(path):
    with open(path, encoding="utf-8") as file:
        return {line.strip() for line in file if line.strip() and not line.startswith("#")}


def symbols(nm, flag, path, dynamic=False):
    kind = "--dynamic" if dynamic else "--extern-only"
    output = subprocess.run([nm, kind, flag, "--format=posix", path],
                            capture_output=True, text=True, check=True).stdout
    lines = [line.split() for line in output.splitlines()]
    # An archive's listing has a line "archive[member]:" before each member.
    return {words[0] for words in lines if len(words) > 1}


def differences(options):
    exports = names_in(options.exports)
    allowed = set().union(*(names_in(path) for path in options.undefined))
    dynamic = options.version is not None
    defined = symbols(options.nm, "--defined-only", options.file, dynamic)
    undefined = symbols(options.nm, "--undefined-only", options.file, dynamic)
    if dynamic:
        exports = {f"{name}@@{options.version}" for name in exports} | {options.version}
        undefined = {name.split("@")[0] for name in undefined}
    found = [f"defined but not listed: {name}" for name in sorted(defined - exports)]
    found += [f"listed but not defined: {name}" for name in sorted(exports - defined)]
    found += [f"undefined and not known: {name}" for name in sorted(undefined - allowed)]
    if not undefined:
        found.append("no undefined symbol at all: this is not the library")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--exports", required=True)
    parser.add_argument("--undefined", required=True, nargs="+", action="extend")
    parser.add_argument("--version", help="the version of every symbol of a shared library")
    parser.add_argument("--expect-failure", action="store_true",
                        help="the control: succeed only when a difference is found")
    parser.add_argument("file")
    options = parser.parse_args()
    found = differences(options)
    print("\n".join(found) or f"{options.file}: as listed")
    return int(bool(found) != options.expect_failure)


if __name__ == "__main__":
    sys.exit(main())
