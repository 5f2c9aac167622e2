"""12-13 March 2020: a run beside what was published of those days (`scenarios.march_2020_facts`).

For runs that lie over a part of START to END there. What a run does not reach is nan; amounts are compared where a
contract is inverse, as XBTUSD was, for those of another payoff are counted in other units.
"""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import numpy as np
from matplotlib.dates import date2num

from analysis import figures
from analysis.figures import BLACK, ORANGE, RED, short, start
from analysis.summary import (
    adl_contracts, basis, contract, depth_at_engine_peak_contracts, engine_largest_loss_coin, engine_peak_contracts,
    final, first, fund_final_coin, fund_largest_fall_coin, last_lowest_usd, long_takeovers_contracts, number,
    open_interest_final_contracts,
)  # fmt: skip
from scenarios import march_2020_facts as facts

FALL, NOON, MIDNIGHT = "2020-03-12T10:00", "2020-03-12T12:00", "2020-03-13T00:00"
BLOCKS = 3
REAL = {"linestyle": "none", "markersize": 4.0, "zorder": 4, "color": BLACK}


class Row(NamedTuple):
    """One quantity, simulated and real, and who published it; the real one lies between `low` and `high`."""

    quantity: str
    simulated: float
    real: float
    source: str
    low: float = float("nan")
    high: float = float("nan")


def covers(run, since=FALL, until="2020-03-12T10:30"):
    """Return whether a run reaches from `since` to `until`, by default over the first half hour of the fall."""
    return bool(len(run.series)) and 0 <= seconds(run, since) and seconds(run, until) <= run["time_s"][-1]


def beside(run):
    """Return a list of `Row`: prices, amounts, funding, then the basis at half-hourly and at hourly closes."""
    return [
        *headlines(run),
        *bases(run, "to Binance", facts.BASIS, facts.BARS),
        *bases(run, "to Deribit's index", facts.BASIS_TO_DERIBIT, facts.DERIBIT),
    ]


def lines(run):
    """Return `beside` as text: a table with bounds and sources, then the basis by half hour."""
    rows = headlines(run)
    sources = list(dict.fromkeys(row.source for row in rows))
    cells = [("12-13 March 2020", "simulated", "real", "between", "")]
    for row in rows:
        between = "" if np.isnan(row.low) else f"{short(row.low)} and {short(row.high)}"
        source = f"[{sources.index(row.source) + 1}]"
        cells.append((row.quantity, told(row.simulated), told(row.real), between, source))
    wide, *widths = (max(map(len, column)) for column in zip(*cells, strict=True))
    table = (f"{name:<{wide}}  " + "  ".join(map(str.rjust, others, widths)) for name, *others in cells)
    notes = (f"[{place}] {source}" for place, source in enumerate(sources, 1))
    return "\n".join([*map(str.rstrip, table), "", *notes, "", *by_half_hour(run)])


def by_half_hour(run):
    """Return the basis at half-hourly closes as lines of a few columns, simulated beside real."""
    rows = bases(run, "", facts.BASIS, facts.BARS)
    cells = [f"{row.quantity[6:18]} {told(row.simulated):>6} {told(row.real):>6}" for row in rows]
    deep = -(-len(cells) // BLOCKS)
    pieces = [cells[deep * block : deep * (block + 1)] for block in range(BLOCKS)]
    head = "Basis to spot, %, at half-hourly closes, UTC: simulated, then real [to Binance's BTC/USDT]"
    return [head, *(" |  ".join(line) for line in zip_longest(*pieces, fillvalue=""))]


def told(amount):
    """Return a number as text, with a dash for what is nan."""
    return "-" if np.isnan(amount) else short(amount)


def headlines(run):
    """Return the rows of all but the basis by the hour."""
    amounts = AMOUNTS if contract(run)["kind"] == "Inverse" else ()
    return [*(compared(run, *each) for each in PRICES + amounts), *paid(run)]


def compared(run, quantity, metric, since, until, fact):
    """Return the row of one quantity, measured from `since` to `until`; simulated nan if the run is not there."""
    return Row(quantity, metric(part(run, since, until)) if covers(run, since, until) else np.nan, *fact)


def part(run, since, until):
    """Return the run from `since` to `until`, with the takeovers and deleveragings of that time."""
    low, high = seconds(run, since), seconds(run, until)
    tables = {name: getattr(run, name) for name in ("series", "liquidations", "adl")}
    within = {name: rows[(low <= rows.time_s) & (rows.time_s <= high)] for name, rows in tables.items()}
    return replace(run, **within)


def seconds(run, stamp):
    """Return the seconds from the start of the run to a stamp."""
    return (datetime.fromisoformat(stamp) - start(run)).total_seconds()


def at(run, column, times_s):
    """Return a column of the series at these times since the start: its last row by then, nan beyond either end."""
    rows = np.searchsorted(run["time_s"], times_s, side="right") - 1
    reached = (rows >= 0) & (times_s <= run["time_s"].max(initial=-1.0))
    return np.where(reached, column[rows], np.nan) if len(column) else np.full(len(times_s), np.nan)


def every(run, minutes, since, until):
    """Return the seconds since the start of the run of every so many minutes after `since`, up to `until`."""
    return np.arange(seconds(run, since), seconds(run, until), 60.0 * minutes) + 60.0 * minutes


def lowest_basis_percent(run):
    """Return the lowest basis at closes of five minutes."""
    return 100.0 * number(at(run, basis(run), every(run, 5, FALL, "2020-03-12T21:10")), np.min)


def hours_below(percent):
    """Return a metric: hours at whose half-hourly closes the basis is below minus `percent`."""
    return lambda run: 0.5 * np.sum(at(run, basis(run), every(run, 30, facts.START, facts.END)) < -percent / 100)


def gained(column):
    """Return a metric: what a column of the series gained from the first row to the last."""
    return lambda run: number(run[column], final) - number(run[column], first)


def usd(metric):
    """Return a metric of contracts as one of the USD that they stand for."""
    return lambda run: contract(run)["face"] * metric(run)


def paid(run):
    """Return a row for each stamp of funding that the run reaches, percent; positive is paid by longs."""
    rows = []
    for stamp, rate in facts.FUNDING:
        there = run.funding["rate"][np.abs(run.funding["time_s"] - seconds(run, stamp)) < 1.0]
        if covers(run, stamp, stamp):
            simulated = 100.0 * number(there, first)
            rows.append(Row(f"funding {day(stamp)}, %", simulated, 100.0 * rate, facts.BITMEX_FUNDING))
    return rows


def bases(run, to, published, source):
    """Return a row for each published basis whose time the run reaches, percent."""
    moments = times(published)
    simulated = 100.0 * at(run, basis(run), np.array([(each - start(run)).total_seconds() for each in moments]))
    rows = zip(moments, simulated, published.values, strict=True)
    return [Row(f"basis {day(when)} {to}, %", mine, real, source) for when, mine, real in rows if mine == mine]


def times(published):
    """Return the datetimes of a published series."""
    begin, step = datetime.fromisoformat(published.first), timedelta(hours=published.every_hours)
    return [begin + place * step for place in range(len(published.values))]


def day(when):
    """Return a stamp or datetime as text, such as 12 Mar 10:30."""
    return f"{datetime.fromisoformat(str(when)):%d %b %H:%M}"


def figure(run):
    """Return a picture of the run beside the published facts: basis, funding, open interest, fund."""
    panels = (discount, funding, open_interest, fund)
    return figures.stacked(run, panels, heights=(3.0, 1.2, 1.3, 1.3), size_inches=(7.2, 7.0))


def discount(run, ax):
    """Basis simulated, as a line with its half-hourly closes, and as published, as markers."""
    percent, moments = 100.0 * basis(run), times(facts.BASIS)
    closes = at(run, percent, np.array([(each - start(run)).total_seconds() for each in moments]))
    figures.draw(run, ax, percent, color=RED, linewidth=0.5, alpha=0.35)
    ax.plot(moments, closes, color=RED, linewidth=1.3, label="simulated (half hours)")
    ax.plot(moments, facts.BASIS.values, marker="o", **REAL, label="real, to Binance")
    hollow = {"marker": "D", "markerfacecolor": "white", "markeredgewidth": 0.8}
    ax.plot(times(facts.BASIS_TO_DERIBIT), facts.BASIS_TO_DERIBIT.values, **REAL | hollow, label="to Deribit's index")
    ax.axvspan(*map(np.datetime64, facts.OUTAGE), color="#cccccc", alpha=0.6, linewidth=0, label="outage")
    return figures.finish(run, figures.zero(ax), "Basis to spot", "%", least=0.2)


def funding(run, ax):
    """Funding simulated and as published."""
    figures.funding(run, ax)
    stamps, rates = zip(*facts.FUNDING, strict=True)
    real(run, ax, stamps, 100.0 * np.array(rates))
    return ax


def open_interest(run, ax):
    """Open interest simulated, and what was published before and after the fall."""
    figures.open_interest(run, ax)
    known = (facts.OPEN_INTEREST_CONTRACTS, facts.OPEN_INTEREST_AFTER_CONTRACTS)
    real(run, ax, ("2020-03-12T10:40", facts.OPEN_INTEREST_AFTER_AT), [fact.value for fact in known])
    return ax


def fund(run, ax):
    """The fund simulated, and its published change over the 12th."""
    figures.fund(run, ax)
    real(run, ax, (MIDNIGHT,), [facts.FUND_CHANGE_COIN.value])
    return ax


def real(run, ax, stamps, values):
    """Draw published values where the run is, as hollow diamonds, and name them in the legend."""
