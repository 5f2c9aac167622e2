"""Whales: one or a few large accounts that work an order too large for the book through it in slices."""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.crowd import Crowd
from sim.compiled import kernel
from sim.ledger import equity
from sim.orders import IOC


@kernel
def work(x, rows, first, traits, out, n):
    """Each account awake: trades the next slice, unless it has not begun, is through, or has spent its budget."""
    now, terms = x.now[0], x.terms[0]
    for i in rows:
        me, account = traits[i - first], x.accounts[i]
        if now.time_s < me.start_s or me.over > 0.0:
            continue
        if me.began_s == 0.0:
            begin(x, i, me)
        left = me.target - account.contracts
        others = (now.volume - me.seen_volume) - abs(account.contracts - me.seen_contracts)
        me.seen_volume, me.seen_contracts = float(now.volume), float(account.contracts)
        lost = me.arrival_equity - equity(x, i, math.floor(me.arrival_units))
        if left == 0.0 or lost > me.budget * abs(me.target - me.first_contracts) * abs(me.arrival_units):
            me.over = 1.0
            continue
        share = me.participation / (1.0 - me.participation)
        size = math.floor(min(abs(left), max(share * others, me.least)))
        worst = now.mid * (1.0 + math.copysign(1e-4 * me.reach_bps, left)) / terms.tick
        tick = math.floor(min(max(worst, 1.0), terms.ticks - 1.0))
        n = sending.limit(out, n, i, size if left > 0.0 else -size, tick, IOC, 0)
    return n


@kernel
def begin(x, i, me):
    """Note what the market and the account are like when the order arrives, and what is to be held in the end."""
    now, account = x.now[0], x.accounts[i]
    me.began_s, me.arrival_units = now.time_s, float(now.mark_units)
    me.seen_volume, me.seen_contracts = float(now.volume), float(account.contracts)
    me.first_contracts, me.arrival_equity = float(account.contracts), float(equity(x, i, now.mark_units))
    me.target = float(account.contracts) + me.contracts if me.contracts != 0.0 else 0.0


@dataclass(kw_only=True, eq=False)
class Whales(Crowd):
    """Buy or sell a large number of contracts as a fixed part of what is traded, and stop when it has cost too much.

    They know the volume traded since their last look, the mid and their own account. A slice takes what the book
    offers up to a distance from the mid; what it does not get is left for the next.

    contracts:      to trade in all, buys positive; 0 to close whatever is held
    start_s:        when it begins
    participation:  their part of all that is traded while they work, others' trades being counted
    least:          contracts of a slice at least, though nobody else trades
    reach_bps:      how far from the mid a slice may trade
    budget:         part of the order's value that it may cost, measured at the mark when it began, fees included
    leverage:       of what they hold when they are endowed
    """

    contracts: Any = 5_000
    start_s: Any = 60.0
    participation: Any = 0.2
    least: Any = 1.0
    reach_bps: Any = 50.0
    budget: Any = 0.05
    leverage: Any = 2.0
    wake_s: Any = 5.0

    kernel = staticmethod(work)
    memory = (
        "over", "began_s", "target", "first_contracts", "seen_volume", "seen_contracts", "arrival_units",
        "arrival_equity",
    )  # fmt: skip
    messages_per_wake = 1

    def _check_traits(self):
        super()._check_traits()
        part = self.traits.participation
        if not ((part > 0.0) & (part < 1.0)).all():
            got = part[~((part > 0.0) & (part < 1.0))][0]
            raise ValueError(f"participation of {self.name} must lie between 0 and 1 (got {got:g}); 0.2 is a fifth")
