"""Estimators on data whose answer is known, and how often their intervals hold it."""

import numpy as np
import pytest

from analysis import estimators
from analysis.estimators import ar1_path


def covers(estimates, truth):
    """Share of 95 % intervals that hold the truth."""
    return np.mean([each.interval[0] <= truth <= each.interval[1] for each in estimates])


@pytest.mark.parametrize("index", [2.0, 3.0, 4.5])
def test_the_tail_of_a_pareto_sample_is_told_with_an_honest_error(index):
    rng = np.random.default_rng(1)
    told = [estimators.tail_index(1.0 + rng.pareto(index, 10_000), 0.05) for _ in range(400)]
    assert np.mean([each.value for each in told]) == pytest.approx(index, rel=0.02)
    assert 0.90 <= covers(told, index) <= 0.98


def test_a_larger_fraction_of_a_student_sample_is_more_biased():
    rng = np.random.default_rng(2)
    samples = [rng.standard_t(3, 20_000) for _ in range(40)]
    bias = [np.mean([estimators.tail_index(each, part).value for each in samples]) - 3.0 for part in (0.005, 0.05, 0.2)]
    assert abs(bias[0]) < 0.2 and abs(bias[0]) < abs(bias[1]) < abs(bias[2])


@pytest.mark.parametrize("time_s", [20.0, 100.0])
def test_relaxation_of_an_exact_path_is_told_with_an_honest_error(time_s):
    rng, step_s = np.random.default_rng(3), 5.0
    paths = [ar1_path(np.exp(-step_s / time_s), 4_000, rng) for _ in range(300)]
    told = [estimators.relaxation_time(each, step_s) for each in paths]
    assert np.mean([each.value for each in told]) == pytest.approx(time_s, rel=0.03)
    assert 0.90 <= covers(told, time_s) <= 0.98


def test_a_series_that_is_too_short_or_reverts_to_nothing_tells_no_time():
    rng = np.random.default_rng(4)
    with pytest.raises(ValueError, match="must span 20 relaxation times"):
        estimators.relaxation_time(ar1_path(0.95, 200, rng), 1.0)
    with pytest.raises(ValueError, match="must revert to its mean"):
        estimators.relaxation_time(ar1_path(-0.6, 400, rng), 1.0)


def self_exciting(base, branching, decay, horizon, rng):
    """Event times of a Hawkes process, by its family tree."""
    parents = rng.uniform(0.0, horizon, rng.poisson(base * horizon))
    every = [parents]
    while len(parents):
        children = np.repeat(parents, rng.poisson(branching, len(parents)))
        parents = children + rng.exponential(1.0 / decay, len(children))
        parents = parents[parents < horizon]
        every.append(parents)
    return np.sort(np.concatenate(every))


@pytest.mark.parametrize(("branching", "wide"), [(0.2, 0.05), (0.5, 0.05), (0.8, 0.05), (0.9, 0.05)])
def test_branching_is_told_from_counts_in_long_windows(branching, wide):
    rng = np.random.default_rng(5)
    told = []
    for _ in range(6):
        times = self_exciting(1.0, branching, 1.0, 20_000.0, rng)
        told.append(estimators.branching_of_counts(np.histogram(times, bins=200, range=(0.0, 20_000.0))[0]))
    assert np.mean(told) == pytest.approx(branching, abs=wide)


@pytest.mark.parametrize("branching", [0.2, 0.6, 0.85])
def test_the_most_likely_process_is_the_one_that_made_the_events(branching):
    rng, horizon = np.random.default_rng(6), 900.0 * (1.0 - branching)
    told = [estimators.hawkes(self_exciting(0.8, branching, 1.5, horizon, rng), horizon) for _ in range(60)]
    errors = np.array([each.branching_error for each in told])
    away = np.array([each.branching for each in told]) - branching
    assert (errors > 0).all() and 0.90 <= np.mean(np.abs(away) < 1.96 * errors) <= 0.99
    assert abs(away.mean()) < 0.03 and away.std() == pytest.approx(errors.mean(), rel=0.25)


def test_events_that_nothing_excites_have_no_branching():
    rng = np.random.default_rng(7)
    found = estimators.hawkes(np.sort(rng.uniform(0, 1_000, 800)), 1_000.0)
    assert found.branching < 0.12 and estimators.branching_of_counts(rng.poisson(50, 500)) < 0.12


def test_excitation_is_the_sum_over_all_earlier_events():
    times = np.array([0.0, 0.3, 1.0, 1.1])
    slow = [sum(np.exp(-2.0 * (at - before)) for before in times[:place]) for place, at in enumerate(times)]
    assert estimators.excitation(np.exp(-2.0 * np.diff(times))) == pytest.approx(slow)


def test_memory_and_kurtosis_of_known_samples():
    rng = np.random.default_rng(8)
    path = ar1_path(0.7, 50_000, rng)
    assert estimators.autocorrelations(path, 3) == pytest.approx([0.7, 0.49, 0.343], abs=0.02)
    assert estimators.excess_kurtosis(rng.laplace(size=200_000)) == pytest.approx(3.0, abs=0.2)
    assert estimators.excess_kurtosis(rng.standard_normal(200_000)) == pytest.approx(0.0, abs=0.05)


def test_a_market_that_grows_wild_after_falls_shows_it():
    rng, returns, size = np.random.default_rng(9), [0.0], 1.0
    for _ in range(20_000):
        size = 0.9 * size + 0.1 - 0.05 * min(returns[-1], 0.0)
        returns.append(size * rng.standard_normal())
    effect = estimators.leverage_effect(np.array(returns), 3)
    assert (effect < -0.03).all() and np.abs(estimators.leverage_effect(rng.standard_normal(20_000), 3)).max() < 0.03


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: estimators.tail_index(np.ones(10)), "40 or more finite"),
        (lambda: estimators.tail_index(np.ones(50), 0.01), "two values or more"),
        (lambda: estimators.autocorrelations(np.ones(50), 3), "must vary"),
        (lambda: estimators.hawkes(np.zeros(60), 1.0), "at different times"),
        (lambda: estimators.excess_kurtosis([1.0, np.inf, 2.0, 3.0]), "finite"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(call, said):
    with pytest.raises(ValueError, match=said):
        call()
