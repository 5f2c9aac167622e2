"""Index rules: how each venue makes one price of what spot exchanges say, and whom it does not listen to.

A rule is a frozen dataclass with the published constants as fields. `index` is one computation, `indices` a series of
them with the memory that some rules have; in a run `sim.index` calls the same kernels (`sim.composite`).
"""

import math
from dataclasses import dataclass

import numpy as np

from sim import composite
from sim.contract import positive, require
from sim.exchange import records

NEVER = 2**62
CODES = {
    "average": ("mean", "median", "inverse square"),
    "around": ("all", "rest", "rest mean"),
    "few": ("same", "equal", "hold"),
    "weights": ("own", "volume"),
}
FEED = np.dtype([("weight", np.float64), ("share", np.float64), ("out", np.int64), ("calm", np.int64)])


@dataclass(frozen=True, kw_only=True)
class IndexRule:
    """What becomes of the prices of spot venues, in this order; the defaults are what BitMEX's index drops.

    max_age_s:   older prices are left out
    sticks:      an outlier among three or more venues stays out, until for `readmit_s` in a row its price has been
                 within `readmit_band` of the others' median (within `band` of the index if there are none)
    least:       with fewer venues left the last index stands
    few:         two or one venue left: "same" as many; "equal" weights; or "hold" the last index while two are
                 half a `band` or more from their middle, or one a `band` from the last index
    band:        outliers are further than that, relative, from the median of "all", of the "rest", or from the
                 "rest mean" (`around`); `at_band`: those exactly at it too
    clips:       outliers are moved to the band, else dropped
    most_out:    with more outliers than that the index is the plain median
    trim:        then so many of the highest and of the lowest are left out
    average:     "mean" or "median" by weight; or "inverse square": weights that fall with the squared distance
                 from the weighted mean (where a venue is exactly there, it alone counts)
    weights:     "own" of each venue, or its own times its "volume"
    ranks:       weights of the venues in their order instead of their own; those beyond the last have none
    every_s:     between two computations, in between the index stands; 0 each step
    """

    max_age_s: float = 900.0
    sticks: bool = False
    readmit_band: float = 0.02
    readmit_s: float = 900.0
    least: int = 1
    few: str = "same"
    band: float = 0.25
    around: str = "all"
    at_band: bool = False
    clips: bool = False
    most_out: float = math.inf
    trim: int = 0
    average: str = "mean"
    weights: str = "own"
    ranks: tuple = ()
    every_s: float = 0.0

    def __post_init__(self):
        for field, known in CODES.items():
            if getattr(self, field) not in known:
                raise ValueError(
                    f"{field} must be one of {', '.join(known)} (got {getattr(self, field)!r}); choose one"
                )
        for field in ("max_age_s", "readmit_band", "readmit_s", "band", "most_out", "trim", "every_s"):
            require(getattr(self, field) >= 0, getattr(self, field), f"{field} must be 0 or more", "correct it")
        require(self.least >= 1, self.least, "least must be 1 or more", "one venue makes an index")

    def record(self, step_s=1.0):
        """(1,) composite.RULE for steps of `step_s` seconds."""
        rows = records(1, composite.RULE)
        for field, known in CODES.items():
            if field != "weights":
                rows[field] = known.index(getattr(self, field))
        for field in ("clips", "at_band", "trim", "least", "sticks", "band", "readmit_band"):
            rows[field] = getattr(self, field)
        rows.every = max(1, round(self.every_s / positive("step_s", step_s)))
        rows.most_out, rows.most_age = whole(self.most_out), whole(self.max_age_s / step_s)
        rows.readmit = whole(np.ceil(self.readmit_s / (int(rows.every[0]) * step_s)))
        return rows

    def weigh(self, weights, volumes=None):
        """(venues,) weights in the index, before anybody is left out, of venues with these own weights and volumes."""
        weights = np.array(weights, float)
        if self.ranks:
            weights = np.append(np.array(self.ranks, float), np.zeros(len(weights)))[: len(weights)]
        if self.weights == "own":
            return weights
        if volumes is None:
            raise ValueError("volumes must be given to a rule that weighs by volume (got None); add them")
        return weights * positive("volumes", volumes)

    def feeds(self, count, weights, volumes):
        """(venues,) FEED at the start."""
        rows = records(count, FEED)
        rows.weight, rows.calm = self.weigh(np.ones(count) if weights is None else weights, volumes), -1
        return rows

    def index(self, prices, weights=None, volumes=None, last=math.nan):
        """The index, USD, of (venues,) prices, nan or None for one that is missing or stale; `last` where it has none.

        weights: (venues,) 1 each unless given; volumes: (venues,) coin, for rules that weigh by them
        """
        return self.indices([prices], weights, volumes, last)[0]

    def indices(self, rows, weights=None, volumes=None, last=math.nan):
        """The index after each of (computations, venues) prices, `every_s` apart; else as `index`."""
        rows = np.array(rows, float)
        feeds, rule, found = self.feeds(rows.shape[1], weights, volumes), self.record(self.every_s or 1.0)[0], []
        for prices in rows:
            index = composite.advance(prices, feeds.weight, rule, last, feeds.share, feeds.out, feeds.calm)
            last = last if math.isnan(index) else float(index)
            found.append(last)
        return found

    def shares(self, prices, weights=None, volumes=None):
        """(venues,) list: the part that each price has in the index, 1 together; all 0 if there is no index."""
        prices = np.array(prices, float)
        feeds, rule = self.feeds(len(prices), weights, volumes), self.record()[0]
        composite.combine(prices, feeds.weight, rule, math.nan, feeds.share)
        return feeds.share.tolist()

    def capped(self, prices):
        """(venues,) list of prices as they enter the average: outliers at the band, or nan if they are dropped."""
        prices, rule = np.array(prices, float), self.record()[0]
        middle, kept, beyond = composite.median(prices), np.zeros(len(prices)), np.zeros(len(prices))
        composite.sift(prices, np.ones(len(prices)), rule, middle, kept, beyond)
        return np.where(kept > 0, middle + beyond, np.nan).tolist()


def whole(number):
    """`number` as an integer, cut; at most NEVER."""
    return int(min(number, NEVER))


def weighted_median(prices, weights=None):
    """The price at which half of the weight lies on either side, the mean of two if that is between them; else nan.

    prices: nan or None for a missing one; weights: 1 each unless given
    """
    prices = np.array(prices, float)
    weights = np.ones(len(prices)) if weights is None else np.array(weights, float)
    return float(composite.heavy_median(prices, weights, np.empty(len(prices))))


BITMEX_INDEX_2017 = IndexRule(sticks=True, readmit_s=math.inf, few="hold", every_s=5.0)
"""BitMEX from April 2017: out at more than 25 % from the median until put back by hand; of two venues, 12.5 % from
their middle keeps the last index, of one, 25 % from the last index; 15 minutes without a price and a venue is out.
Source: its blog, New Protections for BitMEX Indices. Weights were equal until 22-Nov-2019, by volume since."""

BITMEX_INDEX_2020 = IndexRule(sticks=True, few="hold", weights="volume", every_s=5.0)
"""BitMEX from 14 August (of 2020; the copy names no year): back in after 15 minutes within 2 % of the others. Source:
its blog, Index Protection Rules Update."""

BITMEX_INDEX = IndexRule(sticks=True, few="hold", band=0.10, at_band=True, weights="volume", every_s=5.0)
"""BitMEX from 16-Dec-2020: out at 10 % or more; 5 % and 10 % where two or one are left. Source: its blog, Parameter
Updates to Maintain a Fair and Orderly Trading Environment."""

DERIBIT_INDEX_2018 = IndexRule(max_age_s=180.0, band=math.inf, trim=1, every_s=6.0)
"""Deribit before 3-Dec-2019: of six mid prices the highest and the lowest are left out, the rest count alike; computed
each 6 s. Source: read on third-party copies of its page."""

DERIBIT_INDEX = IndexRule(max_age_s=180.0, band=0.005, clips=True, every_s=4.0)
"""Deribit since 3-Dec-2019: prices further than 0.5 % from the median move to that distance; a book of 3 minutes ago is
left out; equal weights; computed each 4 s. Source: support articles 25944739377309 and 25954416110877."""

BINANCE_INDEX = IndexRule(max_age_s=10.0, band=0.05, most_out=1, weights="volume")
"""Binance: by volume; one venue more than 5 % from the median has no weight, with more of them the index is the median;
without a price for 10 s a venue has none either. Source: its FAQ on the price index (547ba481...), of the USD-margined
contracts; that the coin-margined ones are guarded alike is assumed."""

BYBIT_INDEX_2020 = IndexRule(max_age_s=60.0, band=0.03, around="rest mean", average="inverse square", weights="volume")
"""Bybit until 2022: weights by the inverse square of the distance from the mean weighted by volume; a venue is out at
more than 3 % from the mean of the others, or unchanged for a minute. Source: help centre 360039261094."""

BYBIT_INDEX = IndexRule(max_age_s=60.0, band=math.inf, weights="volume")
"""Bybit since 2022: mean by volume. Source: help centre 000001055; its exclusions were cut off the copy that was read,
so none but the minute of before is here."""

OKX_INDEX = IndexRule(max_age_s=60.0, band=0.02, clips=True, few="equal")
"""OKX, August 2024: preset weights, prices further than 2 % from the median move there; two venues count alike. Source:
help, spot index prices. After what time a price is stale is not published: a minute is assumed."""

OKX_INDEX_2025 = IndexRule(max_age_s=60.0, band=0.02, clips=True, few="equal", around="rest")
"""OKX, February 2025: the same, but 2 % from the median of the rest."""

KRAKEN_INDEX = IndexRule(
    max_age_s=30.0, sticks=True, band=0.10, around="rest", readmit_band=0.05, readmit_s=0.0, weights="volume"
)
"""Kraken's index is the CME CF Real Time Index, of order books that the laboratory does not have: volume stands in for
their depth. A venue that is out comes back at half the parameter from the others' median (CF Benchmarks, 31-Jul-2020);
the parameter of 10 % and the age of 30 s are from memory, unverified."""

HYPERLIQUID_INDEX = IndexRule(
    max_age_s=60.0, band=math.inf, average="median", ranks=(3, 2, 2, 1, 1, 1, 1, 1), every_s=3.0
)
"""Hyperliquid's oracle: weighted median of Binance, OKX, Bybit, Kraken, KuCoin, Gate, MEXC and its own spot market, in
this order (bitcoin without the last), each 3 s. Source: its docs, Oracle. That all validators agree is assumed; when a
price is stale is not published: a minute is assumed."""

DYDX_INDEX_2023 = IndexRule(max_age_s=30.0, least=3, band=math.inf, average="median")
"""dYdX v4 of 2023: plain median of three exchanges or more. Source: its code; the age of 30 s and the three are from
memory, unverified. What becomes of it on chain is `sim.oracle_mark.DYDX_MARK_2023`."""

ORACLE_INDEX = IndexRule(max_age_s=60.0, band=math.inf, average="median")
"""A median of sources, as Chainlink and Pyth publish one for Synthetix, GMX, Drift and Perpetual Protocol. Who they are
and how long they may be silent is not modelled: a minute is assumed."""
