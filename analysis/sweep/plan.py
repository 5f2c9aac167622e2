"""What a sweep is to do, written before it does it: points, seeds, twins, metrics, and an id for every run."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple

from analysis.sweep.arguments import cell, column, hashes, resolved, texts
from analysis.sweep.origin import Reference, fingerprint
from scenarios.scenario import defaults, keywords

BASE = ""
"""What the column `twin` holds for a run that is no twin."""

LAST_SEED = 2**63
IDENTITY = "run_id point seed twin".split()
STORY = "status error scenario arguments code".split()


class Job(NamedTuple):
    """What one worker does at once, and a sweep repeats or keeps whole: a run, and its twins of the same seed."""

    point: int
    seed: int
    arguments: dict
    ids: tuple


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that decides the rows of a sweep, apart from when and where they are made.

    points:     (points,) {axis: value}
    seeds:      of each point; more are added to points whose standard errors ask for them
    fixed:      {argument: value} of every run
    twins:      {label: {argument: value}}, each a second run of every seed
    tables:     {table of a Run: seconds between its rows, or 0 for all of them}, kept beside the metrics
    """

    scenario: object
    points: tuple
    seeds: tuple
    metrics: tuple
    fixed: dict = field(default_factory=dict)
    twins: dict = field(default_factory=dict)
    tables: dict = field(default_factory=dict)
    origin: Reference
    references: tuple[Reference, ...]

    @cached_property
    def code(self):
        """Fingerprint of the code that decides the numbers."""
        return fingerprint((self.origin, *self.references), local=False)

    @cached_property
    def axes(self):
        """The names of what differs between points."""
        return tuple(dict.fromkeys(name for each in self.points for name in each))

    @cached_property
    def cells(self):
        """{axis: (points,) of one kind}, as they stand in a table."""
        return {axis: column([each.get(axis) for each in self.points]) for axis in self.axes}

    @cached_property
    def metric_names(self):
        """The columns that the metrics fill: their names, or those in the `names` of one that returns several."""
        return tuple(name for each in self.metrics for name in columns(each))

    @cached_property
    def labels(self):
        """The twins of a job in order, the base first."""
        return (BASE, *self.twins)

    @cached_property
    def scenario_word(self):
        """The scenario as the command line takes it."""
        file, _, name = self.origin.word.rpartition(":")
        return name if file.startswith("scenarios/") else self.origin.word

    @cached_property
    def _varied(self):
        return {axis.partition(".")[0] for axis in self.axes}

    @cached_property
    def _fixed_texts(self):
        fixed = {name: value for name, value in self.fixed.items() if name.partition(".")[0] not in self._varied}
        base = {**defaults(self.scenario), **resolved(self.scenario, fixed)}
        return texts({name: value for name, value in base.items() if name not in {"seed", *self._varied}})

    @cached_property
    def _told(self):
        return [self._points_texts(each) for each in self.points]

    def _points_texts(self, point):
        """({keyword: text}, {file: sha256}, {label: {keyword: text}}) of one point."""
        arguments = self.arguments(point)
        told = self._fixed_texts | texts({name: arguments[name] for name in arguments if name in self._varied})
        changes = {label: texts(self.change(arguments, label)) for label in self.twins}
        files = hashes(arguments)
        for label in self.twins:
            files |= hashes(self.change(arguments, label))
        return told, files, changes

    def arguments(self, point):
        """{keyword: value} of the runs of a point, without seed."""
        base = defaults(self.scenario)
        base.pop("seed", None)
        return resolved(self.scenario, self.fixed | point, base)

    def change(self, arguments, label):
        """{keyword: value} by which a twin differs from a run with those arguments."""
        twin = resolved(self.scenario, self.twins[label], arguments)
        return {name: twin[name] for name in {each.partition(".")[0]: None for each in self.twins[label]}}

    def told(self, point, label=BASE):
        """{keyword: text} of the arguments of a run."""
        told, _, changes = self._told[point]
        return told | changes.get(label, {})

    def run_id(self, point, seed, label=BASE):
        """20 hex digits of what decides a run: scenario, arguments, files, seed, twin and code."""
        told, files, changes = self._told[point]
        whole = [self.scenario_word, told, files, seed, label, changes.get(label), self.code]
        return blake2b(json.dumps(whole, sort_keys=True).encode(), digest_size=10).hexdigest()

    def job(self, point, seed):
        """The Job of a point and a seed."""
        return Job(point, seed, self.arguments(self.points[point]), self.ids(point, seed))

    def ids(self, point, seed):
        """The run ids of a job."""
        if (point, seed) not in self._ids:
            self._ids[point, seed] = tuple(self.run_id(point, seed, label) for label in self.labels)
        return self._ids[point, seed]

    @cached_property
    def _ids(self):
        return {}

    def identity(self):
        """{what: text or hash} of what may not differ between two sweeps into one folder."""
        return {
            "scenario": self.scenario_word,
            "axes": list(self.axes),
            "metrics": list(self.metric_names),
            "twins": {
                label: {key: str(cell(value)) for key, value in each.items()} for label, each in self.twins.items()
            },
            "tables": self.tables,
            "code": self.code,  # last, for other metrics are other code too, and their names say more
        }

    def row(self, point, seed, label, run_id):
        """What a row of results holds before its run: who it is, and what is needed to run it again."""
        made = {"run_id": run_id, "point": point, "seed": seed, "twin": label}
        made |= {axis: self.cells[axis][point] for axis in self.axes}
        story = {"scenario": self.scenario_word, "arguments": self._told_json(point, label)}
        return made | story | {"code": self.code}

    def _told_json(self, point, label):
        if (point, label) not in self._jsons:
            self._jsons[point, label] = json.dumps(self.told(point, label))
        return self._jsons[point, label]

    @cached_property
    def _jsons(self):
        return {}


def columns(metric):
    """The names of the columns that a metric fills."""
    return tuple(getattr(metric, "names", None) or (metric.__name__,))


def check(plan):
    """ValueError or TypeError, one sentence, for a plan that cannot work; the first market is built to see."""
    known = keywords(plan.scenario)
    if not plan.seeds:
        raise ValueError("a sweep must be given at least one seed (got none); say seeds=range(8)")
    if not 0 <= min(plan.seeds) <= max(plan.seeds) < LAST_SEED:
        raise ValueError(f"seeds must be whole numbers from 0 to below 2**63 (got {list(plan.seeds)[:9]})")
    if len(set(plan.seeds)) < len(plan.seeds):
        raise ValueError(f"seeds must differ (got {list(plan.seeds)[:9]}...); a run counted twice is no new evidence")
    for name in set(plan.fixed) & set(plan.axes):
        raise ValueError(f"{name} must be an argument of all runs or a column of paired ones, not both")
    for name in known:
        if known[name].default is known[name].empty and name not in {"seed", *plan.fixed, *plan.axes}:
            raise TypeError(f"scenario {plan.scenario.__name__} must be given {name!r}; add {name}=...")
    taken = [*IDENTITY, *STORY, *plan.axes, *plan.metric_names]
    for name in taken:
        if taken.count(name) > 1 or name.startswith("meta_"):
            raise ValueError(f"columns must differ in name and not begin with meta_ (got {name!r}); rename it")
    if BASE in plan.twins or not all(plan.twins.values()):
        raise ValueError("a twin must have a label and change something; say twins={'label': {argument: value}}")
    require_different(plan)
    build(plan)


def require_different(plan):
    """ValueError, which names them, if two points have the same arguments."""
    seen = {}
    for number, point in enumerate(plan.points):
        other = seen.setdefault(tuple(plan.told(number).items()), number)
        if other != number:
            one = ", ".join(f"{name}={cell(value)}" for name, value in point.items())
            raise ValueError(
                f"the points of a sweep must differ (number {other} and {number} are both {one}); leave one out, "
                "or let a design choose fewer points"
            )


def build(plan):
    """The market of the first run, after those of its twins were built too."""
    arguments = plan.arguments(plan.points[0])
    for label in plan.twins:
        plan.scenario(seed=plan.seeds[0], **(arguments | plan.change(arguments, label)))
    return plan.scenario(seed=plan.seeds[0], **arguments)


def difference(old, new):
    """One sentence that names what differs between two identities; empty if nothing does."""
    for what in new:
        if old.get(what) != new[what]:
            return unknown_difference(what, old.get(what), new[what])
    return ""


def unknown_difference(what, old, new):
    """How a difference is told: the names that came or went, else both."""
    if what == "code":
        return "it was made by other code (perpsim, the scenario, a metric or a library has changed)"
    if isinstance(old, (list, dict)) and isinstance(new, (list, dict)):
        gone, come = [str(each) for each in old if each not in new], [str(each) for each in new if each not in old]
        if gone or come:
            gone, come = (", ".join(each) or "none" for each in (gone, come))
            return f"its {what} differ (only there: {gone}; only asked now: {come})"
    return f"its {what} differ (it has {old}, now asked: {new})"
