"""How sure a moment is, and whether all of them together can be those of the model."""

from typing import NamedTuple

import numpy as np

RESAMPLES = 400
SEED = 20_200_312


class Moments(NamedTuple):
    """Moments of blocks with their joint uncertainty.

    values: (moments,); covariance: (moments, moments) of those values; blocks: how many they are from
    """

    values: np.ndarray
    covariance: np.ndarray
    blocks: int

    @property
    def errors(self):
        """(moments,) standard errors."""
        return np.sqrt(np.diag(self.covariance))


def bootstrapped(measures, sample, blocks, resamples=RESAMPLES, seed=SEED):
    """Return the Moments of `sample` by a bootstrap of whole blocks that do not overlap (Carlstein, Annals of
    Statistics 14, 1986): all moments of one resample come from the same blocks, so their covariance is seen.

    measures: functions of a sample; sample: with `taken(numbers)`; blocks: how many it has
    """
    rng = np.random.default_rng(seed)
    values = np.array([measure(sample) for measure in measures])
    drawn = [sample.taken(rng.integers(blocks, size=blocks)) for _ in range(resamples)]
    covariance = np.atleast_2d(np.cov([[measure(each) for measure in measures] for each in drawn], rowvar=False))
    return Moments(values, covariance * blocks / (blocks - 1), blocks)


class Joint(NamedTuple):
    """The joint test: the sum of squared distances in combined errors, and how often a true model has a larger one."""

    statistic: float
    p: float

    @property
    def rejected(self):
        """Whether the model is rejected at 1 %."""
        return self.p < 0.01


def joint(observed, simulated, slopes=None, draws=20_000, seed=SEED):
    """Return the Joint test that two Moments are of one model.

    J = d' W d with W the inverse of the diagonal of S, S the sum of both covariances. Its law under a true model is
    that of the same sum over normal d with covariance S, drawn. The optimal weight, S inverted, makes it chi-squared
    (Hansen, Econometrica 50, 1982), but a covariance of 14 moments from less than 20 blocks cannot be inverted.

    slopes: (moments, parameters) of the moments in parameters that were fitted to `observed` by W; what fitting can
    take from d is taken from the draws too. None: nothing was fitted
    """
    covariance = observed.covariance + simulated.covariance
    errors = np.sqrt(np.diag(covariance))
    drawn = np.random.default_rng(seed).multivariate_normal(np.zeros(len(errors)), covariance, draws) / errors
    if slopes is not None:
        fitted = np.asarray(slopes) / errors[:, None]
        drawn -= drawn @ fitted @ np.linalg.pinv(fitted)
    statistic = float(np.sum(((simulated.values - observed.values) / errors) ** 2))
    return Joint(statistic, float(np.mean(np.sum(drawn**2, axis=1) >= statistic)))
