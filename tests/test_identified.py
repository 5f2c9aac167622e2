"""Identification: slopes whose errors are known by hand, and those of the calibration that is kept."""

import numpy as np
import pytest

from analysis.calibration import observed
from analysis.calibration.calibrated import SLOPES
from analysis.calibration.identified import UNTOLD, identified, section
from analysis.calibration.page import PARAMETERS


def test_moments_that_move_with_one_parameter_each_leave_it_their_own_error():
    found = identified("ab", [[2.0, 0.0], [0.0, 10.0], [0.0, 0.0]], [0.1, 0.1, 1.0])
    assert found.errors == pytest.approx([0.05, 0.01]) and found.singular == pytest.approx([100.0, 20.0])
    assert found.condition == pytest.approx(5.0) and np.abs(found.weakest) == pytest.approx([1.0, 0.0])
    assert found.untold == []


def test_errors_are_those_of_weighted_least_squares():
    rng = np.random.default_rng(1)
    slopes, errors = rng.normal(size=(9, 4)), rng.uniform(0.1, 2.0, 9)
    weighted = slopes / errors[:, None]
    expected = np.sqrt(np.diag(np.linalg.inv(weighted.T @ weighted)))
    assert identified("abcd", slopes, errors).errors == pytest.approx(expected)


def test_two_parameters_that_do_the_same_are_not_told_apart_and_one_that_does_nothing_not_at_all():
    found = identified(("one", "same", "none"), [[1.0, 1.0, 0.0], [3.0, 3.0, 0.0], [1.0, 1.0, 0.0]], [0.1] * 3)
    assert found.condition > 1e12 and found.untold == ["one", "same", "none"] and np.isinf(found.errors).all()
    apart = identified(("one", "nearly", "other"), [[1.0, 1.01, 0.0], [3.0, 3.0, 0.0], [0.0, 0.0, 5.0]], [0.1] * 3)
    assert apart.untold == ["one", "nearly"] and apart.weakest[0] == pytest.approx(-apart.weakest[1], rel=0.01)
    assert "Told no better than by their bounds: one, nearly." in section(apart)[-2]


def test_slopes_must_fit_their_moments():
    for slopes, errors in (([[1.0]], [0.1, 0.1]), ([[1.0, 2.0]], [0.1]), ([[1.0]], [0.0])):
        with pytest.raises(ValueError, match="slopes must be"):
            identified("ab"[: len(slopes[0])], slopes, errors)


def test_the_kept_calibration_tells_most_of_its_parameters():
    found = identified(PARAMETERS, SLOPES, observed.read().fitted.errors)
    assert (found.errors > 0.0).all() and found.condition < 1e3 and np.median(found.errors) < 0.5 * UNTOLD
    assert len(found.untold) <= len(PARAMETERS) // 2
    lines = section(found)
    assert sum(line.startswith(f"| {name} |") for line in lines for name in PARAMETERS) == len(PARAMETERS)
