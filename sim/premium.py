"""The premium of a perpetual over its index, as venues measure it: from books, from quotes and from samples of it.

Prices are USD per coin, premiums fractions of the index; a price that is missing is nan.
"""

import math

import numpy as np

from sim.contract import require

PRICES = ("impact", "impact mid", "mid", "mark")
WEIGHTS = ("flat", "linear")


def clamp(number, low, high):
    """`number`, or what of `low` and `high` is nearer if it lies outside; arrays too."""
    return np.minimum(np.maximum(number, low), high)


def basis(price, index):
    """How far `price` lies above `index`, as a fraction of it."""
    return price / index - 1.0


def price_of(quotes, kind):
    """The price of that kind among quotes: "impact mid" (of the impact prices), "mid" (of bid and ask) or "mark".

    The mark is in its place where a side of the book is empty; nan if that is missing too.
    """
    price = {"impact mid": (quotes.impact_bid + quotes.impact_ask) / 2, "mid": (quotes.bid + quotes.ask) / 2}
    return quotes.mark if math.isnan(price.get(kind, math.nan)) else price[kind]


def impact_premium(impact_bid, impact_ask, index, fair=None):
    """How far what can be sold or bought lies outside the fair price, as a fraction of the index.

    fair: by default the index. Between bid and ask it is 0; a side without an impact price (nan) adds nothing.
    Source: the premium index of BitMEX, Binance, Bybit, Hyperliquid and dYdX.
    """
    fair = index if fair is None else fair
    above = impact_bid - fair if impact_bid > fair else 0.0
    below = fair - impact_ask if impact_ask < fair else 0.0
    return (above - below) / index


def impact_price(levels, notional):
    """Mean price of trading `notional` USD through a side of a book; nan where it is too thin.

    levels: [price, coins] each, the best first. A notional of 0 trades at the best price. Source: dYdX v4,
    memclob; Hyperliquid and the venues of the premium index say the same of theirs.
    """
    require(notional >= 0, notional, "notional must be 0 or more", "give USD")
    if notional == 0:
        return levels[0][0] if levels else math.nan
    left, coins = notional, 0
    for price, size in levels:
        part = min(left, price * size)
        left, coins = left - part, coins + part / price
        if left <= 0:
            return notional / coins
    return math.nan


def average_premium(premiums, weights="flat"):
    """The mean of an interval's samples, the first first: "flat", or "linear", the n-th counting n times (Bybit)."""
    if weights not in WEIGHTS:
        raise ValueError(f"weights must be {WEIGHTS[0]!r} or {WEIGHTS[1]!r} (got {weights!r})")
    counts = [n if weights == "linear" else 1 for n in range(1, len(premiums) + 1)]
    require(len(counts) > 0, 0, "premiums must hold at least one", "sample before the interval ends")
    return sum(n * premium for n, premium in zip(counts, premiums, strict=True)) / sum(counts)


def carried_mean(mean, price, seconds, window_s):
    """A time-weighted mean of about the last `window_s`, after `seconds` more at `price`.

    What is known counts for the window less the time passed, at least one second; nan is replaced. Source: Drift
    v2, math/stats, whose rounding by one unit is left out.
    """
    if math.isnan(mean):
        return price
    before = max(window_s - seconds, 1.0)
    return (mean * before + price * seconds) / (before + seconds)
