#!/usr/bin/env python3
"""Who holds how much of a finished object: the tables of docs/footprint.md.

    holders.py build/size/linksdk_hal.o [--from KB]             prints one table
    holders.py --update TITLE=OBJECT...                         writes them into docs/footprint.md

Code and constants lie in sections that have the names of what they hold. What has none, texts for the
most part, counts for those whose code refers to it. In sections that hold many things, as assembly
does, OBJECT.symbols tells them apart, which the build leaves beside the object.
"""

import argparse
import collections
import re
import subprocess
import sys
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "footprint.md"
BEGIN, END = "<!-- holders: begin -->\n", "<!-- holders: end -->\n"
MBEDTLS = re.compile(r"^(mbedtls_|oid_|ssl_|x509_|aes_|ecp_|rsa_|pk_|asn1_|gcm_|ctr_drbg|sha\d)")
SYMBOL = re.compile(r"[0-9a-f]+ ([0-9a-f]+) ([a-zA-Z]) (.*)")
CRATE = re.compile(r"(?:^|[<&( ]|dyn |as )([a-z_][a-z0-9_]*)(?:\[[0-9a-f]+\])?::")
# Names that compilers give to what has none in the source, and to what they put together.
NAMELESS = re.compile(r"^(\.L?anon\.|\.L__unnamed|anon\.|alloc_|cst\d|str\d|$)")
PREFIX = re.compile(r"^\.(text|rodata|data\.rel\.ro|data)\b\.?")
OUR_EXPORTS = ("linksdk_", "HAL_", "IOT_", "iotx_", "g_cli_", "ssl_hooks")
EXTERNAL = {True: "Mbed TLS (C)", False: "ring (C and assembly)"}


def holder(name, mbedtls):
    """The crate that a name comes from: of a generic function, the one that it is made for."""
    if name.startswith(OUR_EXPORTS):
        return "linksdk_hal"
    if name == "rust_eh_personality" or name.startswith("__rust"):
        return "std"
    crates = [crate for crate in CRATE.findall(name) if crate not in ("dyn", "as")]
    ours = [crate for crate in crates if crate not in ("core", "alloc", "std")]
    if crates:
        return (ours or crates)[0]
    return EXTERNAL[mbedtls]


def lines_of(*words):
    """What a tool prints."""
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


def demangled(names):
    """The names as people write them."""
    done = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True)
    return dict(zip(names, done.stdout.splitlines()))


class Object:
    """A finished object: its sections, their names, and which refers to which."""

    def __init__(self, path):
        self.path = path
        self.sections = {}
        for line in lines_of("readelf", "--section-headers", "--wide", path):
            match = re.match(r" *\[ *(\d+)\] (\S+) +(PROGBITS|INIT_ARRAY) +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+)", line)
            if match and PREFIX.match(match[2]):
                self.sections[int(match[1])] = (match[2], int(match[4], 16))
        bare = {index: re.sub(r"^\.Lswitch\.table\.", "", PREFIX.sub("", name))
                for index, (name, _) in self.sections.items()}
        # Numbers that the compiler appends hide what a name says.
        bare = {index: re.sub(r"(\.llvm)?\.\d+$", "", name) for index, name in bare.items()}
        people = demangled(sorted(set(bare.values())))
        self.names = {index: people[name] for index, name in bare.items()}
        self.mbedtls = any("mbedtls" in name for name in self.names.values())
        self.references = collections.defaultdict(set)
        self._read_references()

    def _read_references(self):
        """Who refers to a section, from the relocations of the others."""
        home, current = {}, None
        for line in lines_of("readelf", "--symbols", "--wide", self.path):
            words = line.split()
            if len(words) > 6 and words[0].rstrip(":").isdigit() and words[6].isdigit():
                home[int(words[0].rstrip(":"))] = int(words[6])
        numbers = {name: index for index, (name, _) in self.sections.items()}
        for line in lines_of("readelf", "--relocs", "--wide", self.path):
            if line.startswith("Relocation section"):
                current = numbers.get(re.search(r"'\.rela?(\.[^']*)'", line)[1])
            elif current is not None and re.match(r"[0-9a-f]+ +[0-9a-f]+ +R_", line):
                info = line.split()[1]
                symbol = int(info[:-8], 16) if len(info) > 8 else int(info, 16) >> 8
                self.references[home.get(symbol)].add(current)

    def holder_of(self, index):
        """Whose the section is; of one without a name, whose code refers to it."""
        name = self.names[index]
        if self.sections[index][0] in (".text", ".rodata"):
            # Rust's code and constants have sections of their own.
            return EXTERNAL[self.mbedtls]
        if not NAMELESS.match(name):
            return holder(name, self.mbedtls)
        seen, ring = {index}, {index}
        while ring:
            ring = {source for one in ring for source in self.references[one]} - seen
            seen |= ring
            found = collections.Counter(
                holder(self.names[one], self.mbedtls) for one in ring if not NAMELESS.match(self.names[one]))
            if found:
                return min(found, key=lambda name: (-found[name], name))
        return "nobody known"

    def parts(self):
        """All code and constants: (holder, kind, size, name or None)."""
        for index, (section, size) in self.sections.items():
            kind = PREFIX.match(section)[1]
            if kind in ("text", "rodata"):
                named = not NAMELESS.match(self.names[index])
                yield self.holder_of(index), kind, size, self.names[index] if named else None

    def in_shared_sections(self):
        """(size, name) of what has no section of its own."""
        own = set(self.names.values())
        with open(f"{self.path}.symbols", encoding="utf-8", errors="replace") as file:
            for match in filter(None, map(SYMBOL.match, file)):
                if match[2] not in "bBdD" and match[3] not in own and not CRATE.search(match[3]):
                    yield int(match[1], 16), match[3]


def short(name):
    """A name that fits a cell of the table: `<Type<T> as Trait>::method` becomes `Type::method`."""
    name = re.sub(r"::h[0-9a-f]{16}$|\[[0-9a-f]+\]", "", name)
    arguments = re.compile(r"(?<=\w)(::)?<[^<>]*>")
    while arguments.search(name):
        name = arguments.sub("", name)
    name = re.sub(r"^<(.+?) as [^>]+>::", r"\1::", name)
    name = re.sub(r"^(.*)::<impl [^>]*? for ([^>]+)>::", r"\2::", name)
    name = re.sub(r"<impl ([^>]+)>", lambda match: match[1].rsplit("::", 1)[-1], name)
    name = name.replace("..", "::")
    return name if len(name) <= 60 else name.split("::", 1)[0] + "::..::" + "::".join(name.rsplit("::", 2)[1:])


def module(owner, name):
    """The module of `owner` that a name lies in, at most two deep; None when its name does not say."""
    path = short(name).split("::")
    inner = [part for part in path[1:-1] if part.islower()][:2]
    return "::".join([owner, *inner]) if path[0] == owner and inner else None


def table(path, least):
    """The table of one object, as lines."""
    read = Object(path)
    sizes = collections.defaultdict(collections.Counter)
    modules = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))
    largest = collections.defaultdict(list)
    for owner, kind, size, name in read.parts():
        column = "text" if kind == "text" else "named" if name else "texts"
        sizes[owner][column] += size
        if name:
            largest[owner].append((size, name))
            modules[owner][module(owner, name)][column] += size
    largest[EXTERNAL[read.mbedtls]] += read.in_shared_sections()
    lines = ["| held by | code | constants | texts | the largest parts, bytes |", "|---|---:|---:|---:|---|"]
    small, total = collections.Counter(), collections.Counter()
    for owner, by_kind in sorted(sizes.items(), key=lambda item: -item[1].total()):
        total += by_kind
        if by_kind.total() < least * 1000:
            small += by_kind
            continue
        parts = ", ".join(f"`{short(name)}` {size}" for size, name in sorted(largest[owner], reverse=True)[:4])
        lines.append(_row(owner, by_kind, parts))
        for inner, within in sorted(modules[owner].items(), key=lambda item: -item[1].total()):
            if inner and within.total() >= least * 1000:
                lines.append(_row(f"– of it `{inner}`", within, ""))
    lines.append(_row(f"holders below {least:.0f} kB together", small, ""))
    lines.append(_row("**all**", total, f"**{total.total() / 1000:.0f} kB of .text and .rodata**"))
    return lines


def _row(owner, by_kind, parts):
    cells = " | ".join(f"{by_kind[kind] / 1000:.0f}" for kind in ("text", "named", "texts"))
    return f"| {owner} | {cells} | {parts} |"


def update(tables):
    """Writes `tables`, title to lines, between the markers of the document."""
    text = "\n".join(f"{title}:\n\n" + "\n".join(lines) + "\n" for title, lines in tables.items())
    document = DOCUMENT.read_text(encoding="utf-8")
    written, count = re.subn(f"{BEGIN}.*?{END}", lambda _: f"{BEGIN}{text}{END}", document, flags=re.DOTALL)
    if count != 1:
        sys.exit(f"{DOCUMENT} does not have the two markers of this table once")
    DOCUMENT.write_text(written, encoding="utf-8")


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("objects", nargs="+", metavar="[TITLE=]OBJECT")
    parser.add_argument("--from", dest="least", type=float, default=10, metavar="KB",
                        help="smaller holders are added up in one row")
    parser.add_argument("--update", action="store_true", help="write docs/footprint.md instead of printing")
    options = parser.parse_args()
    tables = {}
    for argument in options.objects:
        title, _, path = argument.rpartition("=")
        if not Path(f"{path}.symbols").exists():
            sys.exit(f"{path}.symbols is missing: build the object again")
        tables[title] = table(path, options.least)
    if options.update:
        update(tables)
    else:
        print("\n\n".join("\n".join(lines) for lines in tables.values()))


if __name__ == "__main__":
    main()
