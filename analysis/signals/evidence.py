"""Whether a signal goes with what comes after it: information coefficient, hit rate, what is left after costs."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import norm, rankdata


@dataclass(frozen=True)
class Coefficient:
    """Correlation of a signal with the return that follows, its t statistic, and how many pairs it is of."""

    value: float
    t: float
    pairs: int


@dataclass(frozen=True)
class Rate:
    """A share of `trials`, with the ends of its interval."""

    value: float
    low: float
    high: float
    trials: int


def information_coefficient(signal, returns, ranks=True):
    """The Coefficient of pairs without nan; of ranks (Spearman), or of values (Pearson).

    signal, returns: (n,), the return being that of the time after the signal was known. t = r sqrt((n - 2) / (1 - r^2))
    holds where pairs are independent: overlapping returns overstate it.
    """
    signal, returns = pairs(signal, returns)
    if ranks:
        signal, returns = rankdata(signal), rankdata(returns)
    if len(signal) < 3 or signal.std() == 0.0 or returns.std() == 0.0:
        return Coefficient(float("nan"), float("nan"), len(signal))
    value = float(np.corrcoef(signal, returns)[0, 1])
    left = 1.0 - value**2
    t = value * sqrt((len(signal) - 2) / left) if left > 0.0 else float("inf") * value
    return Coefficient(value, t, len(signal))


def hit_rate(signal, returns, confidence=0.95):
    """The Rate at which a signal has the sign of the return that follows, pairs in which either is zero left out."""
    signal, returns = pairs(signal, returns)
    there = (signal != 0.0) & (returns != 0.0)
    hits = np.sign(signal[there]) == np.sign(returns[there])
    return wilson(int(hits.sum()), int(there.sum()), confidence)


def wilson(hits, trials, confidence=0.95):
    """The Rate of hits with Wilson's interval (Journal of the American Statistical Association 22, 1927)."""
    if not 0 <= hits <= trials:
        raise ValueError(f"hits must be from none to all of the trials (got {hits} of {trials})")
    if not trials:
        return Rate(float("nan"), 0.0, 1.0, 0)
    score = norm.ppf(0.5 + confidence / 2.0)
    share, whole = hits / trials, 1.0 + score**2 / trials
    centre = (share + score**2 / (2.0 * trials)) / whole
    half = score / whole * sqrt(share * (1.0 - share) / trials + score**2 / (4.0 * trials**2))
    return Rate(share, float(max(centre - half, 0.0)), float(min(centre + half, 1.0)), trials)


def returns_after_costs(positions, returns, *, fee_bps, slippage_bps=0.0, funding=None):
    """(n,) returns of holding a position through each period, after what changing it costs.

    positions: (n,) held in each period, in units of capital, positive long, known before it; returns: (n,) of the
    contract in it; fee_bps, slippage_bps: of what is traded; funding: (n,) rate of each period, paid by longs
    """
    positions, returns = np.asarray(positions, float), np.asarray(returns, float)
    if positions.shape != returns.shape or not (np.isfinite(positions).all() and np.isfinite(returns).all()):
        raise ValueError(f"positions and returns must be finite and as many (got {positions.shape}, {returns.shape})")
    traded = np.abs(np.diff(positions, prepend=0.0))
    paid = positions * np.asarray(funding, float) if funding is not None else 0.0
    return positions * returns - traded * (fee_bps + slippage_bps) * 1e-4 - paid


def pairs(signal, returns):
    """Signal and returns where neither is missing; ValueError unless they are as many."""
    signal, returns = np.asarray(signal, float), np.asarray(returns, float)
    if signal.shape != returns.shape or signal.ndim != 1:
        raise ValueError(f"signal and returns must be as many (got {signal.shape} and {returns.shape}); align them")
    there = np.isfinite(signal) & np.isfinite(returns)
    return signal[there], returns[there]
