#!/usr/bin/env python3
"""One table of what the checkers said, from the results that ctest writes.

    report.py ENGINE-TOOL.xml...

One line for each test, one column for each run; below, what failed, and how often each suppression of
valgrind was used. Ends with 1 when a test failed, or a run is missing or has no tests.
"""

import os
import re
import sys
import xml.etree.ElementTree as xml

NAME_WIDTH = 36
LINES_OF_FAILURE = 60


def results(path):
    """Test name -> (status, seconds, output) of one run; what only prepares is left out."""
    found = {}
    if not os.path.exists(path):
        return found
    for case in xml.parse(path).getroot().iter("testcase"):
        name = case.get("name")
        if name.startswith("setup."):
            if case.get("status") == "run":
                continue
        output = case.findtext("system-out") or ""
        status = {"run": "ok", "fail": "FAILED"}.get(case.get("status"), "skipped")
        found[name] = (status, float(case.get("time", 0)), output)
    return found


def said_by_the_checker(output):
    """The lines of a failed test that tell why, not the program's own if a checker spoke."""
    lines = output.splitlines()
    ours = [line for line in lines if re.match(r"==\d+==", line) or "runtime error" in line]
    return (ours or lines)[:LINES_OF_FAILURE]


def main():
    runs = [(os.path.basename(path).removesuffix(".xml"), results(path)) for path in sys.argv[1:]]
    width = max(len("FAILED 9999 s"), *(len(name) for name, _ in runs)) + 2
    heading = "".join(name.rjust(width) for name, _ in runs)
    print("\n" + "test".ljust(NAME_WIDTH) + heading)
    failures, used = [], {}
    for test in sorted({test for _, found in runs for test in found}):
        line = test.ljust(NAME_WIDTH)
        for name, found in runs:
            status, seconds, output = found.get(test, ("-", 0, ""))
            cell = status if status in ("-", "skipped") else f"{status} {seconds:.0f} s"
            line += cell.rjust(width)
            if status == "FAILED":
                failures.append((test, name, output))
            for count, suppression in re.findall(r"used_suppression: +(\d+) (\S+)", output):
                used[suppression] = used.get(suppression, 0) + int(count)
        print(line)
    for test, name, output in failures:
        print(f"\n--- {test}, {name}")
        print("\n".join(said_by_the_checker(output)))
    if used:
        print("\nwhat was suppressed (tests/checked/*.supp), and how often")
        for suppression, count in sorted(used.items()):
            print(f"  {count:8} {suppression}")
    empty = [name for name, found in runs if not found]
    for name in empty:
        print(f"\n{name}: no results: look at what ctest printed above")
    count = sum(len(found) for _, found in runs)
    print(f"\n{count} results, {len(failures)} failed")
    return 1 if failures or empty else 0


if __name__ == "__main__":
    sys.exit(main())
