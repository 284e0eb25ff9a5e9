#!/usr/bin/env python3
"""Controls of report.py: what it must refuse, it refuses, and for that reason; and of fuzzed.py's tables.

An llvm-cov of our own says what is covered in a source tree of a few lines; report.py judges it as it
judges a real run. Ends by itself, with 1 when a case came out otherwise.
"""

import json
import os
import subprocess
import sys
import tempfile

import fuzzed

REPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "report.py")
STRICT, OTHER = "src/mqtt/client.rs", "src/os/tcp.rs"
TEXT = ["fn a() {", "    let b = c();", "    if b {", "        return d();", "    }", "    e()", "}", "",
        "#[cfg(test)]", "mod tests {", "    fn f() {}", "}"]
LLVM_COV = """#!/bin/sh
case "$*" in
*-format=lcov*) cat "{folder}/lcov" ;;
*) cat "{folder}/json" ;;
esac
"""


def judge(folder, missed, known=(), words=()):
    """The status and the words of report.py when the lines `missed` (path -> numbers) are not covered. The
    lines of the test module are never reached: they must not count."""
    lcov, exported = [], []
    for path in (STRICT, OTHER):
        absolute = os.path.join(folder, path)
        os.makedirs(os.path.dirname(absolute), exist_ok=True)
        with open(absolute, "w", encoding="utf-8") as file:
            file.write("\n".join(TEXT) + "\n")
        lcov.append(f"SF:{absolute}")
        lcov += [f"DA:{number},{0 if number in missed.get(path, ()) else 3}" for number in range(1, 8)]
        lcov += [f"DA:{number},0" for number in range(9, 13)] + ["end_of_record"]
        exported.append({"filename": absolute, "branches": [[3, 8, 3, 9, 2, 0, 0, 0, 4]]})
    files = {"lcov": "\n".join(lcov) + "\n", "json": json.dumps({"data": [{"files": exported}]}),
             "known": "".join(f"{line}\n" for line in known),
             "llvm-cov": LLVM_COV.format(folder=folder)}
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    os.chmod(os.path.join(folder, "llvm-cov"), 0o755)
    done = subprocess.run([sys.executable, REPORT, "--llvm", folder, "--profile", "none", "--known",
                           os.path.join(folder, "known"), *words, "object"], cwd=folder, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode()


RETURN = f"{STRICT} | return d(); | it cannot come about"
# name, lines that are not covered, what is known, further words, the status, what it has to say
CASES = [
    ("all is covered", {}, (), (), 0, "passed"),
    ("a line elsewhere is missed, above the floor", {OTHER: {4}}, (), (), 0, "passed"),
    ("below the floor", {OTHER: {2, 4}}, (), (), 1, "below the floor of 90 %"),
    ("below a higher floor", {OTHER: {4}}, (), ("--floor", "95"), 1, "below the floor of 95 %"),
    ("a file far below", {OTHER: {2, 3, 4}}, (), ("--floor", "70"), 1, f"{OTHER}: below"),
    ("a gap in a strict room", {STRICT: {4}}, (), (), 1, f"not tested: {STRICT}: lines 4"),
    ("a gap in a strict room, with its reason", {STRICT: {4}}, (RETURN,), (), 0, "passed"),
    ("a reason that nothing needs", {}, (RETURN,), (), 1, "tested by now, or gone"),
    ("no reason", {STRICT: {4}}, (f"{STRICT} | return d(); |",), (), 1, "a reason is missing"),
]


def fuzzed_is_wrong():
    """What is wrong with the tables of two targets that reach three of four lines together."""
    text = fuzzed.tables({"one": {STRICT: ({1, 2, 3}, {1, 2}), OTHER: ({1}, set())},
                          "two": {STRICT: ({2, 3, 4}, {2, 3})}})
    wanted = [f"| {STRICT} | 4 | 3 | 75 % | `two` |", "with 1 files that no target reaches | 5 | 3 | 60 % |",
              "| `one` | 2 |", "| `two` | 2 |"]
    return [row for row in wanted if row not in text]


def main():
    failed = len(fuzzed_is_wrong())
    for row in fuzzed_is_wrong():
        print(f"coverage control: the table of fuzzed lines has no row {row}")
    for name, missed, known, words, status, said in CASES:
        with tempfile.TemporaryDirectory() as folder:
            found, text = judge(os.path.realpath(folder), missed, known, words)
        if found != status or said not in text:
            failed += 1
            print(f"coverage control: {name}: status {found}, not {status} with {said!r}:\n{text}")
    if not failed:
        print(f"coverage control: {len(CASES)} cases and the fuzzed lines came out as they must")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
