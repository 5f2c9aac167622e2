"""Sensitivity: the indices of a function whose own are known, and of a scenario."""

import numpy as np
import pytest
from scipy.stats import qmc

from analysis.sensitivity import effects, indices, morris, shares, sobol, way
from analysis.sweep import Between
from sim.streams import generator
from tests.quick import index_end, trifle


def ishigami(x):
    """Ishigami and Homma's function of three arguments between -pi and pi."""
    x = np.pi * (2.0 * x - 1.0)
    return np.sin(x[..., 0]) + 7.0 * np.sin(x[..., 1]) ** 2 + 0.1 * x[..., 2] ** 4 * np.sin(x[..., 0])


FIRST, TOTAL = (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437)


def sampled(points, seed, quasi=True):
    unit = qmc.Sobol(6, seed=seed).random(points) if quasi else np.random.default_rng(seed).random((points, 6))
    one, other = unit[:, :3], unit[:, 3:]
    mixed = [np.where(np.arange(3) == k, other, one) for k in range(3)]
    return ishigami(one), ishigami(other), np.array([ishigami(each) for each in mixed])


def test_the_indices_of_ishigamis_function_come_out():
    found = indices(*sampled(4_096, 1))
    assert found[0] == pytest.approx(FIRST, abs=0.03) and found[1] == pytest.approx(TOTAL, abs=0.03)


@pytest.mark.parametrize(("quasi", "most"), [(True, 1.0), (False, 0.98)])
def test_their_intervals_hold_them_about_as_often_as_they_say(quasi, most):
    """A bootstrap takes a sample for a random one: of a quasi-random one more is known than it says."""
    held = []
    for seed in range(25):
        named = {each.argument: each for each in shares("abc", *sampled(256, seed, quasi), seed=seed)}
        for k, name in enumerate("abc"):
            for low_high, true in ((named[name].first_interval, FIRST[k]), (named[name].total_interval, TOTAL[k])):
                held.append(low_high[0] <= true <= low_high[1])
    assert 0.9 < np.mean(held) <= most


def test_the_largest_total_comes_first_and_what_does_not_vary_has_no_share():
    assert [each.argument for each in shares("abc", *sampled(512, 3))] == ["a", "b", "c"]
    assert np.isnan(indices(np.ones(8), np.ones(8), np.ones((2, 8)))).all()


def test_a_way_moves_every_argument_once_within_its_range():
    for number in range(50):
        places, order = way(5, generator(number, "test"))
        assert sorted(order) == list(range(5)) and places.min() >= 0.0 and places.max() <= 1.0
        assert (np.count_nonzero(np.diff(places, axis=0), axis=1) == 1).all()


def test_effects_of_a_plane_are_its_slopes_and_do_not_spread():
    ways = [way(3, generator(number, "test")) for number in range(6)]
    values = np.array([places @ [2.0, -5.0, 0.0] for places, _ in ways])
    found = effects(["two", "five", "none"], ways, values)
    assert [each.argument for each in found] == ["five", "two", "none"]
    assert [each.mean for each in found] == pytest.approx([-5.0, 2.0, 0.0])
    assert [each.size for each in found] == pytest.approx([5.0, 2.0, 0.0])
    assert max(each.spread for each in found) < 1e-12


RANGES = {"coin": Between(1.0, 3.0), "hours": Between(0.9, 1.1), "noise": Between(5, 6)}


def test_the_sensitivities_of_a_scenario_are_those_of_its_formula(tmp_path):
    found = {each.argument: each for each in sobol(
        trifle, RANGES, index_end, points=64, processes=0, out=tmp_path / "sobol"
    )}  # fmt: skip
    # a product of three factors: the coefficient of variation of each is its range over its mean over sqrt(12)
    spread = np.array([2.0 / 2.0, 0.2 / 1.0, np.sqrt(3.0) / 5.5]) ** 2 / 12.0
    assert found["coin"].total == pytest.approx(spread[0] / spread.sum(), abs=0.06)
    assert found["coin"].total > found["noise"].total > found["hours"].total > 0.0
    moved = morris(trifle, RANGES, index_end, starts=6, processes=0, out=tmp_path / "morris")
    assert moved[0].argument == "coin" and moved[0].mean > 4 * moved[-1].mean > 0


def test_what_cannot_be_answered_is_refused(tmp_path):
    with pytest.raises(ValueError, match="points must be a power of two"):
        sobol(trifle, RANGES, index_end, points=12)
    with pytest.raises(ValueError, match="starts must be two or more"):
        morris(trifle, RANGES, index_end, starts=1)
    with pytest.raises(ValueError, match="every run must have a number"):
        morris(trifle, RANGES, index_end, starts=2, seeds=(0, 1), fails=(1,), processes=0, out=tmp_path / "fails")
