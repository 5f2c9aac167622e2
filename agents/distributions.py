"""Distributions from which a crowd draws what its accounts differ in.

Each is a frozen dataclass with one method, `at(uniform)`: its value at that quantile. So one uniform draw an
account, from the account's own dice, decides each of its traits.
"""

from dataclasses import dataclass
from math import inf, log
from statistics import NormalDist

import numpy as np

_normal = NormalDist()


@dataclass(frozen=True)
class Uniform:
    """Equally likely between `low` and `high`."""

    low: float
    high: float

    def __post_init__(self):
        if not self.low <= self.high:
            raise ValueError(f"high must be at least low (got low {self.low}, high {self.high})")

    def at(self, uniform):
        """(n,) values at the quantiles `uniform`."""
        return self.low + (self.high - self.low) * uniform


@dataclass(frozen=True)
class LogNormal:
    """Log-normal with that median and log standard deviation, cut off outside `low` to `high`."""

    median: float
    sigma: float
    low: float = 0.0
    high: float = inf

    def __post_init__(self):
        if not (self.median > 0 and self.sigma > 0 and self.low < self.high):
            raise ValueError(f"median and sigma must be positive and low below high (got {self})")

    def at(self, uniform):
        """(n,) values at the quantiles `uniform` of the part between `low` and `high`."""
        least, most = self._quantile(self.low), self._quantile(self.high)
        quantiles = least + (most - least) * np.asarray(uniform)
        scores = np.fromiter(map(_normal.inv_cdf, quantiles), float, len(quantiles))
        return self.median * np.exp(self.sigma * scores)

    def _quantile(self, value):
        return _normal.cdf(log(value / self.median) / self.sigma) if value > 0 else 0.0


@dataclass(frozen=True)
class Exponential:
    """Exponential with that mean."""

    mean: float

    def __post_init__(self):
        if not self.mean > 0:
            raise ValueError(f"mean must be positive (got {self.mean})")

    def at(self, uniform):
        """(n,) values at the quantiles `uniform`."""
        return -self.mean * np.log1p(-np.asarray(uniform))


@dataclass(frozen=True)
class Pareto:
    """Pareto from `low` on with tail exponent `alpha`, cut off at `high`."""

    low: float
    alpha: float
    high: float = inf

    def __post_init__(self):
        if not (0 < self.low < self.high and self.alpha > 0):
            raise ValueError(f"low must be positive and below high, alpha positive (got {self})")

    def at(self, uniform):
        """(n,) values at the quantiles `uniform` of the part below `high`."""
        kept = 1.0 - (self.low / self.high) ** self.alpha
        return self.low * (1.0 - kept * np.asarray(uniform)) ** (-1.0 / self.alpha)


@dataclass(frozen=True)
class Choice:
    """One of `values`, with probabilities in proportion to `weights` (equal if empty)."""

    values: tuple
    weights: tuple = ()

    def __post_init__(self):
        if not self.values or (self.weights and len(self.weights) != len(self.values)):
            raise ValueError(f"weights must be empty or one for each value (got {self})")
        if any(not weight >= 0 for weight in self.weights) or (self.weights and sum(self.weights) <= 0):
            raise ValueError(f"weights must be zero or positive with a positive sum (got {self.weights})")

    def at(self, uniform):
        """(n,) values at the quantiles `uniform`."""
        weights = np.asarray(self.weights or [1.0] * len(self.values), float)
        edges = np.cumsum(weights) / weights.sum()
        at = np.searchsorted(edges, np.asarray(uniform), side="right")
        return np.asarray(self.values, float)[np.minimum(at, len(self.values) - 1)]


@dataclass(frozen=True)
class Listed:
    """Nothing drawn: the n-th account has the n-th of `values`, the first again after the last."""

    values: tuple

    def __post_init__(self):
        if not self.values:
            raise ValueError("values must hold at least one number (got none); list them")

    def at(self, uniform):
        """(n,) values, whatever the quantiles."""
        return np.resize(np.asarray(self.values, float), len(uniform))


KINDS = (Uniform, LogNormal, Exponential, Pareto, Choice, Listed)


def is_distribution(value):
    """Whether `value` is to be drawn once per account."""
    return isinstance(value, KINDS)
