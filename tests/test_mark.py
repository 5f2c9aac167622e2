"""Mark prices: published numbers, empty books, memories and bounds."""

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

from sim.mark import Fading, FundingBasis, ImpactEma, LastPrice, MedianOfThree, Quotes, Window, median

FILE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "worked_examples.csv"
NAN = math.nan
CALM = Quotes(
    time_s=0.0, index=10_000.0, bid=9_999.0, ask=10_001.0, last=10_000.5, impact_bid=9_998.0, impact_ask=10_002.0,
    funding_rate=0.0, to_funding=0.5,
)  # fmt: skip
EMPTY = {"bid": NAN, "ask": NAN, "last": NAN, "impact_bid": NAN, "impact_ask": NAN}
RULES = [LastPrice(), LastPrice(within_spread=True, band=0.1), FundingBasis(), MedianOfThree(), ImpactEma()]
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
)


def marks(rule, series):
    """Marks of one memory over quotes `every_s` apart."""
    memory = rule.start()
    return [rule.mark(q._replace(time_s=k * rule.every_s), memory) for k, q in enumerate(series)]


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
    mean = Fading()
    for sample in (10.0, 20.0):
        mean.add(sample, 3.0, 150.0)
    assert math.isclose(mean.mean(), 15.0499983, abs_tol=1e-6)


REPRODUCED = {
    "bmx-mark-01": lambda i: {
        "fair_basis": mark(
            FundingBasis(), index=i["index"], funding_rate=i["funding_rate"],
            to_funding=i["minutes_until_funding"] / i["interval_minutes"],
        ) - i["index"],
        "mark": mark(
            FundingBasis(), index=i["index"], funding_rate=i["funding_rate"],
            to_funding=i["minutes_until_funding"] / i["interval_minutes"],
        ),
    },
    "ae-mark-01": lambda i: {
        "price1": mark(
            FundingBasis(), index=i["index"], funding_rate=i["last_funding_rate"], to_funding=i["hours_until_next"]
        )
    },
    "de-mark-02": lambda i: {
        "mark": mark(
            LastPrice(within_spread=True, band=i["band"]), index=i["index"], bid=i["bid"], ask=i["ask"], last=i["last"]
        )
    },
    "hl-mark-02": lambda i: {"ema": faded(i["samples"], i["tau_s"])},
}  # fmt: skip
REPRODUCED["de-mark-03"] = REPRODUCED["de-mark-02"]


def faded(samples, tau_s):
    mean = Fading()
    for lasting_s, sample in samples:
        mean.add(sample, lasting_s, tau_s)
    return mean.mean()


@pytest.mark.parametrize("row_id", REPRODUCED)
def test_a_published_example_is_reproduced_within_its_tolerance(row_id):
    if not FILE.exists():
        pytest.skip(f"the published examples are not there: no {FILE.name} in ../shared/reference")
    with FILE.open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["id"] == row_id)
    got, expected = REPRODUCED[row_id](json.loads(row["inputs"])), json.loads(row["expected"])
    assert got.keys() == expected.keys()
    assert all(math.isclose(got[name], expected[name], abs_tol=float(row["tolerance"])) for name in expected)


@each_rule
@given(series=st.lists(quotes, min_size=1, max_size=30))
def test_a_mark_is_always_a_price(rule, series):
    assert all(9_000 * 0.9 < got < 11_000 * 1.1 for got in marks(rule, series))


@each_rule
def test_an_empty_book_is_marked_at_the_index(rule):
    assert marks(rule, [CALM._replace(**EMPTY)] * 3) == [10_000.0] * 3


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


def test_binance_samples_its_window_every_five_seconds():
    rule = MedianOfThree(every_s=1.0, window_s=150.0, sample_s=5.0)
    memory = rule.start()
    for second in range(1_000):
        rule.mark(CALM._replace(time_s=second * 1.0), memory)
    assert memory.samples.maxlen == len(memory.samples) == 30 and memory.added == 200


def test_a_gap_in_the_book_does_not_move_the_mean_basis():
    gone = CALM._replace(bid=NAN, last=10_100.0, funding_rate=-0.02)
    apart = CALM._replace(bid=10_009.0, ask=10_011.0)
    assert marks(MedianOfThree(window_s=20.0), [apart] * 10 + [gone] * 19)[-1] == 10_010.0
    assert marks(MedianOfThree(window_s=20.0), [apart] * 10 + [gone] * 20)[-1] == median(9_900.0, 10_100.0)


def test_the_impact_mean_forgets_with_its_time_constant():
    """A premium that appears after a long calm is in the mark to 1 - e^-(t / 30 s)."""
    apart = CALM._replace(impact_bid=10_018.0, impact_ask=10_022.0)
    got = marks(ImpactEma(), [CALM] * 1_000 + [apart] * 60)
    assert np.allclose(got[1_000:], 10_000 + 20 * (1 - np.exp(-np.arange(1, 61) / 30)), atol=1e-6)
    assert marks(ImpactEma(), [apart])[0] == 10_020.0


def test_the_impact_mean_stays_and_ages_while_a_side_is_empty():
    apart = CALM._replace(impact_bid=10_018.0, impact_ask=10_022.0)
    gone = CALM._replace(impact_bid=NAN)
    assert np.allclose(marks(ImpactEma(), [apart] * 10 + [gone] * 20), 10_020)
    back = CALM._replace(impact_bid=9_998.0, impact_ask=10_002.0)
    assert marks(ImpactEma(), [apart] * 10 + [gone] * 300 + [back])[-1] < 10_000.01


@pytest.mark.parametrize("premium, expected", [(200.0, 10_050.0), (-200.0, 9_950.0), (30.0, 10_030.0)])
def test_the_impact_mean_stays_within_half_a_per_cent(premium, expected):
    assert math.isclose(mark(ImpactEma(), impact_bid=10_000 + premium, impact_ask=10_000 + premium), expected)


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
        (lambda: ImpactEma(time_constant_s=-1.0), "time_constant_s must be positive"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()
