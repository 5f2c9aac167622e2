"""The same crowds, seed and price path on several venues: one table, one picture."""

import csv
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from analysis.figures import styled, venue_bars, venue_paths
from analysis.lookup import find
from analysis.summary import contract, share
from sim import venues
from sim.ledger import RESERVED_ROWS
from sim.provenance import provenance
from sim.record import plain
from sim.spelling import unknown

MINUTE_S = 60.0


def in_usd(run, coin, price):
    """Amounts of the settlement coin in USD at a price of the coin."""
    return coin * price if run.about["settlement"] != "USD" else coin


def liquidated_usd(run):
    """Worth of what was closed by force, at the mark, USD."""
    closed, stated = run.liquidations, contract(run)
    each = stated["face"] * (1.0 if stated["kind"] == "Inverse" else closed.mark)
    return float((np.abs(closed.contracts) * each).sum())


def deepest_discount_percent(run):
    """Lowest mean of a minute of the mid over the index, less 1; below zero."""
    basis = minutes(run.series.mid / run.series["index"] - 1.0, run)
    return float(100.0 * basis.min())


def insurance_draw_usd(run):
    """What the insurance fund paid for closing beyond bankruptcy prices, at the index of the end, USD."""
    last = run.series[-1]
    return float(in_usd(run, last.fund_draw_coin, last["index"]))


def winners_lost_usd(run):
    """What winners lost at the mark by being deleveraged, or paid of a shared loss, USD."""
    rows = run.adl[run.adl.account >= RESERVED_ROWS]
    index = run.series["index"][np.searchsorted(run.series.time_s, rows.time_s).clip(max=len(run.series) - 1)]
    return float(in_usd(run, rows.lost_coin, index).sum())


def funding_paid_usd(run):
    """What those who owed funding paid, USD."""
    return float(in_usd(run, run.funding.paid_coin, run.funding.mark).sum())


def outside_10bp_percent(run):
    """Share of the time in which the mid was further than 0.1 % from the index."""
    return 100.0 * share(int((np.abs(run.series.mid / run.series["index"] - 1.0) > 1e-3).sum()), len(run.series))


METRICS = (
    liquidated_usd,
    deepest_discount_percent,
    insurance_draw_usd,
    winners_lost_usd,
    funding_paid_usd,
    outside_10bp_percent,
)


def minutes(numbers, run):
    """(whole minutes,) means of a column."""
    each = max(1, round(MINUTE_S / (run.series.time_s[0] or 1.0)))
    return np.nanmean(numbers[: len(numbers) // each * each].reshape(-1, each), axis=1)


def chosen(names):
    """[(name, Venue)] of presets by name; all twelve of `sim.venues.REAL` if none is named."""
    known = {name: each for name, each in vars(venues).items() if isinstance(each, venues.Venue)}
    for name in names:
        if name not in known:
            raise ValueError(unknown("venue", name, known))
    real = [name for name, each in known.items() if any(each is one for one in venues.REAL)]
    return [(name, known[name]) for name in names or real]


def compare(scenario, names=(), processes=1, **arguments):
    """[(name, {metric: number}, (minutes,) discount)] of a scenario on each preset.

    scenario: name of a scenario, or FILE:SCENARIO; names: of presets, all twelve if empty; arguments: of the scenario
    """
    return list(compared(scenario, names, processes, **arguments))


def compared(scenario, names=(), processes=1, **arguments):
    """Yield the rows of `compare` as they are done; that the scenario fits each venue is checked before the first."""
    tasks = [(scenario, name, arguments) for name, _ in chosen(names)]
    for task in tasks:
        built(*task)
    if processes < 2:
        yield from map(measured, tasks)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(measured, tasks)


def built(scenario, name, arguments):
    """The market of a scenario on a preset; ValueError, which names it, if it does not fit."""
    try:
        return find(scenario)(venue=dict(chosen([name]))[name], **arguments)
    except ValueError as error:
        raise ValueError(f"on {name}: {error}") from error


def measured(task):
    """What one venue made of it; KeyboardInterrupt if it was not let finish."""
    name = task[1]
    run = built(*task).run()
    if not run.about["finished"]:
        raise KeyboardInterrupt
    basis = run.series.mid / run.series["index"] - 1.0
    return name, {each.__name__: each(run) for each in METRICS}, minutes(basis, run)


def lines(rows):
    """The table as text."""
    heads = ["venue", *(each.__name__ for each in METRICS)]
    cells = [[name, *(said(number) for number in numbers.values())] for name, numbers, _ in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" if at == 0 else f"{cell:>{width}}" for at, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(row, widths, strict=True)) for row in [heads, *cells])
    )


def said(number):
    """A number of the table, as short as can be."""
    return f"{number:,.0f}" if abs(number) >= 1_000 else f"{number:.3g}"


def figure(rows):
    """A Figure: the discount by the minute on each venue, and a bar for each number of the table."""
    half = -(-len(rows) // 2) or 1  # on each side, so that each line can be told
    with styled():
        page = Figure(figsize=(7.2, 6.6), layout="constrained")
        top, bottom = page.subfigures(2, 1, height_ratios=(1.1, 1.0))
        for ax, part in zip(top.subplots(1, 2, sharey=True), (rows[:half], rows[half:]), strict=True):
            venue_paths(part, ax)
        for number, (metric, ax) in enumerate(zip(METRICS, bottom.subplots(2, 3).flat, strict=True)):
            venue_bars((metric.__name__, rows), ax)
            if number % 3:
                ax.tick_params(labelleft=False)
        return page


def save(rows, folder, **asked):
    """Write comparison.csv, comparison.png and about.json, what was asked and where it was run, into a folder."""
    folder = Path(folder)
    about = {"compared": [name for name, _, _ in rows], **asked, **provenance()}
    (folder / "about.json").write_text(json.dumps(plain(about), indent=2) + "\n", encoding="utf-8")
    with open(folder / "comparison.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["venue", *(each.__name__ for each in METRICS)])
        writer.writerows([name, *numbers.values()] for name, numbers, _ in rows)
    figure(rows).savefig(folder / "comparison.png", dpi=150)
