"""Every venue as it is declared: the laws, funding, margin, liquidation, sharing of losses and pools, preset by preset.

Below: what single rules do, computed by hand.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sim import laws, pool
from sim.backing import backing, doomed
from sim.deleverage import AutoDeleverage, LossRule
from sim.engine import Unwind
from sim.exchange import snapshot
from sim.insurance import DrawLimit
from sim.ledger import ENGINE, EXCHANGE, FUND, OUTSIDE, POOL, RESERVED_ROWS, deposit, equity, fill, owed_by
from sim.liquidation import HYPERLIQUID_BACKSTOP, TAKEOVER, Liquidation
from sim.margin import Tiers, bankruptcy_price, isolated, liquidation_price, maintenance_margin
from sim.pool_rules import ImpactPool, SkewPool, VirtualAmm
from sim.sessions import Sessions
from sim.socialise import DailyLoss, SpreadLoss
from sim.venues import BITMEX, DERIBIT, PERPETUAL
from tests.floor import ANNA, BOB, CAROL, LINEAR, Floor
from tests.soak import MESSAGES, PRESETS, market_of
from tests.storm import same

POOLS = {name: venue for name, venue in PRESETS.items() if venue.pool}
STEPS, TO_STAMP = 64, 20
EACH = pytest.mark.parametrize("name", PRESETS)


# ---- whole markets of random orders, in which spot doubles and halves within half an hour


@dataclass(frozen=True)
class Audit(LossRule):
    """Another rule, of which it is asserted that it makes no coin and closes no more of a lot than there is."""

    rule: LossRule

    socialises = property(lambda self: self.rule.socialises)
    stamps_utc_hours = property(lambda self: self.rule.stamps_utc_hours)

    def start(self, x):
        return self.rule.start(x)

    def allocate(self, x, done):
        self.watch(x, done, lambda hear: self.rule.allocate(x, hear))

    def settle(self, x, memory, done):
        self.watch(x, done, lambda hear: self.rule.settle(x, memory, hear))

    def watch(self, x, done, act):
        """Let the rule act and compare what it says with what it did."""
        had, before, bought = coin(x), x.lots.open.copy(), Counter()

        def hear(lot, row, contracts, units):
            bought[lot] += contracts
            done(lot, row, contracts, units)

        act(hear)
        assert coin(x) == had
        for lot in range(len(before)):
            left = int(x.lots.open[lot])
            assert left == before[lot] - bought[lot] and left * before[lot] >= 0


def coin(x):
    """What all rows hold, units, funding that is not booked yet included."""
    rows = x.accounts
    return int(rows.wallet.sum() + rows.margin.sum() + rows.cost.sum() - owed_by(rows, x.now[0]).sum())


def audited(name, **options):
    """A market of that preset, its losses and its funding watched, the laws checked; a stamp comes in the middle."""
    venue = PRESETS[name]
    start = "2020-01-01T07:45" if 8.0 in venue.funding.stamps_utc_hours else "2020-01-01T03:45"
    market = market_of(replace(venue, loss=Audit(venue.loss)), STEPS * MESSAGES, 1, start=start, fills=True, **options)
    market.charges, pay = [], market.funding.pay

    def told(x, part):
        now, rows = x.now[0], x.accounts
        held, pooled = rows.contracts.copy(), rows.contracts[POOL]
        before = now.long_index.copy(), now.short_index.copy(), rows.wallet[[FUND, POOL]].sum()
        pay(x, part)
        moved = np.where(held > 0, now.long_index - before[0], now.short_index - before[1])
        got = rows.wallet[[FUND, POOL]].sum() - before[2] - pooled * moved[POOL]
        charged = np.delete(held * moved, POOL)
        market.charges.append((int(np.abs(charged).sum()), int(charged.sum()), int(got)))

    market.funding.pay = told
    return market


@lru_cache
def stormy(name, forced="book"):
    """`finished` of a preset, run once."""
    return finished(audited(name) if forced == "book" else absorbed(name))


def finished(market):
    """The Run of a market, what its exchange holds at the end (`now`), its flips and charges."""
    storm = SimpleNamespace(run=market.run(), now=snapshot(market.exchange), flips=market.flips, charges=market.charges)
    market.exchange = None  # Mesa keeps every model there was, and a ladder of a million ticks is large
    return storm


def absorbed(name):
    """The twin of that market whose forced closes leave at the mark; what they may not touch is compared."""
    market = audited(name, forced="absorbed")
    inner = market.liquidate

    def liquidate():
        x, now = market.exchange, market.exchange.now[0]
        resting, fills = orders_of(x), (int(now.fills), int(now.last), x.pool.tobytes())
        inner()
        x, hit = market.exchange, set(np.flatnonzero(market.failed))
        assert (int(now.fills), int(now.last), x.pool.tobytes()) == fills
        left = orders_of(x)
        assert all(left.get(serial, order) == order for serial, order in resting.items())
        assert set(left) <= set(resting) and {resting[gone][0] for gone in set(resting) - set(left)} <= hit

    market.liquidate = liquidate
    return market


def orders_of(x):
    """{serial: (owner, contracts, tick)} of all that rests."""
    live = x.orders[x.orders.serial > 0]
    return {int(o.serial): (int(o.account), int(o.contracts), int(o.tick)) for o in live}


@EACH
def test_the_laws_hold_after_every_step_of_a_storm(name):
    storm = stormy(name)
    assert storm.run.about["finished"] and storm.flips > 20
    assert storm.now.fills > 500 and storm.now.stopped > 20 and storm.now.liquidations > 5 and storm.now.lots > 5


@EACH
def test_what_is_charged_is_what_the_counterparty_gets_to_the_unit(name):
    charges = stormy(name).charges
    assert all(charged == got for _, charged, got in charges)
    assert sum(flow for flow, _, _ in charges) > 0
    if PRESETS[name].funding.counterparty == "fund" and name not in ("DRIFT", "PERPETUAL"):
        assert not any(charged for _, charged, _ in charges), "longs pay shorts, and nobody else"


@EACH
def test_losses_beyond_the_fund_are_paid_as_the_venue_says_and_by_no_more_than_a_lot(name):
    run, now, loss = stormy(name).run, stormy(name).now, PRESETS[name].loss
    closed, shared = run.adl[run.adl.contracts != 0], run.adl[run.adl.contracts == 0]
    deleverages = isinstance(loss, AutoDeleverage)
    assert (len(closed) > 0) == deleverages == (now.deleveraged > 0)
    assert (len(shared) > 0) == isinstance(loss, SpreadLoss | DailyLoss)
    assert now.fund_draw > 0 or deleverages
    for lot in np.unique(closed.lot):
        assert abs(closed.contracts[closed.lot == lot].sum()) <= abs(run.liquidations.contracts[lot])
    if isinstance(loss, DailyLoss):
        assert set(shared.step) == {TO_STAMP}, "at 08:00 and not before"


@EACH
def test_the_same_seed_is_the_same_run(name):
    same(stormy(name).run, finished(audited(name)).run)


@EACH
def test_absorbed_closes_leave_book_and_pool_alone(name):
    storm = stormy(name, "absorbed")
    assert storm.now.lots > 5 and storm.run.accounts.contracts[ENGINE] == 0
    assert not np.isin(ENGINE, [storm.run.fills.maker, storm.run.fills.taker]).any()


# ---- margin


@st.composite
def opened(draw, venue):
    """(contract, contracts, cost, collateral) of a position opened within the venue's limits."""
    contract = venue.contract
    entry = round(contract.index(draw(st.floats(4_000.0, 16_000.0))) / contract.tick) * contract.tick
    coins = draw(st.floats(0.01, 400.0)) * (1.0 if contract.coin_margined else 8_000.0)
    size = max(1, min(round(coins / contract.unit / contract.value(entry)), venue.most_contracts))
    size *= draw(st.sampled_from([-1, 1]))
    _, initial, _ = venue.tiers.at(venue.tiers.size(contract, size, entry))
    most = min(venue.max_leverage, 1.0 / initial)
    leverage = most ** draw(st.floats(0.0, 1.0))
    return contract, size, *map(int, isolated(contract, size, entry, leverage)), entry


def rules_of(venue):
    """What the margin functions are told of a venue."""
    return {"basis": venue.maintenance_on, "closing_fee": venue.closing_fee}


@EACH
@settings(max_examples=25)
@given(data=st.data())
def test_a_fresh_position_is_liquidated_between_its_entry_and_its_bankruptcy(name, data):
    venue = PRESETS[name]
    *position, entry = data.draw(opened(venue))
    asked = maintenance_margin(*position[:3], entry, venue.tiers, **rules_of(venue))
    assume(position[3] > asked)
    broke, at = bankruptcy_price(*position), liquidation_price(*position, venue.tiers, **rules_of(venue))
    if position[1] > 0:
        assert broke < at < entry or broke == at == 0.0
    else:
        assert entry < at < broke or broke == at == np.inf or entry < at < broke == np.inf


@EACH
@settings(max_examples=25)
@given(data=st.data(), more=st.floats(0.0, 2.0))
def test_more_margin_never_brings_liquidation_nearer(name, data, more):
    venue = PRESETS[name]
    *position, margin, entry = data.draw(opened(venue))
    assume(margin > maintenance_margin(*position, entry, venue.tiers, **rules_of(venue)))
    margins = margin, int(margin * (1 + more))
    less, richer = (liquidation_price(*position, each, venue.tiers, **rules_of(venue)) for each in margins)
    assert richer <= less if position[1] > 0 else richer >= less


def floor_of(venue, wallets, *, mark=8_000.0, fund=0, **traders):
    """A Floor with everything of a venue but its mark, index and funding."""
    contract = venue.contract
    floor = Floor(wallets, contract=contract, tiers=venue.tiers, fund=fund, **traders)
    venue.write(floor.terms, 1.0)
    floor.terms.record_fills, floor.now.draw_left, floor.loss = False, floor.terms.draw_limit, venue.loss
    if venue.pool:
        floor.x = floor.x.replace(pool=venue.pool.start(mark, contract))
    floor.set_mark(round(contract.index(mark) / contract.tick))
    return floor


def opens(floor, row, contracts, tick, behind):
    """Let a row hold `contracts` bought at a tick from outside, with `behind` units in the position, no more."""
    units = int(floor.x.settlement[tick])
    fill(floor.x, row, contracts, units, 0.0)
    fill(floor.x, OUTSIDE, -contracts, units, 0.0)
    account = floor[row]
    deposit(floor.x, row, behind)
    if not account.cross:
        account.margin, account.wallet = account.margin + behind, account.wallet - behind


def crowded(venue, rng, count=60):
    """A floor of takeovers only, with positions of all tiers of a venue that are about to fail or not quite."""
    at_once = replace(venue, liquidation=TAKEOVER, unwind=Unwind(rests=False), pool=None)
    leverage = np.exp(rng.uniform(0, np.log(venue.max_leverage), count))
    floor = floor_of(at_once, [0] * count, leverage=leverage, cross=rng.random(count) < 0.5)
    one, middle = abs(int(floor.now.mark_units)), int(floor.now.mark_tick)
    limits = floor.x.tiers[:-1, 0] / (1 if venue.tiers.counted == "contracts" else one)
    most = min(2.0 * limits[-1] if len(limits) else 1e6, venue.most_contracts, 2.0**58 / one)
    for row in range(RESERVED_ROWS, RESERVED_ROWS + count):
        near = rng.choice(limits) * rng.uniform(0.95, 1.05) if len(limits) and rng.random() < 0.7 else most
        size = int(np.clip(near if near < most else np.exp(rng.uniform(0, np.log(most))), 1, most))
        tick = round(middle * np.exp(rng.normal(0, 0.03)))
        value = size * abs(int(floor.x.settlement[tick]))
        rate = max(1.0 / leverage[row - RESERVED_ROWS], 1.1 * float(floor.x.tiers[:, 1].min()))
        opens(floor, row, size * rng.choice([-1, 1]), tick, int(rate * rng.uniform(0.7, 1.5) * value))
    return floor


@pytest.mark.parametrize("seed", range(4))
@EACH
def test_who_no_longer_covers_maintenance_by_the_formula_is_found_and_nobody_else(name, seed):
    """Marks wander and jump, funding is paid; who is taken over is compared with `sim.margin` for everybody."""
    venue, rng = PRESETS[name], np.random.default_rng(seed)
    floor = crowded(venue, rng)
    tick, found = float(floor.now.mark_tick), 0
    for _ in range(30):
        tick *= np.exp(rng.normal(0, 0.004) + (rng.random() < 0.15) * rng.normal(0, 0.05))
        floor.set_mark(round(tick))
        rows = np.flatnonzero(floor.x.accounts.contracts[RESERVED_ROWS:]) + RESERVED_ROWS
        expected = {int(row) for row in rows if doomed(floor.x, row, int(floor.now.mark_units))}
        for row in rows:
            assert_by_the_formula(floor, venue, int(row), int(row) in expected)
        before = floor.x.risk.liquidations.copy()
        floor.liquidate()
        assert set(np.flatnonzero(floor.x.risk.liquidations > before).tolist()) == expected
        found += len(expected)
        if rng.random() < 0.3:
            floor.pay_funding(int(rng.normal(0, 0.002) * abs(floor.now.mark_units)))
    laws.check(floor.x)
    assert found > 1


def assert_by_the_formula(floor, venue, row, fails):
    """Assert that the kernel's verdict on a row is that of `sim.margin`; both round, and a slope is a chord there."""
    account, contract, price = floor[row], venue.contract, int(floor.now.mark_tick) * venue.contract.tick
    asked = maintenance_margin(
        contract, int(account.contracts), int(account.cost), price, venue.tiers, **rules_of(venue)
    )
    left = int(backing(floor.x, row, int(floor.now.mark_units)))
    rounding = 1.0 + abs(int(account.contracts)) + 1e-12 * abs(asked)
    chord = 2.5e-5 * abs(int(account.contracts * floor.now.mark_units)) if venue.tiers.slope else 0.0
    if left < asked - rounding:
        assert fails
    if left > asked + rounding + chord:
        assert not fails


def test_a_position_that_loses_its_way_down_the_tiers_is_found():
    """An inverse short of 20.1 coins falls to 19.6 as the price rises: its deduction ends at 20, and it is due there,
    although what its first tier asks, drawn on below its end, would not be reached yet."""
    venue = PRESETS["BINANCE"]
    floor = floor_of(replace(venue, liquidation=TAKEOVER), [0] * 2, cross=True)
    contracts = round(20.1e10 / -int(floor.now.mark_units))
    tick = int(floor.now.mark_tick)
    due = round(tick * 20.1 / 19.6)
    asked = maintenance_margin(venue.contract, -contracts, 0, due * 0.1, venue.tiers)
    lost = -contracts * (int(floor.x.settlement[due]) - int(floor.x.settlement[tick]))
    opens(floor, ANNA, -contracts, tick, int(asked) - lost)
    for at, taken in ((tick, 0), (due - 1, 0), (due + 2, 1)):
        floor.set_mark(at)
        floor.liquidate()
        assert floor.now.lots == taken


def test_an_order_too_large_to_be_counted_is_refused():
    """9,223,373 contracts at half a dollar are worth 18 million coins, just above what 64 bits hold."""
    floor = floor_of(BITMEX, [10**15] * 2)
    floor.send(ANNA, 9_223_373, 1)
    opens(floor, BOB, 9_223_373, 16_000, 0)
    floor.send(BOB, -9_223_373, 15_900, trigger=1, limit=1)  # to close, at any price
    assert floor.now.rejected == 2 and floor.now.resting == 0
    assert floor.x.reserved[ANNA].buying_value == floor.x.reserved[BOB].selling_value == 0


# ---- who keeps what a liquidation leaves

KEEPERS = {
    **dict.fromkeys("BITMEX BITMEX_NOW BYBIT BYBIT_ENTRY OKX SYNTHETIX LINEAR POWER".split(), "fund"),
    **dict.fromkeys("DERIBIT DERIBIT_WIDE BINANCE BINANCE_SLOW KRAKEN HYPERLIQUID DYDX DRIFT GMX".split(), "trader"),
    "PERPETUAL": "trader",  # of a quarter; of what is closed whole, the fund, below
}
"""Who has what is left of a position that fails and is closed at the mark, after all fees. dYdX's fee of 1.5 % is more
than its maintenance."""
IDLE = 10**15


def just_failed(venue, rounds=30, cover=1.0, levels=1):
    """A floor on which ANNA's long of 5x, its coin idle besides, has failed, was due for that many rounds, and could be
    sold at the mark; (floor, equity of all rows before)."""
    contract, tick = venue.contract, round(venue.contract.index(8_000.0) / venue.contract.tick)
    floor = floor_of(venue, [0, 10**18], leverage=5.0)
    size = round((1.0 if contract.coin_margined else 8_000.0) / contract.unit / abs(int(floor.x.settlement[tick])))
    value = size * abs(int(floor.x.settlement[tick]))
    opens(floor, ANNA, size, tick, value // 5)
    deposit(floor.x, ANNA, IDLE)
    while backing(floor.x, ANNA, int(floor.x.settlement[tick])) >= cover * asked_of(floor, venue, tick):
        tick -= 1
    floor.set_mark(tick)
    floor.terms.maker_fee = 0.0
    if venue.pool:
        floor.x = floor.x.replace(pool=venue.pool.start(tick * contract.tick, contract))
    else:
        floor.send(BOB, 10 * size, tick)
        assert floor.now.bid == tick
    before = [int(equity(floor.x, row, int(floor.now.mark_units))) for row in range(len(floor.x.accounts))]
    for _ in range(rounds):
        floor.begin()
        floor.liquidate()
        floor.unwind()
        laws.check(floor.x)
    return floor, before


def asked_of(floor, venue, tick):
    """Units of maintenance of ANNA's position at a tick, by the formula."""
    account, price = floor[ANNA], tick * venue.contract.tick
    held = int(account.contracts), int(account.cost)
    return maintenance_margin(venue.contract, *held, price, venue.tiers, **rules_of(venue))


@EACH
def test_what_is_left_goes_to_whom_the_venue_says(name):
    venue = PRESETS[name]
    floor, before = just_failed(venue)
    rule, lots, left = venue.liquidation, floor.x.lots[: floor.now.lots], before[ANNA] - IDLE - floor[EXCHANGE].wallet
    value = float(abs(lots.contracts.sum() * int(floor.now.mark_units)))
    kept = int(equity(floor.x, ANNA, int(floor.now.mark_units))) - IDLE
    closer, fee = int(floor[OUTSIDE].wallet), int(floor[FUND].wallet)
    slipped = 0.01 * left if venue.pool else 1.0
    assert left > 0 and closer == pytest.approx(rule.closer_rate * value, abs=len(lots))
    if KEEPERS[name] == "fund":
        assert floor[ANNA].contracts == 0 == kept
        assert fee == pytest.approx(left - closer, abs=slipped)
    else:
        assert fee == pytest.approx(min(rule.fee_rate * value, left - closer), abs=len(lots))
        assert kept == pytest.approx(left - closer - fee, abs=slipped) and (kept > 0 or name == "DYDX")


@pytest.mark.parametrize("name", ["DERIBIT", "BINANCE", "DRIFT", "PERPETUAL"])
def test_a_partial_liquidation_leaves_the_rest_healthy(name):
    venue = PRESETS[name]
    floor, _ = just_failed(venue)
    left, asked = backing(floor.x, ANNA, int(floor.now.mark_units)), asked_of(floor, venue, int(floor.now.mark_tick))
    assert floor[ANNA].contracts > 0 and not floor.x.accounts.contracts[ENGINE]
    assert left >= asked * (1.0 if name == "PERPETUAL" else 0.999 * venue.liquidation.target)


@pytest.mark.parametrize(("name", "cover"), [("HYPERLIQUID", 0.6), ("PERPETUAL", 0.35)])
def test_below_its_share_of_maintenance_a_backstop_takes_position_and_margin(name, cover):
    floor, before = just_failed(PRESETS[name], cover=cover)
    assert floor[ANNA].contracts == floor[ENGINE].contracts == 0
    assert equity(floor.x, ANNA, int(floor.now.mark_units)) == IDLE
    assert floor[FUND].wallet == pytest.approx(before[ANNA] - IDLE, rel=0.02 if PRESETS[name].pool else 1e-12)


# ---- pools


def deeper(rule, times):
    """The same pool, so many times as deep."""
    if isinstance(rule, VirtualAmm):
        return replace(rule, depth_coin=rule.depth_coin * times)
    if isinstance(rule, SkewPool):
        return replace(rule, skew_scale=rule.skew_scale * times)
    return replace(rule, factor=rule.factor / times, impact_pool_usd=rule.impact_pool_usd * times)


@pytest.mark.parametrize("name", POOLS)
@settings(max_examples=60)
@given(st.lists(st.integers(-10_000_000, 10_000_000).filter(bool), min_size=1, max_size=4), st.floats(1.1, 10.0))
def test_a_deeper_pool_moves_less_for_every_trade(name, sizes, times):
    venue = POOLS[name]
    for size in sizes:
        moves, costs = [], []
        for rule in (venue.pool, deeper(venue.pool, times)):
            it = rule.start(8_000.0, venue.contract)[0]
            side = 1 if size > 0 else -1
            first, part = pool.marginal(it, 0, side), pool.room(it, size)
            assume(part == size)
            costs.append(side * (pool.trade(it, size) - first))
            moves.append(side * (pool.marginal(it, 0, side) - first))
        assert 0 <= moves[1] <= moves[0] + 1 and -1 <= costs[1] <= costs[0] + 1


def test_all_kinds_of_pool_are_among_the_presets():
    assert {type(venue.pool) for venue in POOLS.values()} == {VirtualAmm, SkewPool, ImpactPool}


# ---- what cannot be


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"mark": "last price"}, "mark must be a MarkRule"),
        ({"loss": AutoDeleverage}, "loss must be a LossRule"),
        ({"liquidation": "ladder"}, "liquidation must be a Liquidation"),
        ({"tiers": (0.005, 0.01)}, "tiers must be a Tiers"),
        ({"funding": 0.0001}, "funding must be a FundingRule"),
        ({"pool": 50e6}, "pool must be a VirtualAmm or SkewPool or ImpactPool or None"),
        ({"draw_limit": 0.3}, "draw_limit must be a DrawLimit or None"),
        ({"maintenance_on": "index"}, "maintenance_on must be 'entry' or 'mark'"),
        ({"netting": "gross"}, "netting must be one of"),
        ({"max_leverage": 0.5}, "max_leverage must be at least 1"),
    ],
)
@pytest.mark.parametrize("venue", [BITMEX, PERPETUAL], ids=["book", "pool"])
def test_a_venue_with_a_part_that_is_none_is_refused_in_one_sentence(venue, part, sentence):
    with pytest.raises(ValueError, match=sentence) as refused:
        replace(venue, **part)
    assert "\n" not in str(refused.value) and "got" in str(refused.value)


def test_a_pool_refuses_a_contract_it_cannot_trade():
    with pytest.raises(ValueError, match="must be linear"):
        market_of(replace(PRESETS["GMX"], contract=BITMEX.contract), MESSAGES, 1)


# ---- single rules, by hand: 100 contracts bought at 100 with 10 behind each; 5 % of the value must be left

STEEP = Tiers.flat(0.05, 0.1)
SOLD_AT_ANY_PRICE = dict(limit="market", takeover_below=0.0)


def a_long(mark=94, bids=((94, 200),), *, cross=False, fund=0, rounds=1, **how):
    """A floor on which ANNA's long is marked to `mark` and due for some rounds; CAROL bids (tick, contracts).

    A contract is worth 1,000 units a tick. Its margin is 1,000,000 units, and where it is isolated 5,000,000 lie idle.
    """
    rule = {key: how.pop(key) for key in list(how) if key in Liquidation.__dataclass_fields__}
    idle = 0 if cross else 5_000_000
    floor = Floor(
        [0, 0, 10**12], tiers=STEEP, cross=cross, fund=fund, liquidation=Liquidation(**rule), record_fills=False, **how
    )
    opens(floor, ANNA, 100, 100, 1_000_000)
    opens(floor, BOB, -100, 100, 1_000_000)
    deposit(floor.x, ANNA, idle)
    floor.set_mark(100)
    for tick, size in bids:
        floor.send(CAROL, size, tick)
    floor.set_mark(mark)
    for _ in range(rounds):
        floor.begin()
        floor.liquidate()
        floor.unwind()
        laws.check(floor.x)
    return floor


def left_of(floor):
    """What ANNA's wallet, margin and position are worth at the mark beyond what lay idle, units."""
    idle = 0 if floor[ANNA].cross else 5_000_000
    return int(equity(floor.x, ANNA, int(floor.now.mark_units))) - idle


BOTH = pytest.mark.parametrize("cross", [False, True], ids=["isolated", "cross"])


@BOTH
@pytest.mark.parametrize(("residual", "anna", "fund"), [("trader", 259_000, 94_000), ("fund", 0, 353_000)])
def test_fees_go_to_closer_and_fund_and_the_residual_to_its_keeper(cross, residual, anna, fund):
    """At 94 there are 400,000 left and 470,000 asked; 9,400,000 are closed, for 0.5 % and 1 %."""
    rates = dict(fee_rate=0.01, closer_rate=0.005, residual=residual)
    floor = a_long(cross=cross, style="slice", **rates, **SOLD_AT_ANY_PRICE)
    assert floor[ANNA].contracts == 0 and floor[OUTSIDE].wallet == 47_000
    assert (left_of(floor), floor[FUND].wallet) == (anna, fund)


@BOTH
def test_slices_come_so_many_a_second_and_stop_when_enough_is_closed(cross):
    """At 92 there are 200,000 left, enough for 43 contracts: two slices of ten a second, for three of them."""
    rule = dict(style="slice", slice_contracts=10, slices_per_s=2.0, residual="trader", **SOLD_AT_ANY_PRICE)
    held = [int(a_long(92, [(92, 200)], cross=cross, rounds=n, **rule)[ANNA].contracts) for n in range(1, 6)]
    assert held == [80, 60, 40, 40, 40]
    rarer = [int(a_long(92, [(92, 200)], cross=cross, rounds=n, **rule | {"slices_per_s": 0.25})[ANNA].contracts)
             for n in range(1, 13)]  # fmt: skip
    assert rarer == sorted(rarer, reverse=True) and rarer[-1] == 70 and set(rarer) <= {100, 90, 80, 70}


@BOTH
@pytest.mark.parametrize(("fee_rate", "closed"), [(0.0, 23), (0.01, 28)])
def test_an_order_to_a_target_closes_the_fewest_that_leave_the_rest_healthy(cross, fee_rate, closed):
    """1.1 times 4,700 are asked for a contract: 23 free the 117,000 that lack; with 940 of fee on each it takes 28."""
    floor = a_long(cross=cross, style="target", target=1.1, fee_rate=fee_rate, residual="trader", **SOLD_AT_ANY_PRICE)
    rest = 100 - closed
    assert floor[ANNA].contracts == rest and floor[FUND].wallet == 94_000 * closed * fee_rate
    left = backing(floor.x, ANNA, 94_000)
    assert 1.1 * 4_700 * rest <= left == 400_000 - 94_000 * closed * fee_rate
    assert left + 94_000 * fee_rate < 1.1 * 4_700 * (rest + 1)


@BOTH
@pytest.mark.parametrize(("bid", "sold"), [(93, 100), (92, 0)])
def test_a_fillable_price_lies_by_the_margin_used_up_below_the_mark(cross, bid, sold):
    """70 of 470 are used up: 14.9 % of 1.5 times 4,700 below 94,000 is 92,950."""
    floor = a_long(
        94, [(bid, 200)], cross=cross, style="slice", limit="fillable", takeover_below=0.0, residual="trader"
    )
    assert floor[ANNA].contracts == 100 - sold and left_of(floor) == (300_000 if sold else 400_000)


@pytest.mark.parametrize("style", ["slice", "target"])
def test_an_order_at_market_costs_an_isolated_position_no_more_than_its_margin(style):
    """Bids at 60 would take four million: the order waits, and when nothing is left the engine takes over."""
    floor = a_long(94, [(60, 200)], style=style, **SOLD_AT_ANY_PRICE)
    assert floor[ANNA].contracts == 100 and left_of(floor) == 400_000
    floor = a_long(90, [(60, 200)], style=style, fund=10**9, rests=False, **SOLD_AT_ANY_PRICE)
    assert floor[ANNA].contracts == 0 and left_of(floor) == 0
    assert floor[FUND].wallet == 10**9 - 100 * 30_000


@pytest.mark.parametrize(("mark", "anna", "vault"), [(94, 400_000, 0), (92, 0, 200_000)])
def test_a_vault_keeps_the_margin_of_what_it_takes_and_a_trader_what_an_order_saves(mark, anna, vault):
    """Two thirds of maintenance are left at 93.1."""
    floor = a_long(mark, [(mark, 200)], **vars(HYPERLIQUID_BACKSTOP))
    assert floor[ANNA].contracts == 0 and (left_of(floor), floor[FUND].wallet) == (anna, vault)


@pytest.mark.parametrize(("limit", "deleveraged", "fund"), [(None, 0, 510_000), (DrawLimit(fall=0.3), 40, 710_000)])
def test_a_draw_limit_deleverages_before_the_fund_is_empty(limit, deleveraged, fund):
    """The lot lacks 5,000 a contract at 85; of 1,010,000 the fund must keep 707,000, so it pays for 60."""
    floor = a_long(90, [(85, 200)], fund=1_010_000, rounds=0, rests=False)
    venue = replace(BITMEX, contract=LINEAR, draw_limit=limit)
    Sessions(venue, datetime(2020, 1, 1), 60.0).pass_by(floor.x, 1, None)
    assert floor.now.fund_kept == (707_000 if limit else 0)
    floor.liquidate()
    for _ in range(3):
        floor.unwind()
        laws.check(floor.x)
    assert sum(contracts for _, _, contracts, _ in floor.adl) == floor.now.deleveraged == deleveraged
    assert floor[ENGINE].contracts == 0 and floor[FUND].wallet == fund


def test_where_no_fund_pays_winners_are_closed_at_once_at_the_bankruptcy_price():
    floor = a_long(90, [(85, 200)], fund=10**9, rests=False, pays=False)
    assert floor.adl == [(0, BOB, 100, 90_000)] and floor[FUND].wallet == 10**9


def test_a_days_loss_stands_until_its_hour_and_is_then_the_winners():
    """BOB has won 1,500,000 of the day when its loss of 500,000 is due, at 08:00."""
    floor = a_long(90, [(85, 200)], rounds=0, rests=False, socialises=True)
    floor.set_mark(100)
    here = Sessions(replace(DERIBIT, contract=LINEAR), datetime(2020, 1, 1, 7, 58), 60.0)
    here.open(floor.x)
    floor.loss, told = DailyLoss(), []
    floor.set_mark(90)
    floor.liquidate()
    floor.unwind()
    assert floor[FUND].wallet == -500_000 and floor.adl == []
    floor.set_mark(85)
    for clock, short in ((1, -500_000), (2, 0), (3, 0)):
        here.pass_by(floor.x, clock, lambda *paid: told.append(tuple(map(int, paid))))
        assert floor[FUND].wallet == short
    assert told == [(-1, BOB, 0, 500_000)]
    assert equity(floor.x, BOB, 85_000) == 1_000_000 + 1_500_000 - 500_000


def test_a_spread_loss_costs_every_contract_of_both_sides_the_same():
    """After the takeover BOB's 100 shorts are left, and CAROL's 100 longs: 500,000 are 2,500 for each."""
    floor = a_long(90, [(85, 100)], rounds=0, rests=False, socialises=True)
    floor.loss = SpreadLoss()
    floor.liquidate()
    before = [int(equity(floor.x, row, 90_000)) for row in (BOB, CAROL)]
    floor.unwind()
    laws.check(floor.x)
    assert floor.adl == [(-1, BOB, 0, 250_000), (-1, CAROL, 0, 250_000)] and floor[FUND].wallet == 0
    after = [int(equity(floor.x, row, 90_000)) for row in (BOB, CAROL)]
    assert after == [before[0] - 250_000, before[1] - 250_000 + 500_000], "CAROL bought at 85 what is marked at 90"
