"""Was a margin enough? Prices of the past against it: how often a position lost more, and whether in clusters.

A margin that should hold with a probability is tested by the days, or hours, on which it did not. Kupiec asks whether
there were too many or too few, Christoffersen whether one made the next likelier.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import xlogy
from scipy.stats import chi2

SIDES = ("long", "short")


class Coverage(NamedTuple):
    """What a test says: its likelihood ratio, and the probability of one as large if the margin were right."""

    ratio: float
    p: float


def losses(prices, periods, side="long", inverse=True):
    """(n - periods,) loss of a position of one unit of value at entry, over so many periods, in parts of that value.

    prices: (n,) marks, evenly spaced. An inverse position loses entry / exit - 1 coin of its coins if long; a linear
    one 1 - exit / entry. Losses are positive.
    """
    prices = np.asarray(prices, float)
    if side not in SIDES:
        raise ValueError(f"side must be 'long' or 'short' (got {side!r})")
    if not (0 < periods < len(prices)):
        raise ValueError(f"periods must lie between 1 and the prices' number, {len(prices)}, less 1 (got {periods})")
    if not (np.isfinite(prices) & (prices > 0)).all():
        raise ValueError("prices must be positive numbers (one is not); take out what is missing")
    entry, exit_ = prices[:-periods], prices[periods:]
    lost = entry / exit_ - 1.0 if inverse else 1.0 - exit_ / entry
    return lost if side == "long" else -lost


def failures(lost, margin):
    """(n,) whether a loss went beyond a margin, a fraction of value; where windows overlap, thin the losses first."""
    return np.asarray(lost, float) > margin


def kupiec(failed, rate):
    """Coverage of the unconditional test: were failures as frequent as `rate`?

    Kupiec, "Techniques for verifying the accuracy of risk measurement models", Journal of Derivatives 3 (1995).
    """
    trials, count = checked(failed, rate)
    seen = count / trials
    ratio = 2.0 * (likelihood(count, trials, seen) - likelihood(count, trials, rate))
    return Coverage(ratio, float(chi2.sf(ratio, 1)))


def christoffersen(failed):
    """Coverage of the test of independence: was a failure likelier after a failure?

    Christoffersen, "Evaluating interval forecasts", International Economic Review 39 (1998). nan where nothing failed.
    """
    failed = np.asarray(failed, bool)
    before, after = failed[:-1], failed[1:]
    if not before.any() or before.all():
        return Coverage(float("nan"), float("nan"))
    apart = sum(likelihood(after[before == state].sum(), (before == state).sum(), after[before == state].mean())
                for state in (False, True))  # fmt: skip
    ratio = 2.0 * (apart - likelihood(after.sum(), len(after), after.mean()))
    return Coverage(float(ratio), float(chi2.sf(ratio, 1)))


def conditional(failed, rate):
    """Coverage of both at once: the right frequency, and no clusters."""
    first, second = kupiec(failed, rate), christoffersen(failed)
    ratio = first.ratio + second.ratio
    return Coverage(ratio, float(chi2.sf(ratio, 2)))


def likelihood(count, trials, rate):
    """Logarithm of the likelihood of so many failures in so many trials."""
    return float(xlogy(count, rate) + xlogy(trials - count, 1.0 - rate))


def checked(failed, rate):
    """(trials, failures); ValueError for none, or for a rate that is none."""
    failed = np.asarray(failed, bool)
    if not len(failed):
        raise ValueError("failures must be of one trial or more (got none)")
    if not 0.0 < rate < 1.0:
        raise ValueError(f"rate must lie between 0 and 1 (got {rate}); 0.01 for a margin that should hold 99 times")
    return len(failed), int(failed.sum())
