"""Funding from who holds what and from pools: published numbers, exact integration, shares of payers and receivers."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.mark import Quotes
from sim.skew_funding import DAY_S, AdaptiveImbalance, Imbalance, VelocityOfSkew
from sim.twap_funding import CappedGap, PoolPremium

NAN = math.nan
README = AdaptiveImbalance(increase=1e-6, decrease=2e-8, stable=0.05, falling=0.03, most=math.inf)
PLAIN = CappedGap(offset=0.0)
sides = st.floats(1e-3, 1e9)
skews = st.floats(-1e4, 1e4)
rates = st.floats(-0.05, 0.05)


def seen(time_s=0.0, longs=0.0, shorts=0.0, bid=100.0, ask=100.0, index=100.0):
    return Quotes(time_s, index, bid, ask, NAN, bid, ask, 0.0, 0.0, longs=longs, shorts=shorts)


def test_synthetix_integrates_its_velocity_as_its_own_test_does():
    """Skews of 100, 300 and 0 on a scale of 1,000 with 25 % a day, at a price of 100."""
    rule = VelocityOfSkew(skew_scale=1_000.0, max_velocity=0.25)
    got = rule.history([[0, 100], [29_000, 200], [20_000, -300], [DAY_S, 0]], price=100.0)
    assert got["rates"] == pytest.approx([0, 0.0083912, 0.02575231, 0.02575231], abs=1e-7)
    assert got["funding_sequence"][:3] == pytest.approx([0, -0.14086, -0.5362], abs=1e-3)


@pytest.mark.parametrize("scale, velocity", [(400, -0.002), (200, -0.004), (100, -0.008), (800, -0.001), (4, -0.1)])
def test_synthetix_caps_skew_at_its_scale(scale, velocity):
    assert VelocityOfSkew(skew_scale=scale, max_velocity=0.1).velocity(-8) == pytest.approx(velocity)


def test_half_a_day_of_velocity_is_half_of_it():
    rule = VelocityOfSkew(skew_scale=400, max_velocity=0.1)
    assert rule.velocity(12) == pytest.approx(0.003)
    assert rule.later(0.0, 12, DAY_S / 2) == pytest.approx(0.0015)
    assert VelocityOfSkew(skew_scale=1, max_velocity=0.0025).later(0, 1, 29_000) == pytest.approx(0.00083912, abs=5e-9)


@given(rates, skews, st.lists(st.floats(1.0, DAY_S), min_size=1, max_size=20))
def test_velocity_integrates_exactly_however_time_is_cut(rate, skew, parts):
    rule = VelocityOfSkew(skew_scale=1_000.0)
    days, now, received = sum(parts) / DAY_S, rate, 0.0
    for seconds in parts:
        received += rule.accrued(now, skew, seconds)
        now = rule.later(now, skew, seconds)
    assert now == pytest.approx(rule.later(rate, skew, sum(parts)), abs=1e-9)
    assert received == pytest.approx(rule.accrued(rate, skew, sum(parts)), abs=1e-8)
    assert -received == pytest.approx(rate * days + rule.velocity(skew) * days**2 / 2, abs=1e-8)


@given(st.lists(st.tuples(st.floats(0, 2e3), st.floats(0, 2e3)), min_size=1, max_size=12), st.booleans())
def test_what_accrues_in_a_run_is_the_integral_of_the_rate(crowds, at_stamps):
    rule = VelocityOfSkew(skew_scale=1_000.0, accrual_s=math.inf if at_stamps else 60.0)
    memory, charged = rule.start(), 0.0
    for n, (longs, shorts) in enumerate(crowds, 1):
        rule.sample(seen(60.0 * n, longs, shorts), memory)
        charged += 0.0 if at_stamps else rule.payable(memory) * 60.0 / DAY_S
    charged = rule.payable(memory) * 60.0 * len(crowds) / DAY_S if at_stamps else charged
    skews = [longs - shorts for longs, shorts in crowds]
    path = rule.history([[60.0, size] for size in np.diff(skews, prepend=0.0)])
    assert charged == pytest.approx(-path["funding_sequence"][-1], abs=1e-12)
    assert rule.rate(memory) == pytest.approx(path["rates"][-1] if at_stamps else rule.payable(memory))


def test_a_balanced_market_keeps_its_last_rate():
    rule = VelocityOfSkew(skew_scale=1_000.0, rate_at_start=0.01)
    memory = rule.start()
    for n in range(1, 10):
        rule.sample(seen(60.0 * n, 500.0, 500.0), memory)
        assert rule.payable(memory) == pytest.approx(0.01)


def test_gmx_charges_the_larger_side_and_shares_it_out():
    """Its README: a factor of 1/50,000 a second, 150,000 long and 50,000 short: 0.001 % and, received, 0.003 %."""
    rule = Imbalance(factor=1 / 50_000, most=1.0)
    assert rule.found(150_000, 50_000) == pytest.approx(0.00001)
    assert rule.sides(rule.found(150_000, 50_000), 150_000, 50_000) == pytest.approx((0.00001, 0.00003))
    assert rule.sides(rule.found(50_000, 150_000), 50_000, 150_000) == pytest.approx((-0.00003, -0.00001))


@pytest.mark.parametrize("rule", [Imbalance(), AdaptiveImbalance()], ids=["fixed", "adaptive"])
@given(sides, sides, rates)
def test_gmx_hands_receivers_what_payers_pay(rule, longs, shorts, rate):
    long_rate, short_rate = rule.sides(rate, longs, shorts)
    assert long_rate * longs == pytest.approx(short_rate * shorts)
    assert max(abs(long_rate * longs), abs(short_rate * shorts)) == pytest.approx(abs(rate) * max(longs, shorts))
    assert rule.sides(rate, longs, 0.0) == rule.sides(rate, 0.0, shorts) == (0.0, 0.0)


@given(sides, sides, st.sampled_from([1.0, 1.2, 2.0]))
def test_gmx_lets_the_larger_side_pay_at_most_its_cap(longs, shorts, exponent):
    rule = Imbalance(exponent=exponent)
    rate = rule.found(longs, shorts)
    assert abs(rate) <= rule.most and rate * (longs - shorts) >= 0
    assert rate == -rule.found(shorts, longs) and rule.found(longs, 0.0) == 0.0


@pytest.mark.parametrize(
    "imbalance, along, change", [(0.06, True, 3.6e-5), (0.04, True, 0), (0.02, True, -1.2e-5), (0.01, False, -6e-6)]
)
def test_gmx_adapts_by_its_thresholds(imbalance, along, change):
    """Its README: ten minutes with 0.0001 % a second a second, 0.000002 % down, thresholds of 5 and 3 %."""
    assert README.change(imbalance, along, 600) == pytest.approx(change, abs=1e-12)
    longs, shorts = (1 + imbalance, 1 - imbalance) if along else (1 - imbalance, 1 + imbalance)
    assert README.next_factor(longs, shorts, 600, 1e-3) == pytest.approx(1e-3 + change)
    assert README.next_factor(shorts, longs, 600, -1e-3) == pytest.approx(-1e-3 - change)


def test_gmx_starts_from_nothing():
    assert README.next_factor(106_000, 94_000, 600) == pytest.approx(3.6e-5)
    assert README.next_factor(94_000, 106_000, 600) == pytest.approx(-3.6e-5)
    assert README.next_factor(106_000, 0, 600, 0.5) == 0.0


def test_gmx_turns_round_when_the_skew_does():
    factor = 1e-5
    for _ in range(4):
        factor = README.next_factor(90, 110, 60, factor)
    assert factor == pytest.approx(1e-5 - 4 * 60 * 0.1 * 1e-6)


def test_a_rate_of_gmx_that_has_fallen_keeps_its_side():
    factor = README.next_factor(101, 99, 10_000, 1e-6)
    assert 0 < factor < 1e-20
    assert README.next_factor(101, 99, 600, factor) == factor
    assert README.next_factor(110, 90, 600, factor) == pytest.approx(6e-5)


@given(st.lists(st.tuples(sides, sides), min_size=1, max_size=20))
def test_gmx_charges_no_more_than_its_most_and_no_less_than_its_least(crowds):
    rule = AdaptiveImbalance(least=1e-9, most=2e-8)
    memory = rule.start()
    for n, (longs, shorts) in enumerate(crowds, 1):
        rule.sample(seen(3_600.0 * n, longs, shorts), memory)
        per_second = abs(rule.payable(memory)) / 3_600.0
        assert per_second <= rule.most * (1 + 1e-12)
        assert memory.factor == 0.0 or per_second >= rule.least * (1 - 1e-12)


@pytest.mark.parametrize(
    "mark, oracle, usd",
    [(50, 49, 0.041666666), (32.481415, 32.546442, -0.002709458), (19_882.611415, 17_673.432368, 22.314939833)],
)
def test_drift_pays_a_24th_of_the_gap_up_to_its_tier(mark, oracle, usd):
    assert PLAIN.found(mark, oracle) == pytest.approx(usd, abs=1e-5 if usd > 1 else 1e-9)


def test_drift_adds_its_offset():
    """A 5,000th of the oracle price a day is 7.3 % a year."""
    assert CappedGap().found(100.0, 100.0) * 24 * 365 == pytest.approx(7.3)
    assert CappedGap().found(110.0, 100.0) == PLAIN.found(110.0, 100.0) == pytest.approx(100 / 33 / 24)


def test_drift_caps_what_the_pool_owes_at_a_third_of_its_fees():
    """Half as many longs as shorts, 0.25 in the fee pool: shorts share 0.512 of the longs and 0.083 of the pool."""
    got = PLAIN.sides(0.041666666, 12.295081967, 24.590163934, 0.25)
    assert got == pytest.approx((0.041666666, 0.024222164), abs=2e-6)
    assert PLAIN.sides(-0.041666666, 24.590163934, 12.295081967, 0.25) == pytest.approx((-got[1], -got[0]))
    assert PLAIN.sides(0.041666666, 24.590163934, 12.295081967, 0.25) == (0.041666666, 0.041666666)
    assert PLAIN.sides(0.041666666, 12.295081967, 24.590163934, 99.0) == (0.041666666, 0.041666666)


@given(rates, sides, sides, st.floats(-1e6, 1e6))
def test_drifts_pool_never_pays_more_than_its_share(rate, longs, shorts, pool):
    long_rate, short_rate = PLAIN.sides(rate, longs, shorts, pool)
    paid_by_pool = short_rate * shorts - long_rate * longs
    assert paid_by_pool <= max(pool, 0.0) / 3 + 1e-9 * max(longs, shorts)
    assert abs(long_rate) <= abs(rate) and abs(short_rate) <= abs(rate)
    assert rate in (long_rate, short_rate)


def test_drifts_means_carry_over_an_hour():
    rule = PLAIN
    memory = rule.start()
    assert rule.payable(memory) == 0.0
    for minute in range(1, 61):
        rule.sample(seen(60.0 * minute, bid=100.5, ask=101.5), memory)
    assert rule.payable(memory) == pytest.approx(0.01 / 24)
    assert rule.rate(memory) == rule.payable(memory)
    rule.sample(seen(3_660.0, bid=NAN, ask=105.5), memory)
    assert rule.payable(memory) == pytest.approx((0.01 + 4 / 60 / 2 / 100) / 24)


def test_perpetual_protocol_books_the_rest_to_its_fund():
    """37.5 long and 187.5 short at a premium of 0.01: 0.375 paid, 1.875 received, 1.5 from the fund."""
    rule = replace(PoolPremium(), interval_hours=24.0, stamps_utc_hours=(0.0,))
    fraction = rule.found(1.6, 1.59)
    assert fraction == pytest.approx(0.01)
    paid, rest = rule.charge(fraction, [37.5, -187.5])
    assert paid == pytest.approx([0.375, -1.875]) and rest == pytest.approx(-1.5) and rule.counterparty == "fund"


@given(st.lists(st.tuples(st.floats(50, 150), st.floats(50, 150)), min_size=1, max_size=20))
def test_a_contract_of_one_coin_pays_the_mean_gap_of_its_interval(prices):
    rule = PoolPremium()
    memory = rule.start()
    for n, (price, index) in enumerate(prices, 1):
        rule.sample(seen(60.0 * n, bid=price, ask=price, index=index), memory)
    gap = sum(price - index for price, index in prices) / len(prices)
    assert rule.payable(memory) * prices[-1][1] == pytest.approx(gap / 24, abs=1e-9)
    charged = rule.payable(memory)
    assert rule.rate(memory) == rule.payable(memory) == charged
    rule.sample(seen(bid=101.0, ask=101.0), memory)
    assert rule.payable(memory) == pytest.approx(0.01 / 24)
