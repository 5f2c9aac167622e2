"""Noise traders: buy and sell for reasons of their own, around the price as it is."""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.crowd import Crowd
from sim.compiled import kernel
from sim.ledger import equity
from sim.orders import GTC
from sim.streams import DECIDE, as_exponential, uniforms_at, words_of_all


@kernel
def noise(x, rows, first, traits, out, n):
    """One order for each account awake: at market, or a limit at an exponential distance from the mid."""
    now, terms = x.now[0], x.terms[0]
    each = float(abs(now.mark_units))
    words = words_of_all(x.keys[x.accounts[first].crowd], rows, first, now.step, 0, DECIDE)
    for k, i in enumerate(rows):
        me, account = traits[i - first], x.accounts[i]
        kind, side, distance, amount = uniforms_at(words, k)
        worth = float(equity(x, i, now.mark_units))
        used = account.contracts * each / max(worth, 1.0) / me.leverage
        size = math.floor(me.order_share * worth * me.leverage * as_exponential(amount) / each)
        if size < 1 or worth <= 0.0:
            continue
        if side > 0.5 * (1.0 - used):
            size = -size
        if kind < me.market_share:
            n = sending.market(x, out, n, i, size, False)
            continue
        away = me.distance_bps * 1e-4 * now.mid * as_exponential(distance)
        price = now.mid - away if size > 0 else now.mid + away
        tick = math.floor(price / terms.tick) if size > 0 else math.ceil(price / terms.tick)
        tick = min(max(tick, 1), terms.ticks - 1)
        n = sending.limit(out, n, i, size, tick, GTC, max(1, math.ceil(me.lifetime_s / terms.step_s)))
    return n


@dataclass(kw_only=True, eq=False)
class NoiseTraders(Crowd):
    """Trade at random times, sides and sizes; the further a position has grown, the likelier it shrinks.

    They know the mid, the mark and their own account, nothing else.

    leverage:      position at which they only trade back, notional over equity
    order_share:   mean order over that position
    market_share:  of their orders, those that take what the book offers
    distance_bps:  mean distance of the others from the mid
    lifetime_s:    of the others
    """

    leverage: Any = 3.0
    order_share: Any = 0.2
    market_share: Any = 0.4
    distance_bps: Any = 15.0
    lifetime_s: Any = 300.0
    wake_s: Any = 120.0

    kernel = staticmethod(noise)
    messages_per_wake = 1
