#!/usr/bin/env python3
"""Who holds how much of a finished object: prints a table for docs/footprint.md.

    holders.py build/size/linksdk_hal.o [--from KB]

Reads OBJECT.symbols, which the build leaves beside the object. Code and constants that have a name are
counted; what has none (texts, jump tables) is the rest of .text and .rodata.
"""

import argparse
import collections
import re
import subprocess
import sys

# The assembly of ring has names without a path.
ASSEMBLY = re.compile(r"ring_core|nistz|aesni|^_?(bn|sqr|mul)[xr_48]|ChaCha20|poly1305|^__|^[A-Z]\w{0,4}$|sha\d+_")
LINE = re.compile(r"[0-9a-f]+ ([0-9a-f]+) ([a-zA-Z]) (.*)")
CRATE = re.compile(r"(?:^|[<&( ]|dyn |as )([a-z_][a-z0-9_]*)(?:\[[0-9a-f]+\])?::")


def holder(name):
    """The crate that a symbol comes from: of a generic function, the one that it is made for."""
    if name.startswith(("linksdk_", "HAL_", "IOT_", "iotx_", "g_cli_", "ssl_hooks")):
        return "linksdk_hal"
    crates = [crate for crate in CRATE.findall(name) if crate not in ("dyn", "as")]
    ours = [crate for crate in crates if crate not in ("core", "alloc", "std")]
    if crates:
        return (ours or crates)[0]
    return "ring (C and assembly)" if ASSEMBLY.search(name) else "other"


def code_and_constants(path):
    done = subprocess.run(["size", "--format=sysv", path], capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    return sum(int(row[1]) for row in rows if row and row[0].split(".")[1:2] in (["text"], ["rodata"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("object")
    parser.add_argument("--from", dest="least", type=float, default=10, metavar="KB",
                        help="smaller holders are added up in one row")
    options = parser.parse_args()
    sizes = collections.Counter()
    largest = collections.defaultdict(list)
    with open(options.object + ".symbols", encoding="utf-8", errors="replace") as file:
        for match in filter(None, map(LINE.match, file)):
            size, kind, name = int(match[1], 16), match[2], match[3]
            if kind in "bBdD":
                continue
            sizes[holder(name)] += size
            largest[holder(name)].append((size, name))
    total = code_and_constants(options.object)
    if not sizes or sum(sizes.values()) > total:
        sys.exit(f"{options.object}.symbols does not belong to it: build again")
    print("| held by | kB | the largest parts (bytes) |\n|---|---|---|")
    rest = 0
    for crate, size in sizes.most_common():
        if size < options.least * 1000:
            rest += size
            continue
        parts = sorted(largest[crate], reverse=True)[:3]
        short = [re.sub(r"<[^<>]*>|::h[0-9a-f]{16}|\[[0-9a-f]+\]", "", name)[:60] for _, name in parts]
        print(f"| {crate} | {size / 1000:.0f} | " + ", ".join(
            f"`{name}` {size}" for (size, _), name in zip(parts, short)) + " |")
    print(f"| holders below {options.least:.0f} kB together | {rest / 1000:.0f} | |")
    print(f"| without a name: texts, tables of jumps | {(total - sum(sizes.values())) / 1000:.0f} | |")
    print(f"| **.text and .rodata** | **{total / 1000:.0f}** | |")


if __name__ == "__main__":
    main()
