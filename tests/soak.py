"""Millions of random orders with everything else mixed in, the laws checked after every step.

    python -m tests.soak --messages 10_000_000 --seed 1
    python -m tests.soak --venues --messages 1_000_000 --seed 1
    python -m tests.soak --venues OKX GMX --messages 100_000 --seed 1

It prints what happened and ends with 1 if a law was broken, with 2 if something that it is about never happened.
The first sends all messages together to three bare exchanges, the others so many to a market of each venue, or of
those named, in which spot doubles and halves, with funding, marks, liquidation and loss sharing as the venue has them.
"""

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from agents import Crowd, Listed, LogNormal
from sim import laws, venues
from sim.backing import doomed
from sim.compiled import kernel
from sim.ledger import FUND, POOL, RESERVED_ROWS, deposit
from sim.liquidation import BITMEX_LADDER
from sim.margin import Tiers
from sim.market import Market
from sim.orders import DEPOSIT, FOK, IOC, REPLACE, SUBMIT
from sim.paths import Points, Shock, Shocked
from sim.socialise import DailyLoss, SpreadLoss
from sim.streams import generator
from sim.venue import Venue
from tests.floor import INVERSE, LINEAR, Floor, step
from tests.flow import Flow

TRADERS, BATCH = 200, 500
STEPS_OF_TIERS = Tiers.steps(first=3.0, step=3.0, count=6, maintenance=0.005, initial=0.01, each=0.005)
FEES = dict(maker_fee=-0.00025, taker_fee=0.00075, closing_fee=0.00075)
VENUES = {
    "isolated, laddered, deleveraging": (
        dict(
            contract=INVERSE, tiers=STEPS_OF_TIERS, liquidation=BITMEX_LADDER, entry_basis=True, rest_steps=2,
            fund=10**9, **FEES,
        ),
        dict(coin=10**12, contracts=400),
    ),
    "cross, decrement, deleveraging": (
        dict(contract=LINEAR, cross=True, prevention=2, netting=0, fund=10**6, engine_rate=500.0, **FEES),
        dict(coin=10**7, contracts=60),
    ),
    "mixed margin, socialised, overloaded": (
        dict(
            contract=INVERSE, cross=[True, False] * (TRADERS // 2), prevention=1, socialises=True, capacity=400.0,
            rests=False, draw_rate=1e11, draw_limit=1e12,
        ),
        dict(coin=10**12, contracts=1000),
    ),
}  # fmt: skip
COUNTED = (
    "messages fills volume rejected overloaded cancels stopped self_trades liquidations liquidated lots deleveraged"
).split()
MUST_HAPPEN = (
    "fills flips partial_closes liquidations reduced lots lots_deleveraged socialised stopped self_trades overloaded "
    "funding_stamps"
).split()


def soak(name, messages, seed, happened):
    """Send `messages` to one venue; adds to the Counter what happened."""
    terms, orders = VENUES[name]
    leverage = np.resize([1.0, 3.0, 10.0, 20.0, 50.0, 75.0, 100.0], TRADERS)
    floor = Floor([orders["coin"]] * TRADERS, leverage=leverage, **terms)
    flow = Flow(floor, np.random.default_rng(seed), middle=1000, **orders)
    started, steps = time.monotonic(), -(-messages // BATCH)
    for done in range(1, steps + 1):
        before, events = floor.x.accounts.contracts.copy(), flow.events(BATCH)
        step(floor, **events)
        laws.check(floor.x)
        floor.now.fills_kept = floor.now.woken = 0
        floor.x.accounts.woken = False
        note(happened, floor, before, events)
        if done % max(1, steps // 5) == 0:
            print(f"  {name}: {done * BATCH:>12,} messages, {time.monotonic() - started:6.1f} s", flush=True)
    happened.update({field: int(floor.now[field]) for field in COUNTED})
    happened["reduced"] += int((~floor.x.lots.taken_over[: floor.now.lots]).sum())
    happened["lots_deleveraged"] += int((floor.x.lots.deleveraged[: floor.now.lots] > 0).sum())
    happened["socialised"] += sum(lot < 0 for lot, *_ in floor.adl)


def note(happened, floor, before, events):
    """Count what only shows from one step to the next."""
    held, then = floor.x.accounts.contracts[RESERVED_ROWS:], before[RESERVED_ROWS:]
    happened["steps"] += 1
    happened["flips"] += int((held * then < 0).sum())
    happened["partial_closes"] += int(((held * then > 0) & (np.abs(held) < np.abs(then))).sum())
    happened["funding_stamps"] += events["funding"] != 0
    happened["steps_fund_below_zero"] += bool(floor[FUND].wallet < 0)


PRESETS = {name: each for name, each in vars(venues).items() if isinstance(each, Venue)}
STEP_S, MESSAGES, EMPTIED = 45.0, 200, 100
PRINTED = "steps fills flips stopped liquidations closes deleveraged shared stamps drawn_coin fund_coin seconds".split()
ALWAYS = "fills flips stopped liquidations closes stamps".split()


@dataclass(kw_only=True, eq=False)
class Senders(Crowd):
    """Send random messages of all kinds, so many in each step, from accounts large and small, isolated and cross; more
    of them towards the index the further the mark is from it."""

    coin: LogNormal = LogNormal(10.0, 1.5, 0.1, 2_000.0)
    wake_s: float = 1.0

    def open(self, rows):
        super().open(rows)
        number = np.arange(self.count)
        rows.cross, rows.alert = number % 2 == 0, number % 5 == 0

    def decide(self, view, me):
        return self.flow.messages(MESSAGES)

    @cached_property
    def flow(self):
        """Where the messages come from."""
        return Crowded(self, generator(self.market.seed, self.name))

    @property
    def x(self):
        """The exchange as it is now."""
        return self.market.exchange

    @property
    def terms(self):
        """Its terms."""
        return self.x.terms[0]


class Crowded(Flow):
    """A Flow about the mark of a market, its orders and transfers in proportion to what each account began with."""

    def __init__(self, crowd, rng):
        super().__init__(crowd, rng, middle=0, coin=1.0, contracts=1_000.0)
        self.worth = np.zeros(crowd.first + crowd.count)
        self.worth[crowd.first :] = crowd.traits.coin * crowd.market.units_per_coin
        self.reach = self.worth * np.append(np.zeros(crowd.first), crowd.traits.max_leverage)

    def messages(self, count):
        now = self.floor.x.now[0]
        self.mark, self.pull = float(now.mark_tick), float(np.log(now.index / now.mark))
        self.around = max(8.0, 0.002 * self.mark)
        return super().messages(count)

    def move_coin(self, batch):
        """Scale orders and transfers by what their accounts are worth, and let some orders lean towards the index."""
        rng, held, orders = self.rng, self.floor.x.accounts, np.isin(batch.action, (SUBMIT, REPLACE))
        ends = (batch.tick == 1) | (batch.tick == self.floor.terms.ticks - 1)
        batch.tif[ends & (batch.tif != FOK)] = IOC  # what trades at any price never rests at one
        size = 2e-4 * np.abs(batch.amount) * self.reach[batch.account] / abs(int(self.floor.x.now[0].mark_units))
        leans = rng.random(len(batch)) < min(20.0 * abs(self.pull), 0.5)
        side = np.sign(np.where(leans, self.pull, batch.amount)) * (batch.amount != 0)  # an alarm stays one
        batch.amount[orders] = (side * np.ceil(size))[orders]
        wanted = self.worth[batch.account] * rng.lognormal(-1.0, 1.0, len(batch))
        moved = np.where(batch.action == DEPOSIT, wanted - held.wallet[batch.account], 0.1 * wanted)
        batch.amount[~orders] = moved[~orders]


@kernel
def failing(x):
    """(accounts,) whether a trader does not cover its maintenance at the present mark."""
    out = np.zeros(len(x.accounts), np.bool_)
    for i in range(RESERVED_ROWS, len(x.accounts)):
        out[i] = doomed(x, i, x.now[0].mark_units)
    return out


class Watched(Market):
    """A market that asserts more than the laws, and counts flips. Its fund is emptied every `EMPTIED` steps."""

    flips = 0

    def step(self):
        if self.clock % EMPTIED == 0:
            deposit(self.exchange, FUND, -max(0, int(self.exchange.accounts[FUND].wallet)))
        fund, then = self.fund_and_funding(), self.exchange.accounts.contracts.copy()
        super().step()
        self.fund_pays_what_it_has(*fund)
        accounts, now = self.exchange.accounts, self.exchange.now[0]
        self.flips += int((accounts.contracts * then < 0)[RESERVED_ROWS:].sum())
        flat = (accounts.contracts == 0) & ((accounts.cost != 0) | (accounts.margin != 0))
        assert not flat.any(), f"who is flat must have no cost and no margin (step {now.step}: {np.flatnonzero(flat)})"
        for name in ("buying_value", "selling_value"):
            assert (self.exchange.reserved[name] >= 0).all(), f"{name} must not overflow (step {now.step})"
        if self.venue.pool:
            held, booked = int(self.exchange.pool[0].held), -int(accounts.contracts[POOL])
            assert held == booked, f"a pool must know what it holds (step {now.step}: {held}, not {booked})"

    def liquidate(self):
        self.failed, self.cost = failing(self.exchange), self.exchange.accounts.cost.copy()
        super().liquidate()

    def make_room(self, count):
        if count == 0 and self.clock % self.mark_every == 0:  # after the round, before the engine trades
            held = self.exchange.accounts
            untouched = (held.forced == 0) & (held.cost == self.cost)
            missed = np.flatnonzero(self.failed & failing(self.exchange) & untouched)
            assert not len(missed), f"who fails must be liquidated (step {self.clock}: {missed} overlooked)"
        super().make_room(count)

    def fund_and_funding(self):
        """What the fund holds, and what the engine has received in funding less paid so far, units."""
        return int(self.exchange.accounts[FUND].wallet), int(self.exchange.now[0].engine_funding)

    def fund_pays_what_it_has(self, fund, funding):
        """Assert that nothing but the engine's own funding overdraws a fund that does not socialise, nor absorbs."""
        left, funding_now = self.fund_and_funding()
        least = min(fund, 0) + min(funding_now - funding, 0)
        free = self.venue.loss.socialises or self.exchange.terms[0].absorbs
        assert free or left >= least, f"the fund must not be overdrawn ({left}, not {least})"


def market_of(venue, messages, seed, **options):
    """A Watched market with so many messages to come, in which spot doubles and halves, and jumps."""
    length_s = -(-messages // MESSAGES) * STEP_S
    times_s = tuple(length_s * part for part in (0.02, 0.25, 0.5, 0.7, 0.95))
    hills = Points(times_s=times_s, values=(8_000.0, 16_000.0, 8_000.0, 4_000.0, 8_000.0), volatility=1.0)
    jumps = ((0.1, -0.15), (0.2, 0.2), (0.35, -0.25), (0.45, 0.2), (0.6, -0.2), (0.8, 0.25), (0.9, -0.1))
    path = Shocked(hills, tuple(Shock(at_s=length_s * part, log_size=size, over_s=STEP_S) for part, size in jumps))
    usual = dict(hours=length_s / 3600.0, step_s=STEP_S, path=path, fund_coin=5.0, check=True)
    market, most = Watched(seed=seed, venue=venue, **usual | options), venue.max_leverage
    leverage = Listed((most, 1.0, min(3.0, most), most, min(10.0, most), 0.5 * most, 0.8 * most))
    Senders(market, count=TRADERS, max_leverage=leverage)
    return market


def soak_preset(name, messages, seed):
    """Run one preset; returns what happened."""
    started, market = time.monotonic(), market_of(PRESETS[name], messages, seed)
    while market.clock < market.length:
        market.step()
    now, unit = market.exchange.now[0], market.units_per_coin
    happened = {field: int(now[field]) for field in COUNTED}
    happened |= dict(steps=market.clock, flips=market.flips, closes=int(now.lots), stamps=len(market.funding.paid))
    happened |= dict(shared=sum(entry[2] < 0 for entry in market.adl), drawn_coin=float(now.fund_draw) / unit)
    happened |= dict(fund_coin=float(market.exchange.accounts[FUND].wallet) / unit)
    return happened | dict(seconds=time.monotonic() - started)


def missing(name, happened):
    """What a soak of that preset is about and never happened."""
    loss = PRESETS[name].loss
    needed = [*ALWAYS, "drawn_coin" if loss.socialises else "deleveraged"]
    needed += ["shared"] if isinstance(loss, DailyLoss | SpreadLoss) else []
    return [what for what in needed if not happened[what]]


def printed(number):
    """A count or an amount, 14 wide."""
    return f"{number:>14,}" if isinstance(number, int) else f"{number:>14,.1f}"


def soak_presets(names, messages, seed):
    """Run presets one after another and print a line of each; returns how it ended."""
    print(f"{'preset':>14}" + "".join(f"{column:>14}" for column in PRINTED))
    ended = 0
    for name in names:
        try:
            happened = soak_preset(name, messages, seed)
        except AssertionError as broken:
            print(f"{name}, seed {seed}: {broken}", file=sys.stderr)
            ended = 1
            continue
        print(f"{name:>14}" + "".join(printed(happened[column]) for column in PRINTED), flush=True)
        for what in missing(name, happened):
            print(f"{name}, seed {seed}: {what} must happen, and did not; send more messages", file=sys.stderr)
            ended = ended or 2
    return ended


def main():
    """Run what is asked for and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=10_000_000, help="in all; with --venues to each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--venues", nargs="*", choices=PRESETS, metavar="NAME", help="markets of these, or of all")
    options = parser.parse_args()
    if options.venues is not None:
        return soak_presets(options.venues or PRESETS, options.messages, options.seed)
    return soak_floors(options.messages, options.seed)


def soak_floors(messages, seed):
    """Run all floors and print what happened; returns how it ended."""
    happened = Counter()
    for name in VENUES:
        try:
            soak(name, -(-messages // len(VENUES)), seed, happened)
        except AssertionError as broken:
            print(f"{name}, seed {seed}: {broken}", file=sys.stderr)
            return 1
    for what, count in sorted(happened.items()):
        print(f"{what:>24} {count:>16,}")
    never = [what for what in MUST_HAPPEN if not happened[what]]
    if never:
        print(f"these must happen, and did not: {', '.join(never)}; send more messages", file=sys.stderr)
    return 2 if never else 0


if __name__ == "__main__":
    sys.exit(main())
