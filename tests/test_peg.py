"""How well the peg is held: made-up premiums whose numbers are known, and a run's."""

import numpy as np
import pytest

from analysis import peg
from analysis.estimators import ar1_path
from sim.outcome import FUNDING
from sim.series import SERIES
from tests.made_up import a_run, table


def made(premium, step_s=60.0, funding=(), interest=8_000):
    """A run whose mid stands so far from an index of 100, a row a minute."""
    premium = np.asarray(premium, float)
    time_s = step_s * np.arange(1, len(premium) + 1)
    series = table(
        len(premium), SERIES, time_s=time_s, index=100.0, mid=100.0 * (1.0 + premium), open_interest_contracts=interest
    )
    return a_run(series, funding=funding)


def test_distances_of_a_premium_drawn_by_hand():
    run = made([0.0, 0.003, -0.004, 0.0, np.nan, 0.0005])
    assert peg.peg_rms_bps(run) == pytest.approx(1e4 * np.sqrt((9e-6 + 16e-6 + 25e-8) / 5))
    assert peg.peg_tail_bps(run) == pytest.approx(40.0) and peg.peg_tail_bps(run, 0.4) == pytest.approx(35.0)
    assert peg.outside_band_percent(run) == pytest.approx(40.0)
    assert peg.outside_band_percent(run, band=1e-4) == pytest.approx(60.0)


def test_a_break_lasts_until_the_row_inside_and_goes_on_where_nothing_is_known():
    run = made([0.0, 0.002, 0.002, np.nan, -0.002, 0.0, 0.002, 0.0, np.nan])
    assert peg.breaks(run) == [(120.0, 240.0), (420.0, 60.0)]
    assert peg.longest_break_hours(run) == pytest.approx(4 / 60)
    assert peg.longest_break_hours(made([0.0, 0.0])) == 0.0 and peg.breaks(made([np.nan, np.nan])) == []


def test_relaxation_of_a_premium_that_reverts_at_a_known_pace():
    path = 1e-4 * ar1_path(np.exp(-60.0 / 900.0), 6_000, np.random.default_rng(1))
    found = peg.relaxation(made(np.append([np.nan] * 3, path)))
    assert abs(found.value - 900.0) < 3.0 * found.standard_error < 400.0
    rare = peg.relaxation(made(path), every_s=300.0)
    assert rare.value == pytest.approx(found.value, rel=0.2) and rare.standard_error > 0.0
    assert peg.relaxation_s(made(path)) == peg.relaxation(made(path)).value


def test_noise_of_a_row_looks_like_fast_reversion_until_one_looks_more_rarely():
    rng = np.random.default_rng(2)
    slow = ar1_path(np.exp(-60.0 / 3_600.0), 20_000, rng)
    noisy = made(1e-4 * (slow + 2.0 * slow.std() * rng.standard_normal(len(slow))))
    assert peg.relaxation(noisy).value < 200.0 < peg.relaxation(noisy, every_s=3_600.0).value


def test_what_does_not_tell_its_relaxation_is_nan_as_a_metric_and_a_sentence_otherwise():
    short = made(1e-4 * ar1_path(0.99, 300, np.random.default_rng(3)))
    assert np.isnan(peg.relaxation_s(short))
    with pytest.raises(ValueError, match="must span 20 relaxation times"):
        peg.relaxation(short)
    with pytest.raises(ValueError, match="every_s must be a multiple of the 60 s"):
        peg.relaxation(short, every_s=90.0)
    with pytest.raises(ValueError, match="part must be a share"):
        peg.peg_tail_bps(short, 0.0)


def test_what_holding_the_peg_cost_is_paid_over_the_value_of_open_interest():
    paid = table(2, FUNDING, time_s=[3_600.0, 7_200.0], rate=1e-4, mark=100.0, paid_coin=[0.01, 0.03])
    run = made(np.zeros(120), funding=paid)
    assert peg.funding_paid_bps(run) == pytest.approx(1e4 * 0.04 / 80.0)  # 8,000 contracts of 1 USD at 100
    assert peg.funding_paid_bps_a_day(run) == pytest.approx(12.0 * 5.0)
