"""Spot: the square-root law and that nobody earns by it, whole units, the index and its dropouts, replays and twins."""

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import spot
from sim.index import SpotMarket, SpotVenue
from sim.index_rules import BINANCE_INDEX, HYPERLIQUID_INDEX, IndexRule

HOME = Path(__file__).resolve().parent.parent
COIN, USD = 1e12, 1e6  # units in one
PRICE = 8_000.0
ONE = SpotMarket(venues=(SpotVenue(name="only", volume_coin=10_000.0, noise_bps=0.0),))
QUIET = SpotMarket(
    venues=tuple(
        SpotVenue(name=name, volume_coin=volume, noise_bps=0.0)
        for name, volume in zip("abc", (1e4, 2e4, 5e3), strict=True)
    )
)
REPLAY = replace(QUIET, replays=True)
STILL = {"half_life_s": 1e15, "tie_half_life_s": 1e15}


def opened(market=ONE, steps=2_000, price=PRICE, seed=1, step_s=1.0, rich=1e9, **options):
    """Spot after its first observation, with one rich trader at each venue; returns it and their rows."""
    prices = price * np.ones(steps + 1)
    here = market.open(prices, seed, step_s, **options)
    rows = [int(here.admit(v, [v], usd=rich, coin=rich / PRICE)[0]) for v in range(len(market.venues))]
    here.observe(0)
    return here, rows


def orders(*pairs):
    """Spot orders of (row, coin)."""
    table = np.zeros(len(pairs), spot.ORDER).view(np.recarray)
    for order, (row, coin) in zip(table, pairs, strict=True):
        order.row, order.coin = row, round(coin * COIN)
    return table


def traded(here, row, coin):
    """Trade at once; returns the USD paid."""
    order = orders((row, coin))
    here.trade(order)
    assert order.coin[0] == round(coin * COIN)
    return order.usd[0] / USD


@given(st.floats(1e-3, 5e3), st.sampled_from([-1, 1]), st.floats(0, 1), st.floats(0, 2))
def test_impact_is_the_square_root_law_and_a_trade_pays_its_mean(coin, sign, permanent, coefficient):
    here, (row,) = opened(replace(ONE, permanent=permanent), impact=coefficient)
    impact = coefficient * 0.04 * math.sqrt(coin / 10_000)
    paid = traded(here, row, sign * coin)
    assert math.isclose(here.state.venues[0].price, PRICE * (1 + sign * impact), rel_tol=1e-9)
    assert math.isclose(paid, sign * coin * PRICE * (1 + sign * impact * 2 / 3), rel_tol=1e-8, abs_tol=1e-6)
    assert math.isclose(here.moved_usd(), sign * PRICE * impact, rel_tol=1e-7, abs_tol=1e-8)


@given(
    st.lists(st.floats(-50, 50).filter(lambda coin: abs(coin) > 1e-3), min_size=2, max_size=12),
    st.floats(0, 1),
    st.floats(-100, 100),
)
def test_slicing_an_order_within_a_step_changes_nothing(slices, permanent, before):
    """Up to a hundredth of a cent each: USD are whole units."""
    market = replace(ONE, permanent=permanent)
    (sliced, (row,)), (whole, _) = opened(market), opened(market)
    for here in (sliced, whole):
        traded(here, row, before)
    paid = sum(traded(sliced, row, coin) for coin in slices)
    assert abs(paid - traded(whole, row, sum(round(coin * COIN) for coin in slices) / COIN)) < 1e-4 * len(slices)
    assert math.isclose(sliced.state.venues[0].price, whole.state.venues[0].price, rel_tol=1e-9)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(-300, 300), st.integers(0, 60)), min_size=1, max_size=15),
    st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    st.booleans(),
)
def test_no_round_trip_earns_anything(trades, permanent, replays):
    """Whatever is bought, sold and waited for at three venues, giving it all back leaves no USD gained."""
    here, rows = opened(replace(QUIET, permanent=permanent, half_life_s=20.0, tie_half_life_s=10.0, replays=replays))
    step, paid = 0, 0.0
    for venue, coin, pause in trades:
        paid += traded(here, rows[venue], coin)
        for _ in range(pause):
            step += 1
            here.observe(step)
    for row in rows:
        back = here.state.holdings[row].coin / COIN - 1e9 / PRICE
        paid += traded(here, row, -back)
    assert paid > -1e-5 * (len(trades) + 3)


def test_buying_slowly_and_selling_at_once_is_no_money_machine():
    here, (row,) = opened(replace(ONE, permanent=0.9, half_life_s=1.0))
    paid = 0.0
    for step in range(1, 1_001):
        paid += traded(here, row, 1.0)
        here.observe(step)
    assert paid + traded(here, row, -1_000.0) > 0


moves = st.lists(
    st.tuples(st.sampled_from(["trade", "send", "fetch", "observe"]), st.integers(0, 2), st.floats(-2e4, 2e4)),
    max_size=40,
)


@given(moves, st.booleans())
def test_no_unit_of_coin_or_usd_is_made_or_lost(script, in_usd):
    """The rest of the world pays and receives; what is in transit is somewhere; to the last unit, at any moment."""
    here, rows = opened(QUIET, rich=1e8, unit=1e-9 if in_usd else 1e-12, in_usd=in_usd)
    exchange, step = 0, 0
    for move, venue, amount in script:
        state, row, units = here.state, rows[venue], round(abs(amount) * 1e9)
        before = state.holdings[row].copy()
        if move == "trade":
            order = orders((row, amount))
            here.trade(order)
            assert state.holdings[row].coin - before.coin == order.coin[0]
            assert before.usd - state.holdings[row].usd == order.usd[0]
        elif move == "send":
            spot.send(state, row, units, step + 3)
        elif move == "fetch":
            exchange -= units if spot.fetch(state, row, units, step + 2) else 0
        else:
            step += 1
            here.observe(step)
            exchange += sum(units for *_, units in here.arrivals(step))
        spot.check(here.state)
        assert state.holdings.usd[rows].min() >= 0 and state.holdings.coin[rows].min() >= 0
        world = state.holdings[:3]
        assert not world.transit.any()
    brought = 3e8 * (1e9 if in_usd else COIN / PRICE)
    now = here.state.now[0]
    assert abs((now.usd_in if in_usd else now.coin_in) + exchange - brought) < 2


def test_what_a_row_cannot_pay_is_not_traded():
    here, (row,) = opened(rich=1_000.0)
    state = here.state
    before, price = state.holdings.copy(), state.venues[0].price
    for coin in (0.2, -0.2):
        refused = orders((row, coin))
        here.trade(refused)
        assert refused.coin[0] == refused.usd[0] == refused.moved_usd[0] == 0
    assert np.array_equal(state.holdings, before) and state.venues[0].price == price


def test_what_a_trade_costs_beyond_impact_is_paid_both_ways():
    here, (row,) = opened(replace(ONE, y=0.0, venues=(replace(ONE.venues[0], cost_bps=10.0),)))
    assert math.isclose(traded(here, row, 2.0), 2 * PRICE * 1.001)
    assert math.isclose(traded(here, row, -2.0), -2 * PRICE * 0.999)


def test_each_order_knows_how_far_it_moved_the_index():
    here, rows = opened(QUIET)
    batch = orders((rows[0], 30.0), (rows[1], -10.0), (rows[2], 5.0))
    here.trade(batch)
    assert math.isclose(batch.moved_usd.sum(), here.moved_usd(), rel_tol=1e-12)
    assert np.sign(batch.moved_usd).tolist() == [1, -1, 1]


def test_the_next_index_shows_what_trades_moved():
    here, rows = opened(replace(QUIET, **STILL))
    before = here.observe(1)
    here.trade(orders((rows[0], 30.0), (rows[1], -10.0)))
    moved = here.moved_usd()
    assert math.isclose(here.observe(2) - before, moved, rel_tol=1e-6)
    assert math.isclose(here.impact_usd, moved, rel_tol=1e-6) and here.moved_usd() == 0


def test_the_volume_behind_impact_halves_and_a_share_of_impact_stays():
    here, (row,) = opened(replace(ONE, permanent=0.25, half_life_s=100.0), steps=20_000)
    traded(here, row, 50.0)
    first = here.moved_usd()
    indices = [here.observe(step) - PRICE for step in range(1, 20_001)]
    assert math.isclose(here.impact[100] * PRICE, indices[99])
    assert math.isclose(indices[99], first * (0.25 + 0.75 * math.sqrt(0.5)), rel_tol=1e-6)
    assert math.isclose(indices[-1], first * 0.25, rel_tol=1e-6)


def test_arbitrage_spreads_pressure_over_the_venues_by_their_depth():
    here, rows = opened(replace(QUIET, half_life_s=1e15, tie_half_life_s=10.0))
    traded(here, rows[0], 35.0)
    pressure = here.state.venues.pressure
    assert pressure.tolist() == [35, 0, 0]
    for step in range(1, 11):
        here.observe(step)
    assert np.allclose(pressure, [10 + 25 / 2, 20 / 2, 5 / 2])
    for step in range(11, 500):
        here.observe(step)
    assert np.allclose(pressure, [10, 20, 5])
    assert np.ptp(here.state.venues.price) < 1e-6


@given(st.sampled_from([0.25, 0.5, 2.0, 5.0]), st.floats(-100, 100))
def test_the_length_of_a_step_changes_no_impact(step_s, coin):
    ends = []
    for length in (1.0, step_s):
        here, rows = opened(replace(QUIET, half_life_s=60.0), step_s=length)
        traded(here, rows[0], coin)
        ends.append([here.observe(step) for step in range(1, round(100 / length) + 1)][-1])
    assert math.isclose(*ends, rel_tol=1e-12)


def test_noise_of_a_venue_is_its_own_and_reverts():
    """Standard deviation as declared, halved in memory after the tie's half-life, no matter who else quotes."""
    loud = replace(ONE, venues=(SpotVenue(name="only", volume_coin=1e4, noise_bps=20.0),), tie_half_life_s=5.0)
    here = loud.open(np.full(40_001, PRICE), 1, 1.0)
    noise = np.array([here.observe(step) for step in range(40_001)])[100:] / PRICE - 1
    assert abs(noise.std() / 2e-3 - 1) < 0.04
    assert abs(np.corrcoef(noise[5:], noise[:-5])[0, 1] - 0.5) < 0.04
    joined = replace(loud, venues=(SpotVenue(name="new", volume_coin=1e4, weight=0.0), *loud.venues))
    other = joined.open(np.full(1_001, PRICE), 1, 1.0)
    assert np.allclose([other.observe(step) for step in range(1_001)][100:], PRICE * (1 + noise[:901]))


def test_a_venue_that_is_down_goes_stale_and_the_last_index_is_kept():
    """Down from 0:36 on: its price stands still, is dropped after 20 s, and nothing trades there."""
    down = replace(ONE.venues[0], outage_hours=((0.01, 0.03),))
    prices = PRICE + np.arange(201.0)
    here = replace(ONE, venues=(down,), rule=IndexRule(max_age_s=20.0)).open(prices, 1, 1.0)
    row = int(here.admit(0, [0], usd=1e6, coin=10.0)[0])
    got = [here.observe(step) for step in range(60)]
    assert got[:36] == prices[:36].tolist() and set(got[36:]) == {prices[35]}
    refused = orders((row, 1.0))
    here.trade(refused)
    assert refused.coin[0] == 0
    assert [here.observe(step) for step in range(60, 120)][48:] == prices[108:120].tolist()


def test_while_one_venue_is_stale_the_others_make_the_index():
    down = replace(QUIET.venues[0], outage_hours=((0.01, 0.03),))
    market = replace(QUIET, venues=(down, *QUIET.venues[1:]), rule=IndexRule(max_age_s=20.0))
    here = market.open(PRICE + np.arange(201.0), 1, 1.0)
    got = np.array([here.observe(step) for step in range(130)]) - PRICE
    age = np.arange(36, 56) - 35
    assert np.allclose(got[36:56], np.arange(36, 56) - age / 3)
    assert np.allclose(got[56:], np.arange(56, 130))


def test_an_index_stands_between_two_computations():
    here = replace(ONE, rule=IndexRule(every_s=5.0)).open(PRICE + np.arange(101.0), 1, 1.0)
    assert [here.observe(step) for step in range(101)] == [PRICE + step - step % 5 for step in range(101)]


def test_trades_between_two_computations_are_in_the_next_index():
    here, (row,) = opened(replace(ONE, rule=IndexRule(every_s=5.0), **STILL))
    here.observe(5)
    here.trade(orders((row, 30.0)))
    moved = here.moved_usd()
    got = [here.observe(step) for step in range(6, 11)]
    assert got[:4] == [PRICE] * 4 and math.isclose(got[4], PRICE + moved, rel_tol=1e-9) and moved > 1


def test_the_exchange_has_its_own_rule_unless_spot_has_one():
    rows = ((1e4, 100.0), (2e4, 100.0), (3e4, 100.0))
    loud = SpotMarket(
        venues=tuple(SpotVenue(name=str(n), volume_coin=v, noise_bps=bps) for n, (v, bps) in enumerate(rows))
    )
    prices, seen = np.full(50, PRICE), {}
    for name, market, rule in (
        ("default", loud, IndexRule()),
        ("exchange's", loud, HYPERLIQUID_INDEX),
        ("spot's", replace(loud, rule=HYPERLIQUID_INDEX), BINANCE_INDEX),
        ("volume", loud, IndexRule(weights="volume")),
    ):
        here = market.open(prices, 1, 3.0, rule=rule)
        seen[name] = [here.observe(step) for step in range(50)]
        quoted, shares = here.state.venues.price, here.state.venues.share
        assert math.isclose(np.dot(quoted, shares), seen[name][-1], rel_tol=1e-12) and math.isclose(shares.sum(), 1.0)
    assert seen["exchange's"] == seen["spot's"] and len({tuple(each) for each in seen.values()}) == 3
    assert np.allclose(seen["volume"][-1], np.average(quoted, weights=[1, 2, 3]))


def test_a_rule_that_sticks_keeps_a_venue_out_until_it_is_near_for_long_enough():
    """A venue bought up by more than 5 % is out at once, and back ten seconds after it is within 2 % again."""
    rule = IndexRule(band=0.05, sticks=True, readmit_s=10.0)
    here, rows = opened(replace(QUIET, rule=rule, half_life_s=20.0, tie_half_life_s=1e15, permanent=0.0), rich=1e10)
    here.trade(orders((rows[2], 20_000.0)))
    near, inside = [], []
    for step in range(1, 200):
        here.observe(step)
        prices = here.state.venues.price
        near.append(abs(prices[2] / prices[0] - 1) <= 0.02)
        inside.append(here.state.venues.share[2] > 0)
    assert not inside[0] and inside.index(True) == near.index(True) + 11 and all(inside[inside.index(True) :])


def busy(market, prices, seed=1, deaf=False, **options):
    """A run in which someone buys and sells; `deaf`: nobody does. Returns its indices and its recorded impact."""
    here = market.open(prices, seed, 1.0, **options)
    row = int(here.admit(0, [0], usd=1e9, coin=1e5)[0])
    indices = []
    for step in range(len(prices)):
        indices.append(here.observe(step))
        if not deaf:
            here.trade(orders((row, 40.0 * math.sin(step) + 5.0)))
    return np.array(indices), here.impact


HISTORY = PRICE * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 1e-4, 301)))
NOISY = SpotMarket(replays=True)


def test_a_replay_reproduces_the_past_exactly_whatever_is_traded():
    indices, impact = busy(NOISY, HISTORY)
    assert np.array_equal(indices, HISTORY) and abs(impact[-1]) > 1e-3
    assert not np.array_equal(busy(replace(NOISY, replays=False), HISTORY)[0], HISTORY)


def test_in_a_replay_the_venues_quote_around_the_real_index():
    here = NOISY.open(HISTORY, 1, 1.0)
    row = int(here.admit(0, [0], usd=1e9)[0])
    for step in range(len(HISTORY)):
        index, venues = here.observe(step), here.state.venues
        assert math.isclose(np.dot(venues.share, venues.price), index, rel_tol=1e-12)
        here.trade(orders((row, 20.0)))


def test_a_twin_that_does_the_same_is_the_past_again():
    _, impact = busy(NOISY, HISTORY)
    twin, again = busy(NOISY, HISTORY, base_impact=impact)
    assert np.array_equal(twin, HISTORY) and np.array_equal(again, impact)


def test_a_twin_differs_by_the_difference_of_impacts():
    _, impact = busy(NOISY, HISTORY)
    twin, _ = busy(NOISY, HISTORY, deaf=True, base_impact=impact)
    assert np.allclose(twin, HISTORY * (1 - impact), rtol=1e-12)


def test_impact_scales_with_its_coefficient_and_vanishes_at_zero():
    full = busy(NOISY, HISTORY)[1]
    for coefficient in (0.0, 0.5, 2.0):
        assert np.allclose(busy(NOISY, HISTORY, impact=coefficient)[1], coefficient * full, rtol=1e-9)


def test_accounts_can_be_spread_over_the_venues():
    here, _ = opened(QUIET)
    rows = here.admit([0, 2, 1], [7, 8, 9], usd=[1.0, 2.0, 3.0], coin=0.5)
    assert rows.tolist() == [6, 7, 8]
    held = here.state.holdings[rows]
    assert held.venue.tolist() == [0, 2, 1] and held.account.tolist() == [7, 8, 9]
    assert held.usd.tolist() == [1_000_000, 2_000_000, 3_000_000] and set(held.coin.tolist()) == {5 * 10**11}
    spot.check(here.state)


def test_transfers_take_their_time():
    here, (row,) = opened(rich=1e6)
    state = here.state
    held = int(state.holdings[row].coin)
    assert spot.send(state, row, 5_000, 7) and state.holdings[row].coin == held - 5_000
    assert not spot.send(state, row, 1, 7) and not spot.fetch(state, row, 1, 7)
    assert [here.arrivals(step) for step in (6, 7, 8)] == [[], [(0, 0, 5_000)], []]
    assert spot.fetch(state, row, 300, 9) and here.arrivals(9) == [] and state.holdings[row].coin == held - 4_700
    assert not spot.send(state, row, held, 12) and not spot.send(state, row, 0, 12)


@pytest.mark.parametrize(
    "build, sentence",
    [
        (lambda: SpotVenue(name="a", volume_coin=0.0), "volume_coin must be positive"),
        (lambda: SpotVenue(name="a", volume_coin=1.0, weight=-1.0), "weight must be 0 or more"),
        (lambda: SpotVenue(name="a", volume_coin=1.0, outage_hours=((2, 1),)), "outage_hours must be pairs"),
        (lambda: SpotMarket(venues=()), "venues must differ in name and have some weight"),
        (lambda: replace(QUIET, venues=QUIET.venues[:1] * 2), "venues must differ in name"),
        (lambda: SpotMarket(permanent=1.5), r"permanent must lie in \[0, 1\] .got 1.5"),
        (lambda: SpotMarket(half_life_s=0.0), "half_life_s must be positive"),
        (lambda: SpotMarket(y=-1.0), "y must be 0 or more"),
        (lambda: opened(impact=-0.5), "coefficient of impact must be 0 or more"),
        (lambda: opened(base_impact=np.zeros(2_001)), "base_impact must be that of a replay with as many steps"),
        (lambda: opened(REPLAY, base_impact=np.zeros(5)), "base_impact must be .* .got 5 for 2001 prices"),
        (lambda: opened()[0].admit(1, [0]), "venue must be 0 to 0 .got 1"),
        (lambda: opened()[0].admit(0, [0], coin=-1.0), "coin must be 0 or more"),
        (lambda: opened(price=math.nan), "prices of the path must be positive"),
    ],
)
def test_what_cannot_be_is_refused(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()


def test_an_index_driven_below_zero_is_refused():
    here, (row,) = opened(replace(ONE, y=100.0))
    here.trade(orders((row, -1_000.0)))
    with pytest.raises(ValueError, match="the index must stay positive .got -.* at step 1."):
        here.observe(1)


def test_spot_is_the_same_without_the_compiler():
    code = (
        "import sys; sys.path.insert(0, 'tests'); from test_index import HISTORY, NOISY, IndexRule, busy, replace;"
        "clipping = replace(NOISY, replays=False, rule=IndexRule(clips=True, band=1e-4));"
        "runs = [busy(NOISY, HISTORY[:60]), busy(clipping, HISTORY[:60])];"
        "print(*(x.hex() for run in runs for table in run for x in table.tolist()))"
    )
    said = [
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
    assert said[0] == said[1] and len(said[0]) > 1_000
