"""Funding harvesters: hold the side that is paid over a stamp, hedged at spot, and step out after it."""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.arbitrage import coin_per_contract, counted, hedge, rescue, send
from agents.crowd import Crowd
from sim.compiled import kernel
from sim.ledger import equity
from sim.orders import IOC


@kernel
def harvest(x, rows, first, traits, out, n, s, first_holding):
    """Each account awake: hedge what has filled, then move coin if margin calls for it, else enter or step out."""
    now = x.now[0]
    value = abs(float(now.mark_units))
    for i in rows:
        me, account, row = traits[i - first], x.accounts[i], first_holding + i - first
        price = s.venues[s.holdings[row].venue].price
        each = coin_per_contract(x, price) / s.terms[0].coin_unit
        hedge(s, row, me, account.contracts, each, price)
        worth = float(equity(x, i, now.mark_units))
        if abs(account.contracts) * value > me.most_leverage * max(worth, 0.0):
            n = rescue(x, out, n, i, s, row, first, me, worth, value)
        elif now.bid >= 0 and now.ask < x.terms[0].ticks and now.time_s >= me.ready_s:
            sent = n
            room = me.leverage * max(worth, 0.0) / value
            n = choose(x, out, n, i, s, row, me, room, each, price)
            me.ready_s = now.time_s + me.pause_s if n > sent else 0.0
    return n


@kernel
def choose(x, out, n, i, s, row, me, room, each, price):
    """Close what the next stamp does not pay for or is too far away for, at the best price; else enter if it pays."""
    now, held = x.now[0], x.accounts[i].contracts
    order = me.order_share * room
    side = -1.0 if now.funding_rate > 0.0 else 1.0
    near = now.to_funding_s <= me.before_stamp_s
    if held != 0 and not (near and held * side > 0.0):
        part = min(abs(held), math.ceil(order))
        size, tick = (-part, now.bid) if held > 0 else (part, now.ask)
        return sending.limit(out, n, i, size, tick, IOC, 0)
    if not near:
        return n
    return enter(x, out, n, i, s, row, me, side, min(order, room - side * held), each, price)


@kernel
def enter(x, out, n, i, s, row, me, side, size, each, price):
    """Trade towards `side` as deep into the book as the announced rate still leaves the hurdle, after both fees on both
    ways, what the hedge does to spot, and the spread."""
    now, terms, holding = x.now[0], x.terms[0], s.holdings[row]
    costs = counted(s, holding.venue, 1.0, math.floor(max(size, 0.0) * each), price, terms.taker_fee)
    spread = (now.ask - now.bid) * terms.tick / now.mid
    left = abs(now.funding_rate) - costs - spread - 1e-4 * me.hurdle_bps
    if side > 0.0:
        size = min(size, holding.coin / each)
    else:
        size = min(size, holding.usd * s.terms[0].usd_unit / price / s.terms[0].coin_unit * 0.98 / each)
    if left <= 0.0 or size < 1.0:
        return n
    best = now.ask if side > 0.0 else now.bid
    return send(x, out, n, i, math.floor(side * math.floor(size)), best * terms.tick * (1.0 + side * left))


@dataclass(kw_only=True, eq=False)
class FundingHarvesters(Crowd):
    """Sell the contract before a stamp at which longs pay, or buy it before one at which shorts do, with spot against
    it, and close both legs after the stamp.

    They know the rate announced for the next stamp and the time to it, the best bid and ask, spot at their venue and
    their own balances; where the rate is still being averaged, what is announced may change before it is charged. They
    take the basis to be the same when they close as when they enter, so a premium that fades after the stamp is a gain
    beyond their count, and one that others' exits open is a loss.

    spot_coin, spot_usd_coin: at the spot venue at the start, coin, and USD in coin's worth
    before_stamp_s:    how long before a stamp they enter; what they hold earlier they close
    hurdle_bps:        of the rate, beyond the costs of both legs on both ways
    leverage:          largest position, notional over equity at the exchange
    most_leverage:     at which margin is sent, and past one and a half of it, part of the position closed
    order_share:       of the largest position, in one order
    pause_s:           between two orders, at least
    transfer_s:        mean time a transfer takes
    usual_volatility:  annual; above it transfers take longer
    stress_power:      with which they do
    """

    spot_coin: Any = 5.0
    spot_usd_coin: Any = 5.0
    before_stamp_s: Any = 1_800.0
    hurdle_bps: Any = 2.0
    leverage: Any = 3.0
    most_leverage: Any = 8.0
    order_share: Any = 0.1
    pause_s: Any = 5.0
    transfer_s: Any = 1_800.0
    usual_volatility: Any = 0.8
    stress_power: Any = 0.5
    wake_s: Any = 15.0
    alert: bool = True

    provides = True
    kernel = staticmethod(harvest)
    memory = ("hedged", "ready_s")
    messages_per_wake = 1

    def __post_init__(self):
        super().__post_init__()
        if self.count and getattr(self.market.venue.contract, "p", 1.0) != 1.0:
            contract = self.market.venue.contract.name
            raise ValueError(f"{self.name} must trade a contract on spot itself (got {contract}); make their count 0")
        self.first_holding = self.market.hold_spot(self, self.traits.spot_coin, self.traits.spot_usd_coin)

    def context(self):
        """The spot market, and where the crowd's holdings begin."""
        return self.market.spot.state, self.first_holding
