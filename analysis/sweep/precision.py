"""How many seeds a point needs for a standard error: decided from finished seeds alone, so always the same."""

from math import ceil, isfinite, sqrt

import numpy as np


def wanted(numbers, targets, most):
    """How many seeds a point should have, given those it has; as many as now if that is enough.

    numbers: {metric: (seeds,) of all finished ones}, what is nan left out; targets: {metric: standard error};
    most: seeds of a point. A standard error falls as the root of the seeds, which tells how many are still needed;
    never more than twice those there are, for the estimate is rough while they are few.
    """
    have = max(map(len, numbers.values()))
    need = have
    for name, target in targets.items():
        error = standard_error(numbers[name])
        if isfinite(error) and error > target:
            need = max(need, min(ceil(have * (error / target) ** 2), 2 * have), have + 1)
        elif not isfinite(error) and have < 2:
            need = max(need, 2)
    return min(need, most)


def standard_error(numbers):
    """Standard error of the mean of what is a number; nan of fewer than two."""
    there = np.asarray(numbers, float)
    there = there[np.isfinite(there)]
    return float(np.std(there, ddof=1) / sqrt(len(there))) if len(there) > 1 else float("nan")


def check(targets, names, most, seeds):
    """ValueError for a precision that cannot be asked for."""
    from sim.spelling import unknown

    for name, target in targets.items():
        if name not in names:
            raise ValueError(f"until_se: {unknown('metric of this sweep', name, names)}")
        if not target > 0:
            raise ValueError(f"a standard error must be asked for that is above zero (got {name}: {target})")
    if targets and most < seeds:
        raise ValueError(f"max_seeds must be at least the {seeds} seeds to begin with (got {most})")
