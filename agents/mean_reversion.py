"""Traders who go against the price: it has run away from its average, and will come back."""

import math
from dataclasses import dataclass
from typing import Any

from agents.directional import Directional, hold, kept, response
from sim.compiled import kernel

LOG_2 = math.log(2.0)


@kernel
def departure(now, me):
    """How far the log mark is above its own time-decayed average, in standard deviations of a random walk.

    With half-life h the distance of a walk from its average has variance volatility^2 * h / (2 log 2). 0 until the
    average has seen its half-life.
    """
    price, elapsed = math.log(now.mark), now.time_s - me.looked_s
    if me.began_s == 0.0:
        me.began_s, me.average = now.time_s, price
    me.average = kept(me.average, price, elapsed, me.average_s)
    me.looked_s = now.time_s
    spread = math.sqrt(now.variance * me.average_s / (2.0 * LOG_2))
    if now.time_s - me.began_s < me.average_s or spread <= 0.0:
        return 0.0
    return (price - me.average) / spread


@kernel
def revert(x, rows, first, traits, out, n, size):
    """Each account awake: brings its average up to date, and its position to the opposite of the departure."""
    for i in rows:
        me = traits[i - first]
        n = hold(x, out, n, i, me, size, -response(me, departure(x.now[0], me)))
    return n


@dataclass(kw_only=True, eq=False)
class MeanReverters(Directional):
    """Sell when the mark is far above its own average, buy when it is far below, more the further it goes.

    They know what all `Directional` traders know. The average is of the mark's logarithm, decayed in time, and each
    trader's own: of what it saw at its looks.

    average_s:       half-life of the average
    enters, leaves:  distance from it at which they get in, and out again, in standard deviations of a random walk
                     of the present volatility
    full:            distance for a full position: they add to a loss until then
    """

    average_s: Any = 600.0
    enters: Any = 1.5
    leaves: Any = 0.25
    full: Any = 2.5

    kernel = staticmethod(revert)
    memory = (*Directional.memory, "began_s", "looked_s", "average")
