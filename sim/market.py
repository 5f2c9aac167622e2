"""The market: a clock, spot, and the exchanges on which crowds trade. Start reading at `Market.step`."""

import math

import mesa
import numpy as np

from sim import engine, laws, risk, series, wheel
from sim.deleverage import largest_remainder
from sim.exchange import grown, new_exchange, records, snapshot, with_orders, with_room
from sim.genealogy import attribute_spot
from sim.index import SpotMarket
from sim.ledger import FUND, POOL, RESERVED_ROWS, deposit, pair_off
from sim.maps import Maps
from sim.mark import Quotes
from sim.orders import MESSAGE, shortage
from sim.outcome import outcome
from sim.paths import GeometricBrownian
from sim.room import bare
from sim.sealed import Sealed
from sim.sessions import Sessions
from sim.stamps import Stamps
from sim.streams import generator
from sim.terms import (
    cadence,
    fund_units,
    halted_steps,
    require_affordable,
    rows_of,
    utc,
    venue_beside,
    whole_steps,
    write_terms,
)
from sim.venues import BITMEX


class Market(mesa.Model):
    """One perpetual on one exchange, its spot venues, and the crowds that trade it; `beside` adds further exchanges.

    seed:           of everything drawn; whole, 0 or more
    venue:          rules of the exchange
    hours:          length of the run
    step_s:         length of a step, s; must divide the venue's funding interval
    start:          UTC time at which the run starts, such as 2020-03-12T00:00
    path:           fundamental price, before anybody trades spot
    spot:           spot venues, their index and the impact of trades there
    spot_impact:    coefficient of that impact; 0 none, 1 as declared
    base_impact:    of the run this is a twin of, when spot replays a real index: its `market.spot.impact`
    fund_coin:      insurance fund at the start
    half_life_s:    with which the price impact of a forced close fades, for its genealogy
    forced:         "book", or "absorbed": forced closes leave at the mark without touching the book
    halt:           (from, to) hours between which nothing trades and nobody is liquidated
    record_every:   steps between two rows of the series
    fills:          whether to keep every fill
    maps:           how often to map the book and the liquidation prices of positions; never, unless told
    check:          whether to assert the laws after every step
    """

    def __init__(
        self,
        *,
        seed,
        venue=BITMEX,
        hours=24.0,
        step_s=1.0,
        start="2020-01-01T00:00",
        path=GeometricBrownian(),  # noqa: B008
        spot=SpotMarket(),  # noqa: B008
        spot_impact=1.0,
        base_impact=None,
        fund_coin=1_000.0,
        half_life_s=600.0,
        forced="book",
        halt=(),
        record_every=1,
        fills=False,
        maps=Maps(),  # noqa: B008
        check=False,
    ):
        generator(seed, "market")  # refuses a bad seed before anything else does
        super().__init__(rng=seed)
        self.seed, self.step_s, self.check, self.about = seed, step_s, check, {}
        self.clock, self.length, self.start = 0, whole_steps(hours, step_s), utc(start)
        self.half_life_s, self.forced, self.record_every, self.keeps_fills = half_life_s, forced, record_every, fills
        self.maps = maps
        self.markets, self.number, self.suffix = [self], 0, ""
        self.open_exchange(venue, halt)
        self.spot = spot.open(
            path.prices(seed, self.length, step_s),
            seed,
            step_s,
            spot_impact,
            unit=venue.contract.unit,
            in_usd=not venue.contract.coin_margined,
            base_impact=base_impact,
            rule=venue.index,
        )
        self.replays = spot.replays
        self.begin(self.spot.observe(0), fund_coin)

    def open_exchange(self, venue, halt):
        """Make the exchange, by the rules of `venue`, without an index yet."""
        self.venue, self.halt, self.halted = venue, halted_steps(halt, self.step_s), False
        self.crowds, self.first_rows, self.messages = [], np.zeros(0, np.int64), bare(records(256, MESSAGE))
        self.wheel = np.full(wheel.SLOTS, -1, np.int32)
        self.awake, self.bounds = np.zeros(0, np.int32), np.zeros(1, np.int64)
        self.exchange = new_exchange(venue.contract.ladder(), venue.tiers.table(venue.contract.unit))
        terms = self.exchange.terms[0]
        write_terms(terms, venue, self.step_s, self.half_life_s, self.forced, self.keeps_fills)
        self.exchange.now[0].draw_left = terms.draw_limit
        self.funding = Stamps(venue, self.start, self.length, self.step_s)
        self.sessions = Sessions(venue, self.start, self.step_s)
        self.sealed = Sealed(cadence(venue.auction_s, self.step_s)) if venue.auction_s else None
        self.marks, self.mark_every = (venue.mark.start(), venue.mark.start()), cadence(venue.mark.every_s, self.step_s)
        self.adl, self.adl_prices, self.fills, self.atlas = [], {}, [], self.maps.open(self.step_s)
        self.series = bare(records(rows_of(self.length, self.record_every), series.SERIES))

    def begin(self, index, fund_coin):
        """Show the exchange its first index, and fill its fund."""
        venue, contract = self.venue, self.venue.contract
        if venue.pool:
            pool = venue.pool.start(float(contract.index(self.spot.first_price)), contract, self.step_s)
            self.exchange = self.exchange.replace(pool=pool)
        series.observe(self.exchange, 0, index)
        self.exchange.terms[0].engine_rate = venue.unwind.usd_per_s / self.contract_usd
        self.funding.announce(self.exchange, 0)
        deposit(self.exchange, FUND, fund_units(fund_coin, self.units_per_coin))
        series.look(self.exchange)
        self.set_mark()

    def beside(self, name, *, venue=BITMEX, fund_coin=1_000.0, halt=()):
        """Open a further exchange at this clock and spot, and return it: crowds join it as they join a market.

        name:      of the exchange, letters, digits, - and _: in the names of its crowds, and in `Run.others`
        venue:     its rules; it settles in the coin of the first, counts in its unit, and reads its index
        fund_coin: its insurance fund at the start
        halt:      (from, to) hours between which nothing trades there

        Everything else is as at the first. No coin and no order passes from one to the other but by a crowd that is
        at both.
        """
        return Beside(self, name, venue, fund_coin, halt)

    def step(self):
        """One step, in this order, of which each exchange does its part before the next begins:

        1. observe      spot moves, and the index with it; orders expire
        2. mark         the exchange marks positions to a fair price, and stops fire
        3. decide       the crowds that are awake see the same view and write their messages
        4. liquidate    positions that no longer cover maintenance go to the engine, which trades its lots
        5. match        the messages meet the book; every fill is settled at once
        6. settle       funding, and losses that are shared at the end of a day, when due
        7. record
        """
        trading = self.tick()
        self.observe()
        for each in self.markets:
            each.set_mark()
        messages = [each.decide() for each in trading]
        for each in trading:
            each.liquidate()
        for each, count in zip(trading, messages, strict=True):
            each.match(count)
        for each in self.markets:
            each.settle()
            each.record()
        if self.check:
            laws.check_all(self)

    def tick(self):
        """Let the clock pass one step; returns the markets where trading is not halted."""
        if self.clock >= self.length:
            raise RuntimeError(f"a market ends after its {self.length} steps (asked for one more); give it more hours")
        for each in self.markets:
            if each.clock == 0:
                each.sessions.open(each.exchange)
            each.clock += 1
            halted = each.halt[0] <= each.clock < each.halt[1]
            if halted != each.halted:
                each.halted = each.exchange.now[0].halted = halted
        return [each for each in self.markets if not each.halted]

    def observe(self):
        """Let spot and the index move, and transfers from spot arrive."""
        index = self.spot.observe(self.clock)
        for each in self.markets:
            series.observe(each.exchange, self.clock, index)
        for number, account, units in self.spot.arrivals(self.clock):
            deposit(self.markets[number].exchange, account, units)

    def set_mark(self):
        """Mark to the venue's rule when due, with and without the live impact of forced closes."""
        if self.clock % self.mark_every == 0:
            rule, now = self.venue.mark, snapshot(self.exchange)
            quotes = self.quotes(now)
            marks = rule.mark(quotes, self.marks[0]), rule.mark(self.without_forced(quotes, now), self.marks[1])
            series.mark_to(self.exchange, *marks)

    def decide(self):
        """Let the crowds that are awake write their messages; returns how many."""
        wheel.collect(self.exchange, self.wheel, self.first_rows, self.awake, self.bounds)
        count, bounds = 0, self.bounds.tolist()
        moved = self.spot.moved_usd() if self.number else 0.0
        for number, crowd in enumerate(self.crowds):
            if bounds[number] < bounds[number + 1]:
                count = crowd.write(self.awake[bounds[number] : bounds[number + 1]], count)
        if self.spot.traders and not self.replays:
            attribute_spot(self.exchange, self.spot.moved_usd() - moved)
        return count

    def liquidate(self):
        """One round of liquidations for each mark; then the engine trades, and who must pays what the fund cannot."""
        due = self.clock % self.mark_every == 0
        while due and risk.liquidate(self.exchange, self.first_rows) == risk.FULL:
            self.exchange = self.exchange.replace(lots=grown(self.exchange.lots, 2 * len(self.exchange.lots) + 1024))
        self.make_room(0)
        if engine.unwind(self.exchange):
            self.venue.loss.allocate(self.exchange, self.note_adl)

    def match(self, count):
        """Handle `count` messages; with auctions, those that wait for this one, else those that need not."""
        messages = self.messages
        if self.sealed:
            messages, count = self.sealed.pass_by(messages, count, self.clock, len(self.exchange.accounts))
        self.make_room(count)
        series.match(self.exchange, messages, count, self.first_rows)
        if self.keeps_fills:
            self.fills.append(self.exchange.fills[: self.exchange.now[0].fills_kept].copy())
            self.exchange.now[0].fills_kept = 0

    def settle(self):
        """Sample the premium and pay funding when due, and do what else the venue does by the clock."""
        if self.funding.due(self.clock):
            self.funding.pass_by(self.exchange, self.clock, self.quotes_of_all)
        self.sessions.pass_by(self.exchange, self.clock, self.note_adl)

    def record(self):
        """Write a row of the series, and make maps, when they are due."""
        if self.clock % self.record_every == 0:
            row = self.clock // self.record_every - 1
            series.record(self.exchange, self.series, row, self.spot.impact_usd)
        if self.atlas.every and self.clock % self.atlas.every == 0:
            self.atlas.add(self.exchange, self.venue)

    def run(self, progress=None):
        """Step to the end and return the Run; Ctrl-C ends early with what there is.

        progress: called now and then with the number of steps done.
        """
        try:
            while self.clock < self.length:
                self.step()
                if progress and self.clock % 100 == 0:
                    progress(self.clock)
        except KeyboardInterrupt:
            return outcome(self, finished=False)
        return outcome(self, finished=True)

    def quotes(self, now=None):
        """What the venue's rules may see; now: a snapshot, if there is one of this moment."""
        now, tick = now or snapshot(self.exchange), self.venue.contract.tick
        return Quotes(
            time_s=now.time_s,
            index=now.index,
            bid=now.bid * tick if now.bid >= 0 else math.nan,
            ask=now.ask * tick if now.ask < len(self.exchange.levels) else math.nan,
            last=now.last * tick if now.last >= 0 else math.nan,
            impact_bid=now.impact_bid or math.nan,
            impact_ask=now.impact_ask or math.nan,
            funding_rate=now.funding_rate,
            to_funding=self.funding.left_s(self.clock) / self.funding.interval_s,
            mark=now.mark,
            depth_bid=now.depth_bid,
            depth_ask=now.depth_ask,
            longs=now.open_interest - max(self.exchange.accounts[POOL].contracts, 0) if self.venue.pool else 0.0,
            shorts=now.open_interest + min(self.exchange.accounts[POOL].contracts, 0) if self.venue.pool else 0.0,
        )

    def quotes_of_all(self):
        """The same with the contracts of those who demand liquidity, where the funding rule looks at them; on a book it
        takes time as accounts grow."""
        if self.venue.pool or not self.venue.funding.sees_demand:
            return self.quotes()
        held = self.exchange.accounts.contracts[RESERVED_ROWS:]
        provides = np.array([crowd.provides for crowd in self.crowds], bool)
        held = held[~provides[self.exchange.accounts.crowd[RESERVED_ROWS:]]]
        longs, shorts = held[held > 0].sum(), -held[held < 0].sum()
        return self.quotes()._replace(longs=float(longs), shorts=float(shorts))

    def without_forced(self, quotes, now):
        """The same quotes less the live impact of forced closes."""
        if now.live_usd == 0.0 and now.live_spot_usd == 0.0:
            return quotes
        moved = {name: getattr(quotes, name) - now.live_usd for name in "bid ask last impact_bid impact_ask".split()}
        return quotes._replace(index=quotes.index - now.live_spot_usd, **moved)

    def room_for(self, count):
        """The buffer of messages, with room for `count`."""
        if count > len(self.messages):
            self.messages = bare(grown(self.messages, 2 * count))
        return self.messages

    def make_room(self, count):
        """Room for `count` messages that all rest, for the engine's orders, and for every fill they may bring."""
        slots, fills = shortage(self.exchange, count)
        if slots:
            self.exchange = with_orders(self.exchange, 2 * slots)
        if fills:
            self.exchange = self.exchange.replace(fills=grown(self.exchange.fills, 2 * fills))

    def note_adl(self, lot, row, contracts, units):
        """Keep one entry of the ADL table: what a winner was closed at and lost by it at the mark, or what it paid."""
        contract, mark_units = self.venue.contract, int(self.exchange.now[0].mark_units)
        if contracts and units not in self.adl_prices:  # a lot has one, and may be closed with thousands
            self.adl_prices[units] = float(contract.price(units))
        price = self.adl_prices[units] if contracts else math.nan
        lost = contracts * (units - mark_units) if contracts else units
        self.adl.append((self.clock, self.clock * self.step_s, lot, row, contracts, price, lost * contract.unit))

    def admit(self, crowd):
        """Give a crowd its account rows and make its deposits; returns the first row."""
        if self.clock:
            raise RuntimeError("crowds must join before the first step; build a new market")
        if any(other.name == crowd.name for market in self.markets for other in market.crowds):
            raise ValueError(f"crowds must differ in name (got {crowd.name!r} twice); give one of them name=...")
        x, first = self.exchange, len(self.exchange.accounts)
        require_affordable(crowd, self.units_per_coin)
        self.exchange = with_room(x, crowd.count).replace(keys=np.vstack([x.keys, crowd.key]))
        rows = self.exchange.accounts[first:]
        crowd.open(rows)
        wheel.wind(self.exchange.clocks[first:], crowd.traits.wake_s)
        rows.crowd = len(self.crowds)
        rows.wallet = rows.deposits = np.rint(crowd.traits.coin * self.units_per_coin).astype(np.int64)
        self.crowds.append(crowd)
        self.first_rows = np.append(self.first_rows, first)
        self.awake = np.zeros(len(self.exchange.accounts), np.int32)
        self.bounds = np.zeros(len(self.crowds) + 1, np.int64)
        wheel.schedule_all(self.exchange, self.wheel, first, crowd.count)
        return first

    def hold_spot(self, crowd, coin, usd_coin):
        """Open holdings at spot for a crowd, its accounts spread over the venues; returns the first row.

        coin: (accounts,) coin; usd_coin: (accounts,) USD, in what a coin is worth at the start
        """
        usd = usd_coin * self.spot.first_price
        numbers = np.arange(crowd.count)
        venues = numbers % len(self.spot.state.venues)
        rows = self.spot.admit(venues, crowd.first + numbers, self.number, usd=usd, coin=coin)
        return int(rows[0]) if len(rows) else 0

    def endow(self, contracts, longs, shorts, entry=0.0, spread=0.0):
        """Open `contracts` of open interest before the first step: longs buy from shorts, pair by pair.

        longs, shorts: crowds; an account's share is its wallet times its `leverage`, and both sides add up exactly.
        The most leveraged of both trade with each other. Longs entered at log-normal prices about the mark, `entry`
        above it on average (a fraction), with log standard deviation `spread` over their leverage: who is highly
        leveraged has not been there for long. Drawn from the longs' own dice.
        """
        if not (contracts > 0 and float(contracts).is_integer()):
            raise ValueError(f"contracts must be a whole number above zero (got {contracts}); round it")
        if self.clock:
            raise RuntimeError("endow must come before the first step; build a new market")
        self.require_flat([*longs, *shorts])
        order, rows, bought = self.shares(int(contracts), longs)
        drawn = [spread * crowd.drawn_once("entry").normal(0) / crowd.traits.leverage for crowd in longs]
        away = np.exp(np.concatenate(drawn)[order])
        units = self.venue.contract.settlement(float(self.exchange.now[0].mark) * (1.0 + entry) * away)
        del away, drawn, order  # of a million accounts these would be the peak of the run's memory
        _, sellers, sold = self.shares(int(contracts), shorts)
        pair_off(self.exchange, rows, bought, sellers, sold, units)

    def require_flat(self, crowds):
        """ValueError unless each crowd is named once, holds coin and has no position yet."""
        for number, crowd in enumerate(crowds):
            held = self.exchange.accounts[crowd.first : crowd.first + crowd.count]
            if crowd in crowds[:number] or held.contracts.any():
                raise ValueError(f"a crowd must be endowed once (got {crowd.name} again); put it in one list, once")
            if not held.wallet.any():
                raise ValueError(f"an endowed crowd must hold coin (got {crowd.name}, without); leave it out")

    def shares(self, contracts, crowds):
        """(order, rows, contracts) of those crowds by rising leverage: place among them all, row, share of all."""
        wallets = [self.exchange.accounts.wallet[crowd.first : crowd.first + crowd.count] for crowd in crowds]
        leverage = np.concatenate([crowd.traits.leverage for crowd in crowds])
        shares = largest_remainder(contracts, np.concatenate(wallets) * leverage)
        order = np.argsort(leverage, kind="stable")
        del leverage
        rows = np.concatenate([crowd.first + np.arange(crowd.count) for crowd in crowds])[order]
        return order, rows, shares[order]

    @property
    def contract_usd(self):
        """What one contract is worth at the present index, USD."""
        contract, index = self.venue.contract, float(self.exchange.now[0].index)
        return float(contract.value(index)) * contract.unit * (index if contract.coin_margined else 1.0)

    @property
    def units_per_coin(self):
        """Settlement units in one coin; what a coin is worth at the start where the venue settles in USD."""
        contract = self.venue.contract
        return (1.0 if contract.coin_margined else float(self.exchange.now[0].index)) / contract.unit


class Beside(Market):
    """A further exchange in a market: its own venue, book, ledger, fund and crowds. Made by `Market.beside`."""

    def __init__(self, market, name, venue, fund_coin, halt):
        venue = venue_beside(market, name, venue)
        super(Market, self).__init__(rng=market.seed)
        for shared in "seed step_s check clock length start half_life_s forced record_every keeps_fills maps".split():
            setattr(self, shared, getattr(market, shared))
        self.markets, self.spot, self.replays = market.markets, market.spot, market.replays
        self.name, self.number, self.suffix, self.about = name, len(self.markets), f" of {name}", {}
        self.open_exchange(venue, halt)
        self.begin(self.spot.index, fund_coin)
        self.markets.append(self)

    def step(self):
        """Refuse: its market steps all of its exchanges."""
        raise RuntimeError("an exchange beside another must be stepped by its market; step or run that")

    def run(self, progress=None):
        """Refuse, as `step` does."""
        raise RuntimeError("an exchange beside another must be run by its market; step or run that")
