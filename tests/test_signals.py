"""Statistics of a signal's validation: what papers print, and what planted signals and nulls must show."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from analysis.signals import evidence, overfitting, sharpe, splits

PAPER = {"ratio": 2.5 / sqrt(250), "periods": 1250, "skewness": -3.0, "kurtosis": 10.0}


def test_the_deflated_ratio_is_what_the_paper_prints():
    assert sharpe.expected_best(100, 0.5 / 250) == pytest.approx(0.1132, abs=5e-5)
    assert sharpe.deflated(**PAPER, trials=100, variance=0.5 / 250) == pytest.approx(0.9004, abs=5e-5)
    assert sharpe.deflated(**PAPER, trials=46, variance=0.5 / 250) == pytest.approx(0.9505, abs=5e-5)
    normal = PAPER | {"skewness": 0.0, "kurtosis": 3.0}
    assert sharpe.deflated(**normal, trials=88, variance=0.5 / 250) == pytest.approx(0.9505, abs=5e-5)


def test_the_minimum_record_is_what_the_paper_prints():
    needed = sharpe.minimum_periods(2 / sqrt(12), skewness=-0.72, kurtosis=5.78, above=1 / sqrt(12))
    assert needed == pytest.approx(59.895, abs=5e-4)
    assert sharpe.minimum_periods(0.1, above=0.2) == float("inf")


@pytest.mark.parametrize(("trials", "deviations"), [(80, 2.45), (100, 2.531)])
def test_the_best_of_many_without_skill_looks_skilled(trials, deviations):
    assert sharpe.expected_best(trials, 1.0) == pytest.approx(deviations, abs=5e-3)
    drawn = np.random.default_rng(3).standard_normal((20_000, trials)).max(axis=1)
    assert sharpe.expected_best(trials, 1.0) == pytest.approx(drawn.mean(), rel=0.02)


def test_a_null_is_called_skilled_as_often_as_it_should_be():
    rng = np.random.default_rng(1)
    told = [sharpe.probabilistic(sharpe.sharpe_ratio(each), 500) for each in rng.standard_normal((2_000, 500))]
    assert np.mean(np.array(told) > 0.95) == pytest.approx(0.05, abs=0.015)


def test_the_best_of_many_nulls_is_seldom_called_skilled_and_a_planted_one_often():
    rng, found = np.random.default_rng(2), {"null": [], "planted": []}
    for _ in range(300):
        panel = 0.01 * rng.standard_normal((1_250, 20))
        best = int(np.argmax(panel.mean(axis=0) / panel.std(axis=0)))
        found["null"].append(sharpe.deflated_of(panel[:, best], np.delete(panel, best, axis=1)) > 0.95)
        panel[:, 0] += 0.01 * 2.5 / sqrt(250)
        found["planted"].append(sharpe.deflated_of(panel[:, 0], panel[:, 1:]) > 0.95)
    assert np.mean(found["null"]) < 0.08 and np.mean(found["planted"]) > 0.6


def test_a_planted_correlation_is_found_and_its_t_is_the_textbook_s():
    rng = np.random.default_rng(0)
    signal = rng.standard_normal(10_000)
    returns = 0.05 * signal + sqrt(1 - 0.05**2) * rng.standard_normal(10_000)
    for ranks in (True, False):
        found = evidence.information_coefficient(signal, returns, ranks)
        assert found.value == pytest.approx(0.05, abs=0.02) and found.pairs == 10_000
        assert found.t == pytest.approx(found.value * sqrt(9_998 / (1 - found.value**2)))


def test_missing_pairs_are_left_out_and_a_constant_tells_nothing():
    signal, returns = np.array([1.0, np.nan, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, np.nan, 3.0, 5.0])
    assert evidence.information_coefficient(signal, returns).pairs == 3
    assert np.isnan(evidence.information_coefficient(np.ones(9), np.arange(9.0)).value)


@given(trials=st.integers(1, 5_000), share=st.floats(0, 1))
def test_wilson_s_interval_holds_the_rate_and_stays_within_bounds(trials, share):
    rate = evidence.wilson(round(share * trials), trials)
    assert 0.0 <= rate.low <= rate.value + 1e-12 and rate.value <= rate.high + 1e-12 <= 1.0 + 1e-11


def test_wilson_s_interval_covers_as_often_as_it_says():
    rates = [evidence.wilson(hits, 200) for hits in range(201)]
    covered = []
    for share in np.linspace(0.2, 0.8, 61):  # exact at each; hits are whole, so it wavers about the nominal
        inside = np.array([each.low <= share <= each.high for each in rates])
        covered.append(binom.pmf(np.arange(201), 200, share)[inside].sum())
    assert np.mean(covered) == pytest.approx(0.95, abs=0.005) and min(covered) > 0.93


def test_hits_are_counted_where_both_have_a_sign():
    rate = evidence.hit_rate([1.0, -2.0, 0.0, 3.0, np.nan], [0.1, 0.2, 0.3, 0.4, 0.5])
    assert (rate.value, rate.trials) == (2 / 3, 3)


def test_what_is_left_after_costs():
    costs = {"fee_bps": 5, "slippage_bps": 5, "funding": [0, 1e-3, 1e-3]}
    left = evidence.returns_after_costs([1.0, 1.0, -1.0], [0.01, 0.0, 0.02], **costs)
    assert left == pytest.approx([0.01 - 0.001, -0.001, -0.02 - 0.002 + 0.001])


def test_every_choice_of_blocks_is_tried_and_paths_are_whole():
    made = splits.combinatorial(600, blocks=6, tried=2)
    assert len(made) == 15 and splits.paths(6, 2) == 5 and splits.paths(10, 8) == 36
    taken = splits.path_blocks(6, 2)
    assert taken.shape == (5, 6)
    for block in range(6):
        assert all(block in made[number].blocks for number in taken[:, block])
        assert len(set(taken[:, block])) == 5


@given(length=st.integers(60, 400), horizon=st.integers(0, 9), embargo=st.integers(0, 9))
def test_no_label_of_what_is_fitted_looks_into_what_is_tried(length, horizon, embargo):
    made = [
        *splits.combinatorial(length, blocks=5, tried=2, horizon=horizon, embargo=embargo),
        *splits.walk_forward(length, folds=4, horizon=horizon, embargo=embargo),
    ]
    for train, test, _ in made:
        tried = np.zeros(length + horizon + 1, bool)
        tried[test] = True
        assert not any(tried[place : place + horizon + 1].any() for place in train)
        last = [test[test < place].max(initial=-length) for place in train]
        assert not len(train) or np.min(train - last) > horizon + embargo


def test_walking_forward_never_fits_on_the_future():
    for train, test, _ in splits.walk_forward(100, folds=4, horizon=2, embargo=1):
        assert train.max() + 3 < test.min() and len(test) == 20


def test_rules_of_pure_noise_are_overfitted_half_of_the_time_and_a_real_one_hardly_ever():
    rng = np.random.default_rng(7)
    found = [overfitting.backtest_overfitting(rng.standard_normal((800, 10)), blocks=8).probability for _ in range(25)]
    assert 0.35 < np.mean(found) < 0.65
    panel = rng.standard_normal((800, 10))
    panel[:, 3] += 0.2
    assert overfitting.backtest_overfitting(panel, blocks=8).probability < 0.05


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: sharpe.sharpe_ratio([0.1, np.nan, 0.2]), "returns must be three or more finite"),
        (lambda: sharpe.probabilistic(0.1, 1), "two periods or more"),
        (lambda: sharpe.expected_best(1, 1.0), "two trials or more"),
        (lambda: evidence.wilson(3, 2), "hits must be"),
        (lambda: evidence.hit_rate([1.0], [1.0, 2.0]), "as many"),
        (lambda: splits.combinatorial(100, blocks=3, tried=3), "tried blocks must be fewer"),
        (lambda: splits.walk_forward(3, folds=9), "as long as it has blocks"),
        (lambda: overfitting.backtest_overfitting(np.ones((9, 1))), "two rules or more"),
        (lambda: overfitting.backtest_overfitting(np.ones((9, 2)), blocks=3), "blocks must be even"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(call, said):
    with pytest.raises(ValueError, match=said):
        call()
