"""Chartists: forecast spot from its trend and their own noise, and trade the contract for its price or its funding."""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.crowd import Crowd
from agents.directional import kept
from agents.distributions import Choice, Uniform
from sim.compiled import kernel
from sim.ledger import equity
from sim.orders import GTC
from sim.streams import DECIDE, as_normal, uniform4


@kernel
def chart(x, rows, first, traits, out, n):
    """Each account awake: brings up to date what it remembers, and sends one limit order or none."""
    now = x.now[0]
    for i in rows:
        me, key = traits[i - first], x.keys[x.accounts[i].crowd]
        remember(now, me)
        style, noise, spread, _ = uniform4(key[0], key[1], i - first, now.step, 0, DECIDE)
        forecast = foreseen(now, me, 1e-4 * me.noise_bps * as_normal(noise))
        positional = style < (me.bias if me.side > 0.0 else 1.0 - me.bias)
        gains = forecast / now.mid - 1.0 if positional else -me.premium
        hurdle = 0.0 if positional else 1e-4 * me.hurdle_bps
        away = 1e-4 * me.spread_bps * spread
        if me.side * gains > hurdle:
            n = grow(x, out, n, i, me, forecast * (1.0 - me.side * away))
        elif me.side * gains < 0.0:
            n = shrink(x, out, n, i, me, forecast * (1.0 + me.side * away))
    return n


@kernel
def remember(now, me):
    """Time-decayed averages of the log index and of the premium of the mid over it."""
    premium, spot, elapsed = now.mid / now.index - 1.0, math.log(now.index), now.time_s - me.looked_s
    if me.looked_s == 0.0:
        me.spot, me.premium = spot, premium
    me.spot = kept(me.spot, spot, elapsed, me.horizon_s)
    me.premium = kept(me.premium, premium, elapsed, me.horizon_s)
    me.looked_s = now.time_s


@kernel
def foreseen(now, me, error):
    """The index as the owner expects it."""
    trend = math.log(now.index) - me.spot
    total = me.fundamental + me.chartist + me.noise
    return now.index * math.exp((me.chartist * trend + me.noise * error) / total)


@kernel
def grow(x, out, n, i, me, price):
    """Order a part of the largest position at `price` or better on the owner's side, as far as there is room."""
    worth, each = max(float(equity(x, i, x.now[0].mark_units)), 0.0), abs(float(x.now[0].mark_units))
    largest = me.leverage * worth / each
    size = math.floor(min(me.order_share * largest, largest - me.side * x.accounts[i].contracts))
    return rest(x, out, n, i, me, size if me.side > 0.0 else -size, price, False) if size > 0 else n


@kernel
def shrink(x, out, n, i, me, price):
    """Order a part of the largest position back at `price` or better, at most what is held."""
    worth, each = max(float(equity(x, i, x.now[0].mark_units)), 0.0), abs(float(x.now[0].mark_units))
    size = min(math.ceil(me.order_share * me.leverage * worth / each), abs(x.accounts[i].contracts))
    return rest(x, out, n, i, me, -size if me.side > 0.0 else size, price, True) if size > 0 else n


@kernel
def rest(x, out, n, i, me, size, price, reduce_only):
    """A limit order that stays for the lifetime."""
    terms = x.terms[0]
    tick = math.floor(price / terms.tick) if size > 0 else math.ceil(price / terms.tick)
    tick = min(max(tick, 1), terms.ticks - 1)
    n = sending.limit(out, n, i, size, tick, GTC, max(1, math.ceil(me.lifetime_s / terms.step_s)))
    out[n - 1].reduce_only = reduce_only
    return n


@dataclass(kw_only=True, eq=False)
class Chartists(Crowd):
    """Traders with a side, who now bet on the price of spot and now on funding, by limit orders that live a while.

    They know the index and the mid, as they were at their own looks, and their own account. At a look each forecasts

        index * exp((chartist * trend + noise * error) / (fundamental + chartist + noise))

    trend being the index over its own average, error normal. Betting on the price it orders on its own side when the
    forecast is beyond the mid and closes a part when it is not; betting on funding it orders on its own side when the
    premium it remembers would pay it, shorts a positive one, and closes a part when it would cost.

    side:         1 long, -1 short: the only one they take
    bias:         probability that a long's look is about the price and a short's about funding; 0.5 is none
    fundamental:  weight of "spot stays where it is"
    chartist, noise: weights of its trend, and of chance
    noise_bps:    standard deviation of the error
    horizon_s:    half-life of the averages
    spread_bps:   how much better than the forecast they want to trade, at most; drawn each time
    hurdle_bps:   premium that is worth a bet on funding
    lifetime_s:   of an order
    leverage:     of the largest position
    order_share:  of it, in one order

    Source: Rao, Agent-Based Simulation of a Perpetual Futures Market, arXiv 2501.09404, after Chiarella and Iori,
    Quantitative Finance 2, 2002. His traders hold no accounts: no margin, no fees, orders of one unit, a new cohort
    every step. Position limits, closing, hurdle and time-decayed averages are ours; he weighs trends by chance from
    -1 to 1 and averages a few steps.
    """

    side: Any = Choice(values=(1.0, -1.0))
    bias: Any = 0.5
    fundamental: Any = 0.0
    chartist: Any = Uniform(low=0.0, high=1.0)
    noise: Any = Uniform(low=0.0, high=1.0)
    noise_bps: Any = 30.0
    horizon_s: Any = Uniform(low=60.0, high=600.0)
    spread_bps: Any = Uniform(low=0.0, high=50.0)
    hurdle_bps: Any = 5.0
    lifetime_s: Any = 300.0
    leverage: Any = 3.0
    order_share: Any = 0.1
    wake_s: Any = 60.0

    kernel = staticmethod(chart)
    memory = ("spot", "premium", "looked_s")
    messages_per_wake = 1
