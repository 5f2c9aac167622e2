"""Phase diagrams: where over two arguments a number passes a threshold, with most runs near the line.

A coarse grid first; then every square whose corners lie on both sides of the threshold is cut in four, a few times
over. What a scenario does far from the line costs few runs.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas

from analysis.figures import Diagram, drawn, phase_diagram
from analysis.sweep import sweep

COARSE, ROUNDS = 4, 3


class Axis(NamedTuple):
    """An argument and the `Between` over which it runs."""

    name: str
    between: object


def refined(scenario, x, y, metric, threshold, *, seeds, out, coarse=COARSE, rounds=ROUNDS, **options):
    """A frame with a row for each point that was run: the two arguments, u and v (their places in the unit square),
    value (mean over seeds), error (its standard error) and runs.

    x, y: Axis; metric: a function of a run; threshold: of its mean; coarse: squares along a side at first; rounds: of
    cutting; out: a folder, with a sweep for each round, which the same call goes on with; options: of `sweep` and of
    the scenario
    """
    if coarse < 1 or rounds < 0:
        raise ValueError(f"a diagram must have a square or more, and rounds of 0 or more (got {coarse} and {rounds})")
    known, size = {}, 2**rounds  # places are whole numbers on the finest grid, `size` along a coarse square
    squares = [(i * size, j * size, size) for i in range(coarse) for j in range(coarse)]
    for number in range(rounds + 1):
        new = [place for place in dict.fromkeys(p for each in squares for p in corners(*each)) if place not in known]
        if new:
            folder = Path(out) / f"round-{number}"
            known |= made(scenario, (x, y), metric, new, coarse * size, seeds=seeds, out=folder, **options)
        squares = [part for each in squares if crosses(known, each, threshold) for part in quarters(*each)]
    frame = pandas.DataFrame(known.values(), columns=[x.name, y.name, "u", "v", "value", "error", "runs"])
    return frame.sort_values(["u", "v"]).reset_index(drop=True)


def corners(i, j, size):
    """The places of a square's corners."""
    return (i, j), (i + size, j), (i, j + size), (i + size, j + size)


def quarters(i, j, size):
    """The four squares that a square is cut into."""
    half = size // 2
    return [(i + a, j + b, half) for a in (0, half) for b in (0, half)] if half else []


def crosses(known, square, threshold):
    """Whether the threshold lies between the corners of a square."""
    values = [known[place][4] for place in corners(*square)]
    return min(values) < threshold <= max(values)


def made(scenario, axes, metric, places, whole, *, seeds, out, **options):
    """{place: row} of runs at places of a grid of `whole` steps a side; ValueError where one has no number."""
    at = {place: tuple(axis.between.at(p / whole) for axis, p in zip(axes, place, strict=True)) for place in places}
    points = list(dict.fromkeys(at.values()))
    paired = [{axis.name: value for axis, value in zip(axes, point, strict=True)} for point in points]
    done = sweep(scenario, seeds=seeds, paired=paired, metrics=[metric], out=out, **options)
    groups = done.frame().groupby("point")[done.metrics[0]]
    values = {point: groups.get_group(number).to_numpy(float) for number, point in enumerate(points)}
    if any(np.isnan(each).any() for each in values.values()):
        raise ValueError(f"every run of a diagram must have a number (some in {out} have none); narrow an axis")
    rows = {}
    for place, point in at.items():
        numbers = values[point]
        error = numbers.std(ddof=1) / np.sqrt(len(numbers)) if len(numbers) > 1 else np.nan
        rows[place] = (*point, *(p / whole for p in place), numbers.mean(), error, len(numbers))
    return rows


def draw(frame, x, y, threshold, title=""):
    """A Figure: the number in colour, the line where it passes the threshold, and the points that were run."""
    return drawn([lambda ax: phase_diagram(Diagram(frame, x, y, threshold, title), ax)], width=4.2, height=3.4)
