"""Pools: the numbers their venues published, and that nobody earns by a round trip, a split or a rounding."""

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sim import laws, ledger, pool, pooled
from sim.contract import Inverse, Linear, Power, Quanto
from sim.exchange import new_exchange, with_accounts
from sim.ledger import EXCHANGE, FUND, POOL
from sim.orders import FOK, POST
from sim.pool_prices import price_impact_usd, skew_fills
from sim.pool_rules import ImpactPool, SkewPool, VirtualAmm
from sim.socialise import PoolPays
from tests.floor import ANNA, BOB, Floor
from tests.floor import LINEAR as TICKS

HOME = Path(__file__).resolve().parent.parent
LINEAR = Linear(face=0.001, unit=1e-6)
INVERSE = Inverse(face=1.0, unit=1e-12)
PRICE = 8_000.0
AMM, INVERSE_AMM = VirtualAmm(depth_coin=1e7), VirtualAmm(depth_coin=1e4)
SKEWED, CHARGING = SkewPool(skew_scale=1e4), ImpactPool(factor=1e-9, positive_factor=4e-10)
KINDS = {
    "product": (AMM, LINEAR),
    "inverse": (INVERSE_AMM, INVERSE),
    "skew": (SKEWED, LINEAR),
    "power": (CHARGING, LINEAR),
}

kinds = st.sampled_from(sorted(KINDS))
shares = st.floats(-0.9, 0.9).filter(lambda part: abs(part) > 1e-6)
paths = st.lists(shares, min_size=1, max_size=8)


def opened(kind, price=PRICE):
    """The pool of that kind in which nothing was traded."""
    rule, contract = KINDS[kind]
    return rule.start(price, contract)[0]


def wanted(here, part):
    """Contracts: that share of what the pool would take on that side; at least one."""
    room = pool.room(here, 1 << 60 if part > 0 else -(1 << 60))
    return (1 if part > 0 else -1) * max(1, abs(int(abs(part) * room)))


def traded(here, parts):
    """Trade shares of the room, one after another; [(size, units each)]."""
    fills = []
    for part in parts:
        size = wanted(here, part)
        if pool.room(here, size) == size:
            fills.append((size, pool.trade(here, size)))
    return fills


whole = st.integers(-(2**61), 2**61)


@given(whole, whole, st.integers(1, 2**61), st.integers(0, 2**61))
def test_a_product_is_divided_exactly_and_rounded_up(amount, part, divisor, less):
    exact = -((less - amount * part) // divisor)
    assume(abs(exact) < 2**62 and abs(amount * part) // divisor < 2**62)
    assert pool.ceiling(amount, part, divisor, less) == exact
    plain = getattr(pool.ceiling, "py_func", pool.ceiling)
    assert plain(amount * 10**40, part * 10**40, divisor, less) == -((less - amount * part * 10**80) // divisor)


@given(kinds, paths)
def test_what_is_booked_is_never_better_than_the_exact_cost_and_off_by_less_than_a_unit_per_contract(kind, parts):
    here = opened(kind)
    for part in parts:
        size = pool.room(here, wanted(here, part))
        assume(size)
        cost = pool.total(here, size)
        units = pool.trade(here, size)
        assert 0 <= size * units - cost < abs(size)


@given(st.sampled_from(["product", "inverse"]), paths)
def test_the_product_of_reserves_never_falls(kind, parts):
    here = opened(kind)
    product = int(here.contracts) * int(here.units)
    for part in parts:
        traded(here, [part])
        product, before = int(here.contracts) * int(here.units), product
        assert product >= before and here.contracts > 0 and here.units > 0


@given(kinds, paths)
def test_no_round_trip_earns_a_unit(kind, parts):
    """Whatever was traded before, trading and then giving all of it back costs something or nothing."""
    here = opened(kind)
    traded(here, parts[::2])
    mine = traded(here, parts[1::2])
    paid, held = sum(size * units for size, units in mine), sum(size for size, _ in mine)
    while held:
        size = pool.room(here, -held)
        assume(size)
        paid += size * pool.trade(here, size)
        held += size
    assert paid >= 0


@given(kinds, paths)
def test_the_pool_has_what_traders_paid(kind, parts):
    here = opened(kind)
    begun = here.copy()
    fills = traded(here, parts)
    assert here.held - begun.held == sum(size for size, _ in fills)
    if here.kind == pool.PRODUCT:
        assert here.units - begun.units == sum(size * units for size, units in fills)
        assert begun.contracts - here.contracts == here.sign * (here.held - begun.held)
    if here.kind == pool.POWER:
        assert here.collected == sum(size * (units - here.index) for size, units in fills) >= 0


@given(
    st.sampled_from(["product", "inverse", "skew"]),
    st.sampled_from([-1, 1]),
    st.lists(st.integers(1, 500), min_size=2, max_size=8),
    paths,
)
def test_splitting_an_order_changes_nothing_but_the_rounding(kind, side, slices, before):
    """Each part is rounded up, to whole units and to whole units per contract; in parts it is never cheaper."""
    here, size = opened(kind), side * sum(slices)
    traded(here, before)
    assume(pool.room(here, size) == size)
    whole, costs, booked = pool.total(here, size), 0, 0
    for part in slices:
        costs += pool.total(here, side * part)
        booked += side * part * pool.trade(here, side * part)
    assert whole <= booked < whole + sum(slices) + 2 * len(slices)
    assert abs(costs - whole) < (len(slices) if kind == "skew" else sum(slices))
    assert kind != "skew" or costs >= whole


@given(st.sampled_from([-1, 1]), st.lists(st.integers(1, 5_000), min_size=2, max_size=8), st.integers(-20_000, 20_000))
def test_a_charge_on_imbalance_adds_up_exactly_whatever_the_way(side, slices, held):
    here = replace(CHARGING, impact_pool_usd=1e6).start(PRICE, LINEAR)[0]
    here.held = held
    whole, parts = pool.total(here, side * sum(slices)), 0
    for part in slices:
        parts += pool.total(here, side * part)
        pool.trade(here, side * part)
    assert parts == whole


deeper = st.floats(1.01, 100)


@given(st.sampled_from([-1, 1]), st.floats(1e3, 5e6), deeper, st.booleans())
def test_a_deeper_amm_moves_less_for_every_trade(side, usd, times, inverse):
    contract, depth, worth = (INVERSE, 1e3, 1 / PRICE) if inverse else (LINEAR, 1e7, PRICE * 0.001)
    coin = usd / PRICE if inverse else usd
    here, there = (VirtualAmm(depth_coin=depth * k).start(PRICE, contract)[0] for k in (1, times))
    size = side * round(coin / worth)
    moves = [abs(pool.marginal(each, size, side) - pool.marginal(each, 0, side)) for each in (here, there)]
    costs = [pool.total(each, size) for each in (here, there)]
    assert moves[1] < moves[0] and costs[1] < costs[0]
    impacts = [VirtualAmm(depth_coin=depth * k).impact(side * coin, inverse) for k in (1, times)]
    assert abs(impacts[1]) < abs(impacts[0])


@given(st.sampled_from([-1, 1]), st.integers(10, 5_000_000), deeper)
def test_a_deeper_skew_pool_moves_less_for_every_trade(side, size, times):
    here, there = (SkewPool(skew_scale=1e4 * k).start(PRICE, LINEAR)[0] for k in (1, times))
    assert abs(pool.marginal(there, side * size, side) - here.index) < abs(
        pool.marginal(here, side * size, side) - here.index
    )
    assert pool.total(there, side * size) < pool.total(here, side * size) + (size < 10_000)


@given(st.sampled_from([-1, 1]), st.integers(100, 1_000_000), deeper, st.floats(1.1, 3))
def test_a_deeper_impact_pool_moves_less_for_every_trade(side, size, times, exponent):
    rule = ImpactPool(factor=0.1 * 1e8 ** (1 - exponent), exponent=exponent)
    here, there = (replace(rule, factor=rule.factor / k).start(PRICE, LINEAR)[0] for k in (1, times))
    assert abs(pool.marginal(there, side * size, side) - here.index) < abs(
        pool.marginal(here, side * size, side) - here.index
    )
    assert pool.total(there, side * size) <= pool.total(here, side * size)


impacts = st.floats(-0.4, 0.4).filter(lambda moved: abs(moved) > 1e-4)
RULES = [
    (VirtualAmm, {}),
    (VirtualAmm, {"inverse": True}),
    (SkewPool, {}),
    (ImpactPool, {}),
    (ImpactPool, {"exponent": 1.7}),
]


@given(st.sampled_from(RULES), impacts, st.floats(1e2, 1e7))
def test_depth_trade_and_impact_give_one_another(law, moved, size):
    rule, options = law
    inverse = {"inverse": True} if "inverse" in options else {}
    size = math.copysign(size, moved)
    made = rule.deep_enough(size, moved, **options)
    assert math.isclose(made.impact(size, **inverse), moved, rel_tol=1e-9)
    assert math.isclose(made.largest(moved, **inverse), size, rel_tol=1e-9)
    assert 0 < made.slippage(size, **inverse) / moved < 1


@given(impacts, kinds)
def test_the_closed_forms_are_what_the_kernels_charge(moved, kind):
    rule, contract = KINDS[kind]
    here, side = opened(kind), 1 if moved > 0 else -1
    inverse = {"inverse": True} if kind == "inverse" else {}
    worth = {"skew": contract.face, "inverse": 1 / PRICE}.get(kind, contract.face * PRICE)
    size = round(rule.largest(moved, **inverse) / worth)
    moved = rule.impact(size * worth, **inverse)
    before, after = (contract.price(pool.marginal(here, each, side)) for each in (0, size))
    assert math.isclose(after / before - 1, moved, rel_tol=1e-6, abs_tol=1e-9)
    average = contract.price(pool.total(here, size) / size)
    assert math.isclose(average / before - 1, rule.slippage(size * worth, **inverse), rel_tol=1e-5, abs_tol=1e-8)


@given(kinds, st.sampled_from([-1, 1]), st.floats(1e-4, 0.3), paths)
def test_depth_is_the_trade_that_moves_the_price_so_far(kind, side, reach, before):
    here = opened(kind)
    traded(here, before)
    size = side * pool.depth(here, side, reach)
    contract = KINDS[kind][1]

    def price(size):
        return contract.price(pool.marginal(here, size, side))

    aim = price(0) * (1 + side * reach)
    assert side * price(size) <= side * aim * (1 + side * 1e-12)
    further = size + side
    assert pool.room(here, further) != further or side * price(further) > side * aim * (1 - side * 1e-9)


@given(kinds, st.sampled_from([-1, 1]), st.floats(-0.05, 0.2), paths)
def test_a_limit_is_kept_on_average_and_at_the_margin_and_no_contract_within_it_is_left(kind, side, reach, before):
    here = opened(kind)
    traded(here, before)
    at = pool.marginal(here, 0, side)
    limit = float(math.floor(at + side * reach * abs(at)))
    size = pool.within(here, side * (1 << 50), limit)
    assert size * side >= 0 and pool.room(here, size) == size
    assert size == 0 or pool.acceptable(here, size, limit, True)
    further = size + side
    assert pool.room(here, further) != further or not pool.acceptable(here, further, limit, True)
    assert pool.within(here, side * 3, limit) == (side * 3 if size * side >= 3 else size)


@given(kinds, st.sampled_from([-1, 1]), st.floats(1e2, 1e6))
def test_the_impact_price_is_the_average_of_that_notional(kind, side, usd):
    here, contract = opened(kind), KINDS[kind][1]
    units = usd / contract.unit / (PRICE if kind == "inverse" else 1.0)
    average = pool.impact_units(here, side, units)
    size = round(units / abs(average))
    assert math.isclose(pool.total(here, side * size) / (side * size), average, rel_tol=1e-2 / max(size, 1) + 1e-6)
    assert side * (average - here.index) >= 0
    assert math.isnan(pool.impact_units(here, side, 1e17))


@given(kinds, paths)
def test_buying_costs_at_least_what_selling_brings(kind, parts):
    here = opened(kind)
    traded(here, parts)
    bid, ask = pool.marginal(here, 0, -1), pool.marginal(here, 0, 1)
    assert bid <= ask and (kind == "power" or bid == ask)


def test_a_pool_runs_neither_dry_nor_over():
    for kind in KINDS:
        for side in (1, -1):
            here = opened(kind)
            for _ in range(400):
                size = pool.room(here, side * (1 << 60))
                if size == 0:
                    break
                pool.trade(here, size)
            assert 0 < here.contracts <= pool.MOST and 0 < here.units <= pool.MOST or here.kind != pool.PRODUCT
            assert abs(here.held) == here.most or here.kind == pool.PRODUCT
            assert (pool.marginal(here, 0, side) > 0) == (kind != "inverse")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_pools_centred_on_the_index_move_with_it_and_an_amm_only_as_far_as_it_is_pegged(kind):
    (rule, contract), here = KINDS[kind], opened(kind)
    index = contract.settlement(PRICE * 1.1)
    before = pool.marginal(here, 0, 1)
    pool.follow(here, index)
    assert here.index == index
    assert pool.marginal(here, 0, 1) == (before if here.kind == pool.PRODUCT else index)
    if here.kind == pool.PRODUCT:
        here = replace(rule, repeg_half_life_s=10.0).start(PRICE, contract, step_s=5.0)[0]
        gap = pool.marginal(here, 0, 1) - index
        pool.follow(here, index)
        pool.follow(here, index)
        assert math.isclose(pool.marginal(here, 0, 1) - index, gap / 2, rel_tol=1e-3)


def test_nothing_is_given_back_that_was_not_collected_nor_beyond_the_cap():
    here = replace(CHARGING, positive_factor=None).start(PRICE, LINEAR)[0]
    here.held = 500_000
    assert pool.impact(here, -100_000) == 0 and pool.marginal(here, 0, -1) == here.index
    here.collected = 1_000
    assert pool.impact(here, -100_000) == 1_000
    here.collected, here.cap = 1 << 50, 1e-4
    assert pool.impact(here, -100_000) == 100_000 * here.index // 10_000
    assert pool.marginal(here, 0, -1) == here.index * (1 + 1e-4)


def test_the_ledger_books_a_pool_trade_without_losing_a_unit():
    """Traders against the world outside: its cost is what the pool's reserve gained."""
    here = opened("product")
    begun = int(here.units)
    x = with_accounts(new_exchange(LINEAR.ladder(), np.zeros((1, 4))), ledger.new_accounts(3))
    for i in (4, 5, 6):
        ledger.deposit(x, i, 10**15)
    rng = np.random.default_rng(1)
    for _ in range(300):
        i, size = int(rng.integers(4, 7)), int(rng.integers(-4_000, 4_000)) or 1
        units = pool.trade(here, size)
        ledger.fill(x, i, size, units, 0.0)
        ledger.fill(x, ledger.OUTSIDE, -size, units, 0.0)
    accounts = x.accounts
    assert accounts.contracts.sum() == 0 and accounts.contracts[ledger.OUTSIDE] == -here.held
    assert (accounts.wallet + accounts.margin + accounts.cost).sum() == 3 * 10**15
    outside = accounts[ledger.OUTSIDE]
    assert outside.wallet + outside.cost == here.units - begun
    assert begun * (begun // int(here.index)) <= int(here.units) * int(here.contracts)


@pytest.mark.parametrize(
    "arguments, fills",
    [
        (dict(price=1200, skew_scale=100_000, sizes=[100]), [1200.6]),
        (dict(price=1200, skew_scale=100_000, sizes=[-100]), [1199.4]),
        (dict(price=100, skew_scale=10_000, sizes=[100, 100, -200]), [100.5, 101.5, 101.0]),
        (dict(price=1234.567, skew_scale=1e6, sizes=[0.25, -700.5], skew=-300.5), None),
    ],
)
def test_a_skewed_fill_is_the_mean_of_the_prices_before_and_after(arguments, fills):
    found, skew = skew_fills(**arguments), arguments.get("skew", 0.0)
    for size, fill in zip(arguments["sizes"], found, strict=True):
        before, after = (arguments["price"] * (1 + each / arguments["skew_scale"]) for each in (skew, skew + size))
        assert math.isclose(fill, (before + after) / 2, rel_tol=1e-13)
        skew += size
    assert fills is None or found == pytest.approx(fills, rel=1e-13)


def test_the_charge_on_imbalance_is_what_gmx_published():
    """README of gmx-synthetics, and its test of position price impact in a pair market."""
    assert price_impact_usd([0, 50_000], [50_000, 25_000], exponent=2, factor=2e-7) == [-500, 375]
    pair = dict(exponent=2, factor=1e-8, positive_factor=5e-9)
    assert price_impact_usd(before=[0, 2e5, 4e5], after=[2e5, 4e5, 3.9e5], **pair) == [-400, -1200, 39.5]
    assert price_impact_usd(before=4e5, after=-1e5, **pair) == 700
    assert price_impact_usd([-1e5, -2e5, 0], [-2e5, 0, 1e5], **pair) == [-300, 200, -100]


@given(st.floats(1.05, 3), st.floats(-1e8, 1e8), st.floats(-1e8, 1e8), st.floats(0, 1))
def test_the_charge_on_imbalance_is_the_difference_of_its_powers(exponent, before, after, back):
    factor = 0.1 * 1e8 ** (1 - exponent)
    before, after = round(before, 2), round(after, 2)
    got = price_impact_usd(before, after, exponent, factor, positive_factor=back * factor)
    if before * after > 0 and abs(after) > abs(before):
        due = factor * (abs(before) ** exponent - abs(after) ** exponent)
    elif before * after > 0:
        due = back * factor * (abs(before) ** exponent - abs(after) ** exponent)
    else:
        due = back * factor * abs(before) ** exponent - factor * abs(after) ** exponent
    assert math.isclose(got, due, rel_tol=1e-8, abs_tol=2e-2)


def test_caps_on_what_is_given_back_are_those_of_the_pool_and_of_the_trade():
    law = dict(exponent=2, factor=2e-7)
    assert price_impact_usd(50_000, 0, **law, impact_pool_usd=100) == 100
    assert price_impact_usd(50_000, 0, **law, most_rebate=0.004) == 200
    assert price_impact_usd(0, 50_000, **law, impact_pool_usd=0, most_rebate=0) == -500
    assert price_impact_usd(50_000, 0, **law, positive_factor=1.0) == 500, "no more is given back than charged"


@pytest.mark.parametrize(
    "build, sentence",
    [
        (lambda: VirtualAmm(depth_coin=0.0), "depth_coin must be positive"),
        (lambda: VirtualAmm(depth_coin=1.0, trade_limit=1.0), r"trade_limit must lie in \(0, 1\)"),
        (lambda: VirtualAmm(depth_coin=1.0, repeg_half_life_s=0.0), "repeg_half_life_s must be above 0"),
        (lambda: VirtualAmm(depth_coin=1.0).start(PRICE, LINEAR), "depth_coin must be whole in contracts and units"),
        (lambda: VirtualAmm(depth_coin=1e30).start(PRICE, LINEAR), "depth_coin must be whole .* .got 1e.30"),
        (lambda: AMM.impact(1e7), "size must be less than the depth .got 10000000.0"),
        (lambda: AMM.largest(-1.0), "impact must be above -1"),
        (lambda: SkewPool(skew_scale=-1.0), "skew_scale must be positive"),
        (lambda: SkewPool(skew_scale=1.0, most_skew=2.0), r"most_skew must lie in \(0, 1\)"),
        (lambda: SKEWED.start(PRICE, INVERSE), "contract of this pool must be linear .got Inverse"),
        (lambda: SKEWED.start(PRICE, Quanto(face=1.0)), "must be linear .got Quanto"),
        (lambda: CHARGING.start(PRICE, Power(face=1.0)), "must be linear .got Power"),
        (lambda: SkewPool(skew_scale=1e-5).start(PRICE, LINEAR), "depth must be of a contract or more"),
        (lambda: SkewPool(skew_scale=1e16).start(PRICE, LINEAR), "skew_scale must be below 2..60 contracts"),
        (lambda: ImpactPool(factor=0.0), "factor must be positive"),
        (lambda: ImpactPool(factor=1.0, positive_factor=-1.0), "positive_factor must be 0 or more"),
        (lambda: ImpactPool(factor=1.0, exponent=1.0), "exponent must be above 1"),
        (lambda: ImpactPool(factor=1.0, most_rebate=-1.0), "most_rebate must be 0 or more"),
        (lambda: ImpactPool(factor=1.0, most_impact=1.0), r"most_impact must lie in \(0, 1\)"),
    ],
)
def test_what_cannot_be_is_refused(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()


def diary():
    """A few hundred trades on every kind of pool, and all that the kernels say along the way."""
    said = []
    for kind in sorted(KINDS):
        here, rng = opened(kind), np.random.default_rng(2)
        for _ in range(60):
            size = int(rng.integers(-200, 200)) or 1
            limit = pool.marginal(here, 0, 1) * (1 + 1e-5 * int(rng.integers(-5, 50)))
            said += [pool.room(here, size), pool.within(here, size, limit), pool.depth(here, 1, 1e-3)]
            said += [pool.total(here, size), pool.impact_units(here, -1, 1e9).hex(), pool.trade(here, size)]
        said += [str(here)]
    return " ".join(map(str, said))


def test_pools_are_the_same_without_the_compiler():
    code = "import sys; sys.path.insert(0, 'tests'); from test_pool import diary; print(diary())"
    answers = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=HOME,
            env={**os.environ, "NUMBA_DISABLE_JIT": off},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for off in "01"
    ]
    assert answers[0] == answers[1] and len(answers[0]) > 5_000


# ---- trading on an exchange


def pooled_floor(kind="skew", **terms):
    """A floor at 1000 whose traders trade with a pool: SKEW, or POWER, 1 % dearer for 100 contracts of skew."""
    rule = SkewPool(skew_scale=1e4) if kind == "skew" else ImpactPool(factor=5e-8)
    floor = Floor([10**12] * 2, contract=TICKS, **terms)
    floor.x = floor.x.replace(pool=rule.start(1000.0, TICKS))
    floor.terms.pooled = True
    floor.set_mark(1000)
    floor.now.index = 1000.0
    pooled.quote(floor.x)
    return floor


def test_what_traders_buy_the_pool_sells_at_a_price_that_moves_with_it():
    floor = pooled_floor(taker_fee=0.001)
    assert (floor.now.bid, floor.now.ask) == (1000, 1000)
    floor.send(ANNA, 100, 1999)
    assert (floor[ANNA].contracts, floor.x.accounts[POOL].contracts) == (100, -100)
    assert floor[ANNA].cost == -100 * 1_005_000 == -floor.x.accounts[POOL].cost, "half of the way from 1000 to 1010"
    assert (floor.now.bid, floor.now.ask, floor.now.last) == (1010, 1010, 1005)
    floor.send(BOB, -300, 1)
    assert (floor[BOB].contracts, floor.x.accounts[POOL].contracts) == (-300, 200)
    assert (floor.now.bid, floor.now.ask) == (980, 980)
    assert floor[EXCHANGE].wallet == round(0.001 * (100 * 1_005_000 + 300 * 995_000)), "the pool pays no fee"
    assert [fill[:2] for fill in floor.take_fills()] == [(POOL, ANNA), (POOL, BOB)]
    laws.check(floor.x)


def test_a_pool_fills_up_to_a_limit_all_or_nothing_where_asked_and_rests_nothing():
    floor = pooled_floor()
    floor.send(ANNA, 200, 1010)
    assert floor[ANNA].contracts == 100 and floor.now.ask == 1010 and floor.now.resting == 0
    floor.send(ANNA, 200, 1020, tif=FOK)
    floor.send(BOB, 100, 1009)
    floor.send(BOB, 10, 1999, tif=POST)
    assert floor[ANNA].contracts == 100 and floor[BOB].contracts == 0
    floor.send(ANNA, 100, 1020, tif=FOK)
    assert floor[ANNA].contracts == 200 and floor.now.ask == 1020
    laws.check(floor.x)


def test_a_pool_that_charges_for_imbalance_quotes_both_sides_of_the_next_contract():
    floor = pooled_floor("power")
    floor.send(ANNA, 100, 1999)
    here = floor.x.pool[0]
    assert here.held == 100 and floor.now.bid <= pool.marginal(here, 0, -1) / 1000 <= pool.marginal(here, 0, 1) / 1000
    assert floor.now.ask == math.ceil(pool.marginal(here, 0, 1) / 1000) > 1000
    laws.check(floor.x)


@pytest.mark.parametrize(("fund", "closed"), [(10**9, 100), (200_000, 40), (0, 0)])
def test_the_engine_closes_with_a_pool_what_the_fund_can_pay_for(fund, closed):
    """ANNA's 100 are bankrupt at 900 and the pool pays 895 for them: 5,000 units less each."""
    floor = pooled_floor(fund=fund, rests=False)
    floor.send(ANNA, 100, 1999)
    account = floor[ANNA]
    account.margin = -account.cost - 100 * 900_000
    account.wallet = account.deposits - account.margin
    floor.send(BOB, 0, 1)
    pooled.follow(floor.x, 895_000 * 10_000 // 10_050)
    floor.set_mark(900)
    floor.liquidate()
    assert floor.now.lots == 1 and floor.x.lots[0].bankruptcy_units == 900_000
    floor.loss = PoolPays()  # which does nothing while the fund is not below zero
    floor.unwind()
    assert 100 - floor.x.lots[0].open == pytest.approx(closed, abs=4) and floor[FUND].wallet >= 0
    assert bool(floor.x.lots[0].unpaid) == (fund == 0) and floor[FUND].wallet + floor.now.fund_draw == fund
    laws.check(floor.x)
