"""Funding by vote: premiums of books, medians, means, caps and the index, as dYdX's own tests have them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.mark import Quotes
from sim.voted_funding import (
    VotedPremium,
    book_premium_ppm,
    cap_ppm,
    funding_index_delta,
    maintenance_ppm,
    mean_ppm,
    median_ppm,
    rate_ppm,
)

RULE = VotedPremium()
BID, ASK = [[9_999, 1]], [[10_001, 1]]
ppms = st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=80)


def votes(premium, time_s):
    at = 10_000 * (1 + premium)
    return Quotes(time_s, 10_000, at, at, at, at, at, 0.0, 0.0)


@pytest.mark.parametrize(
    "bids, asks, index, ppm",
    [
        (BID, ASK, 10_000, 0),
        ([[9_999, 0.1], [9_998, 1]], ASK, 9_000, 110_911),
        (BID, [[10_001, 0.1], [10_001.5, 0.1], [10_002, 1]], 10_003, -129),
        (BID, ASK, 10_001.9, -89),
        ([[9_999.9, 1]], ASK, 9_997.5, 240),
        ([[9_999.9, 0.1], [9_999.5, 1]], ASK, 9_999.82, 0),
        (BID, [[10_000.1, 0.1]], 10_001, 0),
        ([[9_999.8, 0.1]], ASK, 9_999.5, 0),
        ([], [], 10_000, 0),
        ([[10_000, 1]], [], 8_000, 250_000),
    ],
)
def test_a_book_shows_a_premium_only_beyond_its_impact_price(bids, asks, index, ppm):
    assert book_premium_ppm(bids, asks, index, 5_000) == ppm


def test_a_vote_is_capped_and_no_notional_takes_the_best_price():
    assert book_premium_ppm([[9_999.9, 1]], ASK, 6_000, 5_000, most_ppm=100_000) == 100_000
    assert book_premium_ppm(BID, ASK, 20_000, 5_000, most_ppm=100_000) == -100_000
    assert book_premium_ppm([[9_999.9, 0.001]], ASK, 9_997.5, 0) == 240
    with pytest.raises(ValueError, match="index must be positive"):
        book_premium_ppm(BID, ASK, 0, 5_000)


@given(st.integers(-900_000, 900_000))
def test_whole_parts_per_million_are_not_lost(ppm):
    price = (10**6 + ppm) / 100
    assert book_premium_ppm([[price, 9]], [[price, 9]], 10_000, 500) == ppm


@pytest.mark.parametrize(
    "seen, median", [([1, 2, 3], 2), ([1, 2], 2), ([-1, -2], -2), ([0, -1], -1), ([0, 1], 1), ([-3, 1], -1), ([5], 5)]
)
def test_a_median_of_two_is_rounded_away_from_zero(seen, median):
    assert median_ppm(seen, least=1) == median


def test_missing_votes_and_samples_count_as_none():
    assert median_ppm([100] * 7) == 0 and median_ppm([100] * 8) == 100
    assert mean_ppm([600]) == 10 and mean_ppm([-59]) == 0 and mean_ppm([-61]) == -1
    for empty in (median_ppm, mean_ppm):
        with pytest.raises(ValueError, match="must hold at least one"):
            empty([], least=0)


@given(ppms)
def test_median_and_mean_lie_among_the_votes_and_are_odd(seen):
    for found in (median_ppm, mean_ppm):
        got = found(seen, least=1)
        assert min(seen) <= got <= max(seen)
        assert found([-each for each in seen], least=1) == -got
    assert abs(median_ppm(seen, least=1) - sorted(seen)[len(seen) // 2]) <= max(seen) - min(seen)


def test_a_tier_caps_the_rate():
    """15 % initial margin, 80 % of it maintenance, a factor of 6: 18 %."""
    assert maintenance_ppm(150_000, 800_000) == 120_000
    assert cap_ppm(6_000_000, 150_000, 800_000) == 180_000
    assert rate_ppm(500_000, 180_000) == 180_000 and rate_ppm(-500_000, 180_000, 100) == -180_000
    assert rate_ppm(100, 180_000, 25) == 125
    assert RULE.most_ppm(RULE.clamp_factor) == 48_000 and RULE.most_ppm(RULE.vote_clamp_factor) == 480_000


@pytest.mark.parametrize(
    "resolution, exponent, ppm, seconds, delta",
    [
        (-12, 0, 1_001_999, 28_800, 1_001),
        (-12, 0, -1_001_999, 28_800, -1_001),
        (-4, 2, -1_001_999, 14_400, -5009995 * 10**6),
    ],
)
def test_the_index_is_cut_towards_zero(resolution, exponent, ppm, seconds, delta):
    assert funding_index_delta(resolution, 1_000, exponent, ppm, seconds) == delta


@given(st.integers(-(10**6), 10**6), st.integers(0, 10**5), st.integers(-12, 0), st.integers(-9, 2))
def test_the_index_is_as_exact_as_whole_numbers_are(ppm, seconds, resolution, exponent):
    delta = funding_index_delta(resolution, 12_345, exponent, ppm, seconds)
    assert delta == -funding_index_delta(resolution, 12_345, exponent, -ppm, seconds)
    exact = ppm * seconds * 12_345 * 10.0 ** (exponent + resolution + 6) / 28_800
    assert abs(delta) <= abs(exact) * (1 + 1e-12) and abs(delta - exact) < 1 + abs(exact) * 1e-12


def test_an_hour_is_the_mean_of_its_minutes_medians():
    memory = RULE.start()
    assert RULE.payable(memory) == 0.0
    for second in range(1, 3_601):
        outlier, second_half = second % 60 < 20, second > 1_800
        RULE.sample(votes(0.03 if outlier else 0.002 if second_half else 0.001, second), memory)
    assert memory.samples == pytest.approx([1_000] * 30 + [2_000] * 30, abs=1) and memory.votes == []
    assert RULE.payable(memory) == pytest.approx(0.0015 / 8, abs=1e-6)
    charged = RULE.payable(memory)
    assert RULE.rate(memory) == charged == RULE.payable(memory)
    RULE.sample(votes(-0.004, 3_601), memory)
    assert RULE.payable(memory) == pytest.approx(-0.004 / 8, abs=1e-6)


@given(st.lists(st.floats(-0.9, 0.9), min_size=1, max_size=20))
def test_the_rate_of_an_hour_is_capped(premiums):
    memory = RULE.start()
    for n, premium in enumerate(premiums, 1):
        RULE.sample(votes(premium, 30.0 * n), memory)
    assert abs(RULE.payable(memory)) <= 0.048 / 8


def test_a_book_without_impact_prices_votes_for_nothing():
    memory = RULE.start()
    RULE.sample(votes(0.01, 1.0)._replace(impact_bid=math.nan), memory)
    assert memory.votes == [0]
