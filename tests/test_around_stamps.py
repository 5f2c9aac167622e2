"""Whether what happens around stamps is told from what happens anyway: with an effect planted, and without."""

import math

import numpy as np
import pytest

from analysis import stamps
from scenarios.funding_squeeze import funding_squeeze
from sim.outcome import FUNDING
from sim.series import SERIES
from tests.made_up import a_run, table

HOUR_S = 3_600.0
WINDOW = dict(before_s=1_800.0, from_s=0.0)


def run_of(chance, planted=0.0, hours=72, step_s=60.0, memory=0.95):
    """A run minute by minute with stamps each eight hours, in whose half hours before them `planted` times as much more
    is traded as usual, positions closed, and the basis below its mean; volume and basis remember."""
    rows = round(hours * HOUR_S / step_s)
    time_s = step_s * np.arange(1, rows + 1)
    at_s = 8 * HOUR_S * np.arange(1, hours // 8)
    near = np.any([(time_s > at - 1_800.0) & (time_s <= at) for at in at_s], axis=0)
    slow = chance.normal(0.0, 1.0, rows)
    for row in range(1, rows):
        slow[row] = memory * slow[row - 1] + math.sqrt(1.0 - memory**2) * slow[row]
    traded = np.rint(1_000.0 * np.exp(0.3 * slow) * (1.0 + planted * near)).astype(int)
    series = table(
        rows, SERIES, time_s=time_s, index=100.0, last=100.0 + 0.1 * (slow - 3.0 * planted * near),
        volume_contracts=np.cumsum(traded),
        open_interest_contracts=10**7 + np.cumsum(np.rint(100.0 * slow - 300.0 * planted * near).astype(int)),
    )  # fmt: skip
    return a_run(series, funding=table(len(at_s), FUNDING, time_s=at_s, rate=1e-4))


def test_a_planted_effect_is_seen_at_its_size():
    run = run_of(np.random.default_rng(1), planted=1.0)
    volume = stamps.volume_at_stamps(run, **WINDOW)
    assert volume.value / volume.usual == pytest.approx(2.0, abs=0.35) and volume.higher < 0.03 and volume.stamps == 8
    closed, basis = stamps.open_interest_at_stamps(run, **WINDOW), stamps.basis_at_stamps(run, **WINDOW)
    assert closed.value == pytest.approx(-300.0, abs=90.0) and closed.lower < 0.03
    assert basis.value - basis.usual == pytest.approx(-30.0, abs=10.0) and basis.lower < 0.03
    after = stamps.volume_at_stamps(run, before_s=0.0, after_s=1_800.0, from_s=0.0)
    assert after.value / after.usual == pytest.approx(1.0, abs=0.25) and after.higher > 0.03


def test_without_an_effect_the_p_value_is_as_often_small_as_it_says():
    chance = np.random.default_rng(2)
    said = [stamps.volume_at_stamps(run_of(chance), **WINDOW) for _ in range(400)]
    for level in (0.05, 0.2):
        error = math.sqrt(level * (1.0 - level) / len(said))
        for side in ("higher", "lower"):
            assert abs(np.mean([getattr(each, side) <= level for each in said]) - level) < 3.5 * error


def test_a_level_that_never_changes_is_no_effect():
    run = run_of(np.random.default_rng(3))
    run.series.last[:] = 101.0
    run.series.last[:5] = np.nan
    seen = stamps.basis_at_stamps(run, **WINDOW)
    assert seen.value == pytest.approx(100.0) and seen.higher == seen.lower == 1.0


def test_the_window_ends_with_the_step_that_pays():
    run = run_of(np.random.default_rng(4), hours=24)
    traded = np.zeros(len(run.series), int)
    traded[8 * 60 - 1] = 60  # the row whose step ends at the stamp
    run.series.volume_contracts[:] = np.cumsum(traded)
    run.funding = run.funding[:1]
    assert stamps.volume_at_stamps(run, before_s=60.0, from_s=0.0).value == 60.0
    assert stamps.volume_at_stamps(run, before_s=0.0, after_s=60.0, from_s=0.0).value == 0.0


def test_what_accrued_after_the_last_stamp_is_no_stamp():
    run = run_of(np.random.default_rng(5))
    run.funding = np.append(run.funding, table(1, FUNDING, time_s=71.5 * HOUR_S)).view(np.recarray)
    assert stamps.volume_at_stamps(run, **WINDOW).stamps == 8


def test_several_runs_tell_more_than_one():
    runs = [run_of(np.random.default_rng(seed), planted=0.15) for seed in range(8)]
    together = stamps.volume_at_stamps(runs, **WINDOW)
    alone = [stamps.volume_at_stamps(run, **WINDOW) for run in runs]
    assert together.stamps == 64 and together.value == pytest.approx(np.mean([each.value for each in alone]))
    assert together.spread < 0.6 * np.mean([each.spread for each in alone])


def test_a_window_or_a_run_that_tells_nothing_is_refused():
    run = run_of(np.random.default_rng(6))
    for say, options in (
        ("window must have a length", dict(before_s=0.0)),
        ("must hold a stamp and its window", dict(from_s=71.0 * HOUR_S)),
        ("two rows or more", None),
    ):
        with pytest.raises(ValueError, match=say):
            stamps.volume_at_stamps(run if options else a_run(table(1, SERIES)), **options or {})
    with pytest.raises(ValueError, match="runs must be of one length"):
        stamps.volume_at_stamps([run, run_of(np.random.default_rng(6), hours=48)])


def test_longs_who_step_out_before_a_dear_stamp_trade_before_it():
    small = dict(hours=21.0, step_s=20.0, buyers=1_000)
    run = funding_squeeze(seed=1, **small).run()
    volume, closed = stamps.volume_at_stamps(run), stamps.open_interest_at_stamps(run)
    assert volume.value > 1.3 * volume.usual and volume.higher < 0.02
    assert closed.value < 0.0 and closed.lower < 0.02
    stays = funding_squeeze(seed=1, most_funding=math.inf, **small).run()
    assert stamps.volume_before_stamps_ratio(stays) == pytest.approx(1.0, abs=0.15)
