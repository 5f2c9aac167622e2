"""Estimates of a series' nature, each with its standard error: tails, memory, relaxation, self-excitation."""

from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.signal import lfilter

from sim.compiled import kernel

FEWEST_RELAXATIONS = 20.0
"""Relaxation times that a series must span for its relaxation time to be told."""


class Estimate(NamedTuple):
    """A value and its standard error."""

    value: float
    standard_error: float

    @property
    def interval(self):
        """(low, high) of its 95 % interval."""
        return self.value - 1.96 * self.standard_error, self.value + 1.96 * self.standard_error


def tail_index(sample, fraction=0.05):
    """Hill's Estimate of the index of the tail of |sample|: P(> x) falls as x to the minus index.

    Of the largest `fraction` (Hill, Annals of Statistics 3, 1975), which must lie in the part that is a power law:
    exact on Pareto samples, biased on others the more, the more is taken. Its error is index / sqrt(number taken).
    """
    ordered = np.sort(np.abs(finite(sample, 40)))[::-1]
    taken = int(fraction * len(ordered))
    if taken < 2 or ordered[taken] <= 0.0:
        raise ValueError(f"the tail must hold two values or more above zero (got {taken}); take a larger fraction")
    index = 1.0 / float(np.mean(np.log(ordered[:taken] / ordered[taken])))
    return Estimate(index, index / sqrt(taken))


def excess_kurtosis(sample):
    """Fourth moment over the squared second, less 3; 0 of a normal."""
    away = finite(sample, 4) - np.mean(sample)
    return float(np.mean(away**4) / np.mean(away**2) ** 2 - 3.0)


def autocorrelations(series, lags):
    """(lags,) autocorrelations at lags 1, 2, ...; of independent values 95 % lie within 1.96 / sqrt(n) of 0."""
    away = finite(series, lags + 2) - np.mean(series)
    whole = float(away @ away)
    if whole == 0.0:
        raise ValueError("a series must vary to have autocorrelations (got a constant)")
    return np.array([float(away[lag:] @ away[:-lag]) / whole for lag in range(1, lags + 1)])


def leverage_effect(returns, lags):
    """(lags,) correlations of a return with the size of the return so many periods later; negative in share indices."""
    returns = finite(returns, lags + 3)
    sizes = np.abs(returns)
    return np.array([float(np.corrcoef(returns[:-lag], sizes[lag:])[0, 1]) for lag in range(1, lags + 1)])


def relaxation_time(series, step_s):
    """Estimate, s, of the time in which a deviation fades to 1/e: of an AR(1) process, or an Ornstein-Uhlenbeck one
    looked at every `step_s`.

    Least squares, with Kendall's correction for the bias of a short series; the error by the delta method. ValueError
    for a series that reverts to nothing, or that spans fewer than FEWEST_RELAXATIONS of its own relaxation times.
    """
    series = finite(series, 20)
    before, after = series[:-1] - series[:-1].mean(), series[1:] - series[1:].mean()
    count = len(before)
    persistence = float(before @ after / (before @ before))
    persistence += (1.0 + 3.0 * persistence) / count
    error = sqrt(max(1.0 - persistence**2, 0.0) / count)
    if not 0.0 < persistence < 1.0:
        raise ValueError(f"a series must revert to its mean, slowly (got persistence {persistence:.4g}); take another")
    time = -step_s / log(persistence)
    if count * step_s < FEWEST_RELAXATIONS * time:
        raise ValueError(
            f"a series must span {FEWEST_RELAXATIONS:g} relaxation times (this has {count * step_s / time:.1f}, each "
            f"about {time:.4g} s); take a longer one"
        )
    return Estimate(time, time**2 / step_s * error / persistence)


def branching_of_counts(counts):
    """Branching ratio of a self-exciting process from its counts in long windows: 1 - sqrt(mean / variance).

    Hardiman and Bouchaud, Physical Review E 90 (2014). Windows must be long beside the memory of the process. What
    comes in batches looks like contagion to it: set it beside the genealogy of a run. 0 where counts vary less than
    those of a Poisson process.
    """
    counts = finite(counts, 2)
    mean, variance = float(counts.mean()), float(counts.var(ddof=1))
    return max(1.0 - sqrt(mean / variance), 0.0) if variance > 0.0 else 0.0


class Hawkes(NamedTuple):
    """A self-exciting process with an exponential kernel.

    base: events a second that nothing brought about; branching: events that each brings about, on average; decay: of
    the kernel, per second; branching_error: standard error of that
    """

    base: float
    branching: float
    decay: float
    branching_error: float


def hawkes(times_s, horizon_s):
    """The Hawkes process that is most likely to have made events at those times, 0 <= t <= horizon_s, in order.

    Maximum likelihood (Ozaki, Annals of the Institute of Statistical Mathematics 31, 1979); the error from the
    curvature at the maximum. ValueError for fewer than 50 events, or several at one time, which no such process has.
    """
    times = finite(times_s, 50)
    gaps = np.diff(times)
    if (gaps <= 0.0).any() or times[0] < 0.0 or times[-1] > horizon_s:
        raise ValueError("events must be in order, at different times, from 0 to the horizon; spread those at one time")
    start = np.log([len(times) / horizon_s * 0.5, 1.0, 1.0 / float(np.median(gaps))])

    def loss(point):
        return -hawkes_likelihood(times, gaps, horizon_s, *unfolded(point))

    found = min((minimize(loss, start + shift, method="Nelder-Mead", options={"maxiter": 800}) for shift in SHIFTS),
                key=lambda each: each.fun)  # fmt: skip
    base, branching, decay = unfolded(found.x)
    return Hawkes(base, branching, decay, branching_error(loss, found.x, branching))


SHIFTS = (np.zeros(3), np.array([0.0, -1.0, -2.0]))


def unfolded(point):
    """(base, branching, decay) from three numbers without bounds."""
    return exp(point[0]), 1.0 / (1.0 + exp(-point[1])), exp(point[2])


def hawkes_likelihood(times, gaps, horizon_s, base, branching, decay):
    """Logarithm of the likelihood of a Hawkes process."""
    excited = excitation(np.exp(-decay * gaps))
    rates = base + branching * decay * excited
    ended = float(np.sum(1.0 - np.exp(-decay * (horizon_s - times))))
    return float(np.log(rates).sum()) - base * horizon_s - branching * ended


@kernel
def excitation(fading):
    """(n + 1,) what earlier events left at each event: e[0] = 0, e[i] = fading[i - 1] * (e[i - 1] + 1)."""
    left = np.zeros(len(fading) + 1)
    for i in range(len(fading)):
        left[i + 1] = fading[i] * (left[i] + 1.0)
    return left


def branching_error(loss, point, branching):
    """Standard error of the branching ratio from the curvature of the loss."""
    step, curvature = 1e-3, np.empty((3, 3))
    for row in range(3):
        for column in range(3):
            one, other = step * np.eye(3)[row], step * np.eye(3)[column]
            corners = loss(point + one + other) - loss(point + one - other)
            curvature[row, column] = (corners - loss(point - one + other) + loss(point - one - other)) / (4 * step**2)
    variance = np.linalg.pinv(curvature)[1, 1]
    return branching * (1.0 - branching) * sqrt(variance) if variance > 0.0 else float("nan")


def ar1_path(persistence, count, rng):
    """(count,) an exact path of a stationary AR(1) process with unit shocks, to try estimators on."""
    shocks = rng.standard_normal(count)
    shocks[0] /= sqrt(1.0 - persistence**2)
    return lfilter([1.0], [1.0, -persistence], shocks)


def finite(sample, fewest):
    """(n,) a sample as floats; ValueError, one sentence, unless it is long enough and finite."""
    sample = np.asarray(sample, float)
    if sample.ndim != 1 or len(sample) < fewest or not np.isfinite(sample).all():
        raise ValueError(f"a series must be {fewest} or more finite numbers (got {sample.shape}); drop what is missing")
    return sample
