"""`perpsim calibrate`: measure a record, fit if asked, run, and say how far `calm` is from the record."""

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from analysis.calibration import observed, table
from analysis.calibration.calibrated import SLOPES
from analysis.calibration.fit import POINTS, fitted
from analysis.calibration.moments import simulated
from analysis.calibration.page import page
from scenarios.ordinary_day import CALIBRATED, arguments_of
from scenarios.scenario import text
from sim.record import plain

SEEDS = range(7_000, 7_032)
"""Of the table: three days each, and none that the fit has seen."""


def calibrate(
    folder, *, data=None, held_back=None, fit=False, defaults=False, seeds=SEEDS, processes=None, doc=None, say=print
):
    """Return the Result of CALIBRATED, of a new fit or of the defaults of `calm`, and save it in `folder`.

    data: the folder with the record; None: the table of its moments that is kept with the project
    held_back: months of that folder to hold the runs against; None: those of the table
    processes: runs at a time; None: one a core
    """
    if held_back and not data:
        raise ValueError("months to hold back must be read from the record; name its folder with --data")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    record = observed.observe(data, held_back or observed.HELD_BACK) if data else observed.read()
    observed.write(record, folder / "observed.json")
    for months, moments in ((observed.FITTED, record.fitted), (record.months, record.held_back)):
        say(f"{' and '.join(months)}: {moments.blocks} blocks of three days")
    arguments, slopes = ({}, None) if defaults else (CALIBRATED, SLOPES)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        if fit:
            found = fitted(record.fitted, record.scatter, folder, POINTS, say, pool.map)
            arguments, slopes = arguments_of(found.point), found.slopes
            (folder / "fit.json").write_text(json.dumps({"point": found.point, "slopes": slopes.tolist()}) + "\n")
        given = "".join(f"\n  {name}={text(value)}" for name, value in arguments.items())
        say(f"{len(seeds)} runs of three days of calm with" + (given or " its defaults"))
        made = simulated(seeds, arguments, pool.map)
    result = table.judged(record, made, slopes)
    write(result, arguments, folder)
    if doc:
        Path(doc).write_text(page(result, arguments, seeds, slopes, record.months), encoding="utf-8")
    return result


def write(result, arguments, folder):
    """Write the table as text and as JSON."""
    (folder / "table.txt").write_text(table.lines(result) + "\n", encoding="utf-8")
    parts = {
        "arguments": {name: text(value) for name, value in arguments.items()},
        "targets": [each._asdict() for each in result.rows],
        "bands": [each._asdict() for each in result.bounds],
        "fitted": result.fitted._asdict(),
        "held_back": result.held_back._asdict(),
    }
    (folder / "table.json").write_text(json.dumps(plain(parts), indent=1) + "\n", encoding="utf-8")
