"""Deserters: take out what margin they may, and leave the position to whoever has to take it over."""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.crowd import Crowd
from sim.compiled import kernel
from sim.ledger import equity
from sim.orders import free_balance, initial_rate


@kernel
def desert(x, rows, first, traits, out, n):
    """Each account awake: buys its position at market if it has not had one; once its time has come, it takes out all
    that the initial margin of the position leaves free."""
    for i in rows:
        me, held, units = traits[i - first], x.accounts[i].contracts, x.now[0].mark_units
        free = math.floor(free_balance(x, i, initial_rate(x, i, 0.0)))
        if held == 0 and me.entered == 0.0:
            size = math.floor(me.leverage * max(float(equity(x, i, units)), 0.0) / abs(float(units)))
            n = sending.market(x, out, n, i, size, False)
        elif held != 0 and x.now[0].time_s >= me.start_s and free > 0:
            n = sending.deposit(out, n, i, -free)
        me.entered = 1.0
    return n


@dataclass(kw_only=True, eq=False)
class Deserters(Crowd):
    """Hold a long position, and from a time on leave no more behind it than the venue asks for: what it then loses
    beyond that is somebody else's.

    They know the mark, their own account and the venue's initial margin at the leverage that they chose. Who has no
    position buys one at market at his first look; nobody sells, or brings anything back. To sell so much through the
    book moves it against the seller; a position that was taken over is the engine's to sell.

    start_s:   when they take out what is free, and from then on at each look
    leverage:  of what they buy, or hold when they are endowed, notional over equity
    """

    start_s: Any = 60.0
    leverage: Any = 5.0
    wake_s: Any = 5.0

    kernel = staticmethod(desert)
    memory = ("entered",)
    messages_per_wake = 1
