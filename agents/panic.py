"""Panic sellers: hold on until it falls too far or moves too wildly, then sell at any price."""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.directional import YEAR_S
from agents.distributions import LogNormal, Uniform
from agents.leveraged import LeveragedLongs, hold
from sim.compiled import kernel


@kernel
def panic(x, rows, first, traits, out, n):
    """Each account awake: sells while it panics, waits a while after that, else does as any leveraged long."""
    now = x.now[0]
    volatility = math.sqrt(now.variance * YEAR_S)
    for k in range(len(rows)):
        i = rows[k]
        me, account = traits[i - first], x.accounts[i]
        me.highest = max(me.highest, now.mark)
        frightened = now.mark < (1.0 - me.fall) * me.highest or volatility > me.volatility_limit
        if frightened and account.contracts > 0:
            me.calm_s = now.time_s + me.return_s
            part = min(account.contracts, math.ceil(me.sold_share * account.contracts))
            n = sending.cancel_all(out, n, i)
            n = sending.market(x, out, n, i, -part, True)
        elif now.time_s >= me.calm_s and (account.contracts > 0 or not frightened):
            if me.calm_s > 0.0:
                me.highest, me.calm_s = now.mark, 0.0
            n = hold(x, rows[k : k + 1], first, traits, out, n)
    return n


@dataclass(kw_only=True, eq=False)
class PanicSellers(LeveragedLongs):
    """Leveraged longs who sell in a fright, and come back when it has been calm for a while.

    They know the mark, its highest since they began to look or last came back, and the realised volatility of the
    index, besides what leveraged traders know; what they do otherwise is the same.

    fall:              of the mark below that highest, at which they sell, fraction
    volatility_limit:  annual, above which they sell
    sold_share:        of what they hold, sold at market in one look
    return_s:          how long they stay away after the last sale
    """

    leverage: Any = 2.0
    fall: Any = Uniform(low=0.03, high=0.2)
    volatility_limit: Any = LogNormal(median=4.0, sigma=0.5)
    sold_share: Any = 0.5
    return_s: Any = 3_600.0
    stop_loss: Any = 1.0

    kernel = staticmethod(panic)
    memory = (*LeveragedLongs.memory, "highest", "calm_s")
