#!/usr/bin/env python3
"""Which lines of src/ the fuzz targets reach: a table of the files, and one of the targets.

    fuzzed.py --llvm DIR [--document FILE] TARGET=PROGRAM=FILE.profdata...

Files of which no target reaches a line are counted, not listed. Tests inside src/ do not count.
"""

import argparse
import types

import report

BEGIN, END = "<!-- lines: begin -->\n", "<!-- lines: end -->\n"


def reached(llvm, program, profile):
    """path -> (lines, lines that were reached)."""
    options = types.SimpleNamespace(llvm=llvm, profile=profile, objects=[program])
    return {file.path: (set(file.lines), {line for line, count in file.lines.items() if count})
            for file in report.read(options)}


def tables(targets):
    """Markdown of what `targets`, name -> result of `reached`, reach together and each alone."""
    lines, together, most = {}, {}, {}
    for name, files in targets.items():
        for path, (all_lines, hit) in files.items():
            lines.setdefault(path, set()).update(all_lines)
            together.setdefault(path, set()).update(hit)
            most[path] = max(most.get(path, (0, "")), (len(hit), name))
    text = "| file | lines | reached | share | most of them by |\n|---|---|---|---|---|\n"
    for path in sorted(path for path in lines if together[path]):
        share = 100 * len(together[path]) / len(lines[path])
        text += f"| {path} | {len(lines[path])} | {len(together[path])} | {share:.0f} % | `{most[path][1]}` |\n"
    total, hit = (sum(map(len, table.values())) for table in (lines, together))
    untouched = sum(not together[path] for path in lines)
    text += f"| all, with {untouched} files that no target reaches | {total} | {hit} | {100 * hit / total:.0f} % | |\n"
    text += "\n| target | lines of src/ reached |\n|---|---|\n"
    for name, files in targets.items():
        text += f"| `{name}` | {sum(len(hit) for _, hit in files.values())} |\n"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--llvm", required=True, help="folder of llvm-cov")
    parser.add_argument("--document", help="Markdown file whose tables are replaced")
    parser.add_argument("targets", nargs="+")
    options = parser.parse_args()
    targets = {}
    for target in options.targets:
        name, program, profile = target.split("=")
        targets[name] = reached(options.llvm, program, profile)
    text = tables(targets)
    print(text, end="")
    if options.document:
        with open(options.document, encoding="utf-8") as file:
            before, rest = file.read().split(BEGIN, 1)
        after = rest.split(END, 1)[1]
        with open(options.document, "w", encoding="utf-8") as file:
            file.write(before + BEGIN + text + END + after)


if __name__ == "__main__":
    main()
