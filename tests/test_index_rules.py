"""Index rules: published examples, what one venue can do to an index, the stale and the outlying, and memory."""

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

from sim import index_rules
from sim.index_rules import (
    BINANCE_INDEX,
    BITMEX_INDEX,
    BITMEX_INDEX_2017,
    BITMEX_INDEX_2020,
    BYBIT_INDEX_2020,
    DERIBIT_INDEX,
    DERIBIT_INDEX_2018,
    DYDX_INDEX_2023,
    HYPERLIQUID_INDEX,
    KRAKEN_INDEX,
    OKX_INDEX,
    OKX_INDEX_2025,
    IndexRule,
    weighted_median,
)

HOME = Path(__file__).resolve().parent.parent
NAN = math.nan
PRESETS = {name: each for name, each in vars(index_rules).items() if isinstance(each, IndexRule)}
each_preset = pytest.mark.parametrize("rule", PRESETS.values(), ids=PRESETS)

price = st.floats(9_000, 11_000)
weight = st.integers(1, 9)
rows = st.lists(st.tuples(price, weight), min_size=1, max_size=8)


def unzipped(venues):
    prices, weights = zip(*venues, strict=True)
    return list(prices), list(weights)


def test_deribits_example_is_clipped_to_half_a_per_cent():
    """Support article 25944739377309: 100, 101, 120 become 100.495, 101, 101.505; at weights 1/4, 1/2, 1/4 101."""
    prices = [100, 101, 120]
    assert weighted_median(prices) == 101 and DERIBIT_INDEX.capped(prices) == [100.495, 101, 101.505]
    assert DERIBIT_INDEX.index(prices, [0.25, 0.5, 0.25]) == 101
    assert math.isclose(DERIBIT_INDEX.index(prices, [1, 0, 0]), 100.495)
    assert math.isclose(DERIBIT_INDEX.index(prices, [0, 0, 1]), 101.505)


def test_deribit_left_out_the_highest_and_the_lowest_of_six():
    """insights.deribit.com, 3-Dec-2019, on the method before: four of six count a quarter each."""
    assert DERIBIT_INDEX_2018.index([100, 101, 102, 103, 50, 190]) == 101.5
    assert DERIBIT_INDEX_2018.shares([100, 101, 102, 103, 50, 190]) == [0.25, 0.25, 0.25, 0.25, 0.0, 0.0]
    assert DERIBIT_INDEX_2018.index([100, 190]) == 145 and DERIBIT_INDEX_2018.index([100, 110, 190]) == 110


def test_bitmex_lets_a_venue_back_in_after_fifteen_minutes():
    """Its blog on reintroduction: A leaps at 15:00:00, is near again from 15:20:00 on, and back at 15:35:05."""
    rule = replace(BITMEX_INDEX_2020, weights="own")
    far, near = [[150, 100, 100]] * 240, [[122, 120, 120]] * 180
    got = rule.indices([[100, 100, 100], *far, *near, [130, 131, 129], [131, 131, 129], [140, 138, 139]])
    assert got[:241] == [100.0] * 241 and got[241:421] == [120.0] * 180
    assert got[421] == 130 and math.isclose(got[422], 391 / 3) and got[423] == 139
    left = [*near[:100], [130, 120, 120], *near]
    got = rule.indices([[100, 100, 100], *far, *left, [121, 120, 120], [123, 120, 120]])
    assert set(got[241:523]) == {120.0} and got[523] == 121


def test_bitmex_once_let_nobody_back_in():
    """Its blog of 2017, first example: C shows 50, is removed, and the index stays at 100."""
    rows = [[100, 100, 100], [100, 100, 50], *[[100, 102, 100]] * 2_000]
    assert BITMEX_INDEX_2017.indices(rows) == [100.0, 100.0, *[101.0] * 2_000]


@pytest.mark.parametrize(
    "rule, prices, held",
    [
        (BITMEX_INDEX_2017, [100, 128], False),
        (BITMEX_INDEX_2017, [100, 129], True),
        (BITMEX_INDEX_2017, [75, NAN], False),
        (BITMEX_INDEX_2017, [NAN, 126], True),
        (BITMEX_INDEX, [76, 84], True),
        (BITMEX_INDEX, [76.1, 84], False),
        (BITMEX_INDEX, [110, NAN], True),
        (BITMEX_INDEX, [109.9, NAN], False),
        (BITMEX_INDEX, [NAN, NAN], True),
    ],
)
def test_bitmex_keeps_the_last_index_where_one_or_two_venues_are_not_believed(rule, prices, held):
    """12.5 % from the middle of two, 25 % from the last index; since 16-Dec-2020 5 % or more, 10 % or more."""
    got = replace(rule, weights="own").index(prices, last=100.0)
    assert got == (100.0 if held else np.nanmean(prices))


def test_since_december_2020_ten_per_cent_is_too_far():
    rule = replace(BITMEX_INDEX, weights="own")
    assert rule.index([100, 100, 110]) == 100 and math.isclose(rule.index([100, 100, 109.9]), 309.9 / 3)


def test_binance_drops_one_outlier_and_takes_the_median_among_more():
    """FAQ on the price index: 5 % from the median."""
    volumes = [1, 2, 3, 4]
    assert math.isclose(BINANCE_INDEX.index([100, 102, 101, 110], volumes=volumes), (100 + 204 + 303) / 6)
    assert BINANCE_INDEX.index([100, 102, 120, 120], volumes=volumes) == 111
    assert BINANCE_INDEX.index([100, 104, NAN, 110], volumes=volumes) == (100 + 2 * 104) / 3


def test_okx_moves_outliers_to_two_per_cent_and_counts_two_venues_alike():
    """Help, spot index prices, of three or more, two, and one."""
    assert math.isclose(OKX_INDEX.index([100, 101, 110], [1, 1, 2]), (100 + 101 + 2 * 101 * 1.02) / 4)
    assert OKX_INDEX.index([100, 110, NAN], [1, 3, 9]) == 105 and OKX_INDEX.index([NAN, 110], [1, 3]) == 110
    rest = 105 * 0.98, 105 * 0.98, 100.5 * 1.02
    assert np.allclose(OKX_INDEX_2025.capped([100, 101, 110]), [105.5 * 0.98, 105 * 0.98, rest[2]])


def test_bybit_weighed_by_the_inverse_square_of_the_distance():
    """Help centre 360039261094: mean by volume, then weights 1 / distance^2; out at 3 % from the mean of the rest."""
    prices, volumes = np.array([10_048.0, 10_046.0, 10_051.0]), np.array([5.0, 2.0, 3.0])
    weights = 1 / (prices - np.average(prices, weights=volumes)) ** 2
    assert math.isclose(BYBIT_INDEX_2020.index(prices, volumes=volumes), np.average(prices, weights=weights))
    with_one_off = [*prices, 10_360.0]
    assert math.isclose(
        BYBIT_INDEX_2020.index(with_one_off, volumes=[*volumes, 90.0]), np.average(prices, weights=weights)
    )
    assert BYBIT_INDEX_2020.index([100, 101, 102], volumes=[1, 1, 1]) == 101


def test_kraken_lets_a_venue_back_in_at_half_the_distance():
    rows = [[100, 100, 111], [100, 100, 106], [100, 100, 104], [100, 100, 109]]
    assert KRAKEN_INDEX.indices(rows, volumes=[1, 1, 2]) == [100, 100, 100, 104.5]


def test_hyperliquids_oracle_is_a_weighted_median():
    """Its docs: weights 3, 2, 2, 1, 1, 1, 1, 1 of eight venues, seven for bitcoin."""
    assert HYPERLIQUID_INDEX.index([8, 7, 6, 5, 4, 3, 2, 1]) == 6.0
    assert HYPERLIQUID_INDEX.index([1, 2, 3, 4, 5, 6, 7]) == 3.0
    assert HYPERLIQUID_INDEX.index([7, 1, 1, 2, 2, 2, 2, 2]) == 2.0
    assert HYPERLIQUID_INDEX.index([1, 2, NAN, 3, NAN, NAN, NAN, NAN]) == 1.5


def test_too_few_venues_leave_the_last_index():
    assert DYDX_INDEX_2023.index([100, NAN, 102], last=99.0) == 99 and DYDX_INDEX_2023.index([1, 2, 3, 4]) == 2.5
    assert math.isnan(IndexRule().index([NAN, None]))


def test_with_no_venue_left_there_is_no_index():
    assert math.isnan(IndexRule(band=0.01).index([100, 110])) and IndexRule(band=0.01).shares([100, 110]) == [0, 0]


def test_outlying_and_stale_prices_are_dropped():
    assert IndexRule().index([100, 102, 150]) == 101 and IndexRule().shares([100, 102, 150]) == [0.5, 0.5, 0]
    assert IndexRule().index([100, NAN, 104], [1, 1, 3]) == 103
    assert IndexRule().index([100.0, 100.0, 100.0], [0.3, 0.1, 0.7]) == 100.0


@given(rows)
def test_the_default_is_the_weighted_mean_of_those_within_a_quarter_of_the_median(venues):
    """To the last bit: median + mean of the distances from it, in the order of the venues."""
    prices, weights = unzipped(venues)
    middle = float(np.median(prices))
    total = above = 0.0
    for each, part in venues:
        if abs(each - middle) <= 0.25 * middle:
            total, above = total + part, above + part * (each - middle)
    assert IndexRule().index(prices, weights) == middle + above / total


@given(rows)
def test_the_weighted_median_is_the_median_of_each_price_so_many_times(venues):
    prices, weights = unzipped(venues)
    assert math.isclose(weighted_median(prices, weights), np.median(np.repeat(prices, weights)), rel_tol=1e-15)


@given(st.lists(st.one_of(st.just(NAN), price), min_size=1, max_size=8))
def test_the_median_is_that_of_the_known(prices):
    known = [each for each in prices if each == each]
    assert np.array_equal(weighted_median(prices), np.median(known) if known else NAN, equal_nan=True)


@given(rows, st.floats(1, 1e6), st.data())
def test_one_manipulated_venue_moves_a_weighted_median_no_further_than_its_neighbours(venues, lie, data):
    """As long as it has less than half of the weight, whatever it says lies between two results of the others'."""
    prices, weights = unzipped(venues)
    liar = data.draw(st.integers(0, len(prices) - 1))
    assume(2 * weights[liar] < sum(weights))
    ends = [weighted_median([*prices[:liar], end, *prices[liar + 1 :]], weights) for end in (1e-9, 1e9)]
    others = prices[:liar] + prices[liar + 1 :]
    got = weighted_median([*prices[:liar], lie, *prices[liar + 1 :]], weights)
    assert min(others) <= ends[0] <= got <= ends[1] <= max(others)
    low, high = (max([each for each in others if each <= end], default=0.0) for end in ends)
    assert not [each for each in others if low < each < ends[0] or high < each < ends[1]]


@given(rows.filter(lambda venues: len(venues) > 2), st.floats(1, 1e6), st.data())
def test_one_venue_moves_deribits_index_by_its_share_of_one_per_cent(venues, lie, data):
    """Its own price moves within the band, and the median, which carries the others' bands, to a neighbour at most."""
    prices, _ = unzipped(venues)
    liar = data.draw(st.integers(0, len(prices) - 1))
    lied = [*prices[:liar], lie, *prices[liar + 1 :]]
    others = prices[:liar] + prices[liar + 1 :]
    assert min(others) * 0.995 - 1e-9 <= DERIBIT_INDEX.index(lied) <= max(others) * 1.005 + 1e-9
    middle = weighted_median(lied)
    assert all(abs(each / middle - 1) <= 0.005 + 1e-12 for each in DERIBIT_INDEX.capped(lied))


ALONE = [each for each in PRESETS.values() if not each.ranks and each.weights == "own"]


@pytest.mark.parametrize("rule", ALONE, ids=repr)
@given(venues=rows, stale=st.integers(0, 8))
def test_the_stale_count_for_nothing(rule, venues, stale):
    prices, weights = unzipped(venues)
    at = min(stale, len(prices))
    with_one = [*prices[:at], NAN, *prices[at:]], [*weights[:at], 5, *weights[at:]]
    assert rule.index(*with_one, last=1.0) == rule.index(prices, weights, last=1.0)


@each_preset
@given(venues=rows)
def test_an_index_lies_within_its_venues_or_is_the_last(rule, venues):
    prices, weights = unzipped(venues)
    got = rule.index(prices, weights, volumes=weights, last=1.0)
    assert got == 1.0 or min(prices) - 1e-8 <= got <= max(prices) + 1e-8


@each_preset
@given(each=price, count=st.integers(3, 8))
def test_venues_that_agree_are_the_index_with_shares_that_add_up(rule, each, count):
    assert math.isclose(rule.index([each] * count, volumes=range(1, count + 1)), each, rel_tol=1e-12)
    assert math.isclose(sum(rule.shares([each] * count, volumes=range(1, count + 1))), 1.0)


@each_preset
@given(venues=rows, scale=st.sampled_from([0.5, 2.0, 1024.0]))
def test_an_index_scales_with_its_prices(rule, venues, scale):
    prices, weights = unzipped(venues)
    got = [rule.index(np.multiply(prices, s), weights, volumes=weights, last=s) for s in (1.0, scale)]
    assert got[1] == scale * got[0]


@pytest.mark.parametrize(
    "build, sentence",
    [
        (lambda: IndexRule(average="mode"), "average must be one of mean, median, inverse square .got 'mode'"),
        (lambda: IndexRule(few="none"), "few must be one of same, equal, hold"),
        (lambda: IndexRule(band=-0.1), "band must be 0 or more .got -0.1"),
        (lambda: IndexRule(least=0), "least must be 1 or more"),
        (lambda: IndexRule(every_s=-1.0), "every_s must be 0 or more"),
        (lambda: IndexRule().record(0.0), "step_s must be positive"),
        (lambda: BINANCE_INDEX.index([1.0, 2.0]), "volumes must be given to a rule that weighs by volume"),
    ],
)
def test_what_cannot_be_is_refused(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()


def worn(seed):
    """What every preset says of noisy rows with gaps and leaps, as hexadecimal."""
    dice = np.random.default_rng(seed)
    rows = 100 * (1 + dice.normal(0, 0.02, (300, 8))) + 20 * (dice.random((300, 8)) < 0.05)
    rows[dice.random(rows.shape) < 0.3] = NAN
    found = [rule.indices(rows, volumes=range(1, 9), last=100.0) for rule in PRESETS.values()]
    return [each.hex() for series in found for each in series]


def test_the_rules_are_the_same_without_the_compiler():
    code = "import sys; sys.path.insert(0, 'tests'); from test_index_rules import worn; print(*worn(1))"
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
    assert said[0] == said[1] and len(said[0]) > 10_000
