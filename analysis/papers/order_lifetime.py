"""What Rao found of a market of chartists (arXiv 2501.09404), as signs: each is held beside a simulated slope.

He prints figures and no table, so the claims are qualitative: longs who bet on the price against shorts who bet on
funding hold a lasting premium; orders that live longer tighten the peg. They were read in notes on the paper, and his
rules in the code he published with it.
"""

import math
from typing import NamedTuple

import numpy as np

from analysis.papers.row import Row
from scenarios.basis_traders import basis_traders

WARM = 0.25
"""Part of a run that is left out of the means: the book begins empty and nobody holds anything."""


class Slope(NamedTuple):
    """A published sign, and the mean slope over seeds with its standard error."""

    sign: int
    slope: float
    standard_error: float


def premium(run):
    """Return (rows,) the mid over the index, less 1, in bp, once the book has filled."""
    late = run["time_s"] > WARM * run["time_s"][-1]
    return 1e4 * (run["mid"][late] / run["index"][late] - 1.0)


def premium_mean_bps(run):
    """Mean premium of the mid over the index, in bp."""
    return float(np.nanmean(premium(run)))


def premium_deviation_bps(run):
    """Standard deviation of the premium, in bp."""
    return float(np.nanstd(premium(run)))


def slope(metric, parameter, values, seeds, scale=lambda value: value, **market):
    """Return (mean, standard error) over seeds of the least-squares slope of a metric in a parameter of the market.

    metric: of a run; values: of the parameter, two or more; scale: what of it the slope is in; market: other keywords
    of `basis_traders`
    """
    if len(seeds) < 2 or len(values) < 2:
        raise ValueError(f"a slope must be over two seeds and values or more (got {seeds}, {values}); add some")
    at = np.array([scale(value) for value in values], float)
    found = [[metric(basis_traders(seed=s, **{parameter: value}, **market).run()) for value in values] for s in seeds]
    slopes = np.polyfit(at, np.array(found).T, 1)[0]
    return float(slopes.mean()), float(slopes.std(ddof=1) / np.sqrt(len(slopes)))


def premium_by_bias(seeds=range(4), values=(0.1, 0.5, 0.9), **market):
    """Return the Slope of the mean premium, bp, in the bias: it rises (section on biased traders, its figure 11)."""
    return Slope(1, *slope(premium_mean_bps, "bias", values, seeds, **market))


def peg_by_lifetime(seeds=range(4), values=(30.0, 120.0, 480.0), **market):
    """Return the Slope of the premium's standard deviation, bp, in the lifetime's logarithm: it falls (section on
    order lifetime)."""
    return Slope(-1, *slope(premium_deviation_bps, "lifetime_s", values, seeds, np.log, **{"bias": 0.5} | market))


def table(seeds=range(4), **market):
    """[Row] of the signs: published is infinite, of the sign that was found."""
    found = ("premium rises with bias", premium_by_bias), ("premium varies less with longer orders", peg_by_lifetime)
    slopes = [(claim, each(seeds, **market)) for claim, each in found]
    return [Row(claim, math.copysign(math.inf, each.sign), each.slope, each.standard_error) for claim, each in slopes]
