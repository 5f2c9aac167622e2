"""A study: a question, the sweep that answers it, and the figure that shows the answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas

from analysis.sweep import Sweep, sweep
from analysis.sweep.arguments import cell
from analysis.sweep.results import summed

DPI = 130
POINT = ("point", "twin")


@dataclass(frozen=True, kw_only=True)
class Study:
    """A question and all that decides its answer.

    question:  in one line
    scenario:  what is run
    seeds:     of every point, unless others are asked for
    arguments: of the scenario; a list is an axis, a dict {label: value} one whose values have names
    metrics:   functions Run -> number
    twins:     {label: {argument: value}}: beside every run one with that changed
    draw:      Answer -> matplotlib Figure
    """

    question: str
    scenario: Any
    seeds: range
    arguments: dict
    metrics: tuple
    draw: Callable
    twins: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What a sweep says to a study, with the names that the study gives to values of its axes."""

    study: Study
    sweep: Sweep

    @cached_property
    def rows(self):
        """A frame with a row for each run that was not a failure: axes, seed, twin ("" for none) and metrics."""
        rows = self.sweep.frame()
        rows = rows[rows.status == "done"].reset_index(drop=True)
        for axis, names in self.named.items():
            rows[axis] = rows[axis].map({cell(value): label for label, value in names.items()})
        return rows

    @property
    def named(self):
        """{axis: {label: value}} of the axes whose values have names."""
        return {axis: names for axis, names in self.study.arguments.items() if isinstance(names, dict)}

    def means(self, twin=""):
        """A frame with a row for each point: axes, runs, and each metric's mean and standard error over the seeds."""
        return self.summed(self.rows[self.rows.twin == twin])

    def added(self, twin):
        """The same of the differences, run less twin of the same seed: what the twin is without."""
        keys, names = ["point", "seed"], self.sweep.metrics
        base, other = (self.rows[self.rows.twin == each].set_index(keys) for each in ("", twin))
        both = base.index.intersection(other.index)
        differences = base.loc[both].assign(twin=twin)
        differences[names] = base.loc[both, names] - other.loc[both, names]
        return self.summed(differences.reset_index())

    def summed(self, rows):
        """Means and standard errors of rows by point."""
        return summed(rows, list(POINT), self.sweep.axes, self.sweep.metrics)

    def text(self):
        """The question, and the means with their standard errors as text: of runs, and of what each twin is without."""
        runs = f"{len(self.rows)} runs, {len(self.sweep.failures())} failed; seeds a point: {self.rows.seed.nunique()}"
        parts = [f"{self.study.question}\n{runs}", self.table(self.means(), "Means +- standard errors")]
        parts += [self.table(self.added(twin), f"Run less its twin, {twin}") for twin in self.study.twins]
        return "\n\n".join(parts) + "\n"

    def table(self, frame, title):
        """Means and standard errors of a frame as text, under a title."""
        made = frame[[*self.sweep.axes, "runs"]].copy()
        for name in self.sweep.metrics:
            pairs = zip(frame[name], frame[f"{name}_se"], strict=True)
            made[name] = [f"{mean:.4g} +- {error:.2g}" for mean, error in pairs]
        with pandas.option_context("display.width", None, "display.max_columns", None):
            return f"{title}\n{made.to_string(index=False)}"


def shipped():
    """{name: Study} of the studies in this package."""
    from analysis import studies

    return {name: each for name, each in vars(studies).items() if isinstance(each, Study)}


def run(study, folder, seeds=None, processes=None):
    """Make the runs of a study that its folder lacks, write figure.png, figure.pdf and table.txt there; the Answer.

    seeds: instead of the study's own; processes: as `sweep` takes them
    """
    grid = {name: list(each.values()) if isinstance(each, dict) else each for name, each in study.arguments.items()}
    seeds = study.seeds if seeds is None else seeds
    answer = Answer(
        study,
        sweep(
            study.scenario, seeds=seeds, out=folder, metrics=study.metrics, twins=study.twins, processes=processes,
            **grid,
        ),
    )  # fmt: skip
    write(answer, Path(folder))
    return answer


def write(answer, folder):
    """Write the figure and the table of an answer."""
    if answer.rows.empty:
        error = answer.sweep.failures().error.iloc[0]
        raise ValueError(f"a study must have a run that succeeds (in {folder} each failed, the first by {error})")
    figure = answer.study.draw(answer)
    figure.savefig(folder / "figure.png", dpi=DPI)
    figure.savefig(folder / "figure.pdf", metadata={"CreationDate": None})
    (folder / "table.txt").write_text(answer.text(), encoding="utf-8")
