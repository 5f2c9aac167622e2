"""How a manipulator pushes the last trade, the mid or the index, and takes profit: kernels of `agents.manipulator`."""

import math

from agents import sending
from sim import spot
from sim.compiled import kernel
from sim.ledger import equity
from sim.orders import GTC, IOC

LAST, MID, INDEX = 0, 1, 2
PUSHES = ("last", "mid", "index")
WAITING, BUILDING, PUSHING, UNWINDING = 0.0, 1.0, 2.0, 3.0


@kernel
def push(x, out, n, i, s, row, me, pushes):
    """Push the price unless it stands there already; but first take profit from those who were forced, if any are."""
    now, terms = x.now[0], x.terms[0]
    price = goal_price(x, me, pushes)
    if bargain(x, i, me):
        return take_profit(x, out, n, i, me)
    if pushes == INDEX:
        push_spot(x, s, row, me, price)
        return n
    seen = now.mid
    if pushes == LAST and now.last >= 0:
        seen = now.last * terms.tick
    if me.side * (price - seen) <= 0.1 * me.push * now.index:
        return n
    most = me.most_leverage * max(float(equity(x, i, now.mark_units)), 0.0) / abs(float(now.mark_units))
    size = math.floor(min(me.order_share * most, most - me.side * x.accounts[i].contracts))
    if size < 1:
        return n
    tick, lifetime = tick_at(x, price, me.side), max(1, math.ceil(2.0 * me.wake_s / terms.step_s))
    size = size if me.side > 0.0 else -size
    return sending.limit(out, n, i, size, tick, IOC if pushes == LAST else GTC, 0 if pushes == LAST else lifetime)


@kernel
def bargain(x, i, me):
    """Whether somebody now closes at `cover` from the index, on the other side, what the account holds."""
    now, terms, held = x.now[0], x.terms[0], x.accounts[i].contracts
    price = now.index * (1.0 + me.side * me.cover)
    if me.side < 0.0:
        return held < 0 and now.ask < terms.ticks and now.ask * terms.tick <= price
    return held > 0 and now.bid >= 0 and now.bid * terms.tick >= price


@kernel
def take_profit(x, out, n, i, me):
    """Close a part of the position at the best price there is."""
    held = x.accounts[i].contracts
    size = max(1, math.floor(me.order_share * abs(held)))
    return sending.limit(out, n, i, size if held < 0 else -size, x.now[0].ask if held < 0 else x.now[0].bid, IOC, 0)


@kernel
def goal_price(x, me, pushes):
    """Where the price is to stand, USD: away from the index as it is, or, to move that, as it was."""
    return (me.reference if pushes == INDEX else x.now[0].index) * (1.0 + me.side * me.push)


@kernel
def tick_at(x, price, side):
    """The tick of a price, beyond it."""
    ticks = price / x.terms[0].tick
    return min(max(math.ceil(ticks) if side > 0.0 else math.floor(ticks), 1), x.terms[0].ticks - 1)


@kernel
def push_spot(x, s, row, me, price):
    """Sell coin at spot, or buy it, while the index has not come to `price`."""
    holding, at = s.holdings[row], s.venues[s.holdings[row].venue].price
    if me.side * (price - x.now[0].index) <= 0.0:
        return
    if me.side < 0.0:
        spot.trade(s, row, -math.floor(min(me.order_share * me.coin_held, float(holding.coin))))
    else:
        spot.trade(s, row, math.floor(0.5 * me.order_share * coin_for(s, holding, at)))


@kernel
def coin_for(s, holding, price):
    """Coin units that the USD of a holding buy at `price`."""
    return holding.usd * s.terms[0].usd_unit / price / s.terms[0].coin_unit


@kernel
def assist(x, out, n, i, leader, pushes):
    """Rest a small order where the last trade is to be, for the leader to meet; and get rid of what came of it."""
    account, now = x.accounts[i], x.now[0]
    if leader.stage == UNWINDING and account.contracts != 0:
        return sending.market(x, out, n, i, -account.contracts, True)
    if leader.stage != PUSHING or pushes != LAST:
        return n
    size = math.floor(0.1 * max(float(account.wallet), 0.0) / abs(float(now.mark_units)))
    tick = tick_at(x, goal_price(x, leader, pushes), leader.side)
    return sending.limit(out, n, i, -size if leader.side > 0.0 else size, tick, GTC, 0) if size > 0 else n
