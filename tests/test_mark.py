"""Mark prices: published numbers, empty books, memories, cadences, and what one party can do to them."""

import csv
import json
import math
from collections import deque
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import composite_mark, oracle_mark
from sim.averages import (
    Fading,
    TimeWeighted,
    Window,
    fading_mean,
    moving_mean,
    smoothed_mean,
    time_weighted_mean,
)
from sim.composite_mark import (
    AEVO_MARK,
    BINANCE_MARK,
    BINANCE_MARK_2020,
    BITMEX_MARK,
    BYBIT_MARK,
    DERIBIT_MARK,
    DERIBIT_MARK_2016,
    DERIBIT_MARK_2017,
    HYPERLIQUID_MARK,
    KRAKEN_MARK,
    OKX_MARK,
    BasisMean,
    MedianOfImpact,
    RobustMedian,
    external_price,
    robust_price,
)
from sim.index_rules import DERIBIT_INDEX, weighted_median
from sim.mark import (
    FundingBasis,
    ImpactEma,
    LastPrice,
    MarkRule,
    MedianOfThree,
    Quotes,
    fair_basis,
    fair_price,
    impact_mid,
    median,
    within,
)
from sim.oracle_mark import (
    DRIFT_MARK,
    DYDX_MARK,
    DYDX_MARK_2023,
    PERPETUAL_MARK,
    OraclePrice,
    PoolPrice,
    kindest,
    next_posted,
    skewed,
)

FILE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "worked_examples.csv"
NAN = math.nan
CALM = Quotes(
    time_s=0.0, index=10_000.0, bid=9_999.0, ask=10_001.0, last=10_000.5, impact_bid=9_998.0, impact_ask=10_002.0,
    funding_rate=0.0, to_funding=0.5,
)  # fmt: skip
EMPTY = {"bid": NAN, "ask": NAN, "last": NAN, "impact_bid": NAN, "impact_ask": NAN}
PRESETS = [each for home in (composite_mark, oracle_mark) for each in vars(home).values() if isinstance(each, MarkRule)]
RULES = [*dict.fromkeys([*PRESETS, LastPrice(), RobustMedian(external="oracle"), PoolPrice(of="twap")])]
each_rule = pytest.mark.parametrize("rule", RULES, ids=repr)

price = st.floats(9_000, 11_000)
quotes = st.builds(
    Quotes,
    time_s=st.just(0.0),
    index=price,
    bid=st.one_of(st.just(NAN), price),
    ask=st.one_of(st.just(NAN), price),
    last=st.one_of(st.just(NAN), price),
    impact_bid=st.one_of(st.just(NAN), price),
    impact_ask=st.one_of(st.just(NAN), price),
    funding_rate=st.floats(-0.00375, 0.00375),
    to_funding=st.floats(0, 1),
    mark=st.just(NAN),
    longs=st.floats(0, 1e6),
    shorts=st.floats(0, 1e6),
    depth_bid=st.just(NAN),
    depth_ask=st.just(NAN),
)


def marks(rule, series):
    """Marks of one memory over quotes `every_s` apart."""
    return rule.marks([q._asdict() | {"time_s": k * rule.every_s} for k, q in enumerate(series)])


def mark(rule, **changed):
    return rule.mark(CALM._replace(**changed), rule.start())


def test_bitmex_marks_at_the_index_and_the_funding_still_to_come():
    """An API capture of 24-Nov-2024, 267 of 480 minutes before funding: 97,849.76, a basis of 5.99."""
    got = mark(FundingBasis(), index=97_843.77, funding_rate=0.00011, to_funding=267 / 480)
    assert round(got, 2) == 97_849.76 and round(got - 97_843.77, 2) == 5.99


def test_deribits_first_rule_follows_the_last_trade_within_bounds():
    """deribit.com/docs/mark-price and support article 1000199659: inside the spread the last, outside its end,
    and never more than 3 % (2016) from the index."""
    rule = LastPrice(within_spread=True, band=0.03)
    assert mark(rule, index=870.0, bid=871.0, ask=871.5, last=871.7) == 871.5
    assert mark(rule, index=870.0, bid=871.0, ask=871.5, last=871.2) == 871.2
    assert mark(rule, index=870.0, bid=871.0, ask=871.5, last=870.2) == 871.0
    assert math.isclose(mark(rule, index=270.0, bid=280.0, ask=280.5, last=280.0), 278.1)
    assert math.isclose(mark(rule, index=270.0, bid=259.0, ask=260.0, last=260.0), 261.9)


def test_hyperliquids_mean_counts_time():
    """Its formula for two samples of three seconds each."""
    fade = math.exp(-3 / 150)
    assert math.isclose(fading_mean([[3, 10], [3, 20]], 150.0), (30 * fade + 60) / (3 * fade + 3))
    assert math.isclose(fading_mean([[3, 10], [3, NAN], [3, 20]], 150.0), fading_mean([[3, 10], [6, 20]], 150.0))


def fairly(i):
    left = (i["minutes_until_funding"], i["interval_minutes"])
    basis, price = (rule(i["index"], i["funding_rate"], *left) for rule in (fair_basis, fair_price))
    return {"fair_basis": basis, "mark": price}


def lastly(i):
    rule = LastPrice(within_spread=True, band=i["band"])
    return {"mark": rule.marks([{name: i[name] for name in ("index", "bid", "ask", "last")}])[0]}


def hourly(i):
    sample = {"index": i["index"], "funding_rate": i["last_funding_rate"], "to_funding": i["hours_until_next"]}
    return {"price1": FundingBasis(every_s=1.0).marks([sample])[0]}


REPRODUCED = {
    "bmx-mark-01": fairly,
    "ae-mark-01": hourly,
    "de-mark-02": lastly,
    "de-mark-03": lastly,
    "hl-mark-02": lambda i: {"ema": fading_mean(i["samples"], i["tau_s"])},
    "de-idx-01": lambda i: {
        "median": weighted_median(i["prices"]), "capped": replace(DERIBIT_INDEX, band=i["band"]).capped(i["prices"])
    },
    "de-idx-02": lambda i: {"index": DERIBIT_INDEX.index(i["capped"], i["weights"])},
}  # fmt: skip


@pytest.mark.parametrize("row_id", REPRODUCED)
def test_a_published_example_is_reproduced_within_its_tolerance(row_id):
    if not FILE.exists():
        pytest.skip(f"the published examples are not there: no {FILE.name} in ../shared/reference")
    with FILE.open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["id"] == row_id)
    got, expected = REPRODUCED[row_id](json.loads(row["inputs"])), json.loads(row["expected"])
    assert got.keys() == expected.keys()
    assert all(np.allclose(got[name], expected[name], rtol=0, atol=float(row["tolerance"])) for name in expected)


@each_rule
@given(series=st.lists(quotes, min_size=1, max_size=30))
def test_a_mark_is_always_a_price(rule, series):
    """No further from the quotes, which are at most 2,000 apart, than a basis of 2,000 on an index at their end."""
    assert all(6_900 < got < 13_100 for got in marks(rule, series))


@each_rule
def test_an_empty_book_is_marked_at_the_index(rule):
    assert marks(rule, [CALM._replace(**EMPTY)] * 3) == [10_000.0] * 3


def test_a_rule_can_be_driven_by_hand():
    rule = MedianOfThree(every_s=2.0)
    got = rule.marks([{"index": 100, "last": 101}, {"index": 100, "bid": None, "last": 103}, {"index": 100}])
    assert got == [100.5, 101.5, 100.0] and LastPrice().marks([]) == []


@each_rule
@given(series=st.lists(quotes, min_size=1, max_size=10))
def test_two_memories_of_the_same_past_agree(rule, series):
    assert marks(rule, series) == marks(rule, series)


@given(st.lists(st.one_of(st.just(NAN), st.floats(-1e4, 1e4)), max_size=60), st.integers(1, 9))
def test_a_window_is_the_mean_of_its_latest_samples(samples, most):
    window, latest = Window(most), deque(maxlen=most)
    for sample in samples:
        window.add(sample)
        latest.append(sample)
        known = [each for each in latest if each == each]
        assert math.isclose(window.mean(), np.mean(known), abs_tol=1e-8) if known else math.isnan(window.mean())


def test_the_median_leaves_out_what_is_missing():
    assert median(3.0, 1.0, 2.0) == 2.0 and median(NAN, 1.0, 2.0) == 1.5 and median(1.0, NAN, NAN) == 1.0
    assert math.isnan(median(NAN, NAN)) and within(9.0, 10.0, 0.05) == 9.5 and within(9.0, 10.0, math.inf) == 9.0


def test_a_moving_mean_leaves_out_what_is_missing():
    assert moving_mean([100.0, 1.0, None, 3.0], 3) == 2.0 and math.isnan(moving_mean([1.0, NAN], 1))
    mean = Fading(150.0)
    mean.add(NAN, 3.0)
    assert math.isnan(mean.mean())


def test_one_wild_trade_does_not_move_the_median_of_three():
    rule = MedianOfThree()
    assert marks(rule, [CALM] * 5 + [CALM._replace(last=5_000.0)])[-1] == 10_000.0
    assert marks(LastPrice(), [CALM] * 5 + [CALM._replace(last=5_000.0)])[-1] == 5_000.0


def test_the_median_follows_the_mean_basis_of_its_window():
    """A basis of 20 from the tenth second on: after n of 30 seconds the mean of the window is 20 n / 30."""
    rule = MedianOfThree(window_s=30.0)
    apart = CALM._replace(bid=10_019.0, ask=10_021.0, last=10_100.0, funding_rate=-0.01)
    got = marks(rule, [CALM] * 30 + [apart] * 40)
    assert np.allclose(got[30:60], 10_000 + 20 * np.arange(1, 31) / 30)
    assert got[60:] == [10_020.0] * 10


@pytest.mark.parametrize("rule, samples, every_s", [(BINANCE_MARK, 30, 5.0), (BINANCE_MARK_2020, 30, 60.0)])
def test_binance_averages_thirty_samples_of_a_basis(rule, samples, every_s):
    """FAQ fff6ec1b, both copies: each 5 s over 2.5 minutes, once each minute over 30."""
    memory, length = rule.start(), 3 * samples * round(every_s)
    for second in range(length):
        rule.mark(CALM._replace(time_s=float(second), bid=9_999.0 + second, ask=10_001.0 + second), memory)
    assert memory.samples.maxlen == len(memory.samples) == samples and memory.added == length / every_s
    assert memory.mean() == length - every_s * (samples + 1) / 2


def test_bybit_samples_each_second_over_five_minutes():
    memory = BYBIT_MARK.start()
    for second in range(1_000):
        BYBIT_MARK.mark(CALM._replace(time_s=float(second)), memory)
    assert memory.samples.maxlen == len(memory.samples) == 300 and memory.added == 1_000


def test_a_window_is_as_long_in_a_run_of_longer_steps():
    """A basis that goes up by one each second: its mean over 300 s is that of 300 samples, or of 30."""
    means = []
    for step_s in (1, 10):
        memory = BYBIT_MARK.start()
        for second in range(0, 2_000, step_s):
            BYBIT_MARK.mark(CALM._replace(time_s=float(second), bid=9_999.0 + second, ask=10_001.0 + second), memory)
        means.append(memory.mean() - second)
    assert means == [-299 / 2, -290 / 2]


def test_a_gap_in_the_book_does_not_move_the_mean_basis():
    gone = CALM._replace(bid=NAN, last=10_100.0, funding_rate=-0.02)
    apart = CALM._replace(bid=10_009.0, ask=10_011.0)
    assert marks(MedianOfThree(window_s=20.0), [apart] * 10 + [gone] * 19)[-1] == 10_010.0
    assert marks(MedianOfThree(window_s=20.0), [apart] * 10 + [gone] * 20)[-1] == median(9_900.0, 10_100.0)


def test_the_latest_second_weighs_two_of_thirty_one_in_deribits_mean():
    """Scalpex's copy of its page: the mean is recomputed each second, in 30 periods, the latest at 6.45 %."""
    apart = CALM._replace(impact_bid=10_018.0, impact_ask=10_022.0, bid=10_019.0, ask=10_021.0)
    got = marks(DERIBIT_MARK, [CALM] * 1_000 + [apart] * 60)
    assert math.isclose(got[1_000] - 10_000, 20 * 2 / 31) and round(2 / 31, 4) == 0.0645
    assert np.allclose(got[1_000:], 10_000 + 20 * (1 - (29 / 31) ** np.arange(1, 61)))
    assert marks(DERIBIT_MARK, [apart])[0] == 10_020.0
    assert math.isclose(smoothed_mean([0, 0, 20], 2 / 31), 40 / 31)


def test_the_impact_mean_stays_while_there_is_no_fair_price_and_then_makes_up_for_it():
    apart = CALM._replace(impact_bid=10_018.0, impact_ask=10_022.0, bid=10_019.0, ask=10_021.0)
    gone = CALM._replace(impact_bid=NAN, bid=NAN)
    assert np.allclose(marks(ImpactEma(), [apart] * 10 + [gone] * 20), 10_020)
    got = marks(ImpactEma(), [apart] * 10 + [gone] * 20 + [CALM])[-1]
    assert math.isclose(got - 10_000, 20 * (29 / 31) ** 21)


@pytest.mark.parametrize("rule, band", [(DERIBIT_MARK, 0.005), (KRAKEN_MARK, 0.01)])
@pytest.mark.parametrize("premium, share", [(200.0, 1), (-200.0, -1), (30.0, 30 / 10_000)])
def test_the_impact_mean_stays_within_its_band(rule, band, premium, share):
    moved = dict.fromkeys(("bid", "ask", "impact_bid", "impact_ask"), 10_000 + premium)
    expected = 10_000 * (1 + (share if abs(share) < 0.005 else share * band))
    assert math.isclose(mark(rule, **moved), expected)


def test_an_impact_price_reaches_no_further_than_a_thousandth_outside_the_best():
    """Scalpex's copy of Deribit's page, Aevo's docs: the average of the depth or the best -/+ 0.1 %."""
    assert impact_mid(9_990.0, 10_010.0, 9_995.0, 10_005.0, 0.001) == 10_000.0
    assert impact_mid(9_000.0, 10_010.0, 9_995.0, 10_005.0, 0.001) == (9_995.0 * 0.999 + 10_010.0) / 2
    assert impact_mid(9_990.0, 10_900.0, 9_995.0, 10_005.0, 0.001) == (9_990.0 + 10_005.0 * 1.001) / 2
    assert impact_mid(NAN, 10_010.0, 9_995.0, 10_005.0, 0.001) == (9_995.0 * 0.999 + 10_010.0) / 2
    assert math.isnan(impact_mid(NAN, 10_010.0, NAN, 10_005.0, 0.001))
    assert math.isnan(impact_mid(NAN, 10_010.0, 9_995.0, 10_005.0)) and impact_mid(9_000.0, 11_010.0) == 10_005.0


def test_okx_adds_the_mean_basis_to_the_index():
    apart = CALM._replace(bid=10_019.0, ask=10_021.0, last=5_000.0, funding_rate=0.01)
    got = marks(BasisMean(window_s=30.0), [CALM] * 30 + [apart] * 40)
    assert np.allclose(got[30:60], 10_000 + 20 * np.arange(1, 31) / 30) and got[60:] == [10_020.0] * 10
    assert marks(OKX_MARK, [apart, CALM._replace(**EMPTY)]) == [10_020.0] * 2


def test_aevos_median_is_of_impact_prices():
    """Its docs: fair price, index and funding to come, index and mean of (fair - index)."""
    moved = CALM._replace(impact_bid=10_018.0, impact_ask=10_022.0, bid=10_019.0, ask=10_021.0, last=1.0)
    assert marks(AEVO_MARK, [CALM, CALM, moved._replace(funding_rate=0.01)])[-1] == 10_020.0
    assert math.isclose(marks(AEVO_MARK, [CALM, CALM, moved])[-1], 10_000 + 20 / 3)
    assert marks(MedianOfImpact(), [CALM._replace(**EMPTY | {"last": 9_000.0})]) == [10_000.0]


def test_hyperliquids_mark_is_the_median_of_what_exists():
    """Its docs: of three the middle one; of two with the 30 s mean of the book's median; else what there is."""
    assert robust_price(100.0, 101.0, 103.0, 102.0, 90.0) == 102.0
    assert robust_price(100.0, 101.0, 103.0, NAN, 90.0) == 101.0
    assert robust_price(100.0, 101.0, 103.0, NAN, 102.5) == 102.5
    assert robust_price(100.0, NAN, 103.0, NAN, 90.0) == 103.0 and robust_price(100.0) == 100.0
    assert external_price([100, 101, 102, 103, 104]) == 101.0 and external_price([100, None, 102, 103, 104]) == 102.0


def test_hyperliquids_parts_are_those_of_its_docs():
    calm = CALM._replace(last=10_001.0)
    moved = CALM._replace(bid=10_049.0, ask=10_051.0, last=10_080.0)
    got = marks(HYPERLIQUID_MARK, [calm] * 200 + [moved] * 30)
    fades = [math.exp(-3.0 / tau) for tau in (150.0, 30.0)]
    weights = [sum(fade**k for k in range(230)) for fade in fades]
    for n in (1, 10, 30):
        basis, book = (sum(fade**k for k in range(n)) / weight for fade, weight in zip(fades, weights, strict=True))
        parts = 10_000 + 50 * basis, 10_051.0, 10_001.0 + 50 * book
        assert math.isclose(got[199 + n], sorted(parts)[1], rel_tol=1e-6)
    assert marks(RobustMedian(external="oracle"), [calm] * 9 + [moved])[-1] == pytest.approx(10_005.45, abs=0.1)


def test_the_mean_of_hyperliquid_counts_the_time_since_its_last_update():
    memory = HYPERLIQUID_MARK.start()
    for time_s, mid in ((0.0, 10.0), (3.0, NAN), (9.0, 20.0)):
        HYPERLIQUID_MARK.mark(CALM._replace(time_s=time_s, bid=10_000 + mid, ask=10_000 + mid), memory)
    assert math.isclose(memory.basis.mean(), fading_mean([[3, 10], [9, 20]], 150.0))


@given(st.lists(quotes, min_size=1, max_size=12), price)
def test_a_median_of_three_cannot_be_moved_beyond_its_second_part(series, lie):
    """Whoever makes the last trade moves the mark no further than to the nearer and the farther of the other two."""
    rule = BYBIT_MARK
    got = [marks(rule, [*series[:-1], series[-1]._replace(last=last)])[-1] for last in (lie, 1.0, 1e9)]
    assert got[1] <= got[0] <= got[2]
    last, memory = series[-1], rule.start()
    for second, each in enumerate(series):
        averaged = rule.averaged(each._replace(time_s=float(second)), memory)
    parts = sorted((fair_price(last.index, last.funding_rate, last.to_funding), averaged))
    if averaged == averaged:
        assert got[1:] == parts


BANDS = [(rule, rule.band) for rule in (DERIBIT_MARK_2016, DERIBIT_MARK_2017, DERIBIT_MARK, KRAKEN_MARK)]


@pytest.mark.parametrize("rule, band", BANDS)
@given(series=st.lists(quotes, min_size=1, max_size=20))
def test_a_mark_lies_within_its_band(rule, band, series):
    for got, each in zip(marks(rule, series), series, strict=True):
        assert abs(got / each.index - 1) <= band * (1 + 1e-9)


@given(series=st.lists(quotes, min_size=1, max_size=20))
def test_bitmex_and_oracles_never_look_at_the_book(series):
    blind = [each._replace(**EMPTY) for each in series]
    for rule in (BITMEX_MARK, DYDX_MARK, DYDX_MARK_2023, DRIFT_MARK):
        assert marks(rule, series) == marks(rule, blind)
    assert marks(DYDX_MARK, series) == [each.index for each in series]


def test_dydx_posts_a_price_that_has_moved_by_a_thousandth_and_is_confirmed():
    """protocol/x/prices: the index leaps by 1 %; five smoothed prices have to exceed 0.1 % on the same side."""
    got = marks(DYDX_MARK_2023, [CALM] * 20 + [CALM._replace(index=10_100.0)] * 10)
    smoothed = [10_100 - 100 * 0.7**n for n in range(1, 11)]
    assert got[:24] == [10_000.0] * 24 and math.isclose(got[24], smoothed[4])
    assert got[25:] == [got[24]] * 5 and smoothed[5] - smoothed[4] > 0.0005 * 10_000
    tiny = marks(DYDX_MARK_2023, [CALM] * 20 + [CALM._replace(index=10_009.0)] * 50)
    assert tiny == [10_000.0] * 70


def test_what_is_posted_is_the_nearer_of_index_and_smoothed_price():
    assert next_posted(100.0, 105.0, [103.0], 0.01) == 103.0 and next_posted(100.0, 102.0, [103.0], 0.01) == 102.0
    assert next_posted(100.0, 100.5, [103.0], 0.01) == 100.0 and next_posted(100.0, 101.0, [101.0], 0.01) == 101.0
    assert next_posted(100.0, 98.0, [103.0], 0.01) == 100.0 and next_posted(100.0, 98.0, [97.0, 101.0], 0.0) == 100.0
    assert next_posted(100.0, 105.0, [100.5, 103.0], 0.01) == 100.0


@given(st.lists(price, min_size=1, max_size=60), st.sampled_from([0.0, 0.002, 0.05]))
def test_a_posted_price_is_never_further_than_its_threshold_from_the_index(indices, threshold):
    rule = OraclePrice(threshold=threshold)
    got = marks(rule, [CALM._replace(index=index) for index in indices])
    for now, index in zip(got, indices, strict=True):
        assert abs(now - index) <= threshold * now and now in indices


def test_a_heartbeat_posts_what_the_threshold_would_not():
    rule = OraclePrice(threshold=0.01, heartbeat_s=60.0)
    got = marks(rule, [CALM] + [CALM._replace(index=10_050.0)] * 70)
    assert got[:60] == [10_000.0] * 60 and got[60:] == [10_050.0] * 11


def test_an_oracle_that_has_not_changed_for_too_long_is_stale():
    memory, fresh = DRIFT_MARK.start(), []
    for second in range(120):
        sample = CALM._replace(time_s=float(second), index=10_000.0 + min(second, 10) + (second >= 100))
        assert DRIFT_MARK.mark(sample, memory) == sample.index
        fresh.append(DRIFT_MARK.fresh(sample, memory))
    assert fresh == [True] * 59 + [False] * 41 + [True] * 20


def test_synthetix_adds_the_premium_of_skew():
    """SIP-279: skew over skew scale, of the oracle's price, above it where longs prevail."""
    rule = OraclePrice(skew_scale=1_000.0)
    assert math.isclose(mark(rule, longs=30.0, shorts=10.0), 10_200.0)
    assert math.isclose(mark(rule, longs=10.0, shorts=30.0), 9_800.0) and mark(rule, longs=9.0, shorts=9.0) == 10_000
    assert skewed(100.0, 5.0, 0.0, math.inf) == 100.0


def test_a_pools_mean_is_weighted_by_how_long_each_price_held():
    """Perpetual Protocol's Amm: over 15 minutes, or over as long as there has been a price."""
    samples = [[0, 10], [100, 20], [400, 40]]
    assert time_weighted_mean(samples, 900, 400) == (10 * 100 + 20 * 300) / 400
    assert time_weighted_mean(samples, 900, 900) == (10 * 100 + 20 * 300 + 40 * 500) / 900
    assert time_weighted_mean(samples, 900, 1_150) == (20 * 150 + 40 * 750) / 900
    assert time_weighted_mean(samples, 900, 1_300) == time_weighted_mean(samples, 900, 9_999) == 40
    assert time_weighted_mean([[0, 10], [50, 30], [50, 20]], 900, 100) == 15 and time_weighted_mean([[5, 7]], 9, 5) == 7
    assert math.isnan(time_weighted_mean([], 900, 0))


@given(st.lists(st.tuples(st.integers(1, 60), price), min_size=1, max_size=40), st.integers(1, 300))
def test_a_time_weighted_mean_is_that_of_each_second(moves, window):
    mean, time_s, seconds = TimeWeighted(float(window)), 0, []
    for lasting, each in moves:
        mean.add(each, float(time_s))
        time_s += lasting
        seconds += [each] * lasting
        assert math.isclose(mean.mean(float(time_s)), np.mean(seconds[-window:]), rel_tol=1e-9)


def test_a_pool_is_marked_at_its_price_and_margined_at_what_is_kinder():
    """Perpetual Protocol v1, ClearingHouse: of spot and mean the better, and the oracle's if the pool is 10 % off."""
    memory, got = PERPETUAL_MARK.start(), []
    for second in range(900):
        pool = 10_000.0 if second < 450 else 9_500.0
        sample = CALM._replace(time_s=float(second), bid=pool - 1, ask=pool + 1, index=10_600.0)
        got.append(PERPETUAL_MARK.mark(sample, memory))
    assert got == [10_000.0] * 450 + [9_500.0] * 450
    longs, shorts = PERPETUAL_MARK.sides(sample, memory)
    assert longs == 10_600.0 and shorts == 9_500.0
    assert PERPETUAL_MARK.sides(sample._replace(index=9_600.0), memory) == (pytest.approx(9_750.278, abs=0.01), 9_500.0)
    assert kindest([3, -3], 100.0, 104.0).tolist() == [104.0, 100.0] and kindest(1, 100.0, 90.0, 111.2) == 111.2
    assert kindest(1, 100.0, 90.0, 111.0) == 100.0 and kindest(-1, 100.0, 99.0, 90.0) == 90.0
    assert marks(PoolPrice(of="twap", window_s=2.0), [CALM, CALM._replace(bid=11_999.0, ask=12_001.0)] * 2) == [
        10_000.0, 10_000.0, 11_000.0, 11_000.0,
    ]  # fmt: skip


@given(price, price, st.one_of(st.just(NAN), price), st.booleans())
def test_no_other_of_a_pools_prices_is_kinder(spot, twap, oracle, long):
    side = 1 if long else -1
    got = kindest(side, spot, twap, oracle)
    counted = [spot, twap] + ([oracle] if abs(spot - oracle) >= 0.1 * oracle else [])
    assert got in counted and all(side * each <= side * got for each in counted)


def test_a_side_that_is_empty_is_no_limit_to_the_last_price():
    rule = LastPrice(within_spread=True)
    assert mark(rule, bid=NAN, last=9_000.0) == 9_000.0 and mark(rule, ask=NAN, last=9_000.0) == 9_999.0


@pytest.mark.parametrize("rule", RULES)
def test_a_cadence_must_be_positive(rule):
    with pytest.raises(ValueError, match="every_s must be positive"):
        replace(rule, every_s=0.0)


@pytest.mark.parametrize(
    "build, sentence",
    [
        (lambda: LastPrice(band=0.0), "band must be above 0"),
        (lambda: MedianOfThree(window_s=1.0, sample_s=5.0), "window_s must be sample_s or more"),
        (lambda: ImpactEma(window_s=-1.0), "window_s must be positive"),
        (lambda: ImpactEma(window_s=0.5), "window_s must be every_s or more"),
        (lambda: ImpactEma(reach=0.0), "reach must be above 0"),
        (lambda: MedianOfImpact(reach=-1.0), "reach must be above 0"),
        (lambda: RobustMedian(basis_s=0.0), "basis_s must be positive"),
        (lambda: RobustMedian(external="spot"), "external must be 'none' or 'oracle' .got 'spot'"),
        (lambda: OraclePrice(smoothing=0.0), "smoothing must lie in"),
        (lambda: OraclePrice(threshold=-0.1), "threshold must be 0 or more"),
        (lambda: OraclePrice(confirmations=0), "confirmations must be above 0"),
        (lambda: PoolPrice(of="last"), "of must be 'spot' or 'twap'"),
        (lambda: PoolPrice(limit=0.0), "limit must be above 0"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()
