"""What cash-and-carry earns, by the fees it pays, where those who do it move the prices.

He, Manela, Ross and von Wachter, "Fundamentals of Perpetual Futures" (arXiv 2212.06888, its version 6): BTC's carry
has a Sharpe ratio of 6.7 without any cost, 3.5 with the fees of a maker, 1.8 with those of retail. Here the carry is
that of the arbitrageurs of `crowded_longs`, in USD and beyond what their holdings would be worth had they done nothing.

The order does not come out. In the paper a trader takes prices as they were; fees only cost. Here fees also keep
arbitrageurs from trading: without them many small premiums are taken, all at once, and what that does to spot costs
more than a fee. Levels are larger too, since nobody here defaults and no day is unlike the others.
"""

import math
from dataclasses import replace

import numpy as np

from analysis.papers.row import Row
from scenarios import crowded_longs
from sim.index import SpotMarket
from sim.ledger import owed_by
from sim.venues import BITMEX

FEES = {"none": (0.0, 0.0), "a maker's": (0.0002, 2.0), "retail": (0.00075, 7.5)}
"""Fee of the perpetual, a fraction, and cost of spot, bp, by tier; the paper's tiers are Binance's."""
SHARPES = {"none": 6.7, "a maker's": 3.5, "retail": 1.8}
DAYS_A_YEAR = 365.0


def wealth(market, crowd):
    """(coin, USD) of a crowd together: equity at the mark, what is at spot, and what is on its way."""
    x, s = market.exchange, market.spot.state
    held, now = x.accounts[crowd.first : crowd.first + crowd.count], x.now[0]
    equity = held.wallet + held.margin + held.cost + held.contracts * now.mark_units - owed_by(held, now)
    there = s.holdings[crowd.first_holding : crowd.first_holding + crowd.count]
    unit, terms = float(x.terms[0].unit), s.terms[0]
    coin = (equity.sum() + there.transit.sum()) * unit + there.coin.sum() * float(terms.coin_unit)
    return float(coin), float(there.usd.sum() * float(terms.usd_unit))


def gains(fees, days, seed, step_s=15.0):
    """(days,) what the arbitrageurs gained each day over doing nothing, USD."""
    fee, cost_bps = FEES[fees]
    spot = SpotMarket()
    spot = replace(spot, venues=tuple(replace(each, cost_bps=cost_bps) for each in spot.venues))
    market = crowded_longs(
        seed=seed, hours=24.0 * days, step_s=step_s, venue=replace(BITMEX, taker_fee=fee), spot=spot, careful=1.0,
        buyers=3_000, entry=0.002, record_every=1_000,
    )  # fmt: skip
    crowd = next(each for each in market.crowds if each.name == "Arbitrageurs")
    first, found = wealth(market, crowd), []
    for _ in range(days):
        for _ in range(round(86_400.0 / step_s)):
            market.step()
        price, (coin, usd) = float(market.exchange.now[0].index), wealth(market, crowd)
        found.append((coin - first[0]) * price + usd - first[1])
    return np.diff(found, prepend=0.0)


def sharpe(days):
    """(annual Sharpe ratio, its standard error) of daily gains; Lo, Financial Analysts Journal 58, 2002."""
    ratio = days.mean() / days.std(ddof=1)
    return math.sqrt(DAYS_A_YEAR) * ratio, math.sqrt(DAYS_A_YEAR * (1.0 + ratio**2 / 2.0) / len(days))


def table(days=8, seeds=range(3)):
    """[Row]: the Sharpe ratio falls from tier to tier, and how many times it is larger without fees than for retail.

    The first day of each run, on which positions are built, is left out.
    """
    found = {fees: sharpe(np.concatenate([gains(fees, days, seed)[1:] for seed in seeds])) for fees in FEES}
    rows = []
    for one, other in zip(FEES, list(FEES)[1:], strict=False):
        (more, error), (less, error_) = found[one], found[other]
        rows.append(Row(f"Sharpe ratio, fees {one} less {other}", math.inf, more - less, math.hypot(error, error_)))
    (most, error), (least, error_) = found["none"], found["retail"]
    ratio = most / least
    spread = abs(ratio) * math.hypot(error / most, error_ / least)
    claim = "Sharpe ratio, fees none over retail: 2 to 4"
    return [*rows, Row(claim, SHARPES["none"] / SHARPES["retail"], ratio, spread, tolerance=1.0)]
