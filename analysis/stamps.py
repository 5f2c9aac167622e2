"""What happens around funding stamps, beside the same at stamps moved along the run: volume, open interest, basis.

A statistic is the mean over a run's stamps of what is seen in a window about each. Turning the stamps round the run by
every number of recorded rows, as on a ring, gives all values that it takes at stamps which mean nothing. Stamps stay
as far apart as they are, and whatever memory the column has stays too. The share of turns, no turn at all among them,
that give as much as was seen is the p-value: exact where the column looks alike wherever it is entered (a permutation
test over a group). So leave out the warm-up of a run. Where stamps are evenly spaced all turns repeat within one
interval: a window of a tenth of it cannot do much better than p = 0.1 in one run, and several runs count as one.
"""

from typing import NamedTuple

import numpy as np

from analysis.summary import basis

MINUTE_S = 60.0


class AtStamps(NamedTuple):
    """A statistic at the stamps, and where they are moved along the run.

    value:   at the stamps
    usual:   mean over all turns
    spread:  standard deviation over them
    higher:  p-value of the stamps having no more than usual: of turns, the share that gives as much or more
    lower:   of their having no less
    turns:   how many there were, over all runs
    stamps:  how many of them
    """

    value: float
    usual: float
    spread: float
    higher: float
    lower: float
    turns: int
    stamps: int


def volume_at_stamps(runs, before_s=1_800.0, after_s=0.0, from_s=3_600.0):
    """AtStamps of contracts traded a minute, from `before_s` before each stamp to `after_s` after it.

    runs: a Run, or several of one kind; from_s: what is left out of each at the start
    """
    return at_stamps(runs, lambda run: each_minute(run, "volume_contracts"), before_s, after_s, from_s)


def open_interest_at_stamps(runs, before_s=1_800.0, after_s=0.0, from_s=3_600.0):
    """AtStamps of the change of open interest, contracts a minute, in the same windows."""
    return at_stamps(runs, lambda run: each_minute(run, "open_interest_contracts"), before_s, after_s, from_s)


def basis_at_stamps(runs, before_s=1_800.0, after_s=0.0, from_s=3_600.0):
    """AtStamps of the basis of the last trade to the index, basis points, in the same windows."""
    return at_stamps(runs, lambda run: 1e4 * basis(run), before_s, after_s, from_s)


def volume_before_stamps_ratio(run):
    """Contracts traded a minute in the half hour before stamps, over those at moved stamps."""
    seen = volume_at_stamps(run)
    return seen.value / seen.usual if seen.usual else float("nan")


def each_minute(run, column):
    """(rows,) growth of a column in each recorded row, a minute; 0 in the first."""
    grown = np.diff(run[column], prepend=run[column][:1])
    return grown / (row_s(run) / MINUTE_S)


def row_s(run):
    """Seconds between two recorded rows."""
    if len(run.series) < 2:
        raise ValueError(f"a run must have two rows or more to be looked at over time (got {len(run.series)})")
    return float(run["time_s"][1] - run["time_s"][0])


def at_stamps(runs, column, before_s, after_s, from_s):
    """AtStamps of `column`, a function Run -> (rows,), averaged over the runs: of several all are turned together."""
    runs = list(runs) if isinstance(runs, (list, tuple)) else [runs]
    if not (before_s >= 0 and after_s >= 0 and before_s + after_s > 0):
        raise ValueError(f"the window must have a length, before or after (got {before_s} and {after_s}); give seconds")
    turned, stamps = zip(*(turns(run, column, before_s, after_s, from_s) for run in runs), strict=True)
    if len({len(each) for each in turned}) > 1:
        raise ValueError(f"runs must be of one length (got {[len(each) for each in turned]} rows); compare like runs")
    values = np.mean(turned, axis=0)
    return AtStamps(
        value=float(values[0]),
        usual=float(values.mean()),
        spread=float(values.std()),
        higher=float(np.mean(values >= values[0] - rounding(values))),
        lower=float(np.mean(values <= values[0] + rounding(values))),
        turns=len(values),
        stamps=sum(stamps),
    )


def rounding(values):
    """What sums of the same numbers in another order may differ by: turns that repeat count as equal."""
    return 1e-9 * float(np.abs(values).max())


def turns(run, column, before_s, after_s, from_s):
    """((rows,) the statistic with the stamps turned by 0, 1, 2, ... rows; the number of stamps)."""
    kept = run["time_s"] > from_s
    values, time_s, step = column(run)[kept], run["time_s"][kept], row_s(run)
    before, after = round(before_s / step), round(after_s / step)
    rows = stamp_rows(run, time_s, step)
    rows = rows[(rows >= before) & (rows + after <= len(values))]
    if not len(rows):
        raise ValueError(f"a run must hold a stamp and its window after {from_s:g} s (got none); run longer")
    known = np.where(np.isnan(values), np.nanmean(values), values)
    ring = np.concatenate([[0.0], np.cumsum(np.tile(known, 3))])
    windows = ring[before + after :] - ring[: len(ring) - before - after]  # that begins at each row
    begins = len(known) + rows - before
    every = np.arange(len(known))
    return np.mean([windows[begin + every] for begin in begins], axis=0) / (before + after), len(rows)


def stamp_rows(run, time_s, step):
    """Rows, the first being 0, that begin where a stamp was: the row that ends at the stamp is the last before it.

    A table of payments may end with what has accrued since the last stamp: that is none.
    """
    at_s = run.funding["time_s"]
    if len(at_s) > 2 and not np.isclose(at_s[-1] - at_s[-2], at_s[1] - at_s[0]):
        at_s = at_s[:-1]
    return np.rint((at_s[at_s >= time_s[0]] - time_s[0]) / step).astype(int) + 1
