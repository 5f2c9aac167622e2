"""What directional traders share: how a signal becomes a position, when they act on it, and what protects it."""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.crowd import Crowd
from agents.sizing import FixedFraction, Sizing, sized
from sim.compiled import kernel
from sim.exchange import MARK
from sim.ledger import equity
from sim.orders import GTC
from sim.ticks import tick_of

YEAR_S = 365 * 86_400.0


@kernel
def response(me, z):
    """Signal, -1 to 1, of a `z` in standard deviations: nothing until it passes `enters`, then z / full until it is
    back within `leaves`."""
    limit = me.leaves if me.engaged * z > 0.0 else me.enters
    me.engaged = math.copysign(1.0, z) if abs(z) > limit else 0.0
    return abs(me.engaged) * max(-1.0, min(1.0, z / me.full))


@kernel
def kept(average, value, elapsed_s, half_life_s):
    """A time-decayed average once `value` has been seen `elapsed_s` after the last."""
    return value + (average - value) * 0.5 ** (elapsed_s / half_life_s)


@kernel
def delayed(now, me, signal):
    """The signal to act on: the latest one seen `latency_s` ago or longer."""
    if now.time_s >= me.ready_s:
        me.acted = me.pending if me.latency_s > 0.0 else signal
        me.pending, me.ready_s = signal, now.time_s + me.latency_s
    return me.acted


@kernel
def allowed(account, me, signal):
    """The signal, or 0 while it still has the side on which the last position was closed by stop, target or force."""
    if account.contracts == 0 and me.held != 0.0 and me.leaving == 0.0:
        me.barred = math.copysign(1.0, me.held)
    me.held = float(account.contracts)
    if signal * me.barred > 0.0:
        return 0.0
    me.barred = 0.0
    return signal


@kernel
def hold(x, out, n, i, me, size, signal):
    """Trade the position of row `i` to what the signal and the sizing rule say; once it is there, protect it."""
    now, account = x.now[0], x.accounts[i]
    signal = allowed(account, me, delayed(now, me, signal))
    if signal * account.contracts <= 0.0 or me.resizes > 0.0:
        leverage = me.appetite * sized(size, math.sqrt(now.variance * YEAR_S), me.stop_loss)
        worth = max(float(equity(x, i, now.mark_units)), 0.0)
        me.largest = leverage * worth / abs(float(now.mark_units))
    wanted = math.floor(abs(signal) * me.largest)
    gap = (wanted if signal > 0.0 else -wanted) - account.contracts
    if gap == 0 or (wanted > 0 and abs(gap) <= me.band * me.largest):
        return protect(x, out, n, i, me)
    me.leaving = 1.0 if wanted == 0 or signal * account.contracts < 0.0 else 0.0
    closes = gap * account.contracts < 0 and abs(gap) <= abs(account.contracts)
    n = sending.cancel_all(out, n, i)
    return sending.market(x, out, n, i, gap, closes)


@kernel
def protect(x, out, n, i, me):
    """Rest a stop and a target at their distances from the average entry where nothing rests yet; with no position
    take away what is left of them."""
    account = x.accounts[i]
    if account.contracts == 0:
        return sending.cancel_all(out, n, i) if account.orders >= 0 else n
    if account.orders >= 0:
        return n
    side = 1.0 if account.contracts > 0 else -1.0
    entry = tick_of(x, -float(account.cost) / account.contracts)
    if me.stop_loss < 1.0:
        n = sending.stop(x, out, n, i, -account.contracts, within(x, entry * (1.0 - side * me.stop_loss)), MARK)
    if me.take_profit < math.inf:
        price = within(x, entry * max(1.0 + side * me.take_profit, 0.0))
        n = sending.limit(out, n, i, -account.contracts, price, GTC, 0)
        out[n - 1].reduce_only = True
    return n


@kernel
def within(x, ticks):
    """A place on the tick scale as a tick of the ladder."""
    return math.floor(min(max(ticks, 1.0), x.terms[0].ticks - 1.0))


@dataclass(kw_only=True, eq=False)
class Directional(Crowd):
    """Hold what a signal says, long or short, sized by a rule and protected by a stop.

    They know the mark as it was at their own looks, the realised volatility of the index and their own account. At
    each look, and the step after a fill of their own, they trade at market to the signal times what the sizing rule
    allowed on entry, so they add and reduce with the signal; those who resize do so with equity and volatility too. A
    side on which they were stopped, took their profit or were liquidated they leave alone until its signal is over.

    sizing:       of a full signal (`agents.sizing`); the same for all accounts
    appetite:     of what that allows
    stop_loss:    distance of a stop on the mark from the average entry, fraction; 1 or more none
    take_profit:  distance of a resting order that closes at a profit, fraction; inf none
    latency_s:    how long before it acts a signal was seen, at least; one is on its way at a time
    band:         of the largest position, by which it may be off before they trade
    resizes:      above 0: the sizing rule is asked at each look, and not only on entry
    """

    sizing: Sizing = FixedFraction()
    appetite: Any = 1.0
    stop_loss: Any = 0.05
    take_profit: Any = math.inf
    latency_s: Any = 0.0
    band: Any = 0.2
    resizes: Any = 0.0
    wake_s: Any = 60.0
    alert: bool = True

    memory = ("pending", "ready_s", "acted", "held", "leaving", "barred", "engaged", "largest")
    messages_per_wake = 2

    def __post_init__(self):
        super().__post_init__()
        self.table = self.sizing.table()
        most = float((self.traits.appetite * self.table[3]).max(initial=0.0))
        if most > self.traits.max_leverage.min(initial=math.inf):
            limit = self.traits.max_leverage.min()
            raise ValueError(f"sizing of {self.name} must stay within max_leverage {limit:g} (got {most:g}); lower it")

    def context(self):
        """The numbers of the sizing rule."""
        return (self.table,)
