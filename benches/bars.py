"""The gate: stable figures, instructions, sizes and heap, against the bars in bars.json."""

import json
from pathlib import Path

BARS = Path(__file__).resolve().parent / "bars.json"
# Counts and bytes. Times depend on the machine and on who else uses it: no bar may be made of them.
STABLE = ("instructions", "percent", "text_rodata", "text_rodata_data", "heap_", "stack", "threads_")


def load(path=BARS):
    """The bars, checked: a bar that cannot fail, or fails by accident, is worse than none."""
    bars = json.loads(path.read_text(encoding="utf-8"))["bars"]
    for bar in bars:
        what = bar["figure"].rsplit("/", 1)[-1].removeprefix("own_")
        if not what.startswith(STABLE):
            raise ValueError(f"{bar['figure']} is no stable figure")
        if bar["most"] <= 0:
            raise ValueError(f"{bar['figure']}: the bar must be above 0")
    return bars


def value(bar, figures):
    """What is compared with the bar: the figure, or its ratio to another. None when not measured."""
    own = figures.get(bar["figure"])
    if own is None or "of" not in bar:
        return own
    other = figures.get(bar["of"])
    return own / other if other else None


def name(bar):
    """The bar's figure in words."""
    return f"{bar['figure']} : {bar['of']}" if "of" in bar else bar["figure"]


def violations(bars, figures):
    """One sentence for each bar that is exceeded or cannot be checked."""
    found = []
    for bar in bars:
        is_now = value(bar, figures)
        if is_now is None:
            found.append(f"{name(bar)}: not measured")
        elif is_now > bar["most"]:
            found.append(f"{name(bar)}: {is_now:,.6g}, at most {bar['most']:,.6g} is allowed")
    return found


def not_reached(bars, figures):
    """Bars whose goal is still ahead: (bar, value)."""
    ahead = []
    for bar in bars:
        is_now = value(bar, figures)
        if "goal" in bar and is_now is not None and is_now > bar["goal"]:
            ahead.append((bar, is_now))
    return ahead


def within_reach(bars, figures):
    """Bars whose goal has been reached although they stand above it: they can be lowered to it."""
    return [bar for bar in bars
            if "goal" in bar and bar["most"] > bar["goal"] and (value(bar, figures) or bar["most"]) <= bar["goal"]]
