"""The page of one run, and of a run beside its twin."""

import numpy as np

from analysis import figures, march, pair, peg, stylised, summary, who
from analysis.listing import shown
from analysis.report.page import Page, Section

REJECTED_PERCENT, MISSING_PERCENT = 5.0, 1.0
FACTS = {
    "tail_index": "tail index (Hill)",
    "excess_kurtosis": "excess kurtosis",
    "memory": "mean autocorrelation, lags 1-10",
    "size_memory": "the same of their sizes",
    "leverage_effect": "correlation with sizes that follow, lags 1-10",
}


def page(run, folder, twin=None):
    """The Page of a run that was saved in `folder`; twin: a second run of the same seed."""
    origin = run.about.get("scenario") or {}
    drawn = [("The run", figures.overview(run))]
    if march.covers(run):
        drawn.append(("Beside what was published of those days", march.figure(run)))
    parts = [Section(title="What happened", figures=tuple(drawn))]
    if twin is not None:
        parts.append(difference(run, twin))
    parts += [numbers(title, each) for title, each in summary.sections(run).items()]
    parts += [
        estimates(run),
        crowds(run),
        Section(title="What to be careful about", points=tuple(cautions(run))),
        repeat(run, folder),
    ]
    hours = summary.simulated_hours(run)
    venue, seed = summary.contract(run)["venue"], run.about.get("seed")
    story = f"{origin.get('name', 'a run')} on {venue}, seed {seed}, {hours:.3g} h"
    return Page(title=origin.get("question") or origin.get("name") or "A run", story=story, sections=tuple(parts))


def difference(base, twin):
    """What the change did."""
    rows = []
    told = summary.summary(twin)
    for name, one in summary.summary(base).items():
        if told[name] != one and told[name] == told[name] and one == one:
            rows.append((name, *(shown(float(f"{each:.6g}")) for each in (one, told[name], told[name] - one))))
    texts = ("Both runs have the same seed: what differs between them follows from the change.",)
    return Section(
        title="Beside its twin", texts=texts, figures=(("Base and twin", pair.figure(base, twin)),),
        head=("", "base", "twin", "twin less base"), rows=tuple(rows),
    )  # fmt: skip


def numbers(title, found):
    """A table of headline numbers."""
    return Section(title=title, rows=tuple((name, shown(value)) for name, value in found.items()))


def estimates(run):
    """What the run tells of the market's nature with a 95 % interval, or why it does not."""
    rows, texts = [], ["From and to are the ends of a 95 % interval."]
    try:
        told = peg.relaxation(run)
        rows.append(("relaxation time of the premium, s", *(f"{each:.4g}" for each in (told.value, *told.interval))))
    except ValueError as error:
        texts.append(f"Relaxation of the premium: {error}.")
    try:
        facts = stylised.of_run(run)
        for each in facts.itertuples():
            numbers = (f"{number:.4g}" for number in (each.value, each.low, each.high))
            rows.append((f"{FACTS[each.fact]}, returns of a minute", *numbers))
    except ValueError as error:
        texts.append(f"Returns of a minute: {error}.")
    return Section(title="Estimates", texts=tuple(texts), head=("", "value", "from", "to"), rows=tuple(rows))


def crowds(run):
    """Who won and who lost."""
    frame = who.by_crowd(run)
    rows = tuple(tuple(value if isinstance(value, str) else shown(value) for value in row) for row in frame.itertuples(
        index=False, name=None
    ))  # fmt: skip
    texts = ("Equity at the mark less deposits; the leg that hedged crowds hold at spot is not in it.",)
    return Section(title="Who won and who lost", texts=texts, head=tuple(frame.columns), rows=rows)


def cautions(run):
    """What a reader should know before a number of this run is used."""
    yield "This is one seed. Another draws other traders and other chances; a sweep says how much that matters."
    if not run.about.get("finished", True):
        yield "The run was stopped before its end."
    left = summary.number(run["engine_contracts"], summary.final)
    if left:
        yield (
            f"The liquidation engine still holds {shown(abs(left))} contracts at the end; what closing them costs is "
            "in no number here but the engine's unrealised loss."
        )
    if summary.rejected_percent(run) > REJECTED_PERCENT:
        yield f"{summary.rejected_percent(run):.1f} % of all messages were refused, mostly for want of margin."
    missing = 100.0 * float(np.mean(np.isnan(run["bid"]) | np.isnan(run["ask"]))) if len(run.series) else 0.0
    if missing > MISSING_PERCENT:
        yield f"For {missing:.1f} % of the time a side of the book was empty: prices are then the last trade's."
    if "LastPrice" in str(run.about.get("venue")) and summary.branching_ratio(run) > 0.5:
        yield (
            "The branching ratio counts a liquidation as brought about by another where that decided when it came, be "
            "it by a second; a twin with forced closes absorbed says what they added."
        )
    yield "All parameters of the crowds are assumed; docs/odd.md says why each has its value."


def repeat(run, folder):
    """How to run it again, and by what it was run."""
    origin, about = run.about.get("scenario") or {}, run.about
    rows = [(name, value) for name, value in (origin.get("arguments") or {}).items()]
    rows += [(name, about.get(name)) for name in ("commit", "source")] + list((about.get("versions") or {}).items())
    return Section(
        title="To run it again", code=(f"perpsim run {folder}/about.json",), head=("", ""), prose=True,
        rows=tuple((name, "-" if value is None else str(value)) for name, value in rows),
    )  # fmt: skip
