"""Traders who go with the price: the fast average against the slow one, or a new high or low."""

import math
from dataclasses import dataclass
from typing import Any

from agents.directional import Directional, hold, kept, response
from sim.compiled import kernel

LOG_2 = math.log(2.0)


@kernel
def crossing(now, me):
    """How far the fast average of the log mark is above the slow one, in standard deviations of a random walk.

    For half-lives log 2 / a and log 2 / b their difference is the sum of the walk's steps weighed by
    exp(-b t) - exp(-a t), of variance volatility^2 * (1 / 2a + 1 / 2b - 2 / (a + b)). 0 until the slow one has seen
    its half-life.
    """
    price, elapsed = math.log(now.mark), now.time_s - me.looked_s
    if me.began_s == 0.0:
        me.began_s, me.fast, me.slow = now.time_s, price, price
    me.fast = kept(me.fast, price, elapsed, me.fast_s)
    me.slow = kept(me.slow, price, elapsed, me.slow_s)
    me.looked_s = now.time_s
    a, b = LOG_2 / me.fast_s, LOG_2 / me.slow_s
    spread = math.sqrt(now.variance * (0.5 / a + 0.5 / b - 2.0 / (a + b)))
    if now.time_s - me.began_s < me.slow_s or spread <= 0.0:
        return 0.0
    return (me.fast - me.slow) / spread


@kernel
def follow(x, rows, first, traits, out, n, size):
    """Each account awake: brings its averages up to date, and its position to the crossing."""
    for i in rows:
        me = traits[i - first]
        n = hold(x, out, n, i, me, size, response(me, crossing(x.now[0], me)))
    return n


@kernel
def breakout(now, me):
    """1 from a mark beyond the highest that was seen in the window, -1 from one beyond the lowest, until it is back at
    their middle.

    The window is kept as two halves, the present and the last: it is between one and two halves long.
    """
    if me.began_s == 0.0:
        me.began_s, me.half_s = now.time_s, now.time_s
        me.high, me.low, me.old_high, me.old_low = now.mark, now.mark, now.mark, now.mark
    high, low = max(me.high, me.old_high), min(me.low, me.old_low)
    if now.time_s - me.half_s >= 0.5 * me.window_s:
        me.old_high, me.old_low = me.high, me.low
        me.high, me.low, me.half_s = now.mark, now.mark, now.time_s
    me.high, me.low = max(me.high, now.mark), min(me.low, now.mark)
    if now.time_s - me.began_s < me.window_s:
        return 0.0
    beyond = 1.0 + 1e-4 * me.beyond_bps
    if now.mark > high * beyond or now.mark * beyond < low:
        me.engaged = 1.0 if now.mark > high else -1.0
    elif me.engaged * (now.mark - 0.5 * (high + low)) <= 0.0:
        me.engaged = 0.0
    return me.engaged


@kernel
def break_out(x, rows, first, traits, out, n, size):
    """Each account awake: brings its window up to date, and its position to the breakout."""
    for i in rows:
        me = traits[i - first]
        n = hold(x, out, n, i, me, size, breakout(x.now[0], me))
    return n


@dataclass(kw_only=True, eq=False)
class TrendFollowers(Directional):
    """Buy when a fast average of the mark is above a slow one, sell when it is below.

    They know what all `Directional` traders know. Averages are of the mark's logarithm, decayed in time, and each
    trader's own: of what it saw at its looks.

    fast_s, slow_s:  half-lives of the averages
    enters, leaves:  difference of the averages at which they get in, and out again, in standard deviations of a
                     random walk of the present volatility
    full:            difference for a full position

    Source of the rule: moving-average crossings as in Brock, Lakonishok and LeBaron, Journal of Finance 47, 1992; of
    its standardisation and proportional size: Baz, Granger, Harvey, Le Roux and Rattray, Dissecting Investment
    Strategies in the Cross Section and Time Series, 2015.
    """

    fast_s: Any = 120.0
    slow_s: Any = 600.0
    enters: Any = 1.0
    leaves: Any = 0.25
    full: Any = 1.0

    kernel = staticmethod(follow)
    memory = (*Directional.memory, "began_s", "looked_s", "fast", "slow")


@dataclass(kw_only=True, eq=False)
class Breakouts(Directional):
    """Buy a mark above its highest of a while, sell one below its lowest, leave at the middle of both.

    They know what all `Directional` traders know; highest and lowest are of what each saw at its own looks.

    window_s:    of the highest and lowest; between half of it and all
    beyond_bps:  how far the mark must be beyond them

    Source: the channel rule of Donchian, tested as "trading range break-out" by Brock, Lakonishok and LeBaron, 1992.
    """

    window_s: Any = 600.0
    beyond_bps: Any = 2.0

    kernel = staticmethod(break_out)
    memory = (*Directional.memory, "began_s", "half_s", "high", "low", "old_high", "old_low")
