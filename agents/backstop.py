"""Backstop providers: far bids and offers that stand only while forced closes press."""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.crowd import Crowd
from sim.compiled import kernel
from sim.ledger import equity
from sim.orders import GTC


@kernel
def stand_by(x, rows, first, traits, out, n):
    """Each account awake: quotes while forced closes press, and offers what it holds near the index."""
    now = x.now[0]
    for i in rows:
        me, account = traits[i - first], x.accounts[i]
        pressing = pressed(x, me) > me.trigger * now.open_interest
        if not pressing and account.contracts == 0 and account.orders < 0:
            continue
        n = sending.cancel_all(out, n, i)
        if pressing and now.mid != now.index:
            n = ladder(x, out, n, i, me)
        if account.contracts != 0:
            away = 1e-4 * me.exit_bps * (-1.0 if account.contracts > 0 else 1.0)
            n = place(x, out, n, i, -account.contracts, now.index * (1.0 + away))
    return n


@kernel
def pressed(x, me):
    """Contracts liquidated of late: those since the last look, and what is remembered of those before."""
    now = x.now[0]
    faded = me.pressed * 0.5 ** ((now.time_s - me.looked_s) / me.memory_s)
    me.pressed = faded + float(now.liquidated) - me.seen_liquidated
    me.looked_s, me.seen_liquidated = now.time_s, float(now.liquidated)
    return me.pressed


@kernel
def ladder(x, out, n, i, me):
    """Bid below the index where the contract trades below it, else offer above it: what is left of the budget, in
    equal parts at equal distances."""
    now, account = x.now[0], x.accounts[i]
    side = 1 if now.mid < now.index else -1
    largest = me.leverage * max(float(equity(x, i, now.mark_units)), 0.0) / abs(float(now.mark_units))
    levels = int(me.levels)
    size = math.floor(max(largest - side * account.contracts, 0.0) / levels)
    for level in range(levels):
        away = 1e-4 * me.nearest_bps * (1.0 + level)
        n = place(x, out, n, i, side * size, now.index * (1.0 - side * away))
    return n


@kernel
def place(x, out, n, i, size, price):
    """An order at `price` or better, which stays until it is cancelled, if it has any size."""
    if size == 0:
        return n
    ticks = price / x.terms[0].tick
    tick = math.floor(ticks) if size > 0 else math.ceil(ticks)
    return sending.limit(out, n, i, size, min(max(tick, 1), x.terms[0].ticks - 1), GTC, 0)


@dataclass(kw_only=True, eq=False)
class BackstopProviders(Crowd):
    """Buy what is sold by force far below the index, or sell what is bought by force far above it, with a budget, and
    get rid of it near the index.

    They know the index, the mid, the open interest, their own account and the venue's feed of liquidations: how many
    contracts have been liquidated up to the last step, not whose, at what price, or what of them the engine still
    holds. On which side the pressure is they tell from the contract being below the index or above. While nothing has
    been liquidated of late they quote nothing, and what stands in the book of others cheaper than their bids they take.

    coin:         budget of each
    leverage:     largest position, notional over equity
    trigger:      contracts liquidated of late, of the open interest, above which they quote
    memory_s:     half-life of "of late"
    nearest_bps:  distance of the first quote from the index, and of each further one from the one before
    levels:       quotes
    exit_bps:     distance from the index, on the near side, at which they offer what they hold
    """

    coin: Any = 10.0
    leverage: Any = 2.0
    trigger: Any = 0.001
    memory_s: Any = 120.0
    nearest_bps: Any = 100.0
    levels: int = 5
    exit_bps: Any = 10.0
    wake_s: Any = 2.0

    provides = True
    kernel = staticmethod(stand_by)
    memory = ("pressed", "looked_s", "seen_liquidated")

    def __post_init__(self):
        super().__post_init__()
        self.messages_per_wake = 2 + int(self.traits.levels.max(initial=1.0))
