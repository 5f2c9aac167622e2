"""Twins: runs of the same seed with one thing changed, subtracted, and averaged over many seeds.

Every draw of a run is named, so twins differ by what was changed and by what follows from it. One pair is an
anecdote: the path of that seed decides it as much as the change does. So the answer is a mean with its standard error.
"""

from dataclasses import dataclass

import numpy as np

from analysis.listing import shown


@dataclass(frozen=True)
class Difference:
    """What a change did to one metric, twin less base.

    differences: (seeds,) one of each pair; mean and standard_error are of these, nan if one of them is
    """

    metric: str
    seeds: tuple
    differences: tuple

    @property
    def mean(self):
        """Mean difference."""
        return float(np.mean(self.differences))

    @property
    def standard_error(self):
        """Standard error of the mean difference: what another set of as many seeds would move it by."""
        return float(np.std(self.differences, ddof=1) / np.sqrt(len(self.differences)))

    def __str__(self):
        mean, error = shown(float(f"{self.mean:.4g}")), shown(float(f"{self.standard_error:.2g}"))
        return f"{self.metric}  {mean} +- {error} (n = {len(self.seeds)})"


def twin(scenario, seeds, change, *metrics, **arguments):
    """Return a list of `Difference`, one a metric: `scenario` with `change` less `scenario` without it.

    scenario: function(seed=..., **arguments) that returns what has `run()`
    seeds: two or more, none twice
    change: {argument: value} that the twin differs by
    metrics: functions Run -> number, such as those of `analysis.summary`
    arguments: of both
    """
    seeds = tuple(seeds)
    check(seeds, change, metrics)
    pairs = [pair(scenario, seed, change, metrics, arguments) for seed in seeds]
    columns = zip(*pairs, strict=True)
    return [
        Difference(getattr(each, "__name__", repr(each)), seeds, column)
        for each, column in zip(metrics, columns, strict=True)
    ]


def check(seeds, change, metrics):
    """Raise ValueError for a comparison that could not tell anything."""
    if len(seeds) < 2:
        raise ValueError(
            f"a twin must be run over two seeds or more (got {len(seeds)}); one pair has no standard error"
        )
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must differ (got {seeds}); a pair counted twice is no new evidence")
    if not change or "seed" in change:
        raise ValueError(f"change must name an argument other than seed (got {change}); say what the twin differs by")
    if not metrics:
        raise ValueError("a twin must be given at least one metric (got none); name a function of a run")


def pair(scenario, seed, change, metrics, arguments):
    """Return the difference of each metric for one seed.

    Where the base replays a real index, the twin's is that moved by the difference of what both do to spot.
    """
    market = scenario(**arguments, seed=seed)
    base = measured(market, metrics)
    if getattr(market, "replays", False):
        change = {**change, "base_impact": market.spot.impact}
    changed = measured(scenario(**{**arguments, **change}, seed=seed), metrics)
    return [float(twin_ - base_) for twin_, base_ in zip(changed, base, strict=True)]


def measured(market, metrics):
    """Return the metrics of a market's run; Ctrl-C in it ends the comparison, for half a run compares with nothing."""
    run = market.run()
    if not run.about.get("finished", True):
        raise KeyboardInterrupt
    return [metric(run) for metric in metrics]
