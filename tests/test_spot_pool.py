"""Spot pools: their curve, the index they feed, arbitrage with other venues, and that no round trip pays."""

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

from agents import Arbitrageurs, LeveragedLongs, MarketMakers, NoiseTraders
from sim import spot, spot_pool
from sim.exchange import records
from sim.index import SpotMarket, SpotVenue
from sim.market import Market
from sim.paths import GeometricBrownian
from sim.pool_rules import VirtualAmm
from sim.vamm import swap

HOME = Path(__file__).resolve().parent.parent
COIN, USD, PRICE = 1e12, 1e6, 8_000.0
POOL = SpotVenue(name="pool", volume_coin=5_000.0, noise_bps=0.0, pool_coin=1_000.0)
BOOKS = tuple(SpotVenue(name=name, volume_coin=10_000.0, noise_bps=0.0) for name in "ab")
ALONE = SpotMarket(venues=(POOL,), permanent=0.0)
MIXED = SpotMarket(venues=(POOL, *BOOKS))


def opened(market, steps=200, prices=None, rich=1e9, **options):
    """Spot after its first observation, with one rich trader at each venue; returns it and their rows."""
    prices = PRICE * np.ones(steps + 1) if prices is None else prices
    here = market.open(prices, 1, 1.0, **options)
    rows = [int(here.admit(v, [v], usd=rich, coin=rich / PRICE)[0]) for v in range(len(market.venues))]
    here.observe(0)
    return here, rows


def traded(here, row, coin):
    """Trade at once; returns the coin bought and the USD paid."""
    order = records(1, spot.ORDER)
    order.row, order.coin = row, round(coin * COIN)
    here.trade(order)
    return order.coin[0] / COIN, order.usd[0] / USD


coins = st.floats(-2_000, 890).filter(lambda coin: abs(coin) > 1e-3)


@given(coins)
def test_a_pool_trades_on_its_curve_and_moves_the_index_by_its_weight(coin):
    here, (row,) = opened(ALONE)
    bought, paid = traded(here, row, coin)
    assert bought == pytest.approx(coin, abs=1e-12)
    due = swap(8e6, 1_000, **{"base_out" if coin > 0 else "base_in": abs(bought)})
    assert paid == pytest.approx(due["quote_in"] if coin > 0 else -due["quote_out"], rel=1e-9, abs=1e-5)
    assert here.state.venues[0].price == pytest.approx(due["price"], rel=1e-9)
    assert here.moved_usd() == pytest.approx(due["price"] - PRICE, rel=1e-6, abs=1e-6)
    mixed, (row, *_) = opened(MIXED)
    traded(mixed, row, 100.0)
    venue = mixed.state.venues[0]
    assert mixed.moved_usd() > (venue.price - PRICE) / 3 * 0.99 > 0


@given(st.floats(-0.5, 0.8).filter(lambda part: abs(part) > 1e-4), st.floats(1, 1e4))
def test_impact_trade_and_depth_of_a_pool_are_those_of_an_amm(part, depth):
    here, (row,) = opened(replace(ALONE, venues=(replace(POOL, pool_coin=depth),)))
    rule = VirtualAmm(depth_coin=depth * PRICE)
    moved = rule.impact(part * depth * PRICE)
    bought, paid = traded(here, row, rule.largest(moved) / PRICE)
    assert bought == pytest.approx(part * depth, rel=1e-9)
    assert here.state.venues[0].price / PRICE - 1 == pytest.approx(moved, rel=1e-7, abs=1e-9)
    assert paid / bought / PRICE - 1 == pytest.approx(rule.slippage(part * depth * PRICE), rel=1e-5, abs=1e-6 / depth)


@given(coins, st.floats(1.01, 50))
def test_a_deeper_pool_moves_less_for_every_trade(coin, times):
    prices, costs = [], []
    for depth in (1_000.0, 1_000.0 * times):
        here, (row,) = opened(replace(ALONE, venues=(replace(POOL, pool_coin=depth),)))
        costs.append(traded(here, row, coin)[1])
        prices.append(here.state.venues[0].price)
    assert abs(prices[1] - PRICE) < abs(prices[0] - PRICE) and costs[1] <= costs[0]


@given(
    st.lists(st.floats(-60, 60).filter(lambda coin: abs(coin) > 1e-3), min_size=2, max_size=10), st.floats(-100, 100)
)
def test_slicing_an_order_at_a_pool_changes_nothing(slices, before):
    (sliced, (row, *_)), (whole, _) = opened(MIXED), opened(MIXED)
    for here in (sliced, whole):
        traded(here, row, before)
    paid = sum(traded(sliced, row, coin)[1] for coin in slices)
    assert abs(paid - traded(whole, row, sum(round(coin * COIN) for coin in slices) / COIN)[1]) < 1e-4 * len(slices)
    assert math.isclose(sliced.state.venues[0].price, whole.state.venues[0].price, rel_tol=1e-9)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(-300, 300), st.integers(0, 40)), min_size=1, max_size=12),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.booleans(),
    st.sampled_from([100.0, 1_000.0, 1e6]),
)
def test_no_round_trip_between_pools_and_books_earns_anything(trades, permanent, replays, depth):
    """Whatever is bought, sold and waited for at a pool and two books, giving it all back leaves no USD gained."""
    venues = (replace(POOL, pool_coin=depth), *BOOKS)
    market = SpotMarket(venues=venues, permanent=permanent, half_life_s=20.0, tie_half_life_s=3.0, replays=replays)
    here, rows = opened(market, steps=600)
    step, paid = 0, 0.0
    for venue, coin, pause in trades:
        paid += traded(here, rows[venue], coin)[1]
        for _ in range(pause):
            step += 1
            here.observe(step)
    for row in rows:
        while (back := here.state.holdings[row].coin / COIN - 1e9 / PRICE) and abs(back) > 1e-9:
            bought, usd = traded(here, row, -back)
            paid += usd
            if not bought:
                step += 1
                here.observe(step)
    assert paid > -1e-4 * (len(trades) + 9)


def energy(here):
    """USD that all pressure at the venues has cost, and selling it back could bring at most."""
    total = 0.0
    for venue in here.state.venues:
        if venue.liquidity > 0:
            total += spot_pool.way(spot_pool.reserve(venue, PRICE), 0.0, venue.pressure)
        else:
            total += spot.climb(venue.transient, 0.0, venue.pressure)
    return total


@given(st.lists(st.floats(-400, 400), min_size=3, max_size=3), st.floats(0.1, 1e3))
def test_arbitrage_never_adds_to_what_pressure_could_be_sold_for_and_ends_at_one_impact(pressure, tie):
    here, _ = opened(replace(MIXED, permanent=0.0, half_life_s=1e15, tie_half_life_s=tie))
    here.state.venues.pressure = pressure
    before = energy(here)
    for step in range(1, 30):
        here.observe(step)
        after = energy(here)
        assert after <= before * (1 + 1e-9) + 1e-9
        before = after
    assert here.state.venues.pressure.sum() == pytest.approx(sum(pressure), abs=1e-6)
    if tie < 1:
        assert np.ptp(here.state.venues.impact) < 1e-6


def test_arbitrage_takes_what_is_bought_at_a_book_to_the_pool_and_the_other_way():
    for venue in range(3):
        here, rows = opened(replace(MIXED, permanent=0.0), steps=100)
        traded(here, rows[venue], 50.0)
        for step in range(1, 101):
            here.observe(step)
        assert np.ptp(here.state.venues.price) < 1.0 and here.state.venues.price[0] > PRICE + 5


def test_a_pool_sells_no_more_than_leaves_it_a_tenth():
    here, (row,) = opened(ALONE)
    assert traded(here, row, 5_000.0)[0] == pytest.approx(900.0)
    assert traded(here, row, 1.0)[0] == 0.0
    assert here.state.venues[0].price == pytest.approx(100 * PRICE)
    here, (row,) = opened(ALONE)
    assert traded(here, row, -50_000.0)[0] == pytest.approx(-9_000.0)
    assert here.state.venues[0].price == pytest.approx(PRICE / 100)
    spot.check(here.state)


def test_a_pool_follows_what_the_coin_is_worth_and_its_coin_with_it():
    prices = PRICE * np.array([1.0, 4.0, 0.25, 1.0])
    here, (row,) = opened(replace(ALONE, half_life_s=1e15), prices=prices)
    traded(here, row, 500.0)
    for step in (1, 2, 3):
        assert here.observe(step) == pytest.approx(4 * prices[step]), "half the coin, four times the price"
        left = spot_pool.reserve(here.state.venues[0], prices[step]) - here.state.venues[0].pressure
        assert left == pytest.approx(500.0 * math.sqrt(PRICE / prices[step]))


def test_impact_scales_with_its_coefficient_and_vanishes_at_zero():
    moved = []
    for coefficient in (0.0, 0.5, 1.0, 2.0):
        here, (row, *_) = opened(MIXED, impact=coefficient)
        traded(here, row, 1e-3)
        moved.append(here.state.venues[0].impact - spot.root(here.state.terms[0].lasting, 1e-3))
    assert moved[0] == 0.0 and np.allclose(np.divide(moved[1:], moved[2]), [0.5, 1.0, 2.0], rtol=1e-4)


def test_a_metaorder_moves_the_index_by_the_square_root_of_its_size():
    """Worked over ten minutes among noise traders; the exponent fitted over two decades (Donier and Bonart, 2015)."""
    market = SpotMarket(permanent=0.0)
    sizes = np.geomspace(10.0, 1_000.0, 7)
    peaks = np.zeros(len(sizes))
    for n, size in enumerate(sizes):
        for seed in range(4):
            here = market.open(PRICE * np.ones(121), seed, 5.0)
            rows = [int(here.admit(v, [v], usd=1e9, coin=1e5)[0]) for v in (0, 1, 2, 0, 1, 2)]
            dice = np.random.default_rng(seed)
            here.observe(0)
            for step in range(1, 121):
                traded(here, rows[step % 3], size / 120)
                traded(here, rows[3 + step % 3], float(dice.normal(0, 1e-2)))
                here.observe(step)
            peaks[n] += here.impact_usd / 4
    exponent = np.polyfit(np.log(sizes), np.log(peaks), 1)[0]
    assert 0.45 < exponent < 0.55


@pytest.mark.parametrize("in_usd", [False, True])
def test_no_unit_is_made_or_lost_at_a_pool(in_usd):
    here, rows = opened(MIXED, rich=1e7, unit=1e-9 if in_usd else 1e-12, in_usd=in_usd)
    dice = np.random.default_rng(3)
    for step in range(1, 100):
        traded(here, rows[int(dice.integers(3))], float(dice.normal(0, 300)))
        here.observe(step)
        spot.check(here.state)


def test_a_market_whose_index_is_made_by_pools_runs_and_keeps_the_laws():
    venues = tuple(replace(POOL, name=name, pool_coin=coin, cost_bps=5.0) for name, coin in (("x", 2e3), ("y", 8e3)))
    path = GeometricBrownian(price=PRICE)
    market = Market(seed=1, hours=0.2, step_s=5.0, path=path, spot=SpotMarket(venues=venues), check=True)
    MarketMakers(market, count=5, coin=20.0)
    NoiseTraders(market, count=100)
    longs = LeveragedLongs(market, count=50, coin=3.0, leverage=2.0)
    arbitrageurs = Arbitrageurs(market, count=20, coin=5.0, hurdle_bps=1.0)
    market.endow(400_000, longs=[longs], shorts=[arbitrageurs])
    run = market.run()
    spot.check(market.spot.state)
    assert np.abs(run["spot_impact_usd"]).max() > 0 and np.isfinite(run["index"]).all()


def test_a_pool_of_less_than_no_coin_is_refused():
    with pytest.raises(ValueError, match="pool_coin must be 0 or more .got -1.0"):
        SpotVenue(name="a", volume_coin=1.0, pool_coin=-1.0)


def diary():
    """Everything a few hundred trades at pools and books leave behind, as text."""
    here, rows = opened(replace(MIXED, half_life_s=30.0), steps=80)
    dice, said = np.random.default_rng(4), []
    for step in range(1, 80):
        said += [x.hex() for x in traded(here, rows[int(dice.integers(3))], float(dice.normal(0, 300)))]
        said += [here.observe(step).hex(), *(x.hex() for x in here.state.venues.pressure.tolist())]
    return " ".join(said)


def test_spot_pools_are_the_same_without_the_compiler():
    code = "import sys; sys.path.insert(0, 'tests'); from test_spot_pool import diary; print(diary())"
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
