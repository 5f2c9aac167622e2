"""Who gives up how much of a loss: pure arithmetic on plain arrays, for the exchange and for the researcher alike.

An endowment is what can be taken from an account: its profit, never what it brought in. A haircut is the part of it
that is taken, 0 to 1. A budget beyond the capacity of all is filled as far as it goes. Arrays are (accounts,).

Source: Chitra, "Autodeleveraging: Impossibilities and Optimization" (2025), its haircut rules and the appendices on
capped and on risk-aware pro-rata.
"""

from typing import NamedTuple

import numpy as np

from sim.contract import require
from sim.spelling import unknown

RISKS = ("linear", "square", "cvar")


class Closed(NamedTuple):
    """What a queue closes: (accounts,) positions in the `order` of the queue, contracts closed, contracts remaining."""

    order: np.ndarray
    closed: np.ndarray
    remaining: np.ndarray


class Waterfall(NamedTuple):
    """A loss, what of it is allocated (budget), what there is to take (capacity); haircuts, seizures and the equities
    that they leave, one an account."""

    deficit: float
    budget: float
    capacity: float
    haircuts: np.ndarray
    seized: np.ndarray
    equities: np.ndarray


def deficit(equities):
    """What bankrupt accounts owe and do not have: the sum of the negative equities, as a positive number."""
    return float(-np.minimum(np.asarray(equities, float), 0.0).sum())


def endowments(cash, pnl):
    """What can be taken from accounts with that cash and profit (negative: loss): the profit, as far as it is there."""
    pnl = np.asarray(pnl, float)
    return np.maximum(np.minimum(pnl, pnl + cash), 0.0)


def capacity(endowments, caps=1.0):
    """The most that haircuts of at most `caps` can bring."""
    return float((np.asarray(endowments, float) * within_one("caps", caps)).sum())


def water_level(endowments, budget, weights=1.0, caps=1.0):
    """The level t at which haircuts min(t * weights, caps) bring the budget, or all that they can.

    With weights of 1 it is the common haircut of pro-rata, eta.
    """
    wealth, weights, caps = np.broadcast_arrays(*map(as_amounts, (endowments, weights, caps)))
    counts = (wealth > 0) & (weights > 0) & (caps > 0)
    wealth, weights, caps = wealth[counts], weights[counts], within_one("caps", caps[counts])
    budget = min(float(as_amounts(budget)), float((wealth * caps).sum()))
    if budget <= 0.0:
        return 0.0
    order = np.argsort(caps / weights, kind="stable")
    ends, full, slope = (caps / weights)[order], (wealth * caps)[order], (wealth * weights)[order]
    before = np.concatenate([[0.0], np.cumsum(full)[:-1]])
    rest = np.cumsum(slope[::-1])[::-1]
    reached = np.maximum.accumulate(before + ends * rest)
    k = min(int(np.searchsorted(reached, budget)), len(ends) - 1)
    return float((budget - before[k]) / rest[k])


def haircuts(endowments, budget, weights=1.0, caps=1.0):
    """(accounts,) haircuts min(level * weights, caps) that bring the budget: weighted, capped pro-rata."""
    level = water_level(endowments, budget, weights, caps)
    cut = np.minimum(level * np.asarray(weights, float), np.asarray(caps, float))
    return np.where(np.asarray(endowments, float) > 0, cut, 0.0)


def pro_rata(endowments, budget):
    """(accounts,) the same haircut for all: the only rule that keeps ranks, that splitting an account does not change,
    and that does not depend on the size of money."""
    return haircuts(endowments, budget)


def capped(endowments, budget, caps):
    """(accounts,) haircuts min(eta, cap): water-filling."""
    return haircuts(endowments, budget, caps=caps)


def risk_aware(endowments, budget, leverage, risk="linear", threshold=0.9, caps=1.0):
    """(accounts,) haircuts in proportion to the `risk_weights` of effective leverage, each at most its cap."""
    return haircuts(endowments, budget, risk_weights(leverage, risk, threshold), caps)


def queue(endowments, budget, order=None, caps=1.0, whole=False):
    """(accounts,) haircuts one after another, each up to its cap, until the budget is met.

    order: indices, first to pay first (default: as they are listed); whole: who is reached pays up to its cap even
    beyond the budget, as where a venue closes whole positions.
    """
    wealth, caps = np.broadcast_arrays(as_amounts(endowments), within_one("caps", caps))
    order = np.arange(len(wealth)) if order is None else whole_order(order, len(wealth))
    room = (wealth * caps)[order]
    left = np.maximum(float(budget) - np.concatenate([[0.0], np.cumsum(room)[:-1]]), 0.0)
    seized = np.where(left > 0, room, 0.0) if whole else np.minimum(room, left)
    cut = np.zeros(len(wealth))
    cut[order] = np.divide(seized, wealth[order], out=np.zeros(len(order)), where=wealth[order] > 0)
    return np.minimum(cut, caps)


def risk_weights(leverage, risk="linear", threshold=0.9):
    """(accounts,) leverage * g(leverage): g is the leverage ("linear"), its square, or what exceeds a threshold
    ("cvar")."""
    leverage = as_amounts(leverage)
    if risk not in RISKS:
        raise ValueError(unknown("risk", risk, RISKS))
    if risk == "cvar":
        return leverage * np.maximum(leverage - threshold, 0.0)
    return leverage ** (2 if risk == "linear" else 3)


def waterfall(cash, pnl, severity=1.0, *, allocation="pro_rata", **rule):
    """The Waterfall of accounts with that cash and profit (negative: loss) under one of the rules above.

    severity: part of the deficit that is allocated; allocation: "queue", "pro_rata", "capped" or "risk_aware"; rule:
    the further keywords of that function
    """
    rules = {"queue": queue, "pro_rata": pro_rata, "capped": capped, "risk_aware": risk_aware}
    if allocation not in rules:
        raise ValueError(unknown("allocation", allocation, rules))
    equities, wealth = np.add(cash, pnl, dtype=float), endowments(cash, pnl)
    lost = deficit(equities)
    budget = float(within_one("severity", severity)) * lost
    cut = rules[allocation](wealth, budget, **rule)
    return Waterfall(lost, budget, capacity(wealth, rule.get("caps", 1.0)), cut, cut * wealth, equities - cut * wealth)


def spared_at_the_top(endowments, budget):
    """What the largest winner keeps more under pro-rata than at the head of a queue: budget * (1 - its share)."""
    wealth = np.asarray(endowments, float)
    top = int(np.argmax(wealth))
    head = queue(wealth, budget, order=[top, *np.delete(np.arange(len(wealth)), top)])
    return float((head - pro_rata(wealth, budget))[top] * wealth[top])


def ranked(scores):
    """Indices by falling score, ties to the lower; a score of -inf is not ranked at all."""
    scores = np.asarray(scores, float)
    order = np.argsort(-scores, kind="stable")
    return order[scores[order] > -np.inf]


def deleveraged(contracts, scores, needed, whole_positions=False):
    """Closed: positions of `contracts` each (all positive) against `needed` contracts, by falling score.

    whole_positions: who is reached is closed entirely, even beyond what is needed
    """
    held, order = np.asarray(contracts, np.int64), ranked(scores)
    closed = in_order(needed, held, order, whole_positions)
    return Closed(order, closed, held - closed)


def in_order(amount, most, order, whole=False):
    """(accounts,) whole parts of `amount`, each up to `most`, in that order; `whole`: all of `most` where any."""
    most, parts = np.asarray(most, np.int64), np.zeros(len(most), np.int64)
    first = most[order]
    left = np.maximum(int(amount) - (np.cumsum(first) - first), 0)
    parts[order] = np.where(left > 0, first, 0) if whole else np.minimum(first, left)
    return parts


def largest_remainder(amount, weights):
    """Whole shares of `amount` in proportion to `weights` that add up to it; ties go to the lower row."""
    exact = np.asarray(weights, float) * (float(amount) / float(np.sum(weights)))
    del weights  # of a million accounts each array here counts
    whole = np.floor(exact).astype(np.int64)
    short = int(amount - whole.sum())
    first = np.argsort(np.subtract(whole, exact, out=exact), kind="stable")
    np.add.at(whole, first[np.arange(abs(short)) % len(first)], np.sign(short))
    return whole


def whole_shares(amount, weights, most):
    """(accounts,) whole shares of `amount` in proportion to `weights`, none above `most`: water-filling, the rest by
    largest remainder, ties to the lower row. Where all together may not have `amount`, each has its most; a weight
    of 0 has nothing."""
    weights = as_amounts(weights)
    most = np.where(weights > 0, np.asarray(most, np.int64), 0)
    amount = min(int(amount), int(most.sum()))
    relative = np.divide(weights, most, out=np.zeros(len(most)), where=most > 0)
    exact = np.minimum(most * haircuts(most, amount, relative), most)
    whole = np.minimum(np.floor(exact).astype(np.int64), most)
    by_remainder = np.argsort(-(exact - whole), kind="stable")
    short = amount - int(whole.sum())
    while short:
        open_ = by_remainder[(whole < most)[by_remainder] if short > 0 else (whole > 0)[by_remainder]]
        whole[open_[: abs(short)]] += np.sign(short)
        short = amount - int(whole.sum())
    return whole


def as_amounts(amounts):
    """`amounts` as floats; ValueError unless all are 0 or more and finite."""
    amounts = np.asarray(amounts, float)
    must = "endowments, budgets, weights and leverages must be 0 or more and finite"
    require((amounts >= 0) & np.isfinite(amounts), amounts, must, "see endowments")
    return amounts


def within_one(name, parts):
    """`parts` as floats; ValueError unless all lie in 0 to 1."""
    parts = np.asarray(parts, float)
    require((parts >= 0) & (parts <= 1), parts, f"{name} must lie between 0 and 1", "give a fraction")
    return parts


def whole_order(order, count):
    """`order` as indices; ValueError unless each account is named at most once."""
    order = np.asarray(order, np.int64)
    named = np.bincount(order[(order >= 0) & (order < count)], minlength=count)
    if len(order) != named.sum() or named.max(initial=0) > 1:
        raise ValueError(f"order must name accounts 0 to {count - 1}, each at most once (got {order.tolist()})")
    return order
