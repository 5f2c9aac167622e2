"""Cascades: when liquidations come together, how large and how long; how far the price overshot and when it came back.

Everything here would be seen in a market whose liquidations move nothing, too: set each number beside that of a twin
with `forced="absorbed"`, as `beside_null` does.
"""

from typing import NamedTuple

import numpy as np
import pandas

from analysis.estimators import branching_of_counts, hawkes
from analysis.summary import branching_ratio, liquidated_turns, open_interest_first_contracts, share

GAP_S, FEWEST = 60.0, 5
WINDOW_S = 60.0  # of the counts that the moment estimate takes
FEWEST_EVENTS = 50


class Episode(NamedTuple):
    """Liquidations with no pause between them.

    begins_s: of the first; lasts_s: from it to the last; liquidations, contracts: in it
    """

    begins_s: float
    lasts_s: float
    liquidations: int
    contracts: int


class Branching(NamedTuple):
    """Four answers to how many liquidations each brings about.

    genealogy: by the impact of each on the mark, as the run knows it; counts: from the mean and variance of counts a
    minute; hawkes: of the most likely self-exciting process, nan for fewer than 50 liquidations. Both take a common
    cause for contagion. twin: 1 - liquidations without their impact over those with it, nan without a twin
    """

    genealogy: float
    counts: float
    hawkes: float
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
    """The four Branching numbers of a run; twin: the same seed with forced closes absorbed."""
    rows = begun(run)
    ends = np.arange(0.0, float(run["time_s"][-1]) + window_s, window_s)
    counts = np.histogram(rows["time_s"], ends)[0]
    without = 1.0 - share(len(begun(twin)), len(rows)) if twin is not None else float("nan")
    return Branching(branching_ratio(run), branching_of_counts(counts), self_exciting(run), without)


def self_exciting(run):
    """Branching ratio of the Hawkes process that is most likely to have made the liquidations; nan for fewer than 50.

    Those of one step are spread evenly over it, since of no such process two events come at once: what happens within
    a step, most of a fast cascade, is not seen.
    """
    at, many = np.unique(begun(run)["time_s"], return_counts=True)
    if many.sum() < FEWEST_EVENTS:
        return float("nan")
    within = np.concatenate([(np.arange(each) + 0.5) / each for each in many])
    times = np.repeat(at, many) + (within - 1.0) * float(run.about["step_s"])
    return hawkes(times, float(run["time_s"][-1])).branching


def episodes_count(run):
    """How many episodes there were."""
    return len(episodes(run))


def longest_minutes(run):
    """From the first to the last liquidation of the episode that lasted longest; 0 without one."""
    return max((each.lasts_s for each in episodes(run)), default=0.0) / 60.0


def added(run, twin, metric):
    """A metric of a run less that of its twin without feedback."""
    return metric(run) - metric(twin)


METRICS = (
    liquidated_turns, largest_turns, episodes_count, longest_minutes, within_percent, overshoot_percent, recovery_hours,
)  # fmt: skip


def beside_null(pairs, metrics=METRICS):
    """A frame with a row a metric: its mean over runs, its mean over their twins without feedback (null), added (the
    mean difference), error (its standard error), amplification (mean over null) and pairs (in which both have it).

    pairs: [(run, twin)], each of one seed, the twin with `forced="absorbed"`; of one pair there is no error
    """
    rows = []
    for metric in metrics:
        both = np.array([[float(metric(each)) for each in pair] for pair in pairs])
        both = both[np.isfinite(both).all(axis=1)]
        apart = both[:, 0] - both[:, 1]
        error = apart.std(ddof=1) / np.sqrt(len(apart)) if len(apart) > 1 else np.nan
        run, null = both.mean(axis=0) if len(both) else (np.nan, np.nan)
        rows.append((metric.__name__, run, null, run - null, error, share(run, null) if run == run else np.nan,
                     len(both)))  # fmt: skip
    return pandas.DataFrame(rows, columns=["metric", "run", "null", "added", "error", "amplification", "pairs"])
