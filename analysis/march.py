"""12-13 March 2020: a run beside what was published of those days (`scenarios.march_2020_facts`).

For runs that lie over a part of START to END there. What a run does not reach is nan; amounts are compared where a
contract is inverse, as XBTUSD was, for those of another payoff are counted in other units.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from analysis import figures, summary
from analysis.figures import BLACK, BLUE, RED, short, start
from analysis.summary import basis, contract, final, first, number
from scenarios import march_2020_facts as facts

FALL, MIDNIGHT, NEXT = "2020-03-12T10:00", "2020-03-13T00:00", "2020-03-14T00:00"
WHOLE, TWELFTH, THIRTEENTH = (FALL, facts.END), (facts.START, MIDNIGHT), (MIDNIGHT, facts.END)
FIRST_LEG, EVENING, BARS_OF_5_MINUTES = (FALL, "2020-03-12T12:00"), (FALL, MIDNIGHT), (FALL, "2020-03-12T21:10")
BLOCKS = 3
REAL = {"linestyle": "none", "marker": "D", "markersize": 3.8, "markerfacecolor": "none", "markeredgewidth": 0.8}
REAL |= {"color": BLACK, "zorder": 4, "clip_on": False}


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
    return 0 <= seconds(run, since) and seconds(run, until) < reach(run)


def reach(run):
    """Return the seconds up to which the series of a run holds: one row further than its last."""
    return run["time_s"].max(initial=0.0) + np.nan_to_num(number(np.diff(run["time_s"], prepend=0.0), np.median))


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
        between = "" if np.isnan(row.low) else f"{told(row.low)} and {told(row.high)}"
        source = f"[{sources.index(row.source) + 1}]"
        cells.append((row.quantity, told(row.simulated), told(row.real), between, source))
    wide, *widths = (max(map(len, column)) for column in zip(*cells, strict=True))
    table = (f"{name:<{wide}}  " + "  ".join(map(str.rjust, others, widths)) for name, *others in cells)
    notes = (f"[{place}] {source}" for place, source in enumerate(sources, 1))
    return "\n".join([*map(str.rstrip, table), "", *notes, "", *by_half_hour(run)])


def by_half_hour(run):
    """Return the basis at half-hourly closes as lines of a few columns, simulated beside real."""
    rows = bases(run, "", facts.BASIS, facts.BARS)
    cells = [f"{row.quantity[6:18]} {told(row.simulated, 1):>6} {told(row.real, 1):>6}" for row in rows]
    deep = -(-len(cells) // BLOCKS)
    pieces = [cells[deep * block : deep * (block + 1)] for block in range(BLOCKS)]
    head = "Basis to spot, %, at half-hourly closes, UTC: simulated, then real [to Binance's BTC/USDT]"
    return [head, *(" |  ".join(line) for line in zip_longest(*pieces, fillvalue=""))]


def told(amount, decimals=None):
    """Return a number as plain text: four digits or so, or so many decimals; a dash for what is nan."""
    if np.isnan(amount):
        return "-"
    if decimals is None:
        decimals = 0 if abs(amount) >= 100 or amount == 0 else 1 if abs(amount) >= 1 else 3
    rounded = amount if abs(amount) >= 1e6 else round(amount, decimals) + 0.0
    return short(rounded).replace("\N{MINUS SIGN}", "-") if abs(rounded) >= 1e6 else f"{rounded:,.{decimals}f}"


def headlines(run):
    """Return the rows of all but the basis by the hour."""
    amounts = AMOUNTS if contract(run)["kind"] == "Inverse" else ()
    rows = []
    for quantity, metric, window, fact in PRICES + amounts:
        rows.append(Row(quantity, metric(part(run, *window)) if covers(run, *window) else np.nan, *fact))
    return [*rows, *paid(run)]


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
    rows = np.searchsorted(run["time_s"], times_s, side="right")
    there = (rows > 0) & (np.asarray(times_s) < reach(run))
    return np.where(there, np.append(np.nan, column)[rows], np.nan)


def every(run, minutes, since, until):
    """Return the seconds since the start of the run of every so many minutes after `since`, up to `until`."""
    return np.arange(seconds(run, since), seconds(run, until), 60.0 * minutes) + 60.0 * minutes


def lowest_basis_percent(run):
    """Return the lowest basis at closes of five minutes."""
    return 100.0 * number(at(run, basis(run), every(run, 5, *BARS_OF_5_MINUTES)), np.min)


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
    simulated = 100.0 * at(run, basis(run), [seconds(run, stamp) for stamp in stamps(published)])
    rows = zip(stamps(published), simulated, published.values, strict=True)
    return [Row(f"basis {day(when)} {to}, %", mine, real, source) for when, mine, real in rows if mine == mine]


def stamps(published):
    """Return the stamps of a published series."""
    begin, step = datetime.fromisoformat(published.first), timedelta(hours=published.every_hours)
    return [(begin + place * step).isoformat() for place in range(len(published.values))]


def day(stamp):
    """Return a stamp as text, such as 12 Mar 10:30."""
    return f"{datetime.fromisoformat(stamp):%d %b %H:%M}"


def figure(run):
    """Return a picture of the run beside the published facts: basis, funding, open interest, fund."""
    panels = (discount, funding, open_interest, fund)
    return figures.stacked(run, panels, heights=(3.0, 1.2, 1.3, 1.3), size_inches=(7.2, 7.0))


def discount(run, ax):
    """Basis simulated, as a line with its half-hourly closes, and as published, as markers."""
    figures.draw(run, ax, 100.0 * basis(run), color=RED, linewidth=0.5, alpha=0.35)
    half_hours = [stamp for stamp in stamps(facts.BASIS) if covers(run, stamp, stamp)]
    closes = 100.0 * at(run, basis(run), [seconds(run, stamp) for stamp in half_hours])
    ax.plot(np.array(half_hours, "datetime64[ms]"), closes, color=RED, linewidth=1.3, label="simulated (half hours)")
    scatter(run, ax, facts.BASIS, label="real, to Binance", **REAL)
    cross = {"marker": "+", "markersize": 5.5, "color": BLUE}
    scatter(run, ax, facts.BASIS_TO_DERIBIT, label="to Deribit's index", **REAL | cross)
    if covers(run, *facts.OUTAGE):
        ax.axvspan(*map(np.datetime64, facts.OUTAGE), color="#cccccc", alpha=0.6, linewidth=0, label="outage")
    return figures.finish(run, figures.zero(ax), "Basis to spot", "%", least=0.2)


def scatter(run, ax, published, **look):
    """Draw what lies in the run of a published series."""
    known = zip(stamps(published), published.values, strict=True)
    points = [(np.datetime64(stamp), value) for stamp, value in known if covers(run, stamp, stamp)]
    if points:
        ax.plot(*zip(*points, strict=True), **look)


def funding(run, ax):
    """Funding simulated and as published."""
    figures.funding(run, ax)
    return real(run, ax, [(stamp, facts.Fact(100.0 * rate, facts.BITMEX_FUNDING)) for stamp, rate in facts.FUNDING])


def open_interest(run, ax):
    """Open interest simulated, and what was published before and after the fall."""
    figures.open_interest(run, ax)
    after = (facts.OPEN_INTEREST_AFTER_AT, facts.OPEN_INTEREST_AFTER_CONTRACTS)
    return real(run, ax, [("2020-03-12T10:30", facts.OPEN_INTEREST_CONTRACTS), after])


def fund(run, ax):
    """The fund simulated, and its published change over the 12th."""
    figures.fund(run, ax)
    return real(run, ax, [(MIDNIGHT, facts.FUND_CHANGE_COIN)])


def real(run, ax, known):
    """Mark published (stamp, fact) that fall in the run, with their bounds, and name them in the legend."""
    reached = [(stamp, fact) for stamp, fact in known if covers(run, stamp, stamp)]
    for place, (stamp, (value, _, low, high)) in enumerate(reached):
        when, label = np.datetime64(stamp), None if place else "real"
        ax.vlines(when, low, high, color=BLACK, linewidth=0.8, clip_on=False)
        ax.plot(when, value, label=label, **REAL)
        bottom, top = ax.get_ylim()
        ax.set_ylim(min(bottom, value), np.nanmax([top, value, high]))
    figures.legend(ax)
    return ax


HOURS = "hours more than {} % below spot, half-hourly closes"
PRICES = (
    ("lowest trade, USD", summary.last_lowest_usd, (FALL, "2020-03-13T03:00"), facts.LOWEST_USD),
    ("lowest basis of the first leg, 5-minute closes, %", lowest_basis_percent, BARS_OF_5_MINUTES,
     facts.LOWEST_BASIS_FIRST_LEG),
    *((HOURS.format(percent), hours_below(percent), WHOLE, facts.Fact(hours, facts.BARS))
      for percent, hours in facts.HOURS_BELOW),
)  # fmt: skip
AMOUNTS = (
    ("volume of the 12th, USD", usd(gained("volume_contracts")), TWELFTH, facts.VOLUME_USD),
    ("open interest before the fall, USD", usd(summary.open_interest_final_contracts), (FALL, "2020-03-12T10:30"),
     facts.OPEN_INTEREST_CONTRACTS),
    ("open interest on the 13th at 10:40, USD", usd(summary.open_interest_final_contracts),
     (FALL, facts.OPEN_INTEREST_AFTER_AT), facts.OPEN_INTEREST_AFTER_CONTRACTS),
    ("longs taken over from 10:00 to 12:00 on the 12th, USD", usd(summary.long_forced_contracts), FIRST_LEG,
     facts.LIQUIDATED_FIRST_LEG_USD),
    ("longs taken over from 10:00 to the end of the 12th, USD", usd(summary.long_forced_contracts), EVENING,
     facts.LIQUIDATED_USD),
    ("engine's largest inventory, USD", usd(summary.engine_peak_contracts), WHOLE, facts.PENDING_USD),
    ("bids at that moment (simulated: within 1 %), USD", usd(summary.depth_at_engine_peak_contracts), WHOLE,
     facts.BIDS_USD),
    ("fund at 10:00 on the 12th, BTC", summary.fund_first_coin, EVENING, facts.FUND_COIN),
    ("change of the fund to the end of the 12th, BTC", gained("fund_coin"), EVENING, facts.FUND_CHANGE_COIN),
    ("largest fall of the fund on the 13th, BTC", summary.fund_largest_fall_coin, THIRTEENTH,
     facts.FUND_LARGEST_FALL_COIN),
    ("engine's largest unrealised loss, BTC", summary.engine_largest_loss_coin, WHOLE,
     facts.ENGINE_LARGEST_LOSS_COIN),
    ("auto-deleveraged, USD", usd(summary.adl_contracts), WHOLE, facts.ADL_CONTRACTS),
)  # fmt: skip
