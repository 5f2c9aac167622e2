"""Twins: the same seed twice, one thing changed, and an honest error of the mean."""

from types import SimpleNamespace

import numpy as np
import pytest

from analysis.twins import twin


def fake(*, seed, push=0.0, noise=1.0, finished=True):
    """A scenario whose outcome is its seed's own chance, and `push` times two."""
    level = noise * np.random.default_rng(seed).normal()
    outcome = SimpleNamespace(level=level + 2.0 * push, seed=seed, about={"finished": finished})
    return SimpleNamespace(run=lambda: outcome)


def level(run):
    return run.level


def seed_of(run):
    return run.seed


def test_what_both_twins_share_cancels_to_the_last_digit():
    (difference,) = twin(fake, range(10), {"push": 0.0}, level)
    assert difference.differences == (0.0,) * 10 and difference.mean == 0.0 == difference.standard_error


def test_the_effect_is_found_and_the_seeds_are_those_asked_for():
    moved, seeds = twin(fake, [3, 5, 8], {"push": 1.5}, level, seed_of)
    assert moved.mean == pytest.approx(3.0) and moved.metric == "level" and moved.seeds == (3, 5, 8)
    assert seeds.differences == (0.0, 0.0, 0.0)


def test_arguments_go_to_both_twins_and_the_change_to_one():
    (difference,) = twin(fake, range(4), {"push": 2.0}, level, push=1.0, noise=0.0)
    assert difference.differences == (2.0,) * 4


def test_the_error_is_that_of_the_mean_of_the_differences():
    (difference,) = twin(fake, range(50), {"noise": 3.0}, level)
    draws = [np.random.default_rng(seed).normal() for seed in range(50)]
    assert difference.differences == pytest.approx([2 * draw for draw in draws])
    assert difference.standard_error == pytest.approx(np.std(difference.differences, ddof=1) / 50**0.5)
    assert abs(difference.mean) < 4 * difference.standard_error


def test_it_reads_as_a_mean_with_its_error():
    (difference,) = twin(fake, [1, 2], {"push": 100.0}, level, noise=0.0)
    assert str(difference) == "level  200 +- 0 (n = 2)"


def test_a_metric_that_is_nowhere_to_be_measured_leaves_no_number_behind():
    (difference,) = twin(fake, range(3), {"push": 1.0}, lambda run: float("nan") if run.seed == 1 else run.level)
    assert np.isnan(difference.mean) and np.isnan(difference.standard_error)


@pytest.mark.parametrize(
    ("seeds", "change", "metrics", "said"),
    [
        ([1], {"push": 1.0}, [level], "two seeds or more .got 1.; one pair has no standard error"),
        ([1, 1], {"push": 1.0}, [level], "seeds must differ"),
        ([1, 2], {}, [level], "change must name an argument"),
        ([1, 2], {"seed": 7}, [level], "change must name an argument other than seed"),
        ([1, 2], {"push": 1.0}, [], "at least one metric"),
    ],
)
def test_a_comparison_that_tells_nothing_is_refused_before_it_runs(seeds, change, metrics, said):
    with pytest.raises(ValueError, match=said):
        twin(lambda **_: pytest.fail("ran"), seeds, change, *metrics)


def test_an_interrupted_run_is_compared_with_nothing():
    with pytest.raises(KeyboardInterrupt):
        twin(fake, [1, 2], {"finished": False}, level)


def test_an_unknown_argument_is_the_scenarios_to_refuse():
    with pytest.raises(TypeError, match="pull"):
        twin(fake, [1, 2], {"pull": 1.0}, level)
