"""Which assumptions a number hangs on: Sobol indices and Morris's elementary effects of a metric over a scenario.

Both are sweeps: runs are saved as they come, the same call goes on where it was stopped, and every run of a call has
the same seeds, so that what differs between two of them is the arguments.
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import qmc, sobol_indices

from analysis.sweep import sweep
from sim.streams import generator

RESAMPLES, LEVEL = 500, 0.95
LEVELS = 8  # of Morris's grid


class Share(NamedTuple):
    """How much of a metric's variance an argument explains, each with its interval (low, high).

    first: alone; total: with all that it acts together with
    """

    argument: str
    first: float
    first_interval: tuple
    total: float
    total_interval: tuple


class Effect(NamedTuple):
    """What moving an argument through its whole range does to a metric, over several places to begin from.

    mean: of the effects; size: of their absolute values, with its standard error; spread: their standard deviation,
    large where the effect hangs on the other arguments
    """

    argument: str
    mean: float
    size: float
    size_error: float
    spread: float


def sobol(scenario, ranges, metric, *, points, seeds=(0,), design_seed=0, **options):
    """[Share] of the arguments in `ranges`, the largest total first: points * (arguments + 2) runs a seed.

    ranges: {argument: Between}; metric: a function of a run; points: a power of two; options: of `sweep` and of the
    scenario. Saltelli, Annoni, Azzini and others, Computer Physics Communications 181 (2010).
    """
    names = list(ranges)
    if points < 2 or points & (points - 1):
        raise ValueError(f"points must be a power of two (got {points}); a Sobol sequence is even only then")
    unit = qmc.Sobol(2 * len(names), scramble=True, seed=design_seed).random(points)
    one, other = unit[:, : len(names)], unit[:, len(names) :]
    mixed = [np.where(np.arange(len(names)) == k, other, one) for k in range(len(names))]
    values = measured(scenario, ranges, metric, np.concatenate([one, other, *mixed]), seeds, options)
    found = values.reshape(len(names) + 2, points)
    return shares(names, found[0], found[1], found[2:], design_seed)


def shares(names, one, other, mixed, seed=0):
    """[Share] of a function's values: (points,) at two samples, (arguments, points) with one column of the second.

    Intervals are the middle 95 % of a bootstrap over points.
    """
    chance = generator(seed, "sensitivity")
    drawn = [indices(one, other, mixed)]
    for _ in range(RESAMPLES):
        rows = chance.integers(0, len(one), len(one))
        drawn.append(indices(one[rows], other[rows], mixed[:, rows]))
    drawn = np.array(drawn)  # (resamples + 1, first or total, arguments)
    low, high = np.nanquantile(drawn[1:], [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0], axis=0)
    found = [
        Share(name, *(value for part in (0, 1) for value in (float(drawn[0, part, k]),
              (float(low[part, k]), float(high[part, k])))))
        for k, name in enumerate(names)
    ]  # fmt: skip
    return sorted(found, key=lambda each: -each.total)


def indices(one, other, mixed):
    """(2, arguments) first and total indices; nan where the function does not vary."""
    if np.ptp(np.append(one, other)) == 0.0:
        return np.full((2, len(mixed)), np.nan)
    found = sobol_indices(func={"f_A": one[None], "f_B": other[None], "f_AB": mixed[:, None]}, n=len(one))
    return np.array([np.ravel(found.first_order), np.ravel(found.total_order)])


def morris(scenario, ranges, metric, *, starts=10, seeds=(0,), design_seed=0, **options):
    """[Effect] of the arguments in `ranges`, the largest first: starts * (arguments + 1) runs a seed.

    From each of several places of a grid every argument is moved once, one after the other, by half of its range.
    Morris, Technometrics 33 (1991); the size is that of Campolongo, Cariboni and Saltelli (2007).
    """
    names = list(ranges)
    if starts < 2:
        raise ValueError(f"starts must be two or more (got {starts}); one has no error")
    ways = [way(len(names), generator(design_seed, f"morris.{number}")) for number in range(starts)]
    values = measured(scenario, ranges, metric, np.concatenate([places for places, _ in ways]), seeds, options)
    return effects(names, ways, values.reshape(starts, len(names) + 1))


def way(count, chance):
    """((count + 1, count) places in the unit cube, (count,) which argument moves at each step)."""
    step = LEVELS / (2.0 * (LEVELS - 1.0))
    place = chance.integers(0, LEVELS // 2, count) / (LEVELS - 1.0)
    up = chance.random(count) < 0.5
    place, order, places = np.where(up, place, place + step), chance.permutation(count), []
    places.append(place.copy())
    for k in order:
        place[k] += step if up[k] else -step
        places.append(place.copy())
    return np.array(places), order


def effects(names, ways, values):
    """[Effect] of a function's (ways, arguments + 1) values along the ways."""
    found = np.empty((len(ways), len(names)))
    for number, (places, order) in enumerate(ways):
        moved = np.diff(places, axis=0)[np.arange(len(order)), order]
        found[number, order] = np.diff(values[number]) / moved
    sizes = np.abs(found)
    made = [
        Effect(name, float(found[:, k].mean()), float(sizes[:, k].mean()),
               float(sizes[:, k].std(ddof=1) / np.sqrt(len(ways))), float(found[:, k].std(ddof=1)))
        for k, name in enumerate(names)
    ]  # fmt: skip
    return sorted(made, key=lambda each: -each.size)


def measured(scenario, ranges, metric, places, seeds, options):
    """(places,) mean over seeds of the metric at places of the unit cube; ValueError where a run failed."""
    each = [tuple(ranges[name].at(value) for name, value in zip(ranges, place, strict=True)) for place in places]
    points = list(dict.fromkeys(each))  # whole numbers may meet twice
    paired = [dict(zip(ranges, point, strict=True)) for point in points]
    done = sweep(scenario, seeds=seeds, paired=paired, metrics=[metric], **options)
    numbers = done.frame().groupby("point")[done.metrics[0]].agg(lambda column: column.to_numpy(float).mean())
    means = dict(zip(points, numbers.reindex(range(len(points))).to_numpy(float), strict=True))
    lost = sum(np.isnan(number) for number in means.values())
    if lost:
        bad = done.failures().error.iloc[0] if len(done.failures()) else "the metric is nan"
        raise ValueError(f"every run must have a number ({lost} points have none: {bad}); narrow a range")
    return np.array([means[point] for point in each])
