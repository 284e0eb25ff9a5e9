#!/usr/bin/env python3
"""Coverage of src/ from merged profiles: a table per file, the floor, the rooms without gaps.

    report.py --llvm DIR --profile FILE.profdata --known FILE [--json FILE] [--document FILE]
              [--html DIR] [--floor 90] [--file-floor 60] OBJECT...

Lines and branches of tests inside src/ are not counted. Exit status: 1 when less than --floor percent
of all lines or less than --file-floor percent of one file's are covered, or when a line of the strict
rooms is not and --known does not say why. control.py shows each of them.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys

# Where every error path has to be tested.
STRICT = ("src/tls/session.rs", "src/identity.rs", "src/mqtt/")
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--llvm", required=True, help="folder of llvm-cov")
    parser.add_argument("--profile", required=True)
    parser.add_argument("--known", required=True, help="lines that need no test, with the reason")
    parser.add_argument("--json")
    parser.add_argument("--document", help="Markdown file whose table is replaced")
    parser.add_argument("--html")
    parser.add_argument("--floor", type=float, default=90.0)
    parser.add_argument("--file-floor", type=float, default=60.0)
    parser.add_argument("objects", nargs="+")
    return parser.parse_args()


def llvm_cov(options, programs, *words):
    objects = [programs[0]]
    for other in programs[1:]:
        objects += ["-object", other]
    done = subprocess.run([f"{options.llvm}/llvm-cov", *words, "-instr-profile", options.profile,
                           "-ignore-filename-regex", r"^/usr/|/registry/|/tests/|/target/|^library/",
                           *objects], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if b"no coverage data found" in done.stderr:
        return ""  # A test that needs nothing of the library.
    sys.stderr.write(done.stderr.decode())
    if done.returncode != 0:
        sys.exit(f"coverage: llvm-cov {words[0]} failed with status {done.returncode}; see above")
    return done.stdout.decode()


def test_lines(lines):
    """The numbers of the lines that are compiled for tests only. The sources are formatted by rustfmt:
    an item ends with a brace in the column in which it began."""
    found = set()
    position = 0
    while position < len(lines):
        text = lines[position]
        if not re.match(r"\s*#\[cfg\((all\()?test\b", text):
            position += 1
            continue
        column = len(text) - len(text.lstrip())
        end = position + 1
        while end < len(lines):
            line = lines[end]
            at_column = len(line) - len(line.lstrip()) == column
            if at_column and (line.rstrip().endswith(";") or line.strip() in ("}", "};")):
                break
            end += 1
        found.update(range(position + 1, end + 2))
        position = end + 1
    return found


class File:
    """What is known of one source file."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = {}  # line -> count
        self.branches = collections.Counter()  # (place, outcome) -> count

    def missed_lines(self):
        return sorted(line for line, count in self.lines.items() if count == 0)

    def missed_branches(self):
        return sum(count == 0 for count in self.branches.values())


def read(options):
    root = os.getcwd()
    files = {}
    excluded = {}

    def wanted(path):
        path = os.path.relpath(path, root)
        if not path.startswith("src/") or "/tests" in path:
            return None
        if path not in files:
            with open(path, encoding="utf-8") as file:
                text = file.read().splitlines()
            files[path] = File(path, text)
            excluded[path] = test_lines(text)
        return files[path]

    # One after the other: of functions with the same name in several programs, as those of the C border
    # have, llvm-cov takes the first program's only.
    for program in options.objects:
        add(options, program, wanted, excluded)
    return [files[path] for path in sorted(files) if files[path].lines]


def add(options, program, wanted, excluded):
    """Adds what one program reached."""
    current = None
    for line in llvm_cov(options, [program], "export", "-format=lcov").splitlines():
        if line.startswith("SF:"):
            current = wanted(line[3:])
        elif line.startswith("DA:") and current is not None:
            number, count = (int(word) for word in line[3:].split(",")[:2])
            if number not in excluded[current.path]:
                current.lines[number] = current.lines.get(number, 0) + count
    exported = llvm_cov(options, [program], "export", "-format=text", "-skip-functions")
    for one in json.loads(exported)["data"][0]["files"] if exported else []:
        current = wanted(one["filename"])
        for branch in one["branches"] if current is not None else []:
            place, taken, not_taken = tuple(branch[:4]), branch[4], branch[5]
            if place[0] not in excluded[current.path]:
                current.branches[place, True] += taken
                current.branches[place, False] += not_taken


def known_lines(path):
    """path -> text of a line -> why it needs no test."""
    known = collections.defaultdict(dict)
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                where, text, reason = (part.strip() for part in line.split("|", 2))
                if not reason:
                    sys.exit(f"coverage: {path}: a reason is missing: {line.strip()}")
                known[where][text] = reason
    return known


def ranges(numbers):
    text, begin, last = [], None, None
    for number in [*numbers, None]:
        if begin is not None and number != last + 1 if number is not None else begin is not None:
            text.append(f"{begin}" if begin == last else f"{begin}-{last}")
            begin = None
        if number is not None and begin is None:
            begin = number
        last = number
    return ", ".join(text)


def share(missed, of):
    return 100.0 * (of - missed) / of if of else 100.0


def rows(files):
    total = [0, 0, 0, 0]
    for file in files:
        numbers = [len(file.lines), len(file.missed_lines()), len(file.branches), file.missed_branches()]
        total = [sum(pair) for pair in zip(total, numbers)]
        yield file.path, numbers
    yield "all", total


def row(name, numbers, form):
    lines, missed, branches, missed_branches = numbers
    branch_share = f"{share(missed_branches, branches):.1f}" if branches else "-"
    return form.format(name, lines, missed, f"{share(missed, lines):.1f}", branches, missed_branches,
                       branch_share)


TABLE = "  {:<34}{:>7}{:>7}{:>8} %{:>7}{:>6}{:>7}"
MARKDOWN = "| {} | {} | {} | {} % | {} | {} | {} |"


def strict_gaps(files, known):
    """(file, untested lines) where no reason is known, and the reasons that nothing needs."""
    gaps, used = [], set()
    for file in files:
        if not file.path.startswith(STRICT):
            continue
        open_lines = []
        for number in file.missed_lines():
            text = file.text[number - 1].strip()
            if text in known.get(file.path, {}):
                used.add((file.path, text))
            else:
                open_lines.append(number)
        if open_lines:
            gaps.append((file, open_lines))
    unused = [(path, text) for path, texts in known.items() for text in texts if (path, text) not in used]
    return gaps, unused


def write_document(path, table):
    with open(path, encoding="utf-8") as file:
        before, rest = file.read().split(BEGIN, 1)
        after = rest.split(END, 1)[1]
    head = "| file | lines | missed | covered | branches | missed | covered % |\n|---|---|---|---|---|---|---|\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + head + "\n".join(row(name, numbers, MARKDOWN)
                                                     for name, numbers in table) + "\n" + END + after)


def main():
    options = arguments()
    files = read(options)
    known = known_lines(options.known)
    table = list(rows(files))
    print("  {:<34}{:>7}{:>7}{:>10}{:>7}{:>6}{:>7}".format("file", "lines", "missed", "covered", "branch",
                                                            "miss", "%"))
    for name, numbers in table:
        print(row(name, numbers, TABLE))
    gaps, unused = strict_gaps(files, known)
    failed = False
    for file, numbers in gaps:
        failed = True
        print(f"  not tested: {file.path}: lines {ranges(numbers)}")
        for number in numbers:
            print(f"    {number}: {file.text[number - 1].strip()[:68]}")
    for path, text in unused:
        failed = True
        print(f"  {options.known}: {path}: tested by now, or gone: {text}")
    for name, (lines, missed, _, _) in table[:-1]:
        if share(missed, lines) < options.file_floor:
            failed = True
            print(f"  {name}: below the floor of {options.file_floor:g} % for one file")
    _, (lines, missed, _, _) = table[-1]
    if share(missed, lines) < options.floor:
        failed = True
        print(f"  below the floor of {options.floor:g} % of the lines in src/")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump({name: dict(zip(("lines", "missed_lines", "branches", "missed_branches"), numbers))
                       for name, numbers in table}, out, indent=1)
    if options.document:
        write_document(options.document, table)
    if options.html:
        llvm_cov(options, options.objects, "show", "-format=html", "-show-branches=count", f"-output-dir={options.html}")
        print(f"  {options.html}/index.html")
    print("  FAILED" if failed else "  passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
