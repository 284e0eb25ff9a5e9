#!/usr/bin/env python3
"""Whether a run with a fault of its own failed, and for that fault: noticed.py FAULT REPORT -- COMMAND..."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "c"))
import servers  # pylint: disable=wrong-import-position

WORDS = {"leak": "heap in use grows", "leak-descriptor": "open descriptors grows",
         "lose": "acknowledged, and unknown to the platform"}


def main():
    fault, report = sys.argv[1:3]
    if os.path.exists(report):
        os.remove(report)
    status = subprocess.run(sys.argv[4:], check=False, preexec_fn=servers.end_with_parent).returncode
    with open(report, encoding="utf-8") as file:
        problems = json.load(file)["problems"]
    if status != 1 or not any(WORDS[fault] in problem for problem in problems):
        print(f"{fault}: not noticed: exit status {status}, problems {problems}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
