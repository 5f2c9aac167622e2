"""What carry earns by the fees it pays: of one trader who takes prices as they are, and of all who make them.

He, Manela, Ross and von Wachter, "Fundamentals of Perpetual Futures" (arXiv 2212.06888, its version 6): BTC's carry
has a Sharpe ratio of 6.7 without any cost, 3.5 with the fees of a maker, 1.8 with those of retail, of single traders in
one market.

The market is `crowded_longs`. *Who takes prices* is such a trader, by a rule of this file: at every full hour it may
sell the contract and buy spot, or the reverse, at the prices of that hour, and moves nothing; the arbitrageurs who make
these prices pay the fees of retail.

*Who makes them* are these arbitrageurs, all at one tier, in USD and beyond what their holdings would be worth had they
done nothing. There the order does not come out: fees also keep arbitrageurs from trading. Without them many small
premiums are taken, all at once, and what that does to spot costs more than a fee.
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
HOURS_A_DAY = 24


def wealth(market, crowd):
    """(coin, USD) of a crowd together: equity at the mark, what is at spot, and what is on its way."""
    x, s = market.exchange, market.spot.state
    held, now = x.accounts[crowd.first : crowd.first + crowd.count], x.now[0]
    equity = held.wallet + held.margin + held.cost + held.contracts * now.mark_units - owed_by(held, now)
    there = s.holdings[crowd.first_holding : crowd.first_holding + crowd.count]
    unit, terms = float(x.terms[0].unit), s.terms[0]
    coin = (equity.sum() + there.transit.sum()) * unit + there.coin.sum() * float(terms.coin_unit)
    return float(coin), float(there.usd.sum() * float(terms.usd_unit))


def market_of(fees, days, seed, step_s, **recorded):
    """A market in which arbitrageurs, who count all costs, pay a tier's fees."""
    fee, cost_bps = FEES[fees]
    spot = SpotMarket()
    spot = replace(spot, venues=tuple(replace(each, cost_bps=cost_bps) for each in spot.venues))
    return crowded_longs(
        seed=seed, hours=24.0 * days, step_s=step_s, venue=replace(BITMEX, taker_fee=fee), spot=spot, careful=1.0,
        buyers=3_000, entry=0.002, **recorded,
    )  # fmt: skip


def gains(fees, days, seed, step_s=15.0):
    """(days,) what the arbitrageurs gained each day over doing nothing, USD."""
    market = market_of(fees, days, seed, step_s, record_every=1_000)
    crowd = next(each for each in market.crowds if each.name == "Arbitrageurs")
    first, found = wealth(market, crowd), []
    for _ in range(days):
        for _ in range(round(86_400.0 / step_s)):
            market.step()
        price, (coin, usd) = float(market.exchange.now[0].index), wealth(market, crowd)
        found.append((coin - first[0]) * price + usd - first[1])
    return np.diff(found, prepend=0.0)


def hours_of(seed, days, step_s=15.0):
    """((hours,) basis, (hours,) funding that a long paid up to then and since the hour before)."""
    run = market_of("retail", days, seed, step_s, record_every=round(3_600.0 / step_s)).run()
    paid = np.zeros(len(run.series))
    np.add.at(paid, np.searchsorted(run.series.time_s, run.funding.time_s), run.funding.rate)
    return run.series["last"] / run.series.index - 1.0, paid


def taken(basis, paid, cost):
    """(hours - 1,) gains of one who takes prices, a fraction of its notional: it sells a contract that is dearer than
    spot by more than getting in and out costs, buys one that is so much cheaper, and closes once that has passed.

    basis, paid: as `hours_of`; cost: of both legs, one way, a fraction
    """
    held, found = 0.0, np.empty(len(basis) - 1)
    for k, (at, then) in enumerate(zip(basis, basis[1:], strict=False)):
        before, closes = held, held * at >= 0.0
        held = -math.copysign(1.0, at) if abs(at) > 2.0 * cost else 0.0 if closes else held
        found[k] = held * (then - at - paid[k + 1]) - cost * abs(held - before)
    return found


def cost_of(fees):
    """Cost of both legs of a tier, one way, a fraction."""
    perpetual, spot_bps = FEES[fees]
    return perpetual + 1e-4 * spot_bps


def sharpe_of_hours(hours):
    """Annual Sharpe ratio of hourly gains."""
    return math.sqrt(DAYS_A_YEAR * HOURS_A_DAY) * hours.mean() / hours.std(ddof=1)


def taker(days, seeds):
    """[Row]: of who takes prices; the first day of each run is left out, and errors are of runs left out in turn."""
    runs = [[each[HOURS_A_DAY:] for each in hours_of(seed, days)] for seed in seeds]
    gained = {fees: [taken(*run, cost_of(fees)) for run in runs] for fees in FEES}

    def ratios(left_out=None):
        kept = [number for number in range(len(runs)) if number != left_out]
        return [sharpe_of_hours(np.concatenate([gained[fees][number] for number in kept])) for fees in FEES]

    def numbers(none, maker, retail):
        return np.array([none - maker, maker - retail, none / retail])

    found, without = numbers(*ratios()), np.array([numbers(*ratios(number)) for number in range(len(runs))])
    errors = np.sqrt((len(runs) - 1) * without.var(axis=0))
    return rows("of who takes prices", found, errors)


def rows(whose, found, errors):
    """[Row] of two differences from tier to tier and of the quotient of both ends."""
    claims = "fees none less a maker's", "fees a maker's less retail", "fees none over retail: 2 to 4"
    published = math.inf, math.inf, SHARPES["none"] / SHARPES["retail"]
    each = zip(claims, published, found, errors, (0.0, 0.0, 1.0), strict=True)
    return [
        Row(f"Sharpe ratio {whose}, {claim}", sign, float(value), float(error), tolerance)
        for claim, sign, value, error, tolerance in each
    ]


def sharpe(days):
    """(annual Sharpe ratio, its standard error) of daily gains; Lo, Financial Analysts Journal 58, 2002."""
    ratio = days.mean() / days.std(ddof=1)
    return math.sqrt(DAYS_A_YEAR) * ratio, math.sqrt(DAYS_A_YEAR * (1.0 + ratio**2 / 2.0) / len(days))


def makers_of_prices(days, seeds):
    """[Row]: of arbitrageurs who all pay one tier; the first day of each run, on which positions are built, is left
    out."""
    found = {fees: sharpe(np.concatenate([gains(fees, days, seed)[1:] for seed in seeds])) for fees in FEES}
    (none, none_error), (maker, maker_error), (retail, retail_error) = found.values()
    ratio = none / retail
    errors = (
        math.hypot(none_error, maker_error),
        math.hypot(maker_error, retail_error),
        abs(ratio) * math.hypot(none_error / none, retail_error / retail),
    )
    return rows("where all pay", (none - maker, maker - retail, ratio), errors)


def table(days=8, seeds=range(3), taker_seeds=range(16)):
    """[Row]: the Sharpe ratio falls from tier to tier, and how many times it is larger without fees than for retail."""
    return taker(days, taker_seeds) + makers_of_prices(days, seeds)
