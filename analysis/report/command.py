"""`perpsim report PATH`: what is in a folder, as a page."""

import os
from pathlib import Path

from analysis.report import many, run
from analysis.report.page import html
from sim.record import Run


def report(path):
    """Write `report.html` into the folder of a run, a twin, a comparison or a sweep; returns its path.

    FileNotFoundError, one sentence, for a folder that is none of these.
    """
    folder = Path(path)
    text = html(page(folder))
    partial = folder / f".report-{os.getpid()}.html"
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(folder / "report.html")
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OSError(f"no report was written in {folder} ({error.strerror or error}); make room") from error
    return folder / "report.html"


def page(folder):
    """The Page of whatever is in a folder."""
    if (folder / "series.parquet").exists():
        twin = Run.load(folder / "twin") if (folder / "twin" / "about.json").exists() else None
        return run.page(Run.load(folder), folder, twin)
    if (folder / "plan.parquet").exists():
        return many.of_sweep(folder)
    if (folder / "comparison.csv").exists():
        return many.of_comparison(folder)
    raise FileNotFoundError(f"{folder} must be the folder of a run, a twin, a comparison or a sweep; it holds none")
