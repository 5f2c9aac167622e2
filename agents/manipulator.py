"""A manipulator: holds a position, moves the price that a mark is made of, and unwinds."""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.crowd import Crowd
from agents.pushing import BUILDING, PUSHES, PUSHING, UNWINDING, WAITING, assist, coin_for, push
from sim import spot
from sim.compiled import kernel
from sim.ledger import equity


@kernel
def manipulate(x, rows, first, traits, out, n, s, first_holding, pushes):
    """Each account awake does what its stage asks for; the odd ones do what the one before them needs."""
    for i in rows:
        me, held, row = traits[i - first], x.accounts[i].contracts, first_holding + i - first
        n = sending.cancel_all(out, n, i)
        if (i - first) % 2 == 1:
            n = assist(x, out, n, i, traits[i - first - 1], pushes)
            continue
        pass_on(x, s, i, row, me)
        if me.stage == BUILDING:
            goal = me.side * me.leverage * max(float(equity(x, i, x.now[0].mark_units)), 0.0)
            n = approach(x, out, n, i, me, goal / abs(float(x.now[0].mark_units)), me.start_s + me.build_s)
        elif me.stage == PUSHING:
            n = push(x, out, n, i, s, row, me, pushes)
        elif me.stage == UNWINDING:
            n = approach(x, out, n, i, me, 0.0, me.until_s)
            restore(x, s, row, me, held == 0 and x.now[0].time_s >= me.until_s)
    return n


@kernel
def pass_on(x, s, i, row, me):
    """Go on to the next stage when its time has come, and unwind at once when the budget is gone or the target met."""
    now = x.now[0]
    if me.stage == WAITING and now.time_s >= me.start_s:
        me.stage, me.worth, me.coin_held = BUILDING, worth(x, s, i, row), float(s.holdings[row].coin)
        me.capital = max(float(equity(x, i, now.mark_units)), 1.0)
    if me.stage == BUILDING and now.time_s >= me.start_s + me.build_s:
        me.stage, me.reference = PUSHING, now.index
    if me.stage == BUILDING or me.stage == PUSHING:
        won = (worth(x, s, i, row) - me.worth) / me.capital
        late = now.time_s >= me.start_s + me.build_s + me.push_s
        if late or won <= -me.budget or won >= me.target:
            me.stage, me.until_s = UNWINDING, now.time_s + me.unwind_s


@kernel
def worth(x, s, i, row):
    """Settlement units of what is held here and at spot, at the price of its venue there. The mark is what it moves, so
    the position counts at the worse of the index and what the book offers."""
    now, ticks, holding = x.now[0], x.terms[0].ticks, s.holdings[row]
    if x.accounts[i].contracts > 0:
        tick = min(now.index_tick, now.bid) if now.bid >= 0 else now.index_tick
    else:
        tick = max(now.index_tick, now.ask) if now.ask < ticks else now.index_tick
    each = x.settlement[min(max(tick, 1), ticks - 1)]
    rate = s.venues[holding.venue].price * s.terms[0].coin_unit / s.terms[0].usd_unit
    aside = holding.usd + holding.coin * rate if s.terms[0].in_usd else holding.coin + holding.usd / rate
    return float(equity(x, i, each)) + aside


@kernel
def approach(x, out, n, i, me, goal, until_s):
    """Trade at market towards a position of `goal` contracts, evenly until then, and all of the rest after."""
    held, left_s = x.accounts[i].contracts, until_s - x.now[0].time_s
    part = min(1.0, me.wake_s / left_s) if left_s > 0.0 else 1.0
    missing = goal - held
    size = min(math.ceil(abs(missing) * part), math.floor(abs(missing)))
    return sending.market(x, out, n, i, size if missing > 0.0 else -size, goal == 0.0) if size > 0 else n


@kernel
def restore(x, s, row, me, done):
    """Trade spot back to the coin held at first, evenly; in the end what the exchange settles in is sent there."""
    holding, price, left_s = s.holdings[row], s.venues[s.holdings[row].venue].price, me.until_s - x.now[0].time_s
    part = min(1.0, me.wake_s / left_s) if left_s > 0.0 else 1.0
    missing = (me.coin_held - holding.coin) * part
    buyable = 0.98 * coin_for(s, holding, price)
    if done and me.side < 0.0 and not s.terms[0].in_usd:
        missing = buyable
    coin = math.floor(min(missing, buyable))
    if coin != 0 and abs(coin) > 1e-4 * me.coin_held:
        spot.trade(s, row, coin)
    elif done and me.side < 0.0:
        spot.send(s, row, holding.usd if s.terms[0].in_usd else holding.coin, x.now[0].step + 1)


@dataclass(kw_only=True, eq=False)
class Manipulator(Crowd):
    """Build a position, push a price its way, take profit from those whom the mark then liquidates, and unwind.

    They know the index, the last trade, the best bid and ask, the price of their spot venue and their own accounts.
    Accounts act in pairs: the first of two has position, budget and plan, the second only rests a small order at the
    price where the last trade is to be, which nobody else may stand at. To push "last" the first trades up to there at
    once; to push "mid" what is left of its order stays there as the best offer (bid); to push "index" it sells (buys)
    coin at its one spot venue. It unwinds when its time is over, its budget used up or its target met; both are
    counted at the worse of index and book, not at the mark. What a push down leaves at spot it then sends to the
    exchange; what a push up leaves there stays.

    pushes:           "last", "mid" or "index"
    side:             -1 short and down, 1 long and up
    spot_coin, spot_usd_coin: at spot at the start, coin to sell, and USD in coin's worth to buy with
    leverage:         of the position built, notional over equity at the exchange
    most_leverage:    of the position while it pushes
    push:             distance to which the price is pushed, from the index as it is (as it was, where that is pushed)
    order_share:      of the largest position, of the coin at spot, or of the position when it takes profit, a look
    cover:            distance from the index at which it takes profit
    start_s:          when it begins
    build_s, push_s, unwind_s: how long it builds, pushes at most, and takes to unwind
    budget:           loss at which it stops, of its equity at the exchange when it began
    target:           profit at which it does, of that
    """

    pushes: str = "last"
    side: Any = -1.0
    spot_coin: Any = 0.0
    spot_usd_coin: Any = 0.0
    leverage: Any = 3.0
    most_leverage: Any = 6.0
    push: Any = 0.02
    order_share: Any = 0.25
    cover: Any = 0.005
    start_s: Any = 60.0
    build_s: Any = 120.0
    push_s: Any = 300.0
    unwind_s: Any = 120.0
    budget: Any = 0.5
    target: Any = 1.0
    wake_s: Any = 2.0

    kernel = staticmethod(manipulate)
    memory = ("stage", "worth", "capital", "coin_held", "reference", "until_s")
    messages_per_wake = 2

    def __post_init__(self):
        super().__post_init__()
        if self.pushes not in PUSHES:
            raise ValueError(f"pushes of {self.name} must be one of {PUSHES} (got {self.pushes!r}); choose one")
        if not (abs(self.traits.side) == 1.0).all():
            raise ValueError(f"side of {self.name} must be -1 or 1 (got {self.side}); choose one")
        contract = self.market.venue.contract
        if self.pushes == "index" and getattr(contract, "p", 1.0) != 1.0:
            raise ValueError(f"{self.name} must trade a contract on spot itself (got {contract.name}); push 'last'")
        self.first_holding = self.market.hold_spot(self, self.traits.spot_coin, self.traits.spot_usd_coin)

    def context(self):
        """The spot market, where the crowd's holdings begin, and what it pushes."""
        return self.market.spot.state, self.first_holding, PUSHES.index(self.pushes)
