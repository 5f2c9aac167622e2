"""A run and its twin: the same seed with one thing changed, and the difference between the two."""

import json

import click

from analysis import summary
from analysis.figures import stacked, twin_discounts, twin_funds, twin_gap, twin_liquidated, twin_prices
from analysis.listing import shown
from analysis.options import fitted
from analysis.sweep.arguments import OF_THE_SWEEP, present, resolved
from analysis.sweep.spelled import twin as spelled
from analysis.sweep.spelled import unquoted
from sim.record import BESIDE, plain

NOTE = "One pair is an anecdote: `perpsim sweep {} --seeds 0:16 --twin ...` says what of it is chance."
DPI = 150


def changes(scenario, words):
    """{keyword: value} of `KEYWORD=VALUE` texts, dotted keywords included; ValueError or TypeError, one sentence."""
    change = {}
    for word in words:
        for name, value in spelled(word)[1].items():
            if name in OF_THE_SWEEP:
                raise ValueError(f"a twin must share its run's {name} (got {word!r}); change something else")
            default = present(scenario, name)
            change[name] = fitted(unquoted(value, default), default)
    return change


def twin_of(scenario, arguments, change):
    """The arguments of the twin; that they make a market is tried."""
    different = resolved(scenario, change, arguments)
    scenario(**different)
    return different


def follow(market, arguments):
    """The arguments of a twin whose index, where the base `market` replays one, is moved by both's impact only."""
    return arguments | ({"base_impact": market.spot.impact} if market.replays else {})


def report(base, twin, folder):
    """Print and save beside the runs what the change did: difference.json and difference.png, for each exchange."""
    told(base, twin, folder)
    for name in (each for each in base.others if each in twin.others):
        click.echo(f"\nBeside it, on {name}:")
        told(base.others[name], twin.others[name], folder / BESIDE / name)
    click.echo("\n" + NOTE.format((base.about.get("scenario") or {}).get("name", "SCENARIO")))


def told(base, twin, folder):
    """The same of one exchange."""
    numbers = summary.summary(base), summary.summary(twin)
    rows = {name: (one, numbers[1][name], numbers[1][name] - one) for name, one in numbers[0].items()}
    differences = {name: dict(zip(("base", "twin", "difference"), row, strict=True)) for name, row in rows.items()}
    text = json.dumps(plain(differences), indent=2, allow_nan=False)
    (folder / "difference.json").write_text(text + "\n", encoding="utf-8")
    figure(base, twin).savefig(folder / "difference.png", dpi=DPI)
    click.echo(table(rows))


def table(rows):
    """The numbers that differ as text: base, twin, and twin less base."""
    differing = {name: row for name, row in rows.items() if row[2] != 0.0 and row[2] == row[2]}
    if not differing:
        return "\nThe twin is the same run: the change made no difference to any headline number"
    cells = [("", "base", "twin", "twin less base")]
    cells += [(name, *(shown(float(f"{each:.6g}")) for each in row)) for name, row in differing.items()]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [f"{row[0]:<{widths[0]}}" + "".join(f"  {c:>{w}}" for c, w in zip(row[1:], widths[1:], strict=True))
             for row in cells]  # fmt: skip
    return "\n".join(["", *lines])


def figure(base, twin):
    """Both runs and their difference on one page: a matplotlib Figure."""
    panels = (twin_prices, twin_gap, twin_discounts, twin_liquidated, twin_funds)
    return stacked(base, [lambda run, ax, panel=panel: panel((run, twin), ax) for panel in panels],
                   (3.0, 1.4, 1.4, 1.2, 1.2), size_inches=(7.2, 8.0))  # fmt: skip
