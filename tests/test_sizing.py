"""Sizing rules: each formula, what it is for, and that compiled rules get the same numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import FixedFraction, FractionalKelly, RiskPerStop, VolatilityTarget
from agents.sizing import sized
from analysis.values import parse

VOLATILITY, STOP = st.floats(0.05, 5.0), st.floats(0.002, 1.0)


@given(volatility=VOLATILITY, stop=STOP)
def test_each_rule_is_its_formula_up_to_its_most(volatility, stop):
    assert FixedFraction(3.0).leverage(volatility, stop) == 3.0
    assert VolatilityTarget(0.8, 5.0).leverage(volatility, stop) == pytest.approx(min(0.8 / volatility, 5.0))
    kelly = FractionalKelly(edge=0.6, fraction=0.5, most=8.0).leverage(volatility, stop)
    assert kelly == pytest.approx(min(0.3 / volatility**2, 8.0))
    assert RiskPerStop(0.02, 9.0).leverage(volatility, stop) == pytest.approx(min(0.02 / stop, 9.0))


def test_a_targeted_volatility_is_the_volatility_of_equity():
    steps = np.random.default_rng(1).standard_normal(200_000)
    for volatility in (0.3, 0.9, 1.5):
        returns = volatility * math.sqrt(1 / 365) * steps
        equity = VolatilityTarget(0.5).leverage(volatility) * returns
        assert np.std(equity) * math.sqrt(365) == pytest.approx(0.5, rel=0.01)


def test_full_kelly_grows_fastest_and_half_of_it_keeps_three_quarters():
    edge, volatility = 0.5, 0.8

    def growth(leverage):
        return edge * leverage - 0.5 * (volatility * leverage) ** 2

    full = FractionalKelly(edge=edge, fraction=1.0).leverage(volatility)
    assert growth(full) == pytest.approx(edge**2 / (2 * volatility**2))
    assert all(growth(full) > growth(full * (1 + away)) for away in (-0.3, -0.01, 0.01, 0.3))
    assert growth(FractionalKelly(edge=edge, fraction=0.5).leverage(volatility)) == pytest.approx(0.75 * growth(full))
    assert growth(2 * full) == pytest.approx(0.0, abs=1e-12)


@given(stop=st.floats(0.01, 0.5))
def test_a_stop_that_fills_at_its_price_costs_the_risk(stop):
    leverage = RiskPerStop(0.02, most=100.0).leverage(stop=stop)
    assert leverage * stop == pytest.approx(0.02)
    long_coin = leverage * (1.0 / (1.0 - stop) - 1.0)
    assert long_coin == pytest.approx(0.02 / (1.0 - stop))


def test_without_a_stop_all_of_the_position_is_at_risk():
    assert RiskPerStop(0.02).leverage(stop=7.0) == RiskPerStop(0.02).leverage(stop=1.0) == pytest.approx(0.02)


def test_where_nothing_seems_to_move_a_position_is_at_most_the_most():
    assert VolatilityTarget(0.5, 4.0).leverage(0.0) == FractionalKelly(most=4.0).leverage(0.0) == 4.0
    assert FixedFraction(2.0).leverage(0.0) == 2.0


@given(volatility=VOLATILITY, stop=STOP)
def test_compiled_rules_get_the_numbers_that_the_rule_says(volatility, stop):
    for rule in (FixedFraction(2.5), VolatilityTarget(), FractionalKelly(), RiskPerStop()):
        assert sized(rule.table(), volatility, stop) == rule.leverage(volatility, stop)


def test_a_size_can_be_typed_on_a_command_line():
    for rule in (FixedFraction(2.5), VolatilityTarget(most=3.0), FractionalKelly(), RiskPerStop()):
        assert parse(repr(rule)) == rule


@pytest.mark.parametrize(
    "make", [lambda: FixedFraction(0.0), lambda: VolatilityTarget(-1.0), lambda: FractionalKelly(most=math.inf)]
)
def test_a_senseless_size_is_refused(make):
    with pytest.raises(ValueError, match="must be positive and finite"):
        make()
