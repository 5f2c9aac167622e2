"""What returns of nearly every market look like, of a run: fat tails, no memory of sign, memory of size."""

import numpy as np
import pandas

from analysis.estimators import (
    Estimate,
    autocorrelations,
    excess_kurtosis,
    leverage_effect,
    tail_index,
)
from analysis.stamps import row_s
from analysis.tails import tail_fraction
from sim.streams import generator

LAGS = 10
RESAMPLES = 200


def returns(run, every_s=60.0, column="mid"):
    """(n,) log returns of a price every so often; a time at which there is none is left out, with both its returns."""
    step = row_s(run)
    rows = round(every_s / step)
    if rows < 1 or abs(rows * step - every_s) > 1e-6 * step:
        raise ValueError(f"every_s must be a multiple of the {step:g} s between rows (got {every_s}); change it")
    made = np.diff(np.log(run[column][rows - 1 :: rows]))
    return made[~np.isnan(made)]


def facts(sample, seed=0):
    """A frame with a row a fact of (n,) returns: value, error, low and high, the ends of its 95 % interval.

    tail_index: Hill, of a fraction chosen from the sample; excess_kurtosis; memory: mean autocorrelation of returns,
    size_memory: of their sizes, at lags 1 to 10; leverage_effect: mean correlation of a return with sizes that follow.
    The errors of all but the first are of a bootstrap over blocks of ten times the longest lag. The kurtosis of tails
    with an index below 4 grows with the sample, whatever its error says.
    """
    sample = np.asarray(sample, float)
    block, measured = 10 * LAGS, list(MEASURES.values())
    if len(sample) < 5 * block or not np.isfinite(sample).all():
        raise ValueError(f"there must be {5 * block} finite returns or more (got {sample.shape}); run longer")
    chance, drawn = generator(seed, "stylised facts"), []
    for _ in range(RESAMPLES):
        starts = chance.integers(0, len(sample) - block + 1, len(sample) // block)
        again = sample[(starts[:, None] + np.arange(block)).ravel()]
        drawn.append([measure(again) for measure in measured])
    errors = np.std(drawn, axis=0, ddof=1)
    found = {"tail_index": tail_index(sample, tail_fraction(sample))}
    found |= {name: Estimate(each(sample), float(error)) for (name, each), error in zip(MEASURES.items(), errors,
                                                                                       strict=True)}  # fmt: skip
    return pandas.DataFrame([(name, *each, *each.interval) for name, each in found.items()],
                            columns=["fact", "value", "error", "low", "high"])  # fmt: skip


MEASURES = {
    "excess_kurtosis": excess_kurtosis,
    "memory": lambda sample: float(autocorrelations(sample, LAGS).mean()),
    "size_memory": lambda sample: float(autocorrelations(np.abs(sample), LAGS).mean()),
    "leverage_effect": lambda sample: float(leverage_effect(sample, LAGS).mean()),
}


def of_run(run, every_s=60.0, column="mid", seed=0):
    """The facts of a run's returns."""
    return facts(returns(run, every_s, column), seed)
