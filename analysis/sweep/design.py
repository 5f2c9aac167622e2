"""Which points a sweep visits: axes crossed on a grid, or spread over their ranges without gaps."""

import csv
from dataclasses import dataclass
from itertools import product
from math import isfinite, log
from pathlib import Path

import numpy as np

DESIGNS = ("grid", "sobol", "lhs")


@dataclass(frozen=True)
class Between:
    """An axis of which a design chooses the values: from `low` to `high`, evenly, or evenly in logarithms."""

    low: float
    high: float
    log: bool = False

    def __post_init__(self):
        if not (isfinite(self.low) and isfinite(self.high) and self.low < self.high):
            raise ValueError(f"a range must go up between two finite numbers (got {self.low} to {self.high})")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic range must begin above zero (got {self.low}); make it linear")

    def at(self, uniform):
        """The value at a quantile; a whole number where both ends are."""
        if self.log:
            value = float(np.exp(log(self.low) + uniform * (log(self.high) - log(self.low))))
        else:
            value = self.low + uniform * (self.high - self.low)
        return round(value) if isinstance(self.low, int) and isinstance(self.high, int) else float(value)


def points(axes, design="grid", count=None, paired=(), seed=0):
    """[{keyword: value}] of a sweep, in the order in which it goes through them.

    axes: {keyword: list, or Between}; a grid crosses lists, `sobol` and `lhs` spread `count` points over all axes,
    a list being as many equal parts of the unit; paired: dicts of keywords that change together, each crossed with
    all the rest; seed: of the scrambling of `sobol` and of `lhs`
    """
    check(axes, design, count, paired)
    spread = crossed(axes) if design == "grid" or not axes else drawn(axes, design, count, seed)
    return [{**together, **each} for together in (paired or [{}]) for each in spread]


def crossed(axes):
    """Every combination, the last axis fastest."""
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def drawn(axes, design, count, seed):
    """`count` points of a scrambled Sobol sequence or a Latin hypercube (scipy.stats.qmc)."""
    from scipy.stats import qmc

    kind = {"sobol": qmc.Sobol, "lhs": qmc.LatinHypercube}[design]
    uniforms = kind(len(axes), rng=seed).random(count)
    return [{name: pick(axis, each) for (name, axis), each in zip(axes.items(), row, strict=True)} for row in uniforms]


def pick(axis, uniform):
    """The value of an axis at a quantile."""
    return axis.at(float(uniform)) if isinstance(axis, Between) else axis[int(uniform * len(axis))]


def check(axes, design, count, paired):
    """ValueError for a design that is none, or has no points."""
    if design not in DESIGNS:
        raise ValueError(f"design must be one of {', '.join(DESIGNS)} (got {design!r})")
    if design == "grid":
        for name, axis in axes.items():
            if isinstance(axis, Between):
                raise ValueError(f"{name} must have a number of values on a grid (got a range); say LOW:HIGH:NUMBER")
        if count is not None:
            raise ValueError(f"a grid has as many points as its axes cross to (got points={count}); leave it out")
    elif axes and (count is None or count < 1):
        raise ValueError(f"design {design} must be given a number of points (got {count}); 64 is a start")
    elif design == "sobol" and axes and count & (count - 1):
        near = 1 << count.bit_length()
        raise ValueError(f"a Sobol design must have a power of two of points (got {count}); try {near}")
    for name, axis in axes.items():
        if not isinstance(axis, Between) and not len(axis):
            raise ValueError(f"{name} must be given at least one value (got none)")
    for row in paired:
        if set(row) & set(axes):
            raise ValueError(f"{min(set(row) & set(axes))} must be an axis or a paired column, not both")


def read_paired(path):
    """[{column: text}] of a CSV file; ValueError, one sentence, unless it is a header and whole rows."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"a file of paired columns must exist (got {path})")
    with open(path, newline="", encoding="utf-8") as file:
        head, *rows = [line for line in csv.reader(file) if line] or [[]]
    if not rows or len(set(head)) < len(head):
        raise ValueError(f"{path} must have a header of different names and at least one row")
    for number, row in enumerate(rows, 2):
        if len(row) != len(head):
            raise ValueError(f"{path}, line {number}, must have {len(head)} values (got {len(row)})")
    return [dict(zip(head, row, strict=True)) for row in rows]
