#!/usr/bin/env python3
"""Runs an example one or more times, as its reader would, and looks for what it has to print.

    example.py [--fresh FILE] [--expect STATUS] --shows REGEX... [--then REGEX...] -- PROGRAM ARG...

--shows: patterns that the output of the first run must have, in this order. --then: the program runs
once more, and has to print these. --fresh: a file that must not be there before the first run.
"""

import argparse
import os
import re
import subprocess
import sys

import emulator


def first_missing(output, patterns):
    """The first pattern that is not found behind the one before; None when all are there."""
    position = 0
    for pattern in patterns:
        found = re.compile(pattern).search(output, position)
        if not found:
            return pattern
        position = found.end()
    return None


def main():
    cut = sys.argv.index("--")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fresh")
    parser.add_argument("--expect", type=int, default=0)
    parser.add_argument("--shows", action="append", default=[])
    parser.add_argument("--then", action="append", default=[])
    options = parser.parse_args(sys.argv[1:cut])
    if not options.shows:
        parser.error("without --shows nothing is tested")
    if options.fresh and os.path.exists(options.fresh):
        os.remove(options.fresh)
    for patterns in filter(None, (options.shows, options.then)):
        done = subprocess.run(emulator.command(sys.argv[cut + 1:]), text=True, check=False, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        print(done.stdout, end="")
        if done.returncode != options.expect:
            sys.exit(f"exit status {done.returncode}, expected {options.expect}")
        missing = first_missing(done.stdout, patterns)
        if missing:
            sys.exit(f"not printed, or not in this order: {missing}")


if __name__ == "__main__":
    main()
