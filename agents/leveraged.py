"""Leveraged traders: hold a directional position, protect it or not, are liquidated, and may come back."""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.crowd import Crowd
from agents.distributions import Choice, LogNormal, Uniform
from sim.compiled import kernel
from sim.exchange import MARK
from sim.ledger import equity
from sim.orders import IOC
from sim.streams import DECIDE, as_exponential, uniform4
from sim.ticks import tick_of


@kernel
def hold(x, rows, first, traits, out, n):
    """Each account awake: receives coin on its way, then enters, protects or leaves its position."""
    now = x.now[0]
    for i in rows:
        me, account = traits[i - first], x.accounts[i]
        if me.arrives_s > 0.0 and now.time_s >= me.arrives_s:
            n = sending.deposit(out, n, i, math.floor(me.coming_units))
            me.arrives_s, me.coming_units = 0.0, 0.0
        if x.risk[i].liquidations > me.seen_liquidations:
            me.seen_liquidations = x.risk[i].liquidations
            me.gone = 1.0
            regret(x, i, first, me)
        elif account.contracts == 0 and replaced(x, i, first, me):
            n = sending.deposit(out, n, i, math.floor(me.start_units) - account.wallet)
            me.gone = 0.0
        elif account.contracts == 0:
            n = enter(x, out, n, i, first, me)
        else:
            n = keep(x, out, n, i, first, me)
    return n


@kernel
def dice(x, i, first, block):
    """Four draws of row `i` in this step."""
    key = x.keys[x.accounts[i].crowd]
    return uniform4(key[0], key[1], i - first, x.now[0].step, block, DECIDE)


@kernel
def regret(x, i, first, me):
    """After a liquidation: decide whether to come back, with fresh coin that takes its time to arrive."""
    comes_back, waits, _, _ = dice(x, i, first, 0)
    if comes_back < me.reentry:
        me.gone = 0.0
        me.coming_units = me.refill * me.start_units
        me.arrives_s = x.now[0].time_s + me.deposit_delay_s * as_exponential(waits)


@kernel
def replaced(x, i, first, me):
    """Whether a newcomer takes the place of an owner who holds nothing and has lost or won; of nobody who waits for
    coin."""
    if me.replaced_s == math.inf or me.arrives_s > 0.0 or me.start_units in (0.0, float(x.accounts[i].wallet)):
        return False
    _, chance, _, _ = dice(x, i, first, 1)
    return chance < 1.0 - math.exp(-me.wake_s / me.replaced_s)


@kernel
def enter(x, out, n, i, first, me):
    """Open a position at a bargain, else at market with probability `entry` a look; nobody who left, has no coin, still
    waits for the dip, or finds it dear to hold."""
    now, account, terms = x.now[0], x.accounts[i], x.terms[0]
    if me.start_units == 0.0:
        me.start_units = float(account.deposits)
    chance, _, _, _ = dice(x, i, first, 1)
    size = math.floor(0.98 * me.leverage * account.wallet / abs(float(now.mark_units)))
    if me.gone > 0.0 or size < 1 or now.mark > (1.0 - me.dip) * now.highest_mark or dear(x, me):
        return n
    size = size if me.side > 0.0 else -size
    if advantage(x, me) < -me.bargain:
        tick = math.floor(now.index * (1.0 - me.side * me.bargain) / terms.tick)
        n = sending.cancel_all(out, n, i)
        return sending.limit(out, n, i, size, min(max(tick, 1), terms.ticks - 1), IOC, 0)
    if chance >= me.entry:
        return n
    n = sending.cancel_all(out, n, i)
    return sending.market(x, out, n, i, size, False)


@kernel
def advantage(x, me):
    """Basis of the last trade to the index, a fraction, with the sign of the owner's side."""
    now, terms = x.now[0], x.terms[0]
    return me.side * (now.last * terms.tick / now.index - 1.0) if now.last >= 0 else 0.0


@kernel
def dear(x, me):
    """Whether the next stamp is near and charges the owner's side more than it is ready to pay."""
    now = x.now[0]
    return me.side * now.funding_rate > me.most_funding and now.to_funding_s <= me.before_stamp_s


@kernel
def keep(x, out, n, i, first, me):
    """Leave at the horizon, where others would call it a bargain, or before a stamp that is too dear; else place the
    stop that is missing, and top up a position close to its trigger."""
    now, account = x.now[0], x.accounts[i]
    leaves, adds, waits, _ = dice(x, i, first, 1)
    if me.start_units == 0.0:
        me.start_units = float(account.deposits)
    if leaves < 1.0 - math.exp(-me.wake_s / me.horizon_s) or advantage(x, me) > me.bargain or dear(x, me):
        n = sending.cancel_all(out, n, i)
        return sending.market(x, out, n, i, -account.contracts, True)
    if account.orders < 0 and me.stop_loss < 1.0:
        away = -me.stop_loss if account.contracts > 0 else me.stop_loss
        entry = tick_of(x, -float(account.cost) / account.contracts) * (1.0 + away)
        tick = min(max(math.floor(entry), 1), x.terms[0].ticks - 1)
        n = sending.stop(x, out, n, i, -account.contracts, tick, MARK)
    value = abs(account.contracts * float(now.mark_units))
    free = float(account.wallet)
    backing = float(equity(x, i, now.mark_units)) - (0.0 if account.cross else free)
    if backing < me.top_up_at * value:
        if free > 0.0 and not account.cross:
            n = sending.add_margin(out, n, i, account.wallet)
        elif adds < me.top_up and me.arrives_s == 0.0:
            me.coming_units = me.refill * me.start_units
            me.arrives_s = now.time_s + me.deposit_delay_s * as_exponential(waits)
    return n


@dataclass(kw_only=True, eq=False)
class Leveraged(Crowd):
    """Hold a position in one direction.

    They know the mark, the index, the last trade, the rate that the venue announces and their own account. Each look
    they enter, leave, protect or top up.

    side:             1 long, -1 short
    leverage:         notional over wallet at entry, idle wallet included
    entry:            probability of entering, a look
    bargain:          longs enter when the contract is cheaper than the index by this fraction and leave when it is
                      dearer by as much; shorts the other way round
    dip:              they enter only while the mark is below its highest of the run by this fraction; 0 whenever
    most_funding:     announced rate against their side, a fraction an interval, above which they close and do not enter
    before_stamp_s:   how long before a stamp they do so; inf whenever it is announced
    horizon_s:        mean time a position is kept
    stop_loss:        distance of the stop from the entry price, fraction; 1 or more none
    top_up_at:        equity behind the position over its value, below which they add free balance or send for coin
    top_up:           probability, a look, of then sending fresh coin when there is none left
    reentry:          probability of coming back after a liquidation
    refill:           fresh coin, of the deposit at the start
    deposit_delay_s:  mean time fresh coin takes to arrive
    replaced_s:       mean time after which the owner of an account without a position is replaced by a newcomer who
                      brings the deposit of the start; who won takes his gain along. inf: never
    """

    side: float = 1.0
    leverage: Any = 5.0
    entry: Any = 0.05
    bargain: Any = 1.0
    dip: Any = 0.0
    most_funding: Any = math.inf
    before_stamp_s: Any = math.inf
    horizon_s: Any = LogNormal(median=172_800.0, sigma=1.0)
    stop_loss: Any = Choice(values=(0.05, 0.1, 0.2, 1.0), weights=(0.1, 0.1, 0.1, 0.7))
    top_up_at: Any = 0.03
    top_up: Any = Uniform(low=0.0, high=0.2)
    reentry: Any = 0.3
    refill: Any = 0.5
    deposit_delay_s: Any = LogNormal(median=3_600.0, sigma=0.8)
    replaced_s: Any = math.inf
    wake_s: Any = LogNormal(median=600.0, sigma=0.7)

    def __post_init__(self):
        super().__post_init__()
        wrong = self.traits.replaced_s[self.traits.replaced_s <= 0.0]
        if len(wrong):
            raise ValueError(f"replaced_s of {self.name} must be above 0 (got {wrong[0]:g}); leave it out for nobody")

    kernel = staticmethod(hold)
    memory = ("arrives_s", "coming_units", "seen_liquidations", "gone", "start_units")
    messages_per_wake = 4


@dataclass(kw_only=True, eq=False)
class LeveragedLongs(Leveraged):
    """Leveraged traders who buy."""

    side: float = 1.0


@dataclass(kw_only=True, eq=False)
class LeveragedShorts(Leveraged):
    """Leveraged traders who sell."""

    side: float = -1.0
