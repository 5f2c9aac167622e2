"""Retail traders: leveraged longs who cut the position before the venue does."""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.distributions import Uniform
from agents.leveraged import LeveragedLongs, hold
from sim.compiled import kernel
from sim.ledger import equity


@kernel
def trade_carefully(x, rows, first, traits, out, n):
    """Each account awake: cuts a position that too little equity backs, else does as any leveraged long."""
    now = x.now[0]
    for k in range(len(rows)):
        i = rows[k]
        me, account = traits[i - first], x.accounts[i]
        value = abs(account.contracts * float(now.mark_units))
        if account.contracts != 0 and float(equity(x, i, now.mark_units)) < me.cut_at * value:
            part = math.ceil(me.cut_share * abs(account.contracts))
            n = sending.cancel_all(out, n, i)
            n = sending.market(x, out, n, i, -part if account.contracts > 0 else part, True)
        else:
            n = hold(x, rows[k : k + 1], first, traits, out, n)
    return n


@dataclass(kw_only=True, eq=False)
class Retail(LeveragedLongs):
    """Leveraged longs who sell a part as their equity falls, again and again until the rest is backed.

    They know the mark and their own account, besides what leveraged traders know; what they do otherwise is the same.

    cut_at:     equity over the position's value, below which they cut it; maintenance margin lies below
    cut_share:  of what they hold, sold at market in one look
    """

    cut_at: Any = Uniform(low=0.05, high=0.15)
    cut_share: Any = 0.3
    stop_loss: Any = 1.0
    top_up: Any = 0.0
    wake_s: Any = 60.0

    kernel = staticmethod(trade_carefully)
