"""Whether the record of a signal is fit to be judged: holes, repeats, spikes, and what is too good to be true."""

import numpy as np

from analysis.signals.evidence import information_coefficient

MOST_MISSING, MOST_STALE, MOST_SPIKES = 0.05, 0.5, 0.001
GAP = 10.0  # of the usual distance between two times
SPIKE, BACK = 20.0, 0.1  # of the median size of a return; what is left of it after the next one
TOO_GOOD = 0.5
"""Rank correlation with the return that follows beyond which a signal has most likely seen it."""


def faults(signal, returns, times=None):
    """[sentence] on what is wrong with a record; none if nothing is.

    signal: (n,) known before returns: (n,); times: (n,) when, datetime64, if known
    """
    signal, returns = np.asarray(signal, float), np.asarray(returns, float)
    found = list(of_times(times)) if times is not None else []
    there = np.isfinite(signal) & np.isfinite(returns)
    missing = 1.0 - float(there.mean()) if len(there) else 1.0
    if missing > MOST_MISSING:
        found.append(f"{missing:.0%} of the pairs are missing; what is left may be chosen")
    if there.sum() < 3:
        return found
    signal, returns = signal[there], returns[there]
    if np.ptp(signal) == 0.0:
        return [*found, "the signal never changes"]
    return found + list(of_returns(returns)) + list(of_foresight(signal, returns))


def of_times(times):
    """Sentences on the times."""
    steps = np.diff(np.asarray(times, "datetime64[s]").astype(np.int64))
    if len(steps) and (steps <= 0).any():
        yield f"{int((steps <= 0).sum())} times do not come after the one before; sort them and drop repeats"
    usual = float(np.median(steps)) if len(steps) else 0.0
    holes = int((steps > GAP * usual).sum())
    if usual > 0.0 and holes:
        yield f"{holes} holes are longer than {GAP:g} periods; a return across one is not of one period"


def of_returns(returns):
    """Sentences on the returns."""
    stale = float(np.mean(returns == 0.0))
    if stale > MOST_STALE:
        yield f"the price did not move in {stale:.0%} of the periods; it may be stale"
    usual = float(np.median(np.abs(returns[returns != 0.0]))) if (returns != 0.0).any() else 0.0
    undone = np.abs(returns[:-1] + returns[1:]) < BACK * np.abs(returns[:-1])
    spikes = int(((np.abs(returns[:-1]) > SPIKE * usual) & undone).sum())
    if spikes > MOST_SPIKES * len(returns):
        yield f"{spikes} returns of over {SPIKE:g} times the median one were undone at once; their prices may be wrong"


def of_foresight(signal, returns):
    """A sentence if the signal tells the next return better than anything honest does."""
    ic = information_coefficient(signal, returns)
    if abs(ic.value) > TOO_GOOD:
        yield f"its information coefficient of {ic.value:.2f} is too good to be true; it may know the return itself"
