"""A signal by circumstance, the soundness of its record, its paths, and the best of many."""

import numpy as np
import pytest

from analysis.signals import paths, selection, soundness, windows
from analysis.signals.verdict import FOUND, REFUSED, tried
from tests.test_verdict import PERIODS, VOLATILITY, planted

HOURS = np.datetime64("2020-01-01T00:00:00") + np.timedelta64(3_600, "s") * np.arange(PERIODS)
MARCH = (np.datetime64("2020-03-12") <= HOURS) & (np.datetime64("2020-03-14") > HOURS)


def test_days_of_stress_are_told_apart_from_the_rest():
    signal, returns = planted(1, 0.1)
    signal[MARCH] = -returns[MARCH]
    found = windows.in_windows(HOURS, signal, returns, np.sign(signal) * returns).set_index("window")
    assert found.index.tolist() == ["March 2020", "May 2020", "all of them"]
    assert found.periods.tolist() == [48, 24, 72]
    assert found.ic["March 2020"] == pytest.approx(-1.0) and found.hits["March 2020"] == 0.0
    assert found.gain_percent["March 2020"] == pytest.approx(-100.0 * np.abs(returns[MARCH]).sum())
    assert found.move_percent["March 2020"] == pytest.approx(100.0 * returns[MARCH].sum())
    assert any("points the other way in 'March 2020'" in each for each in tried(signal, returns, times=HOURS).reasons)


def test_a_record_without_such_days_has_no_windows():
    signal, returns = planted(1, 0.1)
    assert len(windows.in_windows(HOURS + np.timedelta64(20 * 365, "D"), signal, returns)) == 0
    assert len(tried(signal, returns).windows) == 0
    own = {"new year": windows.Window("2020-01-01", "2020-01-02", "a day")}
    assert windows.in_windows(HOURS, signal, returns, windows=own).periods.tolist() == [24, 24]
    with pytest.raises(ValueError, match="times and signal must be as many"):
        windows.in_windows(HOURS[1:], signal, returns)


def test_a_regime_is_known_before_the_signal():
    signal, returns = planted(2, 0.0)
    before = windows.by_regime(signal, returns)
    changed = returns.copy()
    changed[-1] *= 50.0  # what comes after the last signal puts nothing into another regime
    assert windows.by_regime(signal, changed).periods.tolist() == before.periods.tolist()
    assert before.periods[:3].sum() == PERIODS - windows.LOOKED_BACK == before.periods[3:].sum()
    assert windows.trailing(np.arange(30.0))[20:22].tolist() == [190.0, 210.0]
    assert np.isnan(windows.trailing(np.arange(30.0))[:20]).all()


def test_a_signal_that_turns_in_wild_times_is_refused_for_it():
    signal, returns = planted(3, 0.15)
    wild = windows.trailing(returns**2) > np.nanquantile(windows.trailing(returns**2), 2 / 3)
    signal[wild] *= -1.0
    found = tried(signal, returns)
    regimes = found.regimes.set_index("regime")
    assert regimes.ic["wild"] < -0.05 < 0.1 < regimes.ic["calm"]
    assert any("points the other way in 'wild'" in each for each in found.reasons)


def test_funding_makes_regimes_of_who_paid_last():
    signal, returns = planted(4, 0.0)
    funding = np.zeros(PERIODS)
    funding[7::8] = np.where(np.arange(PERIODS // 8) % 2 == 0, 1e-4, -1e-4)
    found = windows.by_regime(signal, returns, funding=funding).set_index("regime")
    # the first rate is known from place 8 on, and holds for eight; the last one is charged after the last signal
    assert found.periods["longs paid"] == 2_000 and found.periods["shorts paid"] == 1_992


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda signal, returns, times: signal.__setitem__(slice(0, 400), np.nan), "10% of the pairs are missing"),
        (lambda signal, returns, times: signal.__setitem__(slice(None), 1.0), "the signal never changes"),
        (lambda signal, returns, times: returns.__setitem__(slice(0, 2_500), 0.0), "did not move in 62%"),
        (lambda signal, returns, times: times.__setitem__(9, times[8]), "1 times do not come after the one before"),
        (
            lambda signal, returns, times: times.__setitem__(
                slice(2_000, None), times[2_000:] + np.timedelta64(2, "D")
            ),
            "1 holes are longer than 10 periods",
        ),
        (lambda signal, returns, times: signal.__setitem__(slice(None), returns), "too good to be true"),
        (
            lambda signal, returns, times: [returns.__setitem__(slice(k, k + 2), [0.9, -0.9]) for k in range(0, 60, 6)],
            "10 returns of over 20 times the median one were undone at once",
        ),
    ],
)
def test_a_spoilt_record_is_named(spoil, said):
    signal, returns = planted(5, 0.1)
    times = HOURS.copy()
    assert soundness.faults(signal, returns, times) == []
    spoil(signal, returns, times)
    assert any(said in each for each in soundness.faults(signal, returns, times))


def test_every_path_of_a_planted_signal_earns_and_about_half_of_those_of_nothing_lose():
    assert (paths.path_ratios(*planted(6, 0.1)) > 0.03).all()
    lost = [np.mean(paths.path_ratios(*planted(seed, 0.0)) < 0.0) for seed in range(200)]
    assert 0.35 < np.mean(lost) < 0.7


def test_the_side_of_a_signal_that_points_backwards_is_learnt_and_costs_count():
    signal, returns = planted(7, 0.1)
    assert paths.path_ratios(-signal, returns) == pytest.approx(paths.path_ratios(signal, returns))
    assert (paths.path_ratios(signal, returns, fee_bps=50.0) < 0.0).all()


def test_the_best_of_many_is_found_if_it_is_good_and_refused_if_it_is_lucky():
    rng = np.random.default_rng(108)
    signal, returns = planted(8, 0.12)
    crowd = {f"noise {n}": rng.standard_normal(PERIODS) for n in range(12)}
    good = selection.best_of(crowd | {"planted": signal}, returns)
    assert good.name == "planted" and good.tried.verdict == FOUND and good.reasons == ()
    assert good.superior.upper < 0.05 and good.overfitting.probability < 0.1
    lucky = selection.best_of(crowd, returns)
    assert lucky.tried.verdict == REFUSED and any("without any skill looks as good" in each for each in lucky.reasons)
    with pytest.raises(ValueError, match="two signals or more"):
        selection.best_of({"one": signal}, returns)


def test_chosen_among_nulls_none_is_found():
    for seed in range(6):
        rng = np.random.default_rng(seed)
        returns = VOLATILITY * rng.standard_normal(1_000)
        found = selection.best_of({str(n): rng.standard_normal(1_000) for n in range(20)}, returns)
        assert found.tried.verdict == REFUSED and found.tried.probability < 0.99
