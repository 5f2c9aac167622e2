"""What is seen of the market after each step, and the row of the series that it leaves."""

import math

import numpy as np

from sim import auction, pooled
from sim.book import depth, impact_price
from sim.compiled import kernel
from sim.engine import mid, pressed, unrealised
from sim.exchange import INDEX, LAST, MARK
from sim.genealogy import decay
from sim.ledger import ENGINE, EXCHANGE, FUND
from sim.orders import act, expire, fire

FLOATS = (
    "time_s index mark mark_without_forced bid ask last mid impact_bid impact_ask spread_usd funding_rate fund_coin "
    "engine_unrealised_coin fund_draw_coin fund_gain_coin spot_impact_usd fees_coin"
).split()
COUNTS = (
    "depth_bid_contracts depth_ask_contracts open_interest_contracts volume_contracts messages rejected overloaded "
    "liquidations liquidated_contracts engine_contracts adl_contracts"
).split()
SERIES = np.dtype([(name, np.float64) for name in FLOATS] + [(name, np.int64) for name in COUNTS])
"""One row a recorded step: amounts since the start of the run (volume, messages, rejected, overloaded, liquidations,
liquidated, draws, gains, fees, adl) or as they stand. A side of the book that is empty has nan for its price."""


@kernel
def observe(x, step, spot):
    """Begin step `step`: the index moves to the contract's power of `spot`, orders whose time is over expire, stops
    on the index fire, and the live impact of forced closes fades."""
    now, terms = x.now[0], x.terms[0]
    now.step, now.time_s = step, step * terms.step_s
    index = spot if terms.power == 1.0 else terms.index_scale * spot**terms.power
    if now.index > 0.0:
        moved = math.log(index / now.index)
        now.variance += (1.0 - terms.volatility_decay) * (moved * moved / terms.step_s - now.variance)
    now.index = index
    now.index_tick = math.floor(index / terms.tick + 0.5)
    decay(x)
    expire(x)
    if terms.pooled:
        at = -terms.scale / index if terms.inverse else terms.scale * index
        pooled.follow(x, math.floor(at + 0.5))
    if not now.halted:
        fire(x, INDEX, now.index_tick)


@kernel
def mark_to(x, mark, shadow):
    """Set the mark, and the mark as it would be without the live impact of forced closes; trigger stops."""
    now, terms = x.now[0], x.terms[0]
    now.mark, now.shadow_mark = mark, shadow
    at = -terms.scale / mark if terms.inverse else terms.scale * mark
    now.mark_units = math.floor(at + 0.5)
    now.mark_tick = math.floor(mark / terms.tick + 0.5)
    now.highest_mark = max(now.highest_mark, mark)
    if not now.halted:
        fire(x, MARK, now.mark_tick)


@kernel
def match(x, messages, count, first_rows):
    """Handle the messages of a step, fire the stops that the last trade triggers, and look at the book."""
    act(x, messages, count, first_rows)
    if x.terms[0].auction_steps > 0 and auction.due(x):
        auction.clear(x, pressed(x))
    if x.now[0].last >= 0:
        fire(x, LAST, x.now[0].last)
    look(x)


@kernel
def look(x):
    """Bring what traders and rules see of the book up to date."""
    now, terms = x.now[0], x.terms[0]
    now.mid = mid(x)
    if terms.pooled:
        now.impact_bid = pooled.impact_price(x, -1, terms.impact_units)
        now.impact_ask = pooled.impact_price(x, 1, terms.impact_units)
        now.depth_bid, now.depth_ask = pooled.depth(x, -1, terms.depth_reach), pooled.depth(x, 1, terms.depth_reach)
        return
    now.impact_bid = impact_price(x, -1, terms.impact_units)
    now.impact_ask = impact_price(x, 1, terms.impact_units)
    reach = math.ceil(terms.depth_reach * now.mid / terms.tick)
    now.depth_bid, now.depth_ask = depth(x, -1, reach), depth(x, 1, reach)


@kernel
def record(x, series, row, spot_impact_usd):
    """Write row `row` of the series."""
    now, terms, at = x.now[0], x.terms[0], series[row]
    at.time_s, at.index, at.mark, at.mark_without_forced = now.time_s, now.index, now.mark, now.shadow_mark
    at.bid = now.bid * terms.tick if now.bid >= 0 else math.nan
    at.ask = now.ask * terms.tick if now.ask < terms.ticks else math.nan
    at.last = now.last * terms.tick if now.last >= 0 else math.nan
    at.mid, at.spread_usd = now.mid, at.ask - at.bid
    at.impact_bid, at.impact_ask, at.funding_rate = now.impact_bid, now.impact_ask, now.funding_rate
    at.fund_coin = x.accounts[FUND].wallet * terms.unit
    at.fees_coin = x.accounts[EXCHANGE].wallet * terms.unit
    at.engine_unrealised_coin = unrealised(x, now.mark_units) * terms.unit
    at.fund_draw_coin, at.fund_gain_coin = now.fund_draw * terms.unit, now.fund_gain * terms.unit
    at.spot_impact_usd, at.open_interest_contracts = spot_impact_usd, now.open_interest
    at.depth_bid_contracts, at.depth_ask_contracts = now.depth_bid, now.depth_ask
    at.volume_contracts, at.messages, at.rejected = now.volume, now.messages, now.rejected
    at.overloaded, at.liquidations, at.liquidated_contracts = now.overloaded, now.liquidations, now.liquidated
    at.engine_contracts, at.adl_contracts = x.accounts[ENGINE].contracts, now.deleveraged
