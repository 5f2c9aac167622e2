"""The record: moments of real months, computed from files that are not part of the project, and kept as a table."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analysis.calibration.blocks import FILES, of_record, scatter
from analysis.calibration.targets import TARGETS
from analysis.calibration.uncertainty import Moments, bootstrapped

FITTED, HELD_BACK = ("2019-11", "2020-01"), ("2019-12", "2020-02")
"""Months of the fit, and those held back from it: alternate, so that neither half is of another time."""
HALVES = "fitted", "held_back"
TABLE = Path(__file__).with_name("observed.json")


class Observed(NamedTuple):
    """Moments of TARGETS in the months of the fit and in those held back, `blocks.scatter` of all but these, and which
    months were held back."""

    fitted: Moments
    held_back: Moments
    scatter: float
    months: tuple = HELD_BACK


def observe(folder, held_back=HELD_BACK):
    """Return what the files in `folder` show; FileNotFoundError if one is not there.

    held_back: months, as "2019-12", of which none is of the fit
    """
    held_back = tuple(dict.fromkeys(held_back))
    both = sorted(set(held_back) & set(FITTED))
    if both:
        raise ValueError(f"months held back must not be of the fit (got {', '.join(both)}); take others")
    measures = [each.measure for each in TARGETS]
    samples = [of_record(folder, months) for months in (FITTED, held_back)]
    moments = [bootstrapped(measures, each, len(each.index)) for each in samples]
    return Observed(*moments, scatter(folder, held_back)[0], held_back)


def write(observed, path=TABLE):
    """Write the table that `read` reads, with the files and months it is from."""
    parts = {}
    for name, months, moments in zip(HALVES, (FITTED, observed.months), observed, strict=False):
        values = {each.name: float(f"{value:.6g}") for each, value in zip(TARGETS, moments.values, strict=True)}
        rows = [[float(f"{each:.6g}") for each in row] for row in moments.covariance]
        parts[name] = {"months": months, "blocks": moments.blocks, "values": values, "covariance": rows}
    text = (
        json.dumps({"files": FILES, **parts, "scatter": float(f"{observed.scatter:.6g}")}, indent=None)
        .replace("], [", "],\n [")
        .replace('}, "', '},\n"')
    )
    Path(path).write_text(text + "\n", encoding="utf-8")


def read(path=TABLE):
    """Return the Observed that `write` wrote; ValueError if it is of other targets."""
    table = json.loads(Path(path).read_text(encoding="utf-8"))
    parts = [table[name] for name in HALVES]
    names = [each.name for each in TARGETS]
    if any(list(each["values"]) != names for each in parts):
        raise ValueError(f"the table must be of the targets there are (got {path}); make it anew with --data")
    made = [(np.array(list(each["values"].values())), np.array(each["covariance"]), each["blocks"]) for each in parts]
    months = tuple(table["held_back"]["months"])
    return Observed(*(Moments(*each) for each in made), table["scatter"], months)
