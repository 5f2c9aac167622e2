"""A market watched while it runs: what no table of a run keeps, such as the wealth of a crowd through time."""

from typing import NamedTuple

import numpy as np
import pandas

from analysis.signals.sharpe import ratio_error, sharpe_ratio
from sim.ledger import owed_by
from sim.outcome import outcome

YEAR_S = 365.0 * 86_400.0


class Watched(NamedTuple):
    """A run, (n,) seconds at which it was looked at, and (n, ...) what was seen."""

    run: object
    time_s: np.ndarray
    seen: np.ndarray


def watched(market, look, every_s):
    """The Watched of a market that has not begun: it is run to its end, and `look(market)` is kept every so often.

    What a look sees is what is known when a step has ended. The run is the same as if nobody had looked.
    """
    steps = round(every_s / market.step_s)
    if steps < 1 or abs(steps * market.step_s - every_s) > 1e-6 * market.step_s:
        raise ValueError(f"every_s must be a multiple of the {market.step_s:g} s of a step (got {every_s}); change it")
    if market.clock:
        raise ValueError(
            f"a market must be watched from its start (this one is at step {market.clock}); make it anew"
        )
    times, seen = [], []
    while market.clock < market.length:
        market.step()
        if market.clock % steps == 0:
            times.append(market.clock * market.step_s)
            seen.append(look(market))
    return Watched(outcome(market, finished=True), np.array(times), np.array(seen, float))


def equity_coin(market):
    """(crowds,) equity of each crowd at the mark, funding owed included, and what it holds or is sent at spot, in the
    settlement coin; USD at spot are counted at the index where the contract settles in coin."""
    x, s, found = market.exchange, market.spot.state, []
    now, unit = x.now[0], float(x.terms[0].unit)
    for crowd in market.crowds:
        held = x.accounts[crowd.first : crowd.first + crowd.count]
        worth = held.wallet + held.margin + held.cost + held.contracts * now.mark_units - owed_by(held, now)
        total = float(worth.sum()) * unit
        first = getattr(crowd, "first_holding", None)
        if first is not None:
            there, terms, index = s.holdings[first : first + crowd.count], s.terms[0], float(now.index)
            coin, usd = float(there.coin.sum() * terms.coin_unit), float(there.usd.sum() * terms.usd_unit)
            total += float(there.transit.sum()) * unit
            total += coin + usd / index if market.venue.contract.coin_margined else usd + coin * index
        found.append(total)
    return found


def fortunes(market, every_s=3_600.0):
    """(run, frame) of a market that is run: a row a crowd, with profit_coin, sharpe (annual, with its error) and
    drawdown_percent, the deepest fall of its equity from an earlier height.

    Equity is `equity_coin`; the Sharpe ratio is of its changes over `every_s`, over equity at the start, the error that
    of independent changes (Lo, Financial Analysts Journal 58, 2002), nan where it does not vary.
    """
    start = np.array(equity_coin(market))
    told = watched(market, equity_coin, every_s)
    path = np.vstack([start, told.seen])
    rows = []
    for number, crowd in enumerate(market.crowds):
        worth, scale = path[:, number], np.sqrt(YEAR_S / every_s)
        changes = np.diff(worth) / worth[0] if worth[0] > 0.0 else np.full(len(worth) - 1, np.nan)
        ratio = sharpe_ratio(changes) if len(changes) > 2 and np.isfinite(changes).all() else np.nan
        error = ratio_error(ratio, len(changes)) if np.isfinite(ratio) else np.nan
        rows.append((crowd.name, worth[-1] - worth[0], scale * ratio, scale * error, drawdown_percent(worth)))
    names = ["crowd", "profit_coin", "sharpe", "sharpe_error", "drawdown_percent"]
    return told.run, pandas.DataFrame(rows, columns=names)


def drawdown_percent(worth):
    """Deepest fall of a path of wealth from its highest so far, percent of that; above 100 where it ends in debt."""
    worth = np.asarray(worth, float)
    highest = np.maximum.accumulate(worth)
    there = highest > 0.0
    return 100.0 * float((1.0 - worth[there] / highest[there]).max()) if there.any() else float("nan")
