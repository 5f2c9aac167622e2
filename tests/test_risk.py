"""Buckets find exactly those whom a look at every account would find, and a takeover moves all they have."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import laws, risk
from sim.backing import maintenance
from sim.exchange import MARK
from sim.ledger import ENGINE, RESERVED_ROWS, deposit, fill, touch
from sim.liquidation import BITMEX_LADDER
from sim.margin import Tiers, liquidation_price, maintenance_margin
from sim.orders import FALLING
from sim.stamps import Stamps
from sim.venues import BITMEX
from tests.floor import ANNA, BOB, CAROL, DAVE, INVERSE, LINEAR, Floor

FLAT = Tiers.flat(0.005, 0.01)
STEPS = Tiers.steps(first=2.0, step=2.0, count=8, maintenance=0.005, initial=0.01, each=0.005)
STEEP = Tiers.steps(first=0.5, step=0.5, count=40, maintenance=0.005, initial=0.01, each=0.01)
MARGINAL = Tiers.marginal([1.0, 5.0, 20.0, np.inf], [0.005, 0.01, 0.025, 0.05], [0.01, 0.02, 0.05, 0.1])
IN_USD = {  # the same tiers where a contract is worth a million times as many of its coins
    id(tiers): Tiers([(row[0] * 1e6, *row[1:3], row[3] * 1e6) for row in tiers.rows])
    for tiers in (FLAT, STEPS, STEEP, MARGINAL)
}


def population(rng, contract, tiers, **terms):
    """A floor of 40 positions, pairwise opposite, with entries, sizes and collateral of every kind."""
    count, one = 40, 10**12 if contract is INVERSE else 10**9
    if contract is LINEAR:
        tiers = IN_USD[id(tiers)]
    leverage = np.round(np.exp(rng.uniform(0, np.log(100), count)), 1)
    floor = Floor([100 * one] * count, contract=contract, tiers=tiers, leverage=leverage, rests=False,
                  cross=rng.random(count) < 0.4, **terms)  # fmt: skip
    typical = one / abs(int(floor.x.settlement[1000]))
    for row in range(RESERVED_ROWS, RESERVED_ROWS + count, 2):
        contracts = int(np.ceil(typical * rng.lognormal(0, 1.5)))
        units = int(floor.x.settlement[int(rng.normal(1000, 60))])
        for trader, size in ((row, contracts), (row + 1, -contracts)):
            fill(floor.x, trader, size, units, 0.0)
            account, value = floor[trader], contracts * abs(units)
            wanted = int(value / leverage[trader - RESERVED_ROWS] * rng.uniform(0.8, 1.2))
            deposit(floor.x, trader, wanted - account.wallet if account.cross else -account.wallet)
    floor.set_mark(1000)
    return floor


def doomed(floor):
    """Rows of the traders who do not cover their maintenance: a look at every account."""
    rows = range(RESERVED_ROWS, len(floor.x.accounts))
    return {row for row in rows if risk.doomed(floor.x, row, int(floor.now.mark_units))}


def liquidated(floor):
    """Rows taken over in a round at the present mark."""
    before = floor.x.risk.liquidations.copy()
    floor.liquidate()
    return set(np.flatnonzero(floor.x.risk.liquidations > before).tolist())


@settings(max_examples=150)
@given(
    st.integers(0, 2**32),
    st.sampled_from([INVERSE, LINEAR]),
    st.sampled_from([FLAT, STEPS, STEEP, MARGINAL]),
    st.booleans(),
    st.sampled_from([0.0, 0.00075]),
)
def test_buckets_find_exactly_those_whom_a_full_scan_finds(seed, contract, tiers, entry_basis, closing_fee):
    rng = np.random.default_rng(seed)
    floor = population(rng, contract, tiers, entry_basis=entry_basis, closing_fee=closing_fee)
    tick = 1000.0
    for _ in range(25):
        tick *= np.exp(rng.normal(0, 0.004) + (rng.random() < 0.1) * rng.normal(0, 0.05))
        floor.set_mark(int(np.clip(tick, 2, 1999)))
        expected = doomed(floor)
        assert liquidated(floor) == expected
        assert not doomed(floor)
        if rng.random() < 0.3:
            floor.pay_funding(int(rng.normal(0, 0.002) * abs(floor.now.mark_units)))
        if rng.random() < 0.3:
            deposit(floor.x, int(rng.integers(RESERVED_ROWS, len(floor.x.accounts))), int(rng.normal(0, 10**7)))
    laws.check(floor.x)


def test_the_population_of_that_test_is_worth_looking_at():
    rng, found = np.random.default_rng(1), 0
    for _ in range(20):
        floor = population(rng, INVERSE, STEPS)
        for tick in (990, 1010, 950, 1050, 900):
            floor.set_mark(tick)
            found += len(liquidated(floor))
        assert (floor.x.accounts.contracts != 0).sum() > 5  # some are left to be missed
    assert found > 200


def test_nobody_is_moved_by_a_mark_that_reaches_no_bucket():
    floor = population(np.random.default_rng(5), INVERSE, FLAT)
    floor.liquidate()
    before = floor.x.accounts.copy(), floor.x.risk.copy()
    filed = floor.x.risk.bucket
    for bucket in filed[filed >= 0].tolist():
        side, tick = bucket & 1, bucket >> 1
        assert tick <= 1001 if side == 0 else tick >= 999  # filed a tick early
    floor.liquidate()
    assert np.array_equal(before[0], floor.x.accounts) and np.array_equal(before[1], floor.x.risk)


@given(st.integers(0, 2**32), st.sampled_from([FLAT, STEPS, MARGINAL]), st.booleans())
def test_the_kernels_maintenance_is_that_of_the_published_formula(seed, tiers, entry_basis):
    rng = np.random.default_rng(seed)
    floor = population(rng, INVERSE, tiers, entry_basis=entry_basis, closing_fee=0.00075)
    tick = int(rng.integers(900, 1100))
    floor.set_mark(tick)
    for row in np.flatnonzero(floor.x.accounts.contracts):
        account = floor[row]
        expected = maintenance_margin(
            INVERSE, int(account.contracts), int(account.cost), 0.5 * tick, tiers,
            basis="entry" if entry_basis else "mark", closing_fee=0.00075,
        )  # fmt: skip
        # a contract settles in whole units, so a position's value is off by half a unit a contract
        assert maintenance(floor.x, row, int(floor.now.mark_units)) == pytest.approx(
            expected, abs=1.0 + 0.1 * abs(account.contracts)
        )


@pytest.mark.parametrize("contract", [INVERSE, LINEAR])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("entry_basis", [True, False])
def test_a_position_is_taken_over_at_the_tick_its_liquidation_price_says(contract, sign, entry_basis):
    floor = Floor([10**16] * 2, contract=contract, leverage=20.0, entry_basis=entry_basis, rests=False)
    fill(floor.x, ANNA, sign * 1000, int(floor.x.settlement[1000]), 0.0)
    fill(floor.x, BOB, -sign * 1000, int(floor.x.settlement[1000]), 0.0)
    account, basis = floor[ANNA], "entry" if entry_basis else "mark"
    price = liquidation_price(
        contract, int(account.contracts), int(account.cost), int(account.margin), FLAT, basis=basis
    )
    at = price / contract.tick
    floor.set_mark(int(np.floor(at) + 1 if sign > 0 else np.ceil(at) - 1))
    assert ANNA not in liquidated(floor)
    floor.set_mark(int(np.ceil(at) - 1 if sign > 0 else np.floor(at) + 1))
    assert ANNA in liquidated(floor)


def test_a_1x_short_of_an_inverse_contract_is_never_liquidated():
    floor = Floor([10**13] * 2, contract=INVERSE, leverage=1.0, tiers=Tiers.flat(0.0, 0.01))
    fill(floor.x, ANNA, -1000, int(floor.x.settlement[1000]), 0.0)
    fill(floor.x, BOB, 1000, int(floor.x.settlement[1000]), 0.0)
    for tick in (10, 2000, 1, 1500):
        floor.set_mark(tick)
        assert ANNA not in liquidated(floor)


def test_a_position_that_fails_by_winning_is_found():
    """Its value grows into a tier that asks for more than it has: rare, but a full scan would find it."""
    tiers = Tiers.steps(first=2.0, step=2.0, count=3, maintenance=0.005, initial=0.01, each=0.05)
    floor = Floor([10**13] * 2, contract=INVERSE, tiers=tiers, leverage=50.0, rests=False)
    contracts = int(1.99e12 / -int(floor.x.settlement[1000]))
    fill(floor.x, ANNA, -contracts, int(floor.x.settlement[1000]), 0.0)
    fill(floor.x, BOB, contracts, int(floor.x.settlement[1000]), 0.0)
    floor.set_mark(1000)
    assert liquidated(floor) == set()
    floor.set_mark(990)  # the short is worth more than 2 coins now
    assert ANNA in doomed(floor) and ANNA in liquidated(floor)


def test_funding_paid_at_a_stamp_lets_nobody_slip_past_a_tier():
    """A long of 199 coins becomes one of 200 as the price falls: there the next tier begins, and asks for more."""
    venue = replace(BITMEX, maintenance_on="mark", closing_fee=0.0)
    contracts, coin = 199 * 8000, 10**12
    for rate in (-0.003, -0.0006, -0.0002, 0.0, 0.0005):
        floor = Floor([10**15] * 2, contract=venue.contract, tiers=venue.tiers, leverage=100.0, rests=False)
        for row, size in ((ANNA, contracts), (BOB, -contracts)):
            fill(floor.x, row, size, venue.contract.settlement(8000.0), 0.0)
        account = floor[ANNA]
        account.margin += 5 * coin // 2 - account.margin + int(rate * 199 * coin)  # 2.5 coins once it is paid
        account.wallet, account.deposits = 0, account.margin
        floor.set_mark(16_000)
        assert liquidated(floor) == set()
        stamps = Stamps(venue, datetime(2020, 1, 1, tzinfo=UTC), 10, 1.0)
        stamps.rate = rate
        stamps.pay(floor.x, 1)
        for tick in range(15_999, 15_900, -1):
            floor.set_mark(tick)
            expected = doomed(floor)
            assert liquidated(floor) == expected, f"rate {rate}, tick {tick}"
            if expected:
                break
        assert tick == 15_920  # at 7,960, where S is rounded up


# ---- takeover


@pytest.mark.parametrize("cross", [False, True])
def test_a_takeover_moves_everything_without_a_price_and_without_rounding(cross):
    floor = Floor([10**12 + 7] * 2 + [10**15], contract=INVERSE, leverage=33.0, cross=cross, rests=False)
    fill(floor.x, ANNA, 15_001, int(floor.x.settlement[1000]), 0.00075)
    fill(floor.x, CAROL, -15_001, int(floor.x.settlement[1000]), 0.0)
    floor.pay_funding(12_345)
    floor.set_mark(900)
    touch(floor.x, ANNA)
    before = {name: int(floor[ANNA][name]) for name in ("wallet", "margin", "contracts", "cost")}
    assert liquidated(floor) == {ANNA}
    lot = floor.x.lots[0]
    backing = before["margin"] + (before["wallet"] if cross else 0)
    assert (lot.contracts, lot.cost, lot.margin) == (before["contracts"], before["cost"], backing)
    assert (lot.open, lot.open_cost, lot.open_margin) == (lot.contracts, lot.cost, lot.margin)
    assert lot.bankruptcy_units == -(before["cost"] + backing) / before["contracts"]
    assert (lot.account, lot.closed_step, lot.parent, lot.mark) == (ANNA, -1, -1, 450.0)
    left = floor[ANNA]
    assert (left.contracts, left.cost, left.margin) == (0, 0, 0)
    assert left.wallet == (0 if cross else before["wallet"])
    assert floor.x.risk[ANNA].bucket == -1
    laws.check(floor.x)


def test_the_orders_of_who_is_liquidated_are_cancelled_stops_included():
    floor = Floor([10**10] * 4, leverage=10.0, rests=False)
    floor.set_mark(1000)
    fill(floor.x, ANNA, 100, 10**6, 0.0)
    fill(floor.x, BOB, -100, 10**6, 0.0)
    floor.send(ANNA, 5, 800)
    floor.send(ANNA, -100, 850, trigger=2 * MARK + FALLING, limit=1, reduce_only=True)
    floor.send(ANNA, -100, 1200, reduce_only=True)
    floor.send(CAROL, 5, 800)
    floor.set_mark(890)
    assert liquidated(floor) == {ANNA}
    assert floor.now.cancels == 3 and floor.now.resting == 1 and floor[ANNA].orders == -1
    laws.check(floor.x)


def test_rounds_go_on_when_there_is_no_room_for_more_lots():
    floor = population(np.random.default_rng(3), INVERSE, FLAT)
    floor.set_mark(700)
    few = floor.x.lots[:2].copy().view(np.recarray)
    floor.x = floor.x.replace(lots=few)
    before = floor.x.risk.copy()
    assert risk.liquidate(floor.x, floor.first_rows) == risk.FULL
    assert np.array_equal(before.liquidations, floor.x.risk.liquidations) and floor.now.lots == 0
    expected = doomed(floor)
    assert len(expected) > 4 and liquidated(floor) == expected
    assert floor.now.lots == len(expected)


# ---- laddered


def laddered(bid, cross=False, size=10_000):
    """ANNA is long 2.5 tiers' worth at 20x and the mark has fallen on her; others bid for all at tick `bid`."""
    tiers = Tiers.steps(first=4.0, step=4.0, count=6, maintenance=0.005, initial=0.01, each=0.02)
    floor = Floor(
        [10**14] * 3, contract=INVERSE, tiers=tiers, leverage=20.0, liquidation=BITMEX_LADDER, rests=False, cross=cross
    )
    fill(floor.x, ANNA, 5000, int(floor.x.settlement[1000]), 0.0)
    fill(floor.x, BOB, -5000, int(floor.x.settlement[1000]), 0.0)
    if cross:
        deposit(floor.x, ANNA, -int(floor[ANNA].wallet) + 500_000_000_000)
    floor.send(CAROL, size, bid)
    floor.take_fills()
    floor.set_mark(990)
    assert ANNA in doomed(floor)
    floor.liquidate()
    laws.check(floor.x)
    return floor


@pytest.mark.parametrize("cross", [False, True])
def test_a_large_position_is_first_reduced_to_the_next_lower_tier(cross):
    floor = laddered(bid=989, cross=cross)
    kept = int(8e12 / -int(floor.now.mark_units))
    assert floor.trades() == [(CAROL, ANNA, 989, -(5000 - kept))]
    assert floor[ANNA].contracts == kept and floor[ENGINE].contracts == 0
    assert floor.x.risk[ANNA].liquidations == floor.now.liquidations == 1
    assert floor.now.liquidated == 5000 - kept


@pytest.mark.parametrize("size", [1, 800])
def test_what_cannot_be_reduced_at_once_is_taken_over(size):
    floor = laddered(bid=989, size=size)
    assert floor.trades() == [] and floor.x.lots[0].contracts == 5000


def test_a_position_is_not_reduced_beyond_its_bankruptcy_price():
    """Its wallet is full, yet an isolated position may lose its margin only: 5 % of 500 USD, at 476.19."""
    for bid, traded in ((953, True), (952, False)):
        floor = laddered(bid=bid)
        assert bool(floor.trades()) == traded
        assert floor[ANNA].wallet >= 10**14 - 500_000_000_000


# ---- who is filed


def test_an_account_is_filed_once_wherever_it_moves():
    floor = population(np.random.default_rng(8), INVERSE, STEPS)
    rng = np.random.default_rng(9)
    for _ in range(60):
        floor.set_mark(int(rng.integers(940, 1060)))
        floor.liquidate()
        for row in rng.integers(RESERVED_ROWS, len(floor.x.accounts), 5):
            deposit(floor.x, int(row), int(rng.integers(0, 10**10)))
        seen = []
        for side in range(2):
            for head in floor.x.heads[side][floor.x.heads[side] >= 0]:
                while head >= 0:
                    seen.append(int(head))
                    head = floor.x.risk[head].bucket_next
        assert sorted(seen) == np.flatnonzero(floor.x.risk.bucket >= 0).tolist()
        held = np.flatnonzero(floor.x.accounts.contracts)
        assert seen and set(seen) == set(held.tolist()) - {ENGINE}


def test_a_flat_account_is_never_liquidated_whatever_it_owes():
    floor = Floor([0, 10**10], leverage=10.0)
    floor.x.accounts[ANNA].wallet = -5
    floor.set_mark(1)
    assert liquidated(floor) == set() and not risk.doomed(floor.x, ANNA, 1000)
    assert floor[DAVE - 2].wallet == 10**10
