"""Cascades: when liquidations come together, how large and how long; how far the price overshot and when it came back.

Everything here would be seen in a market whose liquidations move nothing, too: set each number beside that of a twin
with `forced="absorbed"`, as `added` does.
"""

from typing import NamedTuple

import numpy as np

from analysis.estimators import branching_of_counts
from analysis.summary import branching_ratio, open_interest_first_contracts, share

GAP_S, FEWEST = 60.0, 5
WINDOW_S = 60.0  # of the counts that the moment estimate takes


class Episode(NamedTuple):
    """Liquidations with no pause between them.

    begins_s: of the first; lasts_s: from it to the last; liquidations, contracts: in it
    """

    begins_s: float
    lasts_s: float
    liquidations: int
    contracts: int


class Branching(NamedTuple):
    """Three answers to how many liquidations each brings about.

    genealogy: by the impact of each on the mark, as the run knows it; counts: from the mean and variance of counts a
    minute, which takes a common cause for contagion; twin: 1 - liquidations without their impact over those with it,
    nan without a twin
    """

    genealogy: float
    counts: float
    twin: float


def begun(run):
    """The rows of `liquidations` that began one; a further part of one that closes in parts is none."""
    return run.liquidations[~run.liquidations["again"]]


def episodes(run, gap_s=GAP_S, fewest=FEWEST):
    """[Episode] in order: liquidations no more than `gap_s` apart, at least `fewest` of them."""
    rows = begun(run)
    rows = rows[np.argsort(rows["time_s"], kind="stable")]
    times, contracts = rows["time_s"], np.abs(rows["contracts"])
    cuts = np.flatnonzero(np.diff(times) > gap_s) + 1
    found = []
    for part in np.split(np.arange(len(times)), cuts):
        if len(part) >= max(fewest, 1):
            lasts = float(times[part[-1]] - times[part[0]])
            found.append(Episode(float(times[part[0]]), lasts, len(part), int(contracts[part].sum())))
    return found


def largest_turns(run, **gap):
    """Contracts of the largest episode over the open interest of the first row."""
    return share(max((each.contracts for each in episodes(run, **gap)), default=0), open_interest_first_contracts(run))


def within_percent(run, minutes=30.0):
    """Liquidated contracts in the first so many minutes of the largest episode, of all that were liquidated."""
    rows, found = begun(run), episodes(run)
    if not found:
        return float("nan")
    start = max(found, key=lambda each: each.contracts).begins_s
    early = (rows["time_s"] >= start) & (rows["time_s"] <= start + 60.0 * minutes)
    contracts = np.abs(rows["contracts"])
    return 100.0 * share(float(contracts[early].sum()), float(contracts.sum()))


def overshoot_percent(run):
    """How much further the mid fell from its first value than the index from its own, at the lowest of each."""
    mid, index = run["mid"][~np.isnan(run["mid"])], run["index"]
    return 100.0 * float((index.min() / index[0] - 1.0) - (mid.min() / mid[0] - 1.0))


def recovery_hours(run, band=0.005):
    """Hours from the deepest discount of the mid to the first row within `band` of the index; inf if there is none."""
    basis = run["mid"] / run["index"] - 1.0
    if np.isnan(basis).all():
        return float("nan")
    low = int(np.nanargmin(basis))
    back = np.flatnonzero(basis[low:] > -band)
    return float(run["time_s"][low + back[0]] - run["time_s"][low]) / 3_600.0 if len(back) else float("inf")


def branching(run, twin=None, window_s=WINDOW_S):
    """The three Branching numbers of a run; twin: the same seed with forced closes absorbed."""
    rows = begun(run)
    ends = np.arange(0.0, float(run["time_s"][-1]) + window_s, window_s)
    counts = np.histogram(rows["time_s"], ends)[0]
    without = 1.0 - share(len(begun(twin)), len(rows)) if twin is not None else float("nan")
    return Branching(branching_ratio(run), branching_of_counts(counts), without)


def added(run, twin, metric):
    """A metric of a run less that of its twin without feedback."""
    return metric(run) - metric(twin)
