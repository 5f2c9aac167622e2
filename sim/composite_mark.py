"""Marks made of several parts, beyond those of `sim.mark`, and the mark of each venue that has an order book."""

import math
from dataclasses import dataclass

from sim.averages import Fading
from sim.contract import positive
from sim.index_rules import weighted_median
from sim.mark import FundingBasis, ImpactEma, LastPrice, MarkRule, MedianOfThree, impact_mid, median


@dataclass(frozen=True)
class BasisMean(MedianOfThree):
    """Index + mean of (mid - index) over `window_s`; the index without a mid in it.

    Source: OKX, help 360035846251. It does not say how long the mean is: Bybit's five minutes stand in.
    """

    def mark(self, quotes, memory):
        price = self.averaged(quotes, memory)
        return quotes.index if math.isnan(price) else price


@dataclass(frozen=True)
class MedianOfImpact(MedianOfThree):
    """The median of three with the middle of the impact prices in the place of both mid and last price.

    An impact price is at most `reach`, relative, outside the best bid or ask (`impact_mid`). Aevo: 10,000 USD, 0.1 %
    for bitcoin and ether, a mean over five minutes, a funding interval of an hour. Source: its docs, perpetual futures
    mark pricing. How often it samples is not said: each second is assumed.
    """

    reach: float = 0.001

    def __post_init__(self):
        super().__post_init__()
        if not self.reach > 0:
            raise ValueError(f"reach must be above 0 (got {self.reach}); use inf for none")

    def mid(self, quotes):
        return impact_mid(quotes.impact_bid, quotes.impact_ask, quotes.bid, quotes.ask, self.reach)

    traded = mid


@dataclass(frozen=True)
class RobustMedian(MarkRule):
    """Hyperliquid's median of three, each 3 s, with the oracle's price for the index.

    1. index + `Fading` mean of (mid - index), time constant `basis_s`
    2. median of bid, ask and last trade
    3. weighted median of the mids of other perpetual venues
    4. if just two of these exist, the `Fading` mean of the second, time constant `book_s`

    What does not exist is left out: the first before there was a mid, the second without bid, ask and trade; without
    any the mark is the index. The laboratory has no other perpetual venues. By default nothing stands in for them, so
    that the venue's own rule for two applies; with external "oracle" the index does, as if the others traded at spot.
    Source: its docs, robust price indices. That the second mean fades as the first does is assumed.
    """

    every_s: float = 3.0
    basis_s: float = 150.0
    book_s: float = 30.0
    external: str = "none"

    def __post_init__(self):
        for field in ("every_s", "basis_s", "book_s"):
            positive(field, getattr(self, field))
        if self.external not in ("none", "oracle"):
            raise ValueError(f"external must be 'none' or 'oracle' (got {self.external!r}); choose one")

    def start(self):
        return Robust(Fading(self.basis_s), Fading(self.book_s))

    def mark(self, quotes, memory):
        lasting_s = self.every_s if memory.at_s is None else quotes.time_s - memory.at_s
        memory.at_s, book = quotes.time_s, median(quotes.bid, quotes.ask, quotes.last)
        memory.basis.add((quotes.bid + quotes.ask) / 2 - quotes.index, lasting_s)
        memory.book.add(book, lasting_s)
        averaged = quotes.index + memory.basis.mean()
        other = quotes.index if self.external == "oracle" else math.nan
        return robust_price(quotes.index, averaged, book, other, memory.book.mean())


@dataclass
class Robust:
    """The two means of a `RobustMedian`, and when they were last brought up to date."""

    basis: Fading
    book: Fading
    at_s: float | None = None


def robust_price(oracle, averaged=math.nan, book=math.nan, external=math.nan, book_mean=math.nan):
    """Hyperliquid's mark of its parts, in the order of `RobustMedian`; nan for what does not exist."""
    parts = [part for part in (averaged, book, external) if part == part]
    if not parts:
        return oracle
    return median(*parts, book_mean if len(parts) == 2 else math.nan)


def external_price(mids, weights=(3, 2, 2, 1, 1)):
    """Weighted median of other venues' perpetual mids, nan or None for a missing one.

    The weights are Hyperliquid's, of Binance, OKX, Bybit, Gate and MEXC.
    """
    return weighted_median(mids, weights)


BITMEX_MARK = FundingBasis()
"""BitMEX: index and the funding still to come, each 5 s."""

DERIBIT_MARK_2016 = LastPrice(within_spread=True, band=0.03)
"""Deribit, 2016: last trade within the spread, 3 % from the index at most."""

DERIBIT_MARK_2017 = LastPrice(within_spread=True, band=0.10)
"""Deribit after that: 10 %. For futures it was 10 % from the index and a basis that followed the mark slowly."""

DERIBIT_MARK = ImpactEma()
"""Deribit since about 2018: see `ImpactEma`."""

BINANCE_MARK_2020 = MedianOfThree(window_s=1800.0, sample_s=60.0)
"""Binance COIN-M at first: a basis of 30 minutes, sampled each minute."""

BINANCE_MARK = MedianOfThree(window_s=150.0, sample_s=5.0)
"""Binance COIN-M later: a basis of 2.5 minutes, 30 samples."""

BYBIT_MARK_2019 = FundingBasis(every_s=1.0)
"""Bybit at first: index and decaying funding basis. Source: its help centre and cryptonftasia's copy; how often it was
computed is not said, each second is assumed."""

BYBIT_MARK = MedianOfThree()
"""Bybit, 2024: a basis of five minutes, sampled each second."""

OKX_MARK = BasisMean()
"""OKX: see `BasisMean`."""

KRAKEN_MARK = ImpactEma(band=0.01, reach=math.inf)
"""Kraken: index and 30 s mean of the premium of the impact mid, within 1 % of the index: from memory, unverified."""

HYPERLIQUID_MARK = RobustMedian()
"""Hyperliquid: see `RobustMedian`."""

AEVO_MARK = MedianOfImpact()
"""Aevo: see `MedianOfImpact`."""
