"""Cash-and-carry arbitrageurs: hold the contract against spot when their prices differ by more than it costs."""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.crowd import Crowd
from sim import spot
from sim.compiled import kernel
from sim.ledger import equity
from sim.orders import IOC, POST, move_coin
from sim.streams import DECIDE, as_exponential, uniform4

YEAR_S = 365 * 86_400.0


@kernel
def carry(x, rows, first, traits, out, n, s, first_holding):
    """Each account awake: hedge what has filled, then move coin if margin calls for it, else trade the basis."""
    now, terms = x.now[0], x.terms[0]
    for i in rows:
        me, account, row = traits[i - first], x.accounts[i], first_holding + i - first
        price = s.venues[s.holdings[row].venue].price
        each = coin_per_contract(x, price) / s.terms[0].coin_unit
        hedge(s, row, me, account.contracts, each, price)
        worth = float(equity(x, i, now.mark_units))
        value = abs(float(now.mark_units))
        if abs(account.contracts) * value > me.most_leverage * max(worth, 0.0):
            n = rescue(x, out, n, i, s, row, first, me, worth, value)
        elif now.bid >= 0 and now.ask < terms.ticks and now.time_s >= me.ready_s:
            if me.patient > 0.0:
                n = sending.cancel_all(out, n, i)
            sent = n
            n = trade_basis(x, out, n, i, s, row, first, me, worth, each, price)
            me.ready_s = now.time_s + me.pause_s if n > sent else 0.0
    return n


@kernel
def coin_per_contract(x, price):
    """Coin that one contract stands for when spot trades at `price`."""
    terms = x.terms[0]
    return terms.scale * terms.unit / price if terms.inverse else terms.scale * terms.unit


@kernel
def hedge(s, row, me, contracts, each, price):
    """Sell spot against contracts bought and not yet hedged, or buy it against contracts sold."""
    holding = s.holdings[row]
    wanted = -(contracts - me.hedged) * each
    most = holding.usd * s.terms[0].usd_unit / price / s.terms[0].coin_unit * 0.98
    coin = math.floor(max(-float(holding.coin), min(wanted, most)))
    if coin != 0:
        me.hedged -= spot.trade(s, row, coin) / each


@kernel
def transfer_steps(x, i, first, me):
    """Steps that a transfer begun now takes: drawn, and longer in proportion to volatility above the usual."""
    now = x.now[0]
    key = x.keys[x.accounts[i].crowd]
    drawn = uniform4(key[0], key[1], i - first, now.step, 0, DECIDE)
    stress = max(1.0, math.sqrt(now.variance * YEAR_S) / me.usual_volatility) ** me.stress_power
    return 1 + math.ceil(me.transfer_s * stress * as_exponential(drawn[0]) / x.terms[0].step_s)


@kernel
def rescue(x, out, n, i, s, row, first, me, worth, value):
    """Bring margin from spot; if there is none or it is still on its way, close part of the position."""
    account, holding = x.accounts[i], s.holdings[row]
    missing = abs(account.contracts) * value / me.leverage - worth
    free = holding.usd if s.terms[0].in_usd else holding.coin
    if holding.transit == 0 and free > 0:
        step = x.now[0].step + transfer_steps(x, i, first, me)
        spot.send(s, row, min(free, math.ceil(missing)), step)
    if abs(account.contracts) * value > 1.5 * me.most_leverage * max(worth, 0.0):
        part = max(1, abs(account.contracts) // 4)
        return sending.market(x, out, n, i, -part if account.contracts > 0 else part, True)
    return n


@kernel
def trade_basis(x, out, n, i, s, row, first, me, worth, each, price):
    """Sell a rich contract or buy a cheap one, as far as margin and the spot leg allow; else close what has converged.

    Rich or cheap is the price at which they sell or buy over spot, after the costs counted, the hurdle, and funding at
    the next stamp. An order takes every level of the book that is still rich or cheap, and sells at the bid; that of
    who is patient waits at the ask, and pays or earns a maker's fee.
    """
    now, terms, account, holding = x.now[0], x.terms[0], x.accounts[i], s.holdings[row]
    order = me.order_share * me.leverage * max(worth, 0.0) / abs(float(now.mark_units))
    bid, ask = now.bid * terms.tick, now.ask * terms.tick
    carried, coin = me.funding_weight * now.funding_rate, math.floor(order * each)
    costs = counted(s, holding.venue, me.careful, coin, price, terms.taker_fee)
    taken = max(bid / price - 1.0 + carried, 1.0 - ask / price - carried) - costs
    waits = me.patient > 0.0 and taken <= 1e-4 * (me.hurdle_bps + me.takes_bps)
    if waits:
        costs = counted(s, holding.venue, me.careful, coin, price, terms.maker_fee)
        bid, ask = ask, bid
    rich = bid / price - 1.0 - costs + carried
    cheap = 1.0 - ask / price - costs - carried
    held, hurdle, leaves = account.contracts, 1e-4 * me.hurdle_bps, 1e-4 * me.exit_bps
    room = me.leverage * max(worth, 0.0) / abs(float(now.mark_units))
    if rich > hurdle:
        buys = holding.usd * s.terms[0].usd_unit / price / s.terms[0].coin_unit * 0.98 / each
        size = min(order, room + held, buys + max(held, 0))
        return order_at(x, out, n, i, me, waits, -math.floor(max(size, 0.0)), price * (1.0 + costs - carried + hurdle))
    if cheap > hurdle:
        size = min(order, room - held, holding.coin / each + max(-held, 0))
        if holding.coin < order * each and holding.transit == 0:
            restock(x, i, s, row, first, me, worth, each)
        return order_at(x, out, n, i, me, waits, math.floor(max(size, 0.0)), price * (1.0 - costs - carried - hurdle))
    if held > 0 and bid / price - 1.0 > -leaves:
        return order_at(x, out, n, i, me, waits, -math.floor(min(order, float(held))), price * (1.0 - leaves))
    if held < 0 and ask / price - 1.0 < leaves:
        return order_at(x, out, n, i, me, waits, math.floor(min(order, float(-held))), price * (1.0 + leaves))
    return n


@kernel
def counted(s, v, careful, coin, price, fee):
    """Costs of an order that hedges with so many coin units at venue `v`, a fraction: the fees of both legs, or for who
    is careful those of closing too, and what the hedge does to spot on both ways."""
    fees = fee + s.venues[v].cost
    if careful == 0.0 or coin < 1:
        return fees
    paid = spot.cost(s, v, coin) * s.terms[0].usd_unit / (coin * s.terms[0].coin_unit * price) - 1.0
    return (1.0 - careful) * fees + careful * 2.0 * (fee + max(paid, 0.0))


@kernel
def order_at(x, out, n, i, me, waits, size, price):
    """An order at `price` or better: now, or of who waits one that joins the best of its side or rests behind."""
    if not waits or size == 0:
        return send(x, out, n, i, size, price)
    now, terms = x.now[0], x.terms[0]
    if size > 0:
        tick = max(min(math.floor(price / terms.tick), now.bid), 1)
    else:
        tick = min(max(math.ceil(price / terms.tick), now.ask), terms.ticks - 1)
    return sending.limit(out, n, i, size, tick, POST, max(1, math.ceil(me.rests_s / terms.step_s)))


@kernel
def send(x, out, n, i, size, price):
    """An order at `price` or better now, if it has any size."""
    if size == 0:
        return n
    ticks = price / x.terms[0].tick
    tick = math.floor(ticks) if size > 0 else math.ceil(ticks)
    return sending.limit(out, n, i, size, min(max(tick, 1), x.terms[0].ticks - 1), IOC, 0)


@kernel
def restock(x, i, s, row, first, me, worth, each):
    """Take coin that the position does not need off the exchange, to sell it at spot later."""
    account = x.accounts[i]
    spare = worth - abs(account.contracts * float(x.now[0].mark_units)) / me.leverage
    units = math.floor(0.5 * spare)
    if units > each and move_coin(x, i, -units):
        spot.fetch(s, row, units, x.now[0].step + transfer_steps(x, i, first, me))


@dataclass(kw_only=True, eq=False)
class Arbitrageurs(Crowd):
    """Sell the contract and buy spot when it is rich, the reverse when it is cheap, and wait for convergence.

    They know spot, the best bid and ask, the funding rate announced for the next stamp and their own balances. Each
    trades at one spot venue, where coin and USD lie apart from the margin at the exchange; moving coin takes a
    drawn time that grows under stress. Cheap contracts are bought only against coin at spot that can be sold.

    spot_coin, spot_usd_coin: at the spot venue at the start, coin, and USD in coin's worth
    leverage:          largest position, notional over equity at the exchange
    most_leverage:     at which margin is sent, and past one and a half of it, part of the position closed
    order_share:       of the largest position, in one order
    pause_s:           between two orders, at least
    hurdle_bps:        profit over all fees that makes them trade
    exit_bps:          basis on the other side of which they close
    careful:           0: they count the fees of entering only, and lose what closing and their own impact on spot
                       cost beyond the hurdle; 1: they count those before they trade; between, a part
    patient:           0: they take what the book offers, and pay a taker's fee; 1: their orders rest
    rests_s:           how long the orders of who is patient do
    takes_bps:         profit over hurdle and costs, a taker's fees among them, beyond which who is patient takes all
                       the same; inf: never
    funding_weight:    of the announced rate, counted as profit
    transfer_s:        mean time a transfer takes
    usual_volatility:  annual; above it transfers take longer
    stress_power:      with which they do
    """

    spot_coin: Any = 5.0
    spot_usd_coin: Any = 5.0
    leverage: Any = 3.0
    most_leverage: Any = 8.0
    order_share: Any = 0.1
    pause_s: Any = 5.0
    hurdle_bps: Any = 10.0
    exit_bps: Any = 0.0
    careful: Any = 0.0
    patient: Any = 0.0
    rests_s: Any = 15.0
    takes_bps: Any = math.inf
    funding_weight: Any = 0.5
    transfer_s: Any = 1800.0
    usual_volatility: Any = 0.8
    stress_power: Any = 0.5
    wake_s: Any = 15.0
    alert: bool = True

    provides = True
    kernel = staticmethod(carry)
    memory = ("hedged", "ready_s")
    messages_per_wake = 2

    def __post_init__(self):
        super().__post_init__()
        for name, lawful in (("careful", "from 0 to 1"), ("patient", "0 or 1")):
            drawn = self.traits[name]
            wrong = drawn[(drawn < 0.0) | (drawn > 1.0) | ((name == "patient") & (drawn % 1.0 != 0.0))]
            if len(wrong):
                raise ValueError(f"{name} of {self.name} must be {lawful} (got {wrong[0]:g}); correct it")
        if self.count and getattr(self.market.venue.contract, "p", 1.0) != 1.0:
            contract = self.market.venue.contract.name
            raise ValueError(f"{self.name} must trade a contract on spot itself (got {contract}); make their count 0")
        self.first_holding = self.market.hold_spot(self, self.traits.spot_coin, self.traits.spot_usd_coin)

    def context(self):
        """The spot market, and where the crowd's holdings begin."""
        return self.market.spot.state, self.first_holding
