"""Funding that no venue has: the controller ends at no basis and never winds up; thin books count more."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.funding import ClampedPremium
from sim.mark import Quotes
from sim.research_funding import Control, LiquidityScaled, PidOnBasis

NAN = math.nan
PID = PidOnBasis(cap=0.05)
SCALED = LiquidityScaled(cap=math.inf, change_cap=math.inf)
premiums = st.floats(-0.05, 0.05)
amounts = st.floats(1e-3, 1e9)


def basis_after(rule, pressure, response, hours, every_s=60.0, start=0.0):
    """Basis and rate in a market whose basis drifts by `pressure` an hour less `response` times the rate."""
    memory, basis = rule.start(), start
    for n in range(1, round(hours * 3_600 / every_s) + 1):
        at = 10_000 * (1 + basis)
        rule.sample(Quotes(n * every_s, 10_000, at, at, at, at, at, 0.0, 0.0, mark=at), memory)
        basis += (pressure - response * rule.payable(memory)) * every_s / 3_600
    return basis, rule.payable(memory)


@settings(max_examples=20, deadline=None)
@given(st.floats(-0.005, 0.005), st.floats(0.3, 5.0), st.sampled_from([0.0, 0.1]), premiums)
def test_the_controller_drives_the_basis_to_zero(pressure, response, derivative, start):
    rule = replace(PID, derivative_hours=derivative)
    basis, rate = basis_after(rule, pressure, response, 96.0, start=start)
    assert basis == pytest.approx(0.0, abs=1e-4)
    assert rate == pytest.approx(pressure / response, abs=1e-4)


def test_without_the_integral_a_basis_is_left():
    basis, _ = basis_after(replace(PID, integral_per_hour=0.0), 0.004, 1.0, 96.0)
    assert basis == pytest.approx(0.004, abs=1e-5)
    assert basis_after(PID, 0.004, 1.0, 96.0)[0] == pytest.approx(0.0, abs=1e-5)


@settings(max_examples=50)
@given(st.lists(st.tuples(premiums, st.floats(0.0, 8.0)), max_size=30), st.floats(0, 5), st.floats(0, 2))
def test_the_controller_keeps_its_cap_and_never_winds_up(path, proportional, integral_per_hour):
    rule = replace(PID, proportional=proportional, integral_per_hour=integral_per_hour)
    control = Control()
    for premium, hours in path:
        control = rule.after(control, premium, hours)
        assert abs(control.rate) <= rule.cap and abs(control.integral) <= rule.cap + 1e-12


def test_after_a_day_at_the_cap_the_rate_turns_with_the_basis():
    rule, control = replace(PID, cap=0.005), Control()
    for _ in range(24):
        control = rule.after(control, 0.02, 1.0)
    assert control.rate == rule.cap and control.integral <= rule.cap
    control = rule.after(control, -0.02, 1.0)
    assert control.rate == -rule.cap


@given(premiums, st.floats(-0.01, 0.01))
def test_the_three_terms_add_up(premium, change):
    rule = replace(PID, proportional=2.0, derivative_hours=0.5, cap=1.0)
    assert rule.found(premium, 0.003, change) == pytest.approx(2 * premium + 0.003 + change / 2)
    assert rule.found(premium) == pytest.approx(2 * premium)


def test_the_change_of_the_basis_is_smoothed():
    rule = replace(PID, filter_hours=1.0)
    first = rule.after(Control(), 0.01, 1.0)
    second = rule.after(first, 0.03, 1.0)
    assert first.change == 0.0 and second.change == pytest.approx(0.01)
    assert replace(rule, filter_hours=0.0).after(first, 0.03, 1.0).change == pytest.approx(0.02)
    assert rule.after(first, 0.03, 0.0).change == 0.0


def test_without_a_price_the_controller_waits():
    memory = PID.start()
    quotes = Quotes(60.0, 10_000, 10_010, 10_010, NAN, NAN, NAN, 0.0, 0.0)
    PID.sample(quotes, memory)
    rate = PID.payable(memory)
    PID.sample(quotes._replace(time_s=120.0, bid=NAN), memory)
    assert rate > 0 and PID.payable(memory) == rate and memory.time_s == 60.0


def test_a_premium_counts_more_where_the_book_is_thin():
    assert SCALED.weight(1_000, 100) == 1.0
    assert SCALED.weight(4_000, 100) == pytest.approx(2.0) and SCALED.weight(1_000, 400) == pytest.approx(0.5)
    assert SCALED.weight(1e9, 1) == 4.0 and SCALED.weight(0, 100) == 0.25
    assert SCALED.weight(1, 0.0) == 4.0 and SCALED.weight(0, 0.0) == 1.0 and SCALED.weight(1_000, NAN) == 1.0


@given(amounts, amounts, st.floats(1, 100))
def test_the_weight_rises_with_open_interest_and_falls_with_depth(open_interest, depth, times):
    weight = SCALED.weight(open_interest, depth)
    assert 1 / SCALED.largest <= weight <= SCALED.largest
    assert SCALED.weight(open_interest * times, depth) >= weight >= SCALED.weight(open_interest, depth * times)
    assert SCALED.weight(open_interest * times, depth * times) == pytest.approx(weight)


@given(premiums, amounts, amounts, amounts)
def test_a_weighed_premium_has_the_sign_and_caps_of_the_plain_one(premium, longs, shorts, depth):
    at = 10_000 * (1 + premium)
    quotes = Quotes(0, 10_000, at, at, at, at, at, 0, 0, longs=longs, shorts=shorts, depth_bid=depth, depth_ask=depth)
    rule, plain = LiquidityScaled(), ClampedPremium(against="index")
    assert rule.premium(quotes) == pytest.approx(
        plain.premium(quotes) * rule.weight(max(longs, shorts), depth), abs=1e-15
    )
    memory = rule.start()
    rule.sample(quotes, memory)
    assert abs(rule.payable(memory)) <= rule.cap
    assert replace(rule, power=0.0).premium(quotes) == plain.premium(quotes)
