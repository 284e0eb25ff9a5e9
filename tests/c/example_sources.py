#!/usr/bin/env python3
"""Holds the examples to what their readers need: short, no ignored results, listed in the README.

    example_sources.py FOLDER      the examples
    example_sources.py --control   shows that each rule finds what it looks for
"""

import os
import re
import sys

FEWER_LINES_THAN = 150

# Functions that return nothing.
WITHOUT_RESULT = {"HAL_Free", "HAL_MutexDestroy", "HAL_MutexLock", "HAL_MutexUnlock", "HAL_Reboot",
                  "HAL_SemaphoreDestroy", "HAL_SemaphorePost", "HAL_SleepMs", "HAL_Srandom",
                  "IOT_DumpMemoryStats", "IOT_SetLogLevel", "linksdk_set_log_hook",
                  "linksdk_set_log_level", "linksdk_set_reboot_hook"}

# A call that begins a statement: what it returns is lost.
STATEMENT = re.compile(r"^\s+(?:\(void\)\s*)?((?:HAL|IOT|linksdk)_\w+|iotx_\w+)\(")
# The start of a longer statement: the next line continues it.
CONTINUES = re.compile(r"(?:[,(=?:|&+]|\breturn)\s*$")


def faults(name, text, readme):
    """What is wrong with one example, a sentence each."""
    lines = text.splitlines()
    if len(lines) >= FEWER_LINES_THAN:
        yield f"{name} has {len(lines)} lines; readers get fewer than {FEWER_LINES_THAN}"
    before = ""
    for number, line in enumerate(lines, 1):
        call = STATEMENT.match(line)
        if call and not CONTINUES.search(before) and call[1] not in WITHOUT_RESULT:
            yield f"{name}:{number}: the result of {call[1]} is ignored"
        before = line
    if f"`{name}`" not in readme:
        yield f"{name} is not in the table of README.md"


def examples(folder):
    for name in sorted(os.listdir(folder)):
        if name.endswith(".c"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                text = file.read()
            if re.search(r"^int main\(", text, re.MULTILINE):
                yield name, text


def control():
    good = "int main(void)\n{\n    return IOT_MQTT_Yield(NULL, 1);\n}\n"
    cases = {
        good: [],
        "\n" * FEWER_LINES_THAN: ["lines"],
        "    IOT_MQTT_Yield(client, 200);\n": ["is ignored"],
        "    (void)HAL_SSL_Destroy(handle);\n": ["is ignored"],
        "    HAL_SleepMs(1);\n    result = a ||\n    b(\n        IOT_MQTT_Yield(c, 1));\n": [],
    }
    for text, expected in cases.items():
        found = list(faults("a.c", text, "`a.c`"))
        if len(found) != len(expected) or not all(e in f for e, f in zip(expected, found)):
            sys.exit(f"control: {text!r} gave {found}, not {expected}")
    if len(list(faults("b.c", good, "`a.c`"))) != 1:
        sys.exit("control: an example that the README does not list was not noticed")


def main():
    if sys.argv[1] == "--control":
        return control()
    with open(os.path.join(sys.argv[1], "README.md"), encoding="utf-8") as file:
        readme = file.read()
    found = list(examples(sys.argv[1]))
    if len(found) < 6:
        sys.exit(f"only {len(found)} examples found in {sys.argv[1]}")
    wrong = [fault for name, text in found for fault in faults(name, text, readme)]
    if wrong:
        sys.exit("\n".join(wrong))
    return None


if __name__ == "__main__":
    main()
