"""A claim: that a change moves a metric in a direction and by a size, and what runs say of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from analysis.sweep import sweep
from scenarios.scenario import expectation

HOLDS, SIZE, UNSEEN = VERDICTS = ("holds", "other size", "not seen")
LEVEL = 0.01
SEEDS = range(3_000, 3_016)
"""Used for nothing else. Claims were written looking at seeds below 100. 1,000 to 1,015 were looked at once, and 27 of
28 held: that of `flash_crash` was then put in logarithms, for in one seed of sixteen the makers leave and the discount
is ten times as deep as in the others."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """That a change moves a metric as the "Expect:" sentence of a scenario's docstring says.

    change:    {argument: value} of the twin; empty where the metric of the run itself is what is claimed
    low, high: bounds of the mean over seeds, twin less base, both of one sign: the size the sentence names
    arguments: of both runs
    short:     arguments of a version that takes a second or two, for tests
    part:      which of several claims of one scenario it is
    """

    scenario: Any
    metric: Callable
    low: float
    high: float
    change: dict = field(default_factory=dict)
    arguments: dict = field(default_factory=dict)
    short: dict = field(default_factory=dict)
    part: str = ""

    def __post_init__(self):
        if not (self.low < self.high and self.low * self.high >= 0):
            raise ValueError(f"a claim must name a size of one sign (got {self.low} to {self.high} for {self.name})")

    @property
    def name(self):
        """Of its scenario."""
        return self.scenario.__name__

    @property
    def label(self):
        """Of its scenario and its part: one for each claim."""
        return f"{self.name}_{self.part}" if self.part else self.name

    @property
    def sign(self):
        """1 if the change is to raise the metric, -1 if it is to lower it."""
        return 1.0 if self.high > 0 else -1.0

    @property
    def says(self):
        """The sentence it is taken from."""
        return expectation(self.scenario)


@dataclass(frozen=True)
class Verdict:
    """What the runs of a claim say.

    mean, standard_error: of the differences, one a seed; p: one-sided, of no effect in the claimed direction, by
    Student's t; adjusted: that p, for all claims judged at once (Holm, Scandinavian Journal of Statistics 6, 1979)
    """

    claim: Claim
    mean: float
    standard_error: float
    seeds: int
    p: float
    adjusted: float
    failed: int = 0

    @property
    def verdict(self):
        """One of `VERDICTS`."""
        if not self.adjusted < LEVEL or self.failed:
            return UNSEEN
        return HOLDS if self.claim.low <= self.mean <= self.claim.high else SIZE


def run(claim, folder, seeds=SEEDS, processes=None, executor=None, short=False):
    """(seeds,) differences of a claim's metric, twin less base, nan where a run failed, made where the folder lacks."""
    arguments = claim.arguments | (claim.short if short else {})
    done = sweep(
        claim.scenario, seeds=seeds, out=Path(folder), metrics=[claim.metric], processes=processes, executor=executor,
        twins={"changed": claim.change} if claim.change else None, **arguments,
    )  # fmt: skip
    rows = done.frame().set_index(["twin", "seed"])[done.metrics[0]]
    chosen = list(seeds)
    base = rows.loc[""].reindex(chosen).to_numpy(float)
    return rows.loc["changed"].reindex(chosen).to_numpy(float) - base if claim.change else base


def judge(claims, differences):
    """[Verdict] of claims from their (seeds,) differences."""
    found = [tested(claim, np.asarray(each, float)) for claim, each in zip(claims, differences, strict=True)]
    adjusted = holm([p for *_, p, _ in found])
    return [
        Verdict(claim, mean, error, count, p, both, failed)
        for claim, (mean, error, count, p, failed), both in zip(claims, found, adjusted, strict=True)
    ]


def tested(claim, differences):
    """(mean, standard error, seeds, p, failed) of one claim; differences that are all the same have p 0 or 1."""
    there = differences[~np.isnan(differences)]
    failed, count = len(differences) - len(there), len(there)
    if count < 2:
        return math.nan, math.nan, count, 1.0, failed
    mean, error = float(there.mean()), float(there.std(ddof=1) / math.sqrt(count))
    if error == 0.0:
        return mean, error, count, float(mean * claim.sign <= 0.0), failed
    return mean, error, count, float(stats.t.sf(claim.sign * mean / error, count - 1)), failed


def holm(ps):
    """[p] adjusted for being judged together: the chance that any true null is rejected stays below the level."""
    order, adjusted, largest = np.argsort(ps, kind="stable"), np.empty(len(ps)), 0.0
    for rank, at in enumerate(order):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[at]))
        adjusted[at] = largest
    return adjusted.tolist()
