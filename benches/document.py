"""Writes the measured part of docs/performance.md, and docs/performance.svg."""

import bars
import plot
import table
from programs import ROOT, Failed

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
DOCUMENT = ROOT / "docs" / "performance.md"


def _machine(machine):
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items()
                         if name not in ("rustc", "valgrind"))
    return (f"{machine['processor']}, {machine['cores']} cores, {machine['kernel']}; load when it began "
            f"{machine['load']:.1f}, at the end {machine['load at the end']:.1f}. {machine['versions']['rustc']}, {versions}, "
            f"{machine['versions']['valgrind']}.")


def _bars(gate, figures):
    ahead = bars.not_reached(gate, figures)
    lines = ["## Bars", "",
             "`make bench-check` fails when one of these is exceeded. No time is among them.", "",
             "| figure | measured | bar |", "|---|---:|---:|"]
    for bar in gate:
        value = bars.value(bar, figures)
        lines.append(f"| {bars.name(bar)} | {_number(value)} | {_number(bar['most'])} |")
    lines.append("")
    if ahead:
        lines += ["Not reached yet, and held where they are:", ""]
        lines += [f"- {bars.name(bar)}: {_number(value)}, the goal is {_number(bar['goal'])}"
                  for bar, value in ahead]
    else:
        lines.append("Every goal is reached.")
    return lines


def _number(value):
    if value is None:
        return "not measured"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def measured_part(results, gate):
    """What stands between the markers."""
    lines = [BEGIN, "", f"Command: `{results['command']}`. Machine: {_machine(results['machine'])}", "",
             "```text", table.text(results).rstrip("\n"), "```", "",
             "![size against the cost of a handshake](performance.svg)", "",
             *_bars(gate, results["figures"]), "", END]
    return "\n".join(lines)


def with_measured_part(text, part):
    """The document with what stands between its markers replaced."""
    before, found, rest = text.partition(BEGIN)
    _, found_too, after = rest.partition(END)
    if not found or not found_too:
        raise Failed(f"docs/performance.md needs the lines {BEGIN} and {END}")
    return before + part + after


def update(results, gate):
    """Both files."""
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(with_measured_part(text, measured_part(results, gate)), encoding="utf-8")
    (ROOT / "docs" / "performance.svg").write_text(plot.svg(results["figures"]), encoding="utf-8")
