"""Liquidation, the engine and who pays in plain Python: the rest of the slow twin."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from types import SimpleNamespace

from sim.exchange import INDEX, LAST, MARK
from sim.ledger import ENGINE, FUND, OUTSIDE, RESERVED_ROWS
from sim.liquidation import LIMITS, RESIDUALS, STYLES
from sim.orders import FOK, GTC, IOC
from tests.reference.trading import Account, Trading

LONGS, SHORTS = 0, 1


@dataclass(eq=False)
class Lot:
    """A position taken over, and what is still open of it."""

    account: int
    step: int
    contracts: int
    cost: int
    margin: int
    open: int = 0
    open_cost: int = 0
    open_margin: int = 0
    realised: int = 0
    deleveraged: int = 0
    closed_step: int = -1
    impact_usd: float = 0.0
    again: bool = False  # of a liquidation that an earlier lot began
    unpaid: bool = False
    order: object = None  # that rests for it

    def __post_init__(self):
        self.open, self.open_cost, self.open_margin = self.contracts, self.cost, self.margin

    @property
    def bankruptcy_units(self):
        """S at which margin and cost are used up."""
        return -(self.cost + self.margin) / self.contracts


@dataclass(eq=False)
class Twin(Trading):
    """A whole exchange."""

    mark_tick: int = -1
    lots: list = field(default_factory=list)
    draw_left: float = 0.0
    filed: dict = field(default_factory=dict)  # row -> bucket
    buckets: dict = field(default_factory=lambda: defaultdict(list))  # (side, tick) -> rows, last filed first
    adl: list = field(default_factory=list)

    @classmethod
    def of(cls, floor):
        """The twin of a floor on which nothing has happened yet."""
        names = "leverage cross alert wallet margin contracts cost seen deposits forced".split()
        accounts = [Account(**{name: row[name].item() for name in names}) for row in floor.x.accounts]
        terms = SimpleNamespace(**dict(zip(floor.terms.dtype.names, floor.terms.item(), strict=True)))
        ladder, tiers = floor.x.settlement.tolist(), floor.x.tiers.tolist()
        twin = cls(terms, ladder, tiers, accounts, tuple(floor.x.keys[0]))
        twin.draw_left = float(floor.now.draw_left)
        twin.touched = list(range(RESERVED_ROWS, len(accounts)))
        return twin

    # ---- who must be liquidated

    def tick_of(self, units):
        """Where on the ladder a contract is worth `units`."""
        top = self.terms.ticks - 1.0
        if self.terms.inverse:
            at = -self.terms.scale / units / self.terms.tick if units < 0 else top
        else:
            at = units / self.terms.scale / self.terms.tick
        return min(max(at, 0.0), top)

    def backing(self, i, units):
        """What stands behind the position: under isolated margin not the wallet."""
        account = self.accounts[i]
        return self.equity(i, units) - (0 if account.cross else account.wallet)

    def rates(self, i):
        """Maintenance rate with the closing fee, and deduction, of the position's tier at the mark."""
        value = abs(self.accounts[i].contracts * self.mark_units)
        _, rate, _, deduction = self.tiers[self.tier(value)]
        return rate + self.terms.closing_fee, deduction

    def maintenance(self, i):
        """What the position must be backed by."""
        account = self.accounts[i]
        rate, deduction = self.rates(i)
        value = abs(account.cost) if self.terms.entry_basis else abs(account.contracts * self.mark_units)
        return value * rate - deduction

    def doomed(self, i):
        """Whether the position no longer covers its maintenance margin."""
        return self.accounts[i].contracts != 0 and self.backing(i, self.mark_units) < self.maintenance(i)

    def trigger_units(self, i):
        """S at which backing meets maintenance, or its value enters the next tier, whichever comes first."""
        account = self.accounts[i]
        held, fixed, (rate, deduction) = account.contracts, self.backing(i, 0), self.rates(i)
        sign = -1 if self.terms.inverse else 1
        if self.terms.entry_basis:
            at = (rate * abs(account.cost) - deduction - fixed) / held
        else:
            at = -(fixed + deduction) / (held - rate * abs(held) * sign)
        if held * sign > 0 or self.terms.tiers_in_contracts:
            return at  # its losses make it smaller, or its tier knows no price
        limit = self.tiers[self.tier(abs(held * self.mark_units))][0]
        return max(at, -limit / held) if held > 0 else min(at, -limit / held)

    def fragile(self, i):
        """Whether the position could fail by winning: its value grows into a tier that asks for more than it has."""
        account, sign = self.accounts[i], -1 if self.terms.inverse else 1
        if self.terms.tiers_in_contracts:
            return False
        size, highest = abs(account.contracts), max(map(abs, self.settlement))
        row = self.tier(size * abs(self.mark_units))
        for (value, *_), (_, rate, _, deduction) in zip(self.tiers[row:], self.tiers[row + 1 :], strict=False):
            charged = abs(account.cost) if self.terms.entry_basis else value
            needed = charged * (rate + self.terms.closing_fee) - deduction
            if value < size * highest and self.backing(i, 0) + account.contracts * sign * value / size < needed:
                return account.contracts * sign > 0
        return False

    def bucket(self, i):
        """Where a position is filed: under the tick of its trigger, one tick early; what is fragile, where every
        mark looks."""
        if self.accounts[i].contracts == 0 or i < RESERVED_ROWS:
            return None
        at, last = self.tick_of(self.trigger_units(i) - self.funding_index), self.terms.ticks - 1
        if self.accounts[i].contracts > 0:
            return LONGS, last if self.fragile(i) else min(ceil(at) + 1, last)
        return SHORTS, 0 if self.fragile(i) else max(floor(at) - 1, 0)

    def file(self, i):
        """Put a position into its bucket."""
        bucket = self.bucket(i)
        if bucket == self.filed.get(i):
            return
        if i in self.filed:
            self.buckets[self.filed.pop(i)].remove(i)
        if bucket:
            self.filed[i] = bucket
            self.buckets[bucket].insert(0, i)

    def file_touched(self):
        """File all whose account has changed."""
        for i in self.touched:
            self.file(i)
        self.touched.clear()

    def liquidate(self):
        """Look at the positions whose bucket the mark has reached, the most endangered bucket first, there at
        the last filed first; force those that are doomed."""
        self.file_touched()
        at = self.tick_of(self.mark_units - self.funding_index)
        for tick in range(int(self.terms.ticks) - 1, floor(at) - 1, -1):
            self.look(LONGS, tick)
        for tick in range(ceil(at) + 1):
            self.look(SHORTS, tick)
        self.file_touched()

    def look(self, side, tick):
        """Force the doomed of one bucket, file the others anew."""
        for i in list(self.buckets.get((side, tick), ())):
            if self.doomed(i):
                self.force(i)
            else:
                self.accounts[i].forced = False
                self.file(i)

    def force(self, i):
        """Cancel all orders; try an order if the venue does and there is equity for it, then the engine takes over if
        that did not help, and if the venue does not wait."""
        account, waits = self.accounts[i], self.terms.takeover_below < 1
        self.cancel_all(i)
        self.touch(i)
        if self.tries(i):
            size = self.wanted(i)
            if size:
                self.cut(i, size)
            if waits or not account.contracts or not self.doomed(i):
                return
        again = self.again(i)
        self.take_over(i)
        self.lots[-1].again = again

    def again(self, i):
        """Whether this liquidation has closed something before; else count it."""
        account = self.accounts[i]
        if account.forced:
            return True
        account.forced = True
        account.liquidations += 1
        self.counts["liquidations"] += 1
        return False

    def tries(self, i):
        """Whether there is to be an order before a takeover."""
        if self.terms.takeover_below >= 1:
            return STYLES[self.terms.liquidation_style] != "takeover"
        left = self.backing(i, self.mark_units)
        return left > 0 and left >= self.terms.takeover_below * self.maintenance(i)

    def wanted(self, i):
        """Contracts of this round's order."""
        held, value = abs(self.accounts[i].contracts), abs(self.mark_units)
        style = STYLES[self.terms.liquidation_style]
        if style == "ladder":
            row = self.tier(held * value)
            if row + 1 < max(self.terms.whole_below, 2):
                return 0 if self.terms.takeover_below >= 1 else held
            limit = self.tiers[max(0, row - int(min(self.terms.tiers_down, row)))][0]
            return held - floor(limit / (1 if self.terms.tiers_in_contracts else value))
        if style == "takeover" or style == "slice" and held * value <= self.terms.slice_from_units:
            return held
        if style == "target":
            return self.missing(i)
        rate = self.terms.slices_a_step
        slices = floor(rate) if rate >= 1 else floor((self.step + i) * rate) - floor((self.step + i - 1) * rate)
        each = max(1, floor(min(self.terms.slice_contracts, ceil(held * self.terms.slice_fraction))))
        return min(held, ceil(self.missing(i) / each) * each, slices * each)

    def missing(self, i):
        """The fewest contracts that, closed at the mark, leave enough for the rest at the rate of the present tier."""
        held, units, terms = abs(self.accounts[i].contracts), self.mark_units, self.terms
        left, needed = self.backing(i, units), terms.target * self.maintenance(i)
        costs = (terms.liquidation_fee + terms.closer_fee + terms.taker_fee) * abs(units)
        freed = needed / held - costs
        return held if freed <= 0 else min(held, max(1, ceil((needed - left) / freed)))

    def worst(self, i):
        """The tick beyond which the round's order may not trade; nor where an isolated margin could not pay for it."""
        account, limit = self.accounts[i], LIMITS[self.terms.liquidation_limit]
        held, left = account.contracts, self.backing(i, 0)
        at = 0 if held > 0 else self.terms.ticks
        if limit == "bankruptcy":
            at = self.tick_of(-left / held)
        if limit == "fillable":
            needed = self.maintenance(i)
            spent = min(max(self.terms.adjustment * (1 - self.backing(i, self.mark_units) / needed), 0.0), 1.0)
            at = self.tick_of(self.mark_units - spent * self.terms.spread * needed / held)
        if not account.cross:
            fee = self.terms.taker_fee * abs(held) * (-1 if self.terms.inverse else 1)
            at = (max if held > 0 else min)(at, self.tick_of(-left / (held - fee)))
        return max(1, ceil(at)) if held > 0 else min(self.terms.ticks - 1, floor(at))

    def cut(self, i, size):
        """One order in the account's own name; fees on what it closed; the round is kept as a lot that is closed."""
        account, terms = self.accounts[i], self.terms
        held, cost, mid = account.contracts, account.cost, self.mid
        idle = 0 if account.cross else account.wallet
        size = -size if held > 0 else size
        ladder = STYLES[terms.liquidation_style] == "ladder" and LIMITS[terms.liquidation_limit] == "bankruptcy"
        if terms.absorbs:
            self.fill(i, size, self.mark_units, 0.0)
            self.fill(OUTSIDE, -size, self.mark_units, 0.0)
        else:
            self.submit(i, size, self.worst(i), FOK if ladder else IOC, reduce_only=True)
        closed = held - account.contracts
        if not closed:
            return
        if account.contracts and not account.cross:
            account.margin, account.wallet = account.margin + account.wallet - idle, idle
        self.counts["liquidated"] += abs(closed)
        value = abs(closed * self.mark_units)
        self.pay(i, OUTSIDE, floor(value * terms.closer_fee), idle)
        gained = self.pay(i, FUND, floor(value * terms.liquidation_fee), idle)
        if not account.contracts and RESIDUALS[terms.residual_to_trader] == "fund":
            gained += self.pay(i, FUND, account.wallet - idle, idle)
        self.counts["fund_gain"] += gained
        lot = Lot(i, self.step, closed, cost - account.cost, 0)
        lot.open = lot.open_cost = lot.open_margin = 0
        lot.closed_step, lot.realised, lot.impact_usd = self.step, gained, self.mid - mid
        lot.again = self.again(i)
        self.lots.append(lot)

    def pay(self, i, receiver, units, idle):
        """Pay from what backs the position, or once it is closed from what that released, as far as it goes."""
        account = self.accounts[i]
        most = self.backing(i, self.mark_units) if account.contracts else account.wallet - idle
        units = max(0, min(units, most))
        from_margin = min(units, max(account.margin, 0))
        account.margin -= from_margin
        account.wallet -= units - from_margin
        self.accounts[receiver].wallet += units
        return units

    def take_over(self, i):
        """Contracts, cost and margin go to the engine as a lot; under cross margin the wallet too."""
        self.touch(i)
        self.touch(ENGINE)
        account, engine = self.accounts[i], self.accounts[ENGINE]
        if account.cross:
            account.wallet, account.margin = 0, account.wallet
        self.lots.append(Lot(i, self.step, account.contracts, account.cost, account.margin))
        self.counts["liquidated"] += abs(account.contracts)
        for name in ("contracts", "cost", "margin"):
            setattr(engine, name, getattr(engine, name) + getattr(account, name))
            setattr(account, name, 0)
        account.forced = False

    # ---- the engine

    def close_lot(self, k, size, units):
        """Close a part of a lot: its share of cost and margin, and what the close pays, go to the fund."""
        self.touch(ENGINE)
        lot, engine = self.lots[k], self.accounts[ENGINE]
        part, whole = abs(size), abs(lot.open)
        released = (lot.open_cost + lot.open_margin) * part // whole
        margin = lot.open_margin * part // whole
        for row, prefix in ((lot, "open_"), (engine, "")):
            setattr(row, prefix + "cost", getattr(row, prefix + "cost") - released + margin)
            setattr(row, prefix + "margin", getattr(row, prefix + "margin") - margin)
        lot.open += size
        engine.contracts += size
        result = released - size * units
        backstop = 0 < self.terms.takeover_below < 1 and self.terms.backstop_keeps_margin
        if result > 0 and RESIDUALS[self.terms.residual_to_trader] == "trader" and not backstop:
            self.touch(lot.account)
            self.accounts[lot.account].wallet += result
            result = 0
        lot.realised += result
        self.accounts[FUND].wallet += result
        self.counts["fund_gain"] += max(result, 0)
        self.counts["fund_draw"] += max(-result, 0)
        self.draw_left += min(result, 0)
        if lot.open == 0:
            lot.closed_step = self.step

    def unwind(self):
        """First come, first served: rest a new lot, then sell at what the book offers."""
        self.draw_left = min(self.terms.draw_limit, self.draw_left + self.terms.draw_rate * self.terms.step_s)
        budget = floor(self.terms.engine_rate * self.terms.step_s)
        for k, lot in enumerate(self.lots):
            if lot.open and self.terms.absorbs:
                self.absorb(k)
            elif lot.open:
                budget -= self.work(k, budget)
        self.share_loss()

    def work(self, k, budget):
        """Rest what is new; aggress what has rested, as far as pace and purse allow; rest what is left."""
        lot, before = self.lots[k], self.lots[k].open
        if lot.step == self.step and self.terms.rests:
            self.offer(k)
            before = lot.open
        if lot.open == 0 or budget <= 0 or self.step - lot.step < self.terms.rest_steps:
            return 0
        size = self.payable(k, min(budget, abs(lot.open)))
        if size:
            self.withdraw(k)
            self.place(k, size, 1 if lot.open > 0 else self.terms.ticks - 1, IOC)
            if lot.open and self.terms.rests:
                self.offer(k)
        return abs(before) - abs(lot.open)

    def bankruptcy_tick(self, units, held):
        """The tick nearest the bankruptcy price at which closing costs the fund nothing; none off the ladder."""
        if held > 0:
            tick = bisect_left(self.settlement, units, lo=1)
            return tick if tick < self.terms.ticks else None
        return bisect_right(self.settlement, units, lo=1) - 1 or None

    def offer(self, k):
        """Rest a lot at its bankruptcy price."""
        lot = self.lots[k]
        tick = self.bankruptcy_tick(lot.bankruptcy_units, lot.open)
        if tick:
            lot.order = self.place(k, abs(lot.open), tick, GTC)

    def withdraw(self, k):
        """Cancel what rests for a lot."""
        order, self.lots[k].order = self.lots[k].order, None
        if order and order.serial in self.orders:
            self.remove(order)

    def place(self, k, contracts, tick, tif):
        """Send an order of the engine and book how it moved the mid."""
        lot, before, held = self.lots[k], self.mid, self.lots[k].open
        order = self.submit(ENGINE, -contracts if held > 0 else contracts, tick, tif, lot=k)
        if lot.open != held:
            lot.impact_usd += self.mid - before
        return order

    @property
    def mid(self):
        """Middle of the best prices by which impact is measured: the last trade stands for a missing one, unless it is
        beyond the other."""
        bid, ask = (tick if 0 <= tick < self.terms.ticks else None for tick in (self.bid, self.ask))
        if bid is None and ask is None:
            return self.last * self.terms.tick
        if bid is None:
            bid = ask if self.last < 0 else min(self.last, ask)
        if ask is None:
            ask = max(self.last, bid)
        return 0.5 * (bid + ask) * self.terms.tick

    def payable(self, k, wanted):
        """Contracts that the book offers for a lot at losses that fund and draw limit can pay."""
        lot, size = self.lots[k], 0
        fund = float(self.accounts[FUND].wallet) * (1.0 - 1e-9) if self.terms.pays else 0.0
        purse = self.draw_left if self.terms.socialises else min(fund, self.draw_left)
        lot.unpaid = False
        selling = lot.open > 0
        for tick in sorted(self.queues, reverse=selling):
            orders = [o for o in self.queues[tick] if not o.reduce_only and (o.size > 0) == selling]
            part = min(wanted - size, sum(abs(o.size) for o in orders))
            loss = (lot.bankruptcy_units - self.settlement[tick]) * (1 if selling else -1)
            if part and loss > 0:
                if size == 0 and not self.terms.socialises and fund < loss:
                    lot.unpaid = True
                affordable = floor(max(purse, 0.0) / loss)
                if affordable < part:
                    return size + affordable
                purse -= part * loss
            size += part
        return size

    def absorb(self, k):
        """Close a lot at the mark against the world outside the book."""
        size = self.lots[k].open
        self.fill(OUTSIDE, size, self.mark_units, 0.0)
        self.close_lot(k, -size, self.mark_units)

    # ---- who pays

    def standing(self, i):
        """Profit of a position at the mark, without the funding it ever paid or owes, and its equity."""
        account = self.accounts[i]
        owed = account.contracts * (self.funding_index - account.seen)
        profit = account.cost + account.contracts * self.mark_units
        return profit, profit + account.margin + (account.wallet if account.cross else 0) - owed

    def share_loss(self):
        """Deleverage against every lot the fund cannot pay for, or share the fund's shortfall."""
        if self.terms.socialises:
            self.socialise()
            return
        for k, lot in enumerate(self.lots):
            if lot.unpaid and lot.open:
                self.deleverage(k)
            lot.unpaid = False

    def rank(self, i):
        """BitMEX: profit rate times effective leverage, divided by it for losers."""
        account, (profit, equity) = self.accounts[i], self.standing(i)
        rate = profit / max(abs(account.cost), 1)
        leverage = abs(account.contracts * self.mark_units) / max(equity, 1)
        return rate * leverage if rate > 0 else rate / leverage

    def deleverage(self, k):
        """Close a lot at its bankruptcy price against the best-ranked of the other side, each as far as its
        equity lasts."""
        lot = self.lots[k]
        self.withdraw(k)
        sign = 1 if lot.open > 0 else -1
        units = (
            -((lot.open_cost + lot.open_margin) // lot.open)
            if sign > 0
            else ((lot.open_cost + lot.open_margin) // -lot.open)
        )
        others = [i for i in range(RESERVED_ROWS, len(self.accounts)) if self.accounts[i].contracts * sign < 0]
        others = [(i, self.standing(i)[1]) for i in sorted(others, key=lambda i: -self.rank(i))]
        for i, equity in others:
            loss, most = sign * (units - self.mark_units), abs(self.accounts[i].contracts)
            if loss > 0:
                most = min(most, max(equity, 0) // loss)
            part = sign * min(most, abs(lot.open))
            if part:
                for order in [order for order in self.orders.values() if order.account == i]:
                    self.remove(order)
                self.fill(i, part, units, 0.0)
                self.close_lot(k, -part, units)
                lot.deleveraged += abs(part)
                self.counts["deleveraged"] += abs(part)
                self.adl.append((k, i, part, units))
        if lot.open and self.terms.rests:
            self.offer(k)

    def socialise(self):
        """Winners pay the fund's shortfall in proportion to their profits."""
        won = {i: max(self.standing(i)[0], 0) for i in range(RESERVED_ROWS, len(self.accounts))}
        rows = [i for i in won if self.accounts[i].contracts > 0] + [i for i in won if self.accounts[i].contracts < 0]
        total = sum(won[i] for i in rows)
        short = min(-self.accounts[FUND].wallet, total)
        if short <= 0:
            return
        exact = {i: Fraction(short * won[i], total) for i in rows}
        paid = {i: floor(exact[i]) for i in rows}
        for i in sorted(rows, key=lambda i: paid[i] - exact[i])[: short - sum(paid.values())]:
            paid[i] += 1
        for i in rows:
            part = min(paid[i], won[i])
            if part:
                self.touch(i)
                self.accounts[i].cost -= part
                self.accounts[FUND].wallet += part
                self.adl.append((-1, i, 0, part))

    # ---- the levers of a floor

    def set_index(self, tick):
        self.fire(INDEX, tick)

    def set_mark(self, tick):
        self.mark_tick, self.mark_units = tick, self.settlement[tick]
        self.fire(MARK, tick)

    def auction(self):
        """None here: `tests.reference.auction`."""

    def fire_last(self):
        if self.last >= 0:
            self.fire(LAST, self.last)

    def pay_funding(self, units):
        self.funding_index += units
        for i in range(RESERVED_ROWS, len(self.accounts)):
            if self.accounts[i].contracts:
                self.file(i)
