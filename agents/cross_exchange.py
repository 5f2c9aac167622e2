"""Arbitrage between two exchanges of one market: buy the contract where it is cheap and sell it where it is dear."""

import math
from dataclasses import dataclass, field
from typing import Any

from agents import sending
from agents.arbitrage import send, transfer_steps
from agents.crowd import Crowd
from sim import spot
from sim.compiled import kernel
from sim.ledger import equity
from sim.orders import move_coin, wake


@kernel
def across(x, rows, first, traits, out, n, y, other, s, wallet, their_wallet):
    """Each account awake: move coin to the leg whose margin calls for it, then trade one leg or both.

    y, other: the second exchange, and where the crowd's rows begin there; what is to be traded there is left in the
    memory of the account, whose row there is woken and sends it in the same step
    wallet, their_wallet: rows of holdings from which the first account's two legs are supplied
    """
    for i in rows:
        me, j = traits[i - first], other + i - first
        supply(x, i, first, me, s, wallet + i - first, y, j)
        supply(y, j, other, me, s, their_wallet + i - first, x, i)
        here, limit, there, their_limit = choose(x, i, y, j, me)
        if here != 0:
            n = order(x, out, n, i, here, limit)
        if there != 0:
            me.pending, me.pending_limit = there, their_limit
            wake(y, j)
    return n


@kernel
def follow(y, rows, first, traits, out, n, x, main, pairs, s, wallet):
    """Each second leg awake: send what the pair has decided; else have it look in the next step, or, while nothing
    trades at the first exchange, defend this leg alone."""
    for j in rows:
        me, i = pairs[j - first], main + j - first
        if me.pending != 0.0:
            n = order(y, out, n, j, math.floor(me.pending), me.pending_limit)
            me.pending = 0.0
        elif x.now[0].halted:
            supply(y, j, first, me, s, wallet + j - first, x, i)
            part = cut(y, j, me)
            if part != 0:
                n = order(y, out, n, j, part, 0.0)
        else:
            wake(x, i)
    return n


@kernel
def order(x, out, n, i, size, limit):
    """An order at `limit` or better, USD, now or not at all; at market if that is 0."""
    return sending.market(x, out, n, i, size, False) if limit == 0.0 else send(x, out, n, i, size, limit)


@kernel
def margin(x, i):
    """(value of the position of row `i`, its equity) at the mark, units, and the value of one contract."""
    value = abs(float(x.now[0].mark_units))
    return abs(x.accounts[i].contracts) * value, float(equity(x, i, x.now[0].mark_units)), value


@kernel
def supply(x, i, first, me, s, row, y, j):
    """Send margin to row `i` from its wallet; if there is none, take what `j` can spare off the other exchange."""
    held, worth, _ = margin(x, i)
    holding = s.holdings[row]
    if held <= me.most_leverage * max(worth, 0.0) or holding.transit != 0:
        return
    missing = math.ceil(held / me.leverage - worth)
    free = holding.usd if s.terms[0].in_usd else holding.coin
    arrives = x.now[0].step + transfer_steps(x, i, first, me)
    if free > 0:
        spot.send(s, row, min(free, missing), arrives)
    elif not y.now[0].halted:
        backed, theirs, _ = margin(y, j)
        units = math.floor(min(float(missing), 0.5 * (theirs - backed / me.leverage)))
        if units > 0 and move_coin(y, j, -units):
            spot.fetch(s, row, units, arrives)


@kernel
def cut(x, i, me):
    """Contracts to trade at market so that a leg with far too little margin becomes smaller; else 0."""
    held, worth, _ = margin(x, i)
    if held <= 1.5 * me.most_leverage * max(worth, 0.0):
        return 0
    part = max(1, abs(x.accounts[i].contracts) // 4)
    return -part if x.accounts[i].contracts > 0 else part


@kernel
def leg(x, i, each, me):
    """(position, largest position, best bid, best ask) of row `i`: contracts of the first exchange, of which one here
    is `each`, and USD; 0 and inf where a side is empty."""
    now, terms = x.now[0], x.terms[0]
    _, worth, value = margin(x, i)
    bid = now.bid * terms.tick if now.bid >= 0 else 0.0
    ask = now.ask * terms.tick if now.ask < terms.ticks else math.inf
    return x.accounts[i].contracts * each, me.leverage * max(worth, 0.0) / value * each, bid, ask


@kernel
def choose(x, i, y, j, me):
    """(contracts, limit) to trade at the first exchange, then at the second: buys positive, limits as in `order`."""
    part, theirs = cut(x, i, me), cut(y, j, me)
    if y.now[0].halted or part != 0 or theirs != 0:
        return part, 0.0, 0 if y.now[0].halted else theirs, 0.0
    each = y.terms[0].scale / x.terms[0].scale
    held, room, bid, ask = leg(x, i, 1.0, me)
    other, space, their_bid, their_ask = leg(y, j, each, me)
    most = me.order_share * min(room, space)
    if abs(held + other) >= max(1.0, each):
        return even(held, room, bid, ask, other, space, their_bid, their_ask, each, most)
    if x.now[0].time_s < me.ready_s or ask == math.inf or their_ask == math.inf or bid == 0.0 or their_bid == 0.0:
        return 0, 0.0, 0, 0.0
    fees = x.terms[0].taker_fee + y.terms[0].taker_fee
    carried = me.funding_weight * (y.now[0].funding_rate - x.now[0].funding_rate)
    up = their_bid / ask - 1.0 - hurdle(held < 0.0, fees, carried, me)
    down = bid / their_ask - 1.0 - hurdle(held > 0.0, fees, -carried, me)
    if up > 0.0 and up >= down:
        size = min(most, -held) if held < 0.0 else min(most, room - held, space + other)
        here, there = whole(size, each)
        limit, their_limit = ask * (1.0 + 0.5 * up), their_bid * (1.0 - 0.5 * up)
    elif down > 0.0:
        size = min(most, held) if held > 0.0 else min(most, room + held, space - other)
        here, there = whole(size, each)
        here, there = -here, -there
        limit, their_limit = bid * (1.0 - 0.5 * down), their_ask * (1.0 + 0.5 * down)
    else:
        return 0, 0.0, 0, 0.0
    if here != 0:
        me.ready_s = x.now[0].time_s + me.pause_s
    return here, limit, -there, their_limit


@kernel
def hurdle(closes, fees, carried, me):
    """The gap, a fraction, at which a pair trades: it opens for the fees of both legs on both ways and a profit, less
    the funding it expects to earn; what it holds it closes once prices have met."""
    return -1e-4 * me.exit_bps if closes else 2.0 * fees + 1e-4 * me.hurdle_bps - carried


@kernel
def whole(size, each):
    """`size` contracts of the first exchange as whole numbers of contracts there and at the second; 0 of both where one
    is not to be had."""
    if each >= 1.0:
        there = math.floor(max(size, 0.0) / each)
        return math.floor(there * each + 0.5), there
    here = math.floor(max(size, 0.0))
    there = math.floor(here / each + 0.5)
    return here, there


@kernel
def even(held, room, bid, ask, other, space, their_bid, their_ask, each, most):
    """The order that makes legs equal which are not: at market, sold where the bid is higher, or bought where the ask
    is lower, unless that leg has no room."""
    excess = held + other
    size = min(abs(excess), max(most, 0.25 * abs(excess), max(1.0, each)))
    if excess > 0.0:
        free, theirs, here = room + held, space + other, bid >= their_bid
    else:
        free, theirs, here = room - held, space - other, ask <= their_ask
    if here and free < size <= theirs:
        here = False
    elif not here and theirs < size <= free:
        here = True
    sign = -1 if excess > 0.0 else 1
    if here:
        return sign * math.floor(size), 0.0, 0, 0.0
    return 0, 0.0, sign * math.floor(size / each), 0.0


@dataclass(kw_only=True, eq=False)
class SecondLeg(Crowd):
    """The accounts of CrossVenueArbitrageurs at the second exchange, which decide nothing of their own."""

    pairs: Any = field(repr=False)
    leverage: Any = 1.0
    alert: bool = True

    provides = True
    kernel = staticmethod(follow)
    messages_per_wake = 1

    def _drawn(self, name, value):
        """As it was drawn for the first leg."""
        return self.pairs.traits[name] if name in ("coin", "leverage", "wake_s") else super()._drawn(name, value)

    def context(self):
        """The first exchange, the crowd's rows and traits there, and the spot market with the wallets of this leg."""
        pairs = self.pairs
        return pairs.market.exchange, pairs.first, pairs.traits, self.market.spot.state, self.wallet


@dataclass(kw_only=True, eq=False)
class CrossVenueArbitrageurs(Crowd):
    """Hold accounts at two exchanges of one market, buy the contract where it is cheap and sell as much where it is
    dear, and wait until prices meet.

    They know both books' best bid and ask, both announced funding rates, whether trading is halted, and their own
    balances. Both orders go out in the same step, each at a limit, and one may find less than the other: then, as when
    a leg is liquidated, deleveraged or cut, they sell at market where the bid is higher, or buy where the ask is lower,
    until both legs are equal again. Each leg is backed by its own account alone. A leg short of margin gets coin from a
    wallet of theirs outside both, or what the other leg can spare, which is on the way for two transfers.

    other:             the second exchange, made by `market.beside` of the one that is named first
    coin:              deposit of each at each exchange
    wallet_coin:       in the wallet of each leg at the start
    leverage:          largest position of a leg, notional over its equity
    most_leverage:     at which margin is sent, and past one and a half of it, a quarter of the leg closed
    order_share:       of the largest position, in one order
    pause_s:           between two pairs of orders, at least
    hurdle_bps:        profit over the fees of both legs on both ways that makes them open
    exit_bps:          gap on the other side of which they close
    funding_weight:    of the difference between the rates announced, counted as profit
    transfer_s:        mean time a transfer takes, from an exchange to a wallet or back
    usual_volatility:  annual; above it transfers take longer
    stress_power:      with which they do
    """

    other: Any = field(repr=False)
    wallet_coin: Any = 0.0
    leverage: Any = 3.0
    most_leverage: Any = 6.0
    order_share: Any = 0.1
    pause_s: Any = 5.0
    hurdle_bps: Any = 5.0
    exit_bps: Any = 0.0
    funding_weight: Any = 0.5
    transfer_s: Any = 1_800.0
    usual_volatility: Any = 0.8
    stress_power: Any = 0.5
    wake_s: Any = 10.0
    alert: bool = True

    provides = True
    kernel = staticmethod(across)
    memory = ("ready_s", "pending", "pending_limit")
    messages_per_wake = 1

    def __post_init__(self):
        self.require_pair()
        super().__post_init__()
        self.leg = SecondLeg(
            self.other, name=self.name + self.other.suffix, count=self.count, coin=self.coin, leverage=self.leverage,
            wake_s=self.wake_s, cross=self.cross, alert=self.alert, pairs=self,
        )  # fmt: skip
        self.wallet, self.leg.wallet = (self.opened(crowd) for crowd in (self, self.leg))

    def opened(self, crowd):
        """Open the wallets of a leg; returns the first row."""
        coin, in_coin = self.traits.wallet_coin, self.market.venue.contract.coin_margined
        return crowd.market.hold_spot(crowd, coin if in_coin else 0.0 * coin, 0.0 * coin if in_coin else coin)

    def require_pair(self):
        """ValueError unless the two exchanges are of one market, in that order, and trade the same thing in a book."""
        markets = getattr(self.market, "markets", [])
        number = getattr(self.other, "number", -1)
        if not (self.other in markets and number > self.market.number):
            raise ValueError("other must be an exchange opened beside the market; make it with market.beside(...)")
        venues = self.market.venue, self.other.venue
        kinds = {(type(each.contract), getattr(each.contract, "p", 1.0)) for each in venues}
        if len(kinds) > 1 or any(each.pool for each in venues):
            names = " and ".join(each.contract.name for each in venues)
            raise ValueError(f"both exchanges must have a book of contracts of one kind (got {names}); choose others")

    def context(self):
        """The second exchange and the rows there, the spot market, and where the wallets of both legs begin."""
        other = self.other
        return other.exchange, self.leg.first, self.market.spot.state, self.wallet, self.leg.wallet
