"""What a sweep left: its rows as a frame, means and standard errors by point, and what twins changed."""

import json
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas

from analysis.sweep.store import read_json
from sim.spelling import unknown


class Sweep:
    """The folder of a sweep, finished or still running."""

    def __init__(self, folder):
        self.folder = Path(folder)
        if not (self.folder / "about.json").exists():
            raise FileNotFoundError(f"a sweep must have an about.json (there is none in {self.folder})")

    @cached_property
    def about(self):
        """What was asked, and by which code it was answered."""
        return read_json(self.folder / "about.json")

    @property
    def axes(self):
        """The names of what differs between points."""
        return self.about["identity"]["axes"]

    @property
    def metrics(self):
        """The names of the columns of numbers."""
        return self.about["identity"]["metrics"]

    @property
    def twins(self):
        """The labels of the twins."""
        return list(self.about["identity"]["twins"])

    @property
    def planned(self):
        """How many runs the plan has."""
        return len(pandas.read_parquet(self.folder / "plan.parquet"))

    def frame(self):
        """One row a run, in the order of the plan: who it is, axes, metrics, status, provenance, meta_ columns."""
        rows = self.table("runs")
        place = {label: number for number, label in enumerate(["", *self.twins])}
        order = rows.assign(_twin=rows.twin.map(place)).sort_values(["point", "seed", "_twin"], kind="stable")
        return order.drop(columns="_twin").reset_index(drop=True)

    def table(self, name):
        """A dataset as a frame: "runs", or a table that was kept, such as "series"."""
        known = ["runs", *self.about["identity"]["tables"]]
        if name not in known:
            raise KeyError(unknown("table of this sweep", name, known))
        if not list((self.folder / name).glob("*.parquet")):
            raise FileNotFoundError(f"{self.folder / name} has no rows yet; wait for the sweep")
        return pandas.read_parquet(self.folder / name)

    def failures(self):
        """The rows of runs that failed, with their errors."""
        rows = self.frame()
        return rows[rows.status == "failed"]

    def means(self, *metrics):
        """A frame with a row for each point and twin: axes, runs, and each metric's mean and standard error."""
        rows = self.frame()
        return summed(rows[rows.status == "done"], ["point", "twin"], self.axes, self.chosen(metrics))

    def changes(self, *metrics):
        """A frame as `means` gives it of the differences, twin less base of the same seed."""
        rows, names = self.frame(), self.chosen(metrics)
        rows = rows[rows.status == "done"]
        base = rows[rows.twin == ""].set_index(["point", "seed"])[names]
        paired = np.array([place in base.index for place in zip(rows.point, rows.seed, strict=True)], bool)
        twins = rows[(rows.twin != "").to_numpy() & paired]
        places = pandas.MultiIndex.from_frame(twins[["point", "seed"]])
        twins = twins.assign(**{name: twins[name].to_numpy() - base.loc[places, name].to_numpy() for name in names})
        return summed(twins, ["point", "twin"], self.axes, names)

    def chosen(self, metrics):
        """Those metrics, or all."""
        for name in metrics:
            if name not in self.metrics:
                raise KeyError(unknown("metric of this sweep", name, self.metrics))
        return list(metrics) or list(self.metrics)

    def arguments(self, run_id):
        """{keyword: text} of the arguments of a run, as the command line takes them."""
        rows = self.frame()
        if run_id not in set(rows.run_id):
            raise KeyError(f"{self.folder} has no run {run_id}")
        row = rows[rows.run_id == run_id].iloc[0]
        return {"seed": str(row.seed)} | json.loads(row.arguments)


def summed(rows, keys, axes, metrics):
    """Mean and standard error of metrics within groups; nan is left out of both."""
    if not len(rows):
        return pandas.DataFrame(columns=[*keys, *axes, "runs"])
    made = []
    for key, group in rows.groupby(keys, sort=False):
        row = dict(zip(keys, key, strict=True)) | {axis: group[axis].iloc[0] for axis in axes} | {"runs": len(group)}
        for name in metrics:
            there = group[name].to_numpy()[np.isfinite(group[name].to_numpy())]
            row[name] = there.mean() if len(there) else np.nan
            row[f"{name}_se"] = there.std(ddof=1) / np.sqrt(len(there)) if len(there) > 1 else np.nan
        made.append(row)
    return pandas.DataFrame(made)
