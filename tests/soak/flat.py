"""Whether a measured value stays flat: a regression line over its samples."""

import math
import typing

# The beginning is left out: the first connections fill caches and page the program in.
WARM_UP = 0.2
FEWEST = 12


class Line(typing.NamedTuple):
    """A value over time, by least squares."""

    name: str
    unit: str
    samples: int
    minutes: float
    mean: float
    per_minute: float
    error: float  # standard error of per_minute
    growth: float  # over the samples' time, at least (per_minute less three standard errors)
    tolerance: float

    def problem(self):
        if self.samples < FEWEST:
            return f"{self.name}: {self.samples} samples are too few"
        if self.growth > self.tolerance:
            return (f"{self.name} grows: {self.per_minute:+.2f} {self.unit} a minute, surely "
                    f"{self.growth:.1f} {self.unit} in {self.minutes:.1f} minutes "
                    f"(tolerance {self.tolerance:g})")
        return None


def fit(name, unit, points, tolerance):
    """points: (milliseconds, value), in order."""
    points = points[int(len(points) * WARM_UP):]
    count = len(points)
    if count < 3:
        return Line(name, unit, count, 0.0, 0.0, 0.0, 0.0, 0.0, tolerance)
    minutes = [(time - points[0][0]) / 60000 for time, _ in points]
    values = [value for _, value in points]
    middle, mean = sum(minutes) / count, sum(values) / count
    spread = sum((at - middle) ** 2 for at in minutes)
    if spread == 0:
        return Line(name, unit, 0, 0.0, mean, 0.0, 0.0, 0.0, tolerance)
    slope = sum((at - middle) * (value - mean) for at, value in zip(minutes, values)) / spread
    rest = [value - mean - slope * (at - middle) for at, value in zip(minutes, values)]
    # Samples that follow each other resemble each other, and tell less than as many independent ones.
    squares = sum(one * one for one in rest)
    alike = sum(a * b for a, b in zip(rest, rest[1:])) / squares if squares else 0.0
    alike = min(max(alike, 0.0), 0.95)
    error = math.sqrt(squares / (count - 2) / spread * (1 + alike) / (1 - alike))
    growth = (slope - 3 * error) * minutes[-1]
    return Line(name, unit, count, minutes[-1], mean, slope, error, growth, tolerance)
