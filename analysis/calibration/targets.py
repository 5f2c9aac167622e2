"""What `calm` is held to: moments measured alike in a record and in runs."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from analysis.calibration.blocks import BAR_S
from analysis.estimators import tail_index
from sim.paths import YEAR_S

HOUR = 12  # bars
DAY = 288
BASE_RATE = 1e-4
"""The interest part of a funding, to which the clamp pins it while the premium is small."""
ROUNDING = 5e-7
"""Fundings are published to a hundredth of a basis point."""


class Target(NamedTuple):
    """A moment of the record that runs should have.

    name; words: what it is; measure: Blocks -> number; origin: "inherited" of the index, "added" by the contract,
    or its "basis" or "funding"
    """

    name: str
    words: str
    measure: Callable
    origin: str


def returns(prices):
    """Return (blocks, BARS - 1) log-returns of 5 minutes; none reaches from a block to the next."""
    return np.diff(np.log(prices), axis=1)


def basis_bps(blocks):
    """Return (blocks, BARS) contract over index, less 1, basis points."""
    return 1e4 * (blocks.perp / blocks.index - 1.0)


def deviations(blocks):
    """Return (days, DAY) basis less its mean of that day, which holds the premium of the quote currency too."""
    days = basis_bps(blocks).reshape(-1, DAY)
    return days - days.mean(axis=1, keepdims=True)


def correlation(rows, lag):
    """Return the autocorrelation at `lag` within rows, (rows, n), that have one mean and one variance."""
    rows = rows - rows.mean()
    return float(np.mean(rows[:, lag:] * rows[:, :-lag]) / np.mean(rows**2))


def clustering(prices):
    """Return the mean autocorrelation of the size of 5-minute returns, at lags of 5 minutes to an hour."""
    sizes = np.abs(returns(prices))
    return float(np.mean([correlation(sizes, lag) for lag in range(1, HOUR + 1)]))


def spread_of(prices):
    """Return the standard deviation of 5-minute returns."""
    return float(np.sqrt(np.mean(returns(prices) ** 2)))


def tail(prices):
    """Return Hill's tail index of the largest 5 % of 5-minute returns."""
    return tail_index(returns(prices).ravel()).value


def volatility(blocks):
    """Of the index, annual, from 5-minute returns."""
    return spread_of(blocks.index) * np.sqrt(YEAR_S / BAR_S)


def pinned(blocks):
    """Share of fundings at the interest part."""
    return float(np.mean(np.abs(blocks.rates - BASE_RATE) < ROUNDING))


def together(blocks):
    """Correlation of the 5-minute returns of the contract and of the index."""
    return np.corrcoef(returns(blocks.perp).ravel(), returns(blocks.index).ravel())[0, 1]


TARGETS = (
    Target("index_volatility", "annual volatility of the index", volatility, "inherited"),
    Target("index_tail", "its tail index, Hill 5 %", lambda blocks: tail(blocks.index), "inherited"),
    Target("index_clustering", "its volatility clustering", lambda blocks: clustering(blocks.index), "inherited"),
    Target(
        "volatility_ratio", "contract's over index's 5-minute deviation",
        lambda blocks: spread_of(blocks.perp) / spread_of(blocks.index), "added",
    ),
    Target(
        "tail_added", "contract's less index's tail index",
        lambda blocks: tail(blocks.perp) - tail(blocks.index), "added",
    ),
    Target(
        "clustering_added", "contract's less index's clustering",
        lambda blocks: clustering(blocks.perp) - clustering(blocks.index), "added",
    ),
    Target(
        "common_returns", "correlation of both 5-minute returns",
        together, "added",
    ),
    Target("basis_bps", "deviation of the basis within a day, bp", lambda blocks: deviations(blocks).std(), "basis"),
    Target("basis_5_minutes", "its autocorrelation, 5 minutes", lambda each: correlation(deviations(each), 1), "basis"),
    Target("basis_1_hour", "its autocorrelation, an hour", lambda each: correlation(deviations(each), HOUR), "basis"),
    Target("funding_mean_bps", "mean 8-hour funding, bp", lambda blocks: 1e4 * blocks.rates.mean(), "funding"),
    Target("funding_bps", "its standard deviation, bp", lambda blocks: 1e4 * blocks.rates.std(), "funding"),
    Target("funding_pinned", "share of fundings at 0.01 %", pinned, "funding"),
    Target("funding_positive", "share of fundings above 0", lambda blocks: np.mean(blocks.rates > 0.0), "funding"),
)  # fmt: skip
