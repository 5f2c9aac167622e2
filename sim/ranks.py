"""By what venues rank positions for deleveraging: scores, of which the highest is closed first.

Pure functions of numbers or arrays. Amounts of one call are in one currency: profit at the mark (negative: loss),
entry value and value of the position (both positive), equity (what would be left at the mark), side +1 long, -1 short.
`least` is what an amount counts at least where one divides by it; on an exchange one unit.
"""

from typing import NamedTuple

import numpy as np


class Rank(NamedTuple):
    """A score and the profit ratio and effective leverage it was made of."""

    pnl_ratio: float
    effective_leverage: float
    score: float


def bitmex_score(profit, entry_value, equity, value, least=1):
    """Rank by which BitMEX deleverages: profit rate times effective leverage, divided by it for losers.

    equity: value at the mark less value at bankruptcy. Source: BitMEX, Auto-Deleveraging.
    """
    rate = profit / np.maximum(entry_value, least)
    leverage = value / np.maximum(equity, least)
    return np.where(rate > 0, rate * leverage, rate / leverage)


def bitmex_rank(side, entry, mark, bankruptcy, inverse=True):
    """The Rank of a position by its prices, on BitMEX's inverse or linear contracts.

    On an inverse contract a long's profit ratio is 1 - entry / mark and its leverage bankruptcy / (mark -
    bankruptcy), a short's entry / mark - 1 and bankruptcy / (bankruptcy - mark).
    """
    values = [signed_value(side, price, inverse) for price in (entry, mark, bankruptcy)]
    profit, equity = values[1] - values[0], values[1] - values[2]
    amounts = profit, np.abs(values[0]), equity, np.abs(values[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        score = bitmex_score(*amounts, least=0.0)
        return Rank(amounts[0] / amounts[1], amounts[3] / amounts[2], score[()])


def signed_value(side, price, inverse):
    """Value of one contract of face 1: positive for a linear long and for an inverse short."""
    price = np.asarray(price, float)
    return -side / price if inverse else side * price


def lights(contracts, scores, count=5):
    """(positions,) the part of the queue in which each position stands, in steps of 1 / count: the first fifth is 0.2.

    Counted in contracts, from the highest score. Source: BitMEX, Auto-Deleveraging Examples, whose table of quintiles
    it reproduces.
    """
    order, held = np.argsort(-np.asarray(scores, float), kind="stable"), np.asarray(contracts, np.int64)
    part = np.empty(len(held))
    part[order] = -(-np.cumsum(held[order]) * count // held.sum()) / count
    return part


def binance_score(profit, balance, maintenance, least=1.0):
    """LeveragePnL: profit on the balance that backs the position, times `binance_margin_ratio`; losers score 0.

    balance: collateral without the profit. A balance counts 1 USDT at least; what it counts in coin is not published.
    Source: Binance, Auto-Deleveraging (360033525471), with the formula as quoted in its developers' forum (17801).
    """
    return leverage_pnl(profit, balance, binance_margin_ratio(profit, balance, maintenance), least)


def binance_margin_ratio(profit, balance, maintenance):
    """Maintenance margin over balance and profit; 0 where these are used up."""
    equity = np.add(balance, profit, dtype=float)
    ratio = np.divide(maintenance, equity, out=np.zeros(equity.shape), where=equity > 0)
    return ratio[()]


def leverage_pnl(profit, balance, margin_ratio, least=1.0):
    """Binance's LeveragePnL with its margin ratio as given."""
    return np.maximum(profit, 0.0) / np.maximum(balance, least) * margin_ratio


def quantile(scores):
    """(positions,) Binance's LeveragePnL quantile: the part of all positions that score no more than this one.

    Source: Binance's developers' forum (17801), rank over the number of users; that the highest has 1 is taken to be
    meant.
    """
    scores = np.asarray(scores, float)
    return np.searchsorted(np.sort(scores), scores, side="right") / max(len(scores), 1)


def bybit_score(profit, margin, least=1):
    """Leveraged return: profit over the initial margin of the position.

    Source: Bybit, Auto-Deleveraging, ranks by leveraged return; that this is its formula is from memory, unverified.
    An older page (900000031623) ranks by profit and effective leverage, as BitMEX does.
    """
    return profit / np.maximum(margin, least)


def okx_score(pnl_ratio, margin_ratio):
    """Profit ratio divided by the margin ratio, for losers multiplied by it.

    Source: third-party copies of OKX's Introduction to Auto-Deleveraging, and the same rule at Deepcoin
    (360051024371); OKX's own page was not read in full. At both the margin ratio rises with the equity.
    """
    pnl_ratio, margin_ratio = np.asarray(pnl_ratio, float), np.asarray(margin_ratio, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(pnl_ratio > 0, pnl_ratio / margin_ratio, pnl_ratio * margin_ratio)[()]


def leveraged_gain(leverage, mark, reference, side=1):
    """Leverage times mark / reference price, and reference / mark for shorts (side -1).

    Chitra (2025) puts it so for two venues: the reference is the entry at Hyperliquid, the bankruptcy price at
    Binance. That a short's ratio is turned round is not printed there; without it the worst off would rank first.
    """
    ratio = np.divide(mark, reference)
    return leverage * np.where(np.asarray(side) > 0, ratio, 1.0 / ratio)[()]


def hyperliquid_score(mark, entry, notional, account_value, side=1):
    """(mark / entry) * (notional / account value), of those in profit only. Source: Hyperliquid, Auto-deleveraging."""
    return leveraged_gain(np.divide(notional, account_value), mark, entry, side)


def profit_score(profit):
    """The profit itself, -inf for losers: only who is in profit is closed.

    GMX's keepers pick profitable positions; no formula is published (gmx-synthetics README, auto-deleveraging).
    """
    return np.where(np.asarray(profit) > 0, profit, -np.inf)[()]


def random_start_score(count, uniform):
    """(count,) scores that begin with a random account and then go round in the order of accounts.

    uniform: one draw in (0, 1). Source: dYdX v4, OffsetSubaccountPerpetualPosition: no ranking by profit or leverage.
    """
    return -((np.arange(count) - int(uniform * count)) % max(count, 1)).astype(float)
