"""The pages of a sweep and of a comparison of venues: many runs, with their errors."""

import csv
import json

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from analysis.figures import BLUE, ORANGE, STYLE
from analysis.report.page import Page, Section
from analysis.sweep import Sweep

MOST_ROWS, MOST_PANELS, MOST_POINTS = 200, 6, 40
LEADING = "basis_lowest_bps", "basis_mean_bps", "liquidated_turns", "fund_draws_coin", "adl_contracts"


def of_sweep(folder):
    """The Page of a sweep, finished or still running."""
    sweep = Sweep(folder)
    rows, failed = sweep.frame(), sweep.failures()
    scenario = rows.scenario.iloc[0]
    chosen = [name for name in LEADING if name in sweep.metrics] or list(sweep.metrics[:MOST_PANELS])
    figure = ("Means over seeds, with standard errors", drawn(sweep, chosen))
    parts = [Section(title="What came out", figures=(figure,))]
    parts.append(table("Means and standard errors", sweep, sweep.means()))
    if sweep.twins:
        parts.append(table("Twin less base of the same seed", sweep, sweep.changes()))
    parts += [Section(title="What to be careful about", points=tuple(cautions(sweep, rows, failed)))]
    parts.append(repeat(sweep, rows))
    seeds = rows.seed.nunique()
    story = f"{scenario}: {len(rows)} runs, {rows.point.nunique()} points, {seeds} seeds, {len(failed)} failed"
    return Page(title=question(scenario) or f"A sweep of {scenario}", story=story, sections=tuple(parts))


def question(name):
    """The question of a shipped scenario; "" of another."""
    from analysis.lookup import shipped
    from scenarios.scenario import question as asked

    known = shipped()
    return asked(known[name]) if name in known else ""


def drawn(sweep, names):
    """A Figure: each of some metrics by point, with standard errors; points in the order of the plan."""
    means = sweep.means(*names)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        figure = Figure(figsize=(7.2, 1.6 * len(names) + 0.4), layout="constrained")
        for ax, name in zip(figure.subplots(len(names), sharex=True, squeeze=False)[:, 0], names, strict=True):
            for twin, group in means.groupby("twin", sort=False):
                look = {"color": ORANGE if twin else BLUE, "fmt": "o", "markersize": 3, "label": twin or "base"}
                ax.errorbar(np.arange(len(group)), group[name], yerr=group[f"{name}_se"].fillna(0.0), **look)
            ax.set_title(name, loc="left")
        if sweep.twins:
            ax.legend(loc="upper right")
        first = means[means.twin == means.twin.iloc[0]]
        if 0 < len(sweep.axes) and len(first) <= MOST_POINTS:
            ax.set_xticks(range(len(first)), [label(row, sweep.axes) for _, row in first.iterrows()], rotation=90)
        else:
            ax.set_xlabel("point of the plan")
    return figure


def label(row, axes):
    """A point as the label of an axis."""
    return ", ".join(f"{row[axis]:g}" if isinstance(row[axis], float) else str(row[axis])[:24] for axis in axes)


def table(title, sweep, frame):
    """A table of means with their standard errors, its first rows if there are many."""
    rows = []
    for _, each in frame.head(MOST_ROWS).iterrows():
        cells = [f"{each[name]:.4g} ± {rounded(each[name], each[f'{name}_se']):.2g}" for name in sweep.metrics]
        rows.append((*(str(each[axis])[:40] for axis in sweep.axes), each.twin or "base", each.runs, *cells))
    texts = ("Mean ± one standard error over seeds: a 95 % interval is about twice as far each way.",)
    texts += (f"The first {MOST_ROWS} of {len(frame)} points.",) if len(frame) > MOST_ROWS else ()
    return Section(title=title, texts=texts, head=(*sweep.axes, "twin", "runs", *sweep.metrics), rows=tuple(rows))


def rounded(mean, error):
    """A standard error, or 0 where it is only what adding the same number up leaves."""
    return 0.0 if abs(error) < 1e-12 * abs(mean) else error


def cautions(sweep, rows, failed):
    """What a reader should know before a number of this sweep is used."""
    seeds = int(rows.groupby(["point", "twin"]).seed.nunique().min())
    if seeds < 8:
        yield f"A point has {seeds} seeds or more: standard errors of so few are themselves uncertain."
    if len(failed):
        yield f"{len(failed)} runs failed and are in no mean; the first: {failed.error.iloc[0]}"
    if len(rows) < sweep.planned:
        yield f"The sweep is not finished: {len(rows)} of {sweep.planned} runs are there."
    yield "A standard error tells how sure a mean is for this market and these crowds, and nothing about other ones."
    yield "All parameters of the crowds are assumed; docs/odd.md says why each has its value."


def repeat(sweep, rows):
    """How to make its runs again, and by what code they were made."""
    code = f'from analysis.sweep import Sweep\nSweep({str(sweep.folder)!r}).arguments("{rows.run_id.iloc[0]}")'
    asked = [(name, json.dumps(value)) for name, value in (sweep.about.get("asked") or {}).items()]
    told = [*asked, ("code", rows.code.iloc[0])]
    return Section(title="To run it again", head=("", ""), rows=tuple(told), prose=True, code=(code,))


def of_comparison(folder):
    """The Page of `perpsim compare`."""
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    with open(folder / "comparison.csv", newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    cells = [(row[0], *(f"{float(each):.4g}" for each in row[1:])) for row in rows]
    picture = (folder / "comparison.png").read_bytes()
    parts = (
        Section(title="What each venue made of it", figures=(("Venues side by side", picture),),
                head=tuple(head), rows=tuple(cells)),
        Section(title="What to be careful about", points=("One seed each: the order of venues may be chance.",)),
        Section(title="To run it again", code=(
            f"perpsim compare {' '.join(about['compared'])} --scenario {about['scenario']} --seed {about['seed']}",
        )),
    )  # fmt: skip
    title = question(about["scenario"]) or f"Venues compared on {about['scenario']}"
    return Page(title=title, story=f"{len(rows)} venues, seed {about['seed']}", sections=parts)
