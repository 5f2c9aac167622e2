"""The four payoffs and what a position in them wins, weighs and how it bends."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.contract import (
    Inverse,
    Linear,
    Power,
    Quanto,
    average_entry,
    delta_coin,
    delta_usd,
    gamma_coin,
    gamma_usd,
    notional,
    pnl,
    pnl_coin,
    total,
)

INVERSE = Inverse(name="XBTUSD")
LINEAR = Linear(name="BTCUSDT", face=0.001)
QUANTO = Quanto(name="ETHUSD", face=1e-6, settled_usd=10_000.0)
SQUARE = Power(name="BTC2", p=2.0, scale=1e-4)
INVERSE_EXPOSURE = Power(name="BTC-1", p=-1.0, scale=1e8)
CONTRACTS = [INVERSE, LINEAR, QUANTO, SQUARE, INVERSE_EXPOSURE]

contracts = st.sampled_from(CONTRACTS)
prices = st.floats(100.0, 90_000.0)
spots = st.floats(2_000.0, 30_000.0)
sizes = st.integers(-100_000, 100_000)
positions = sizes.filter(bool)
each_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)


def filled(contract, fills):
    """(contracts, cost) after `fills` of (size, price)."""
    return sum(q for q, _ in fills), -sum(total(q, contract.settlement(p)) for q, p in fills)


@given(contracts, sizes, prices, prices)
def test_what_the_long_wins_the_short_loses(contract, size, entry, exit):
    assert pnl(contract, size, entry, exit) + pnl(contract, -size, entry, exit) == 0


@given(contracts, st.lists(st.tuples(sizes, prices), min_size=1, max_size=8), prices)
def test_fills_add_up_to_the_last_unit(contract, fills, mark):
    size, cost = filled(contract, fills)
    assert cost + total(size, contract.settlement(mark)) == sum(pnl(contract, q, p, mark) for q, p in fills)


@given(contracts, sizes, prices, prices)
def test_a_long_gains_when_the_contracts_own_price_rises(contract, size, low, high):
    assert size * (high - low) * pnl(contract, size, low, high) >= 0


@given(contracts, prices)
def test_settlement_is_the_payoff_rounded_once(contract, price):
    assert abs(contract.settlement(price) - contract.payoff(price)) <= 0.5


@given(contracts, prices)
def test_price_undoes_settlement(contract, price):
    assert contract.price(contract.payoff(price)) == pytest.approx(price, rel=1e-12)


@each_contract
def test_there_is_no_price_beyond_the_payoff(contract):
    assert np.isnan(contract.price([0, -contract.sign])).all()


@each_contract
def test_the_ladder_is_the_settlement_at_every_tick_and_rises(contract):
    ladder = contract.ladder()
    assert ladder.dtype == np.int64 and len(ladder) == round(contract.highest / contract.tick) + 1
    assert ladder[0] == ladder[1] and (np.diff(ladder[1:]) > 0).all()
    assert ladder[20_000] == contract.settlement(20_000 * contract.tick)


@each_contract
def test_settlements_are_integers_alone_and_in_arrays(contract):
    assert type(contract.settlement(8_000.0)) is int
    assert contract.settlement([8_000.0, 9_000.0]).dtype == np.int64


@each_contract
def test_most_contracts_is_the_last_size_that_fits_at_every_tick(contract):
    most, extreme = contract.most_contracts(), max(abs(s) for s in contract.ladder().tolist())
    assert most * extreme <= 2**62 < (most + 1) * extreme


def test_an_inverse_contract_allows_more_contracts_where_no_price_is_low():
    assert INVERSE.most_contracts(lowest=500.0) == 1_000 * INVERSE.most_contracts() + 9


@given(st.lists(st.tuples(st.integers(1, 100_000), st.floats(1_000.0, 90_000.0)), min_size=1, max_size=6))
def test_the_average_entry_of_an_inverse_position_is_harmonic(fills):
    q, p = np.array(fills).T
    fine = replace(INVERSE, unit=1e-15)
    assert average_entry(fine, *filled(fine, fills)) == pytest.approx(q.sum() / (q / p).sum(), rel=1e-9)


@given(st.lists(st.tuples(st.integers(1, 100_000), prices), min_size=1, max_size=6))
def test_the_average_entry_of_other_positions_is_arithmetic(fills):
    q, p = np.array(fills).T
    for contract in (LINEAR, QUANTO, SQUARE):
        entry = average_entry(contract, *filled(contract, fills))
        assert entry == pytest.approx((q * p).sum() / q.sum(), rel=1e-5)


def test_a_flat_position_has_no_entry():
    assert math.isnan(average_entry(INVERSE, 0, 0))


@given(contracts, prices)
def test_a_position_just_opened_stands_at_its_entry(contract, price):
    fine = replace(contract, unit=contract.unit * 1e-3)
    assert average_entry(fine, *filled(fine, [(-7, price)])) == pytest.approx(price, rel=1e-7)


def worth_coin(contract, size, cost, spot):
    """Settlement coins that a position of `cost` units is worth at its index, not rounded."""
    return (cost + size * contract.payoff(contract.index(spot))) * contract.unit


def worth_usd(contract, size, cost, spot):
    return worth_coin(contract, size, cost, spot) * contract.coin_usd(spot)


def slope(function, spot):
    step = 1e-3 * spot
    return (function(spot + step) - function(spot - step)) / (2 * step)


@given(contracts, positions, spots)
def test_delta_and_gamma_are_the_slopes_of_the_coin_value(contract, size, spot):
    measured = slope(lambda x: worth_coin(contract, size, 0, x), spot)
    assert delta_coin(contract, size, spot) == pytest.approx(measured, rel=1e-5)
    measured, tiny = slope(lambda x: delta_coin(contract, size, x), spot), 1e-9 * abs(size) / spot**2
    assert gamma_coin(contract, size, spot) == pytest.approx(measured, rel=1e-4, abs=tiny)


@given(contracts, positions, spots, st.floats(-2.0, 2.0))
def test_usd_delta_and_gamma_are_the_slopes_of_the_usd_value(contract, size, spot, backing):
    cost = backing * size * contract.payoff(contract.index(spot))

    def equity(x):
        return cost + size * contract.payoff(contract.index(x))

    coins = notional(contract, size, contract.index(spot)) * contract.unit
    tiny = 1e-8 * coins * contract.coin_usd(spot) / spot
    measured = slope(lambda x: worth_usd(contract, size, cost, x), spot)
    assert delta_usd(contract, size, spot, equity(spot)) == pytest.approx(measured, rel=1e-5, abs=tiny)
    measured = slope(lambda x: delta_usd(contract, size, x, equity(x)), spot)
    assert gamma_usd(contract, size, spot) == pytest.approx(measured, rel=1e-4, abs=tiny / spot)


def test_an_inverse_long_is_concave_in_coin_and_straight_in_usd():
    assert gamma_coin(INVERSE, 10_000, 8_000.0) < 0 < gamma_coin(INVERSE, -10_000, 8_000.0)
    assert gamma_usd(INVERSE, 10_000, 8_000.0) == pytest.approx(0.0, abs=1e-15)
    assert gamma_coin(LINEAR, 10_000, 8_000.0) == gamma_usd(LINEAR, 10_000, 8_000.0) == 0.0


def test_a_fall_costs_an_inverse_long_more_than_the_same_rise_brings():
    assert pnl_coin(INVERSE, 60_000, 600, [700, 500]) == pytest.approx([14.2857142857, -20.0], abs=1e-7)


def test_inverse_exposure_gains_as_spot_falls_and_powers_are_convex():
    for power in (SQUARE, INVERSE_EXPOSURE):
        assert gamma_usd(power, 10, 8_000.0) > 0 > gamma_usd(power, -10, 8_000.0)
    falls = INVERSE_EXPOSURE.index(10_000.0), INVERSE_EXPOSURE.index(8_000.0)
    assert falls == pytest.approx((10_000.0, 12_500.0))
    assert pnl(INVERSE_EXPOSURE, 10, *falls) > 0 > delta_usd(INVERSE_EXPOSURE, 10, 8_000.0, 0)


def test_a_power_of_one_is_linear():
    assert Power(p=1.0, face=0.001).index(8_000.0) == LINEAR.index(8_000.0)
    assert delta_usd(Power(p=1.0, face=0.001), 10, 8_000.0, 0) == delta_usd(LINEAR, 10, 8_000.0, 0)


def test_published_profits_and_losses():
    """romanornr guide, BitMEX perpetual guide and PnL guide, Kraken: coins won by a position."""
    assert pnl_coin(INVERSE, 15_000, 750, 800) == pytest.approx(1.25, abs=1e-7)
    assert pnl_coin(INVERSE, 500, 1_000, 1_250) == pytest.approx(0.1, abs=1e-9)
    assert pnl_coin(INVERSE, 10_000, 20_000, 25_000) == pytest.approx(0.1, abs=1e-8)
    assert pnl_coin(INVERSE, 10_000, 90, 95) == pytest.approx(5.848, abs=5e-4)


def test_published_average_entry():
    """Bybit: 50 contracts at 10,000 and 50 at 15,000 stand at 12,000, not at 12,500."""
    size, cost = filled(INVERSE, [(50, 10_000), (50, 15_000)])
    assert average_entry(INVERSE, size, cost) == pytest.approx(12_000, abs=1e-3)


@pytest.mark.parametrize("bad", [math.nan, 0.0, -1.0, math.inf, [8_000.0, math.nan]])
@each_contract
def test_a_price_that_is_none_is_refused(contract, bad):
    with pytest.raises(ValueError, match=r"price must be positive and finite \(got .*\); leave out"):
        contract.settlement(bad)
    with pytest.raises(ValueError, match="spot must be positive"):
        contract.index(bad)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"face": math.nan}, "face must be positive"),
        ({"tick": 0.0}, "tick must be positive"),
        ({"unit": -1e-12}, "unit must be positive"),
        ({"highest": 0.5}, "highest must be two ticks"),
        ({"unit": 1e-8}, r"unit must let S rise at every tick \(got 1e-08\); choose 5e-11 or less"),
    ],
)
def test_a_contract_that_cannot_work_is_refused(fields, complaint):
    with pytest.raises(ValueError, match=complaint):
        Inverse(**fields)


@pytest.mark.parametrize("p", [0.0, math.nan])
def test_a_power_that_is_none_is_refused(p):
    with pytest.raises(ValueError, match="p must not be 0"):
        Power(p=p)


def test_positions_that_cannot_be_counted_are_refused():
    with pytest.raises(ValueError, match=r"contracts must be integers \(got 0.5\); choose a smaller face"):
        pnl(INVERSE, 0.5, 8_000, 9_000)
    with pytest.raises(ValueError, match=r"contracts must keep contracts \* S below"):
        total(10**11, INVERSE.settlement(8_000))
    with pytest.raises(ValueError, match="price must settle below"):
        INVERSE.settlement(1e12 / 2**62.5)


def test_a_quantos_usd_delta_needs_the_price_of_its_coin():
    with pytest.raises(ValueError, match="settled_usd must be positive"):
        delta_usd(Quanto(face=1e-6), 1, 8_000.0, 0)
