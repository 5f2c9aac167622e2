"""Positions on the virtual AMM of Perpetual Protocol v1, to the last wei: opened, reduced, closed, liquidated.

A trader puts up margin and buys or sells margin * leverage worth of base. A position is worth what closing it on the
pool would bring; its margin ratio takes that now or its 15-minute average, whichever is better for the trader
(ClearingHouse.sol, Amm.sol). Fees of opening and closing are left out.
"""

from dataclasses import dataclass, field, replace

from sim.vamm import WEI, Reserves, cut, times, wei

TWAP_S = 900


@dataclass(frozen=True)
class Position:
    """size: base, longs positive; open_notional: what it was opened for; margin: less bad debt; wei."""

    size: int = 0
    open_notional: int = 0
    margin: int = 0

    def pnl(self, notional):
        """What closing it at `notional` gains."""
        return notional - self.open_notional if self.size > 0 else self.open_notional - notional


@dataclass
class House:
    """A pool and those who trade on it; amounts in wei."""

    pool: Reserves
    snapshots: list = field(default_factory=list)  # (s, pool) since when it has been so
    positions: dict = field(default_factory=dict)
    realized: dict = field(default_factory=dict)  # trader: profit of all that was closed

    def of(self, trader):
        """The trader's position."""
        return self.positions.get(trader, Position())

    def swap(self, quote, base, at_s):
        """Let so much enter the pool, at that time."""
        self.pool = self.pool.after(quote, base)
        if self.snapshots and self.snapshots[-1][0] == at_s:
            self.snapshots.pop()
        self.snapshots.append((at_s, self.pool))

    def notional(self, size, pool=None):
        """What closing a position of `size` brings, or costs a short."""
        return abs((pool or self.pool).for_base(size))

    def average_notional(self, size, now_s):
        """`notional` averaged over the last 15 minutes, or over as much as is known."""
        begun, until, total, seconds = now_s - TWAP_S, now_s, 0, 0
        for since, pool in reversed(self.snapshots):
            lasted = until - max(since, begun)
            total, seconds, until = total + lasted * self.notional(size, pool), seconds + lasted, since
            if since <= begun:
                break
        return total // seconds if seconds else self.notional(size)

    def trade(self, trader, quote, leverage, at_s):
        """Buy (quote positive) or sell `quote` worth: to open or add at that leverage, or against what is held."""
        held = self.of(trader)
        if held.size and (held.size > 0) != (quote > 0):
            notional = self.notional(held.size)
            if notional > abs(quote):
                self.reduce(trader, quote, at_s)
                return
            self.close(trader, at_s)
            quote = (abs(quote) - notional) * (1 if quote > 0 else -1)
            held = Position()
        if quote:
            base = self.pool.for_quote(quote)
            self.swap(quote, base, at_s)
            margin = held.margin + cut(abs(quote) * WEI, leverage)
            self.positions[trader] = Position(held.size - base, held.open_notional + abs(quote), margin)

    def reduce(self, trader, quote, at_s):
        """Trade `quote` against a position worth more; returns the profit realized, a share of all by its base."""
        held, notional = self.of(trader), self.notional(self.of(trader).size)
        base, unrealized = self.pool.for_quote(quote), held.pnl(notional)
        self.swap(quote, base, at_s)
        profit = cut(times(unrealized, abs(base)) * WEI, abs(held.size))
        left = notional - abs(quote)
        after = unrealized - profit
        open_notional = left - after if held.size > 0 else left + after
        self.positions[trader] = Position(held.size - base, open_notional, held.margin + profit)
        self.realized[trader] = self.realized.get(trader, 0) + profit
        return profit

    def close(self, trader, at_s):
        """Close a position; returns (what it brought or cost, its profit, and the margin left, negative: bad debt)."""
        held = self.positions.pop(trader)
        quote = self.pool.for_base(held.size)
        self.swap(quote, held.size, at_s)
        profit = held.pnl(abs(quote))
        self.realized[trader] = self.realized.get(trader, 0) + profit
        return abs(quote), profit, held.margin + profit

    def worth(self, trader, now_s=None):
        """(notional, profit, margin ratio) of a position: now, or by its average at `now_s` if that is better."""
        held = self.of(trader)
        notional = self.notional(held.size)
        if now_s is not None:
            average = self.average_notional(held.size, now_s)
            notional = notional if held.pnl(notional) > held.pnl(average) else average
        profit = held.pnl(notional)
        return notional, profit, cut((held.margin + profit) * WEI, notional)


def played(quote, base, trades):
    """The House after a list of trades, one after another.

    quote, base: reserves before, tokens. A trade is one of
        {"trader": "alice", "side": "long", "margin": 25, "leverage": 10, "at_s": 15}   at_s: 0 if left out
        {"trader": "alice", "close": true}
        {"premium_fraction": 0.125}                                                     funding, quote per base
    """
    house = House(Reserves(wei(quote), wei(base)))
    house.swap(0, 0, 0)
    for each in trades:
        if "premium_fraction" in each:
            for name, held in house.positions.items():
                paid = times(wei(each["premium_fraction"]), held.size)
                house.positions[name] = replace(held, margin=held.margin - paid)
        elif each.get("close"):
            house.close(each["trader"], each.get("at_s", 0))
        else:
            if each["side"] not in ("long", "short"):
                raise ValueError(f"side must be 'long' or 'short' (got {each['side']!r}); say which")
            sign, leverage = 1 if each["side"] == "long" else -1, wei(each["leverage"])
            house.trade(each["trader"], sign * times(wei(each["margin"]), leverage), leverage, each.get("at_s", 0))
    return house


def accounts(quote, base, trades, now_s=None):
    """What each trader has after the trades of `played`: {"alice": {size, open_notional, margin, notional, pnl,
    margin_ratio, realized_pnl}, ..., "quote_reserve", "base_reserve"}, tokens; of a closed position realized_pnl.

    now_s: when the margin ratio is taken, with the 15-minute average; without it, at the pool's price alone
    """
    house, found = played(quote, base, trades), {}
    for name in house.positions | house.realized:
        held, worth = house.of(name), {}
        if held.size:
            notional, profit, ratio = house.worth(name, now_s)
            worth = {"notional": notional, "pnl": profit, "margin_ratio": ratio} | vars(held)
        found[name] = {key: each / WEI for key, each in (worth | {"realized_pnl": house.realized.get(name, 0)}).items()}
    return found | {"quote_reserve": house.pool.quote / WEI, "base_reserve": house.pool.base / WEI}


def liquidation(quote, base, trades, trader, fee_ratio=0.025, partial_ratio=0.25, at_s=0):
    """What liquidating a trader after the trades of `played` does: {close_notional, realized_pnl, liquidator_fee,
    fund_fee, bad_debt, total_bad_debt, size, margin}, tokens, the last two of what stays open.

    A quarter is closed if its margin ratio at the pool's price exceeds the fee, which liquidator and insurance fund
    share. Else all is: the liquidator has half the fee, from the margin or as bad debt, and the fund what is left.
    bad_debt: by which the loss exceeds the margin; total_bad_debt: with the fee that is then not covered
    """
    house = played(quote, base, trades)
    fee_ratio, part = wei(fee_ratio), wei(partial_ratio)
    if house.worth(trader)[2] > fee_ratio and 0 < part < WEI:
        held = house.of(trader)
        closed = house.notional(times(held.size, part))
        profit = house.reduce(trader, -closed if held.size > 0 else closed, at_s)
        penalty = times(closed, fee_ratio)
        left, fee, debt = house.of(trader), penalty // 2, 0
        fund_fee, unpaid, size, margin = penalty - fee, 0, left.size, left.margin - penalty
    else:
        closed, profit, remains = house.close(trader, at_s)
        fee, debt = times(closed, fee_ratio) // 2, max(-remains, 0)
        unpaid, fund_fee, size, margin = max(fee - max(remains, 0), 0), max(max(remains, 0) - fee, 0), 0, 0
    found = dict(close_notional=closed, realized_pnl=profit, liquidator_fee=fee, fund_fee=fund_fee, bad_debt=debt)
    found |= dict(total_bad_debt=debt + unpaid, size=size, margin=margin)
    return {name: amount / WEI for name, amount in found.items()}


def premium_payments(sizes, margins, mark_twap, index_twap, period_fraction=1.0):
    """Funding of one period: {premium_fraction, margins: after it, insurance_fund_loss}, tokens.

    sizes, margins: of each trader; period_fraction: of a day. What longs and shorts do not settle among themselves
    the insurance fund pays, or keeps.
    """
    premium = times(wei(mark_twap) - wei(index_twap), wei(period_fraction))
    payments = [times(premium, wei(size)) for size in sizes]
    after = [(wei(margin) - paid) / WEI for margin, paid in zip(margins, payments, strict=True)]
    return {"premium_fraction": premium / WEI, "margins": after, "insurance_fund_loss": -sum(payments) / WEI}
