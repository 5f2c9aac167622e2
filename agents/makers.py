"""Market makers: quote both sides around what they think the contract is worth, and leave when it hurts."""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.crowd import Crowd
from sim.compiled import kernel
from sim.ledger import equity
from sim.orders import GTC, POST

YEAR_S = 365 * 86_400.0


@kernel
def quotes(x, rows, first, traits, out, n):
    """Replace the quotes of each maker awake, or cancel them while it stays away."""
    now = x.now[0]
    volatility = math.sqrt(now.variance * YEAR_S)
    each = float(abs(now.mark_units))
    for i in rows:
        me, account = traits[i - first], x.accounts[i]
        worth = float(equity(x, i, now.mark_units))
        n = sending.cancel_all(out, n, i)
        if me.peak < worth:
            me.peak = worth
        elapsed, me.looked_s = now.time_s - me.looked_s, now.time_s
        follow = 1.0 - 0.5 ** (elapsed / me.basis_half_life_s)
        me.basis += follow * (now.mid / now.index - 1.0 + (1.0 - me.lean_seen) * me.lean - me.basis)
        me.basis *= 0.5 ** (elapsed / me.convergence_s)
        if volatility > me.volatility_limit or worth < (1.0 - me.loss_limit) * me.peak:
            me.back_s = now.time_s + me.return_s
            me.peak = worth
        largest = me.leverage * max(worth, 0.0) / each
        used = min(max(account.contracts / largest, -1.0), 1.0) if largest >= 1.0 else 0.0
        me.lean = 1e-4 * me.skew_bps * max(1.0, volatility / me.usual_volatility) * used
        if now.time_s < me.back_s or largest < 1.0:
            me.lean = 0.0
            if account.contracts != 0 and abs(used) >= 1.0:
                n = sending.market(x, out, n, i, -(account.contracts // 4), True)
            continue
        n = ladder(x, out, n, i, me, used, largest, volatility)
    return n


@kernel
def ladder(x, out, n, i, me, used, largest, volatility):
    """Post `levels` quotes a side, wider with volatility, about a fair price that leans against the inventory."""
    now, terms = x.now[0], x.terms[0]
    stress = volatility / me.usual_volatility
    half = 1e-4 * me.half_spread_bps * max(1.0, stress)
    fair = now.index * (1.0 + me.basis) * (1.0 - me.lean)
    levels, takes = int(me.levels), terms.taker_fee + 1e-4 * me.takes_bps
    size = me.depth_share * largest / levels / max(1.0, stress)
    for level in range(levels):
        away = half * (1.0 + 1.5 * level)
        n = bid(x, out, n, i, math.floor(size * (1.0 - max(used, 0.0))), fair, away, takes)
        n = offer(x, out, n, i, math.floor(size * (1.0 + min(used, 0.0))), fair, away, takes)
    return n


@kernel
def bid(x, out, n, i, size, fair, away, takes):
    """Bid `away` below `fair`, at least a tick below the best ask; an ask further below than `takes` is taken."""
    now, tick = x.now[0], x.terms[0].tick
    if size < 1:
        return n
    limit = math.floor(fair * (1.0 - away - takes) / tick)
    if limit >= now.ask:
        return sending.limit(out, n, i, size, limit, GTC, 0)
    limit = min(math.floor(fair * (1.0 - away) / tick), now.ask - 1)
    return sending.limit(out, n, i, size, max(1, limit), POST, 0)


@kernel
def offer(x, out, n, i, size, fair, away, takes):
    """Offer `away` above `fair`, at least a tick above the best bid; a bid further above than `takes` is taken."""
    now, tick = x.now[0], x.terms[0].tick
    if size < 1:
        return n
    limit = math.ceil(fair * (1.0 + away + takes) / tick)
    if limit <= now.bid:
        return sending.limit(out, n, i, -size, limit, GTC, 0)
    limit = max(math.ceil(fair * (1.0 + away) / tick), now.bid + 1)
    return sending.limit(out, n, i, -size, min(x.terms[0].ticks - 1, limit), POST, 0)


@dataclass(kw_only=True, eq=False)
class MarketMakers(Crowd):
    """Quote a ladder on both sides around the index and the basis as they remember it.

    They know the index, the best bid and ask, realised volatility and their own account. They cut size and widen in
    proportion to volatility, lean against inventory, and leave on volatility or loss, to return after a delay.

    leverage:            largest inventory, notional over equity
    half_spread_bps:     of the innermost quote at usual volatility
    levels:              quotes a side, each half a spread and a half further out
    depth_share:         of the largest inventory, quoted on a side
    skew_bps:            shift of the fair price at full inventory
    lean_seen:           of that shift, taken for the market's basis: with 1 makers remember what their own leaning
                         did, and lean again from there; with 0 each takes its own lean out first
    takes_bps:           how far beyond their quote and the taker fee an order must stand for them to take it; behind
                         nearer ones they queue
    basis_half_life_s:   with which the remembered basis follows the mid
    convergence_s:       half-life with which they expect the basis to vanish
    usual_volatility:    annual; below it quotes do not widen
    volatility_limit:    annual; above it they leave
    loss_limit:          of equity below its peak, at which they leave
    return_s:            how long they stay away
    """

    leverage: Any = 5.0
    half_spread_bps: Any = 2.0
    levels: int = 3
    depth_share: Any = 0.3
    skew_bps: Any = 10.0
    lean_seen: Any = 1.0
    takes_bps: Any = 20.0
    basis_half_life_s: Any = 600.0
    convergence_s: Any = 3_600.0
    usual_volatility: Any = 0.8
    volatility_limit: Any = 8.0
    loss_limit: Any = 0.25
    return_s: Any = 900.0
    wake_s: Any = 5.0

    provides = True
    kernel = staticmethod(quotes)
    memory = ("basis", "peak", "back_s", "looked_s", "lean")

    def __post_init__(self):
        super().__post_init__()
        self.messages_per_wake = 1 + 2 * int(self.traits.levels.max(initial=1.0))
