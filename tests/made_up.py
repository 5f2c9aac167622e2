"""Runs that no market made: tables of the right shape, for tests of what is computed and drawn from them."""

from datetime import datetime

import numpy as np

from scenarios import march_2020_facts as facts
from sim.outcome import ACCOUNTS, ADL, FUNDING, LIQUIDATIONS
from sim.record import Run
from sim.series import SERIES

VENUE = "Venue(name='BitMEX XBTUSD, March 2020', contract=Inverse(name='XBTUSD', face=1.0, coin='BTC'), cap=inf)"


def table(rows, dtype, **columns):
    """(rows,) records of `dtype`, zero where no column is given."""
    made = np.zeros(rows, dtype).view(np.recarray)
    for name, column in columns.items():
        made[name] = column
    return made


def a_run(series, liquidations=(), funding=(), adl=(), **about):
    """A Run of these tables; an event table that is left out has no rows."""
    tables = {"liquidations": (liquidations, LIQUIDATIONS), "funding": (funding, FUNDING), "adl": (adl, ADL)}
    made = {name: rows if len(rows) else table(0, dtype) for name, (rows, dtype) in tables.items()}
    nobody, no_fills = table(0, ACCOUNTS), table(0, [("step", int)])
    origin = {"name": "made_up", "question": "What would it look like?", "arguments": {"seed": "1", "longs": "900"}}
    story = {"scenario": origin, "seed": 1, "venue": VENUE, "settlement": "BTC", "start": facts.START}
    return Run(series=series, accounts=nobody, fills=no_fills, about=story | {"finished": True} | about, **made)


def empty_run():
    """A run that was stopped before its first row."""
    return a_run(table(0, SERIES), finished=False)


def calm_run(rows=50):
    """A minute-by-minute run in which nothing happens; nobody ever bids."""
    flat = dict(index=100.0, mark=100.0, last=100.0, mid=100.0, ask=100.5, bid=np.nan, fund_coin=10.0)
    return a_run(table(rows, SERIES, time_s=60.0 * np.arange(1, rows + 1), **flat, open_interest_contracts=500))


def fall_run(rows=12_960, hours=36.0, seed=1):
    """12-13 March 2020 as a child would draw it: real spot, a discount in two waves, and all that comes with it."""
    chance = np.random.default_rng(seed)
    time_s = hours * 3600.0 * np.arange(1, rows + 1) / rows
    at_s = [seconds(stamp) for stamp, _ in facts.SPOT]
    wander = np.exp(np.cumsum(chance.normal(0.0, 2e-4, rows)))
    index = np.interp(time_s, at_s, [price for _, price in facts.SPOT]) * wander / wander[-1] ** (time_s / time_s[-1])
    fear = 0.02 * wave(time_s, 12.5, 1.2) + 0.1 * wave(time_s, 26.3, 1.8)
    last = np.round(2 * index * (1 - fear * (1 + 0.3 * chance.normal(0, 1, rows)))) / 2
    pending = 2e8 * wave(time_s, 26.0, 1.0) + 3e7 * wave(time_s, 11.0, 0.5)
    pending[(pending < 1e6)] = 0
    lost = pending / 2e8 * 5_000.0
    draw = 1_627.0 * np.cumsum(fear) / fear.sum() * 2.4
    gain = draw[-1] * 0.9 * wave(time_s, 36.0, 6.0)
    interest = 840e6 - 4e8 * np.cumsum(fear) / fear.sum()
    depth = 4e7 * np.exp(chance.normal(0, 0.4, rows)) / (1 + 60 * fear)
    series = table(
        rows, SERIES, time_s=time_s, index=index, mark=index * (1 - 0.4 * fear), last=last, mid=last,
        bid=np.where(fear > 0.09, np.nan, last - 0.5), ask=last + 0.5, funding_rate=np.maximum(1e-4 - fear, -0.00375),
        open_interest_contracts=interest, fund_coin=35_500.0 - draw + gain, fund_draw_coin=draw, fund_gain_coin=gain,
        engine_contracts=pending, engine_unrealised_coin=-lost, depth_bid_contracts=depth / 3,
        depth_ask_contracts=depth, volume_contracts=1.5e10 * time_s / time_s[-1], messages=np.arange(rows) * 90,
        rejected=np.arange(rows), overloaded=np.arange(rows) * 5, fees_coin=time_s / 100.0,
        liquidations=np.arange(rows), liquidated_contracts=1.4e9 * np.cumsum(fear) / fear.sum(),
    )  # fmt: skip
    return a_run(series, takeovers(chance, series, fear), stamps(series), deleveraged(series))


def takeovers(chance, series, fear):
    """1,500 takeovers where there is fear, mostly of longs, every fifth with a parent."""
    rows = np.sort(chance.choice(len(series), 1_500, p=fear / fear.sum()))
    side = np.where(chance.random(1_500) < 0.93, 1, -1)
    return table(
        1_500, LIQUIDATIONS, step=rows, time_s=series.time_s[rows], mark=series.mark[rows],
        contracts=side * np.exp(chance.normal(13, 1.2, 1_500)).astype(int),
        parent=np.where(np.arange(1_500) % 5 == 4, np.arange(1_500) - 1, -1),
    )  # fmt: skip


def stamps(series):
    """Funding at the stamps of the day that the series reaches."""
    at_s = np.array([seconds(stamp) for stamp, _ in facts.FUNDING])
    at_s = at_s[at_s <= series.time_s[-1]]
    rates = np.interp(at_s, series.time_s, series.funding_rate)
    return table(len(at_s), FUNDING, time_s=at_s, rate=rates, mark=6000.0, paid_coin=abs(rates) * 1e5)


def deleveraged(series):
    """Two accounts deleveraged, one of them twice, at the end of the fall."""
    after_s = min(26.3 * 3600.0, 0.73 * series.time_s[-1])
    late = series.time_s[np.searchsorted(series.time_s, after_s) + np.arange(3) * 60]
    return table(3, ADL, time_s=late, account=[7, 9, 7], contracts=[-2_000_000, -500_000, -1_000_000])


def wave(time_s, hour, hours):
    """1 at that hour, fading over so many hours on both sides."""
    return np.exp(-(((time_s / 3600.0 - hour) / hours) ** 2))


def seconds(stamp):
    """Seconds from the start of the facts to a stamp."""
    return (datetime.fromisoformat(stamp) - datetime.fromisoformat(facts.START)).total_seconds()
