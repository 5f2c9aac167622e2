"""What `calm` is held to where no record of bars says it: bounds that others published."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from analysis.calibration.targets import DAY, HOUR, correlation, returns, tail
from analysis.estimators import excess_kurtosis


class Band(NamedTuple):
    """Bounds that a number of the runs should keep, and who published them.

    name: of one of `moments.numbers`, if measure is None; measure: Blocks -> number
    """

    name: str
    words: str
    low: float
    high: float
    source: str
    measure: Callable | None = None


def day_later(blocks):
    """Autocorrelation of the size of the contract's 5-minute returns, a day later."""
    return correlation(np.abs(returns(blocks.perp)), DAY)


def linear(blocks):
    """Largest autocorrelation of the contract's 5-minute returns at lags of 10 minutes to an hour, in standard errors.

    They are those of returns that are uncorrelated but not alike: a volatility that clusters makes them larger than
    1 / root n (Lo and MacKinlay, Review of Financial Studies 1, 1988).
    """
    rows = returns(blocks.perp)
    pairs = [rows[:, lag:] * rows[:, :-lag] for lag in range(2, HOUR + 1)]
    return max(abs(each.sum()) / np.sqrt(np.sum(each**2)) for each in pairs)


def kurtosis(blocks):
    """Excess kurtosis of the contract's 5-minute returns."""
    return excess_kurtosis(returns(blocks.perp).ravel())


FLOORS = "Binance 2022-23, floors of a throttled feed: median to 99th percentile of days"
SERIES = "papers 9, for 90 days and more"
BANDS = (
    Band("spread_bps", "median spread, bp", 0.5, 2.0, "one to three ticks of 0.5 USD; recorded books stood at one"),
    Band(
        "depth_shape", "depth within 10 bp over that within 100", 0.14, 0.35,
        "Binance BTC/FDUSD 2025: 3.50 of 16.53 M USD (papers 7.3), by a factor of 1.5",
    ),
    Band(
        "depth_10_percent", "depth a side within 10 bp over open interest, %", 0.5, 5.0,
        "the row above times the row below",
    ),
    Band(
        "depth_100_percent", "depth a side within 100 bp over open interest, %", 3.5, 14.0,
        "Hyperliquid: 11 % of open interest (papers 9), of one side or of both",
    ),
    Band(
        "turnover", "volume a day over open interest", 1.5, 3.5,
        "XBTUSD 1.8 to 2.9 bn USD a day, by month of the record, over 115,000 XBT (papers 6.1)",
    ),
    Band("long_liquidated_percent", "longs liquidated a day over open interest, %", 0.11, 0.78, FLOORS),
    Band("short_liquidated_percent", "shorts liquidated a day over open interest, %", 0.11, 0.62, FLOORS),
    Band("tail", "contract's tail index, Hill 5 %", 2.5, 4.0, SERIES, lambda blocks: tail(blocks.perp)),
    Band("kurtosis", "contract's excess kurtosis", 5.0, 50.0, SERIES, kurtosis),
    Band("memory", "clustering a day later", 0.05, 1.0, SERIES, day_later),
    Band("linear", "largest return autocorrelation, lags 2 to 12, in errors", 0.0, 3.0, SERIES, linear),
)  # fmt: skip
