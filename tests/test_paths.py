"""Paths: moments against closed forms, refinement, shocks, and real series read, refused, joined and bridged."""

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import replay
from sim.paths import (
    YEAR_S,
    GeometricBrownian,
    JumpDiffusion,
    Points,
    Replay,
    Shock,
    StochasticVolatility,
    brownian,
    shocked,
)
from sim.streams import generator

HOME = Path(__file__).resolve().parent.parent
HOUR_S = 3_600.0
YEARS = HOUR_S / YEAR_S  # one step of the long paths below
JUMPS = JumpDiffusion(volatility=0.6, drift=0.3, jumps_a_year=2_000.0, jump_mean=-0.01, jump_deviation=0.03)
WILD = StochasticVolatility(volatility=0.9, dispersion=0.35, half_life_hours=12.0, correlation=-0.5)
TWO_SCALES = replace(WILD, correlation=0.0, slow_dispersion=0.3, slow_half_life_hours=48.0)
MODELS = [GeometricBrownian(), JUMPS, WILD, TWO_SCALES]
named = pytest.mark.parametrize("path", MODELS, ids=lambda path: type(path).__name__)


def hourly_returns(path, steps=200_000):
    return np.diff(np.log(path.prices(3, steps, HOUR_S)))


def assert_mean(samples, expected, errors=4.5):
    """The mean of independent samples lies within so many standard errors of what is expected."""
    error = np.std(samples) / math.sqrt(len(samples))
    assert abs(np.mean(samples) - expected) <= errors * error, f"{np.mean(samples)} +- {error}, not {expected}"


def test_brownian_motion_has_the_variance_of_its_time():
    moved = np.diff(brownian(1, "a", 100_000, 60.0))
    assert_mean(moved, 0.0)
    assert_mean(moved**2, 60.0)
    assert_mean(moved[1:] * moved[:-1], 0.0)
    assert_mean(np.diff(brownian(1, "a", 100_000, 60.0)[::50]) ** 2, 3_000.0)


@given(st.integers(1, 300), st.sampled_from([0.5, 1.0, 3.0, 60.0, 1_000.0, 1_800.0]), st.integers(0, 5))
def test_halving_the_step_refines_the_same_motion(steps, step_s, seed):
    coarse, fine = brownian(seed, "a", steps, step_s), brownian(seed, "a", 2 * steps, step_s / 2)
    assert np.array_equal(fine[::2], coarse)


@named
@given(steps=st.integers(1, 5_000), more=st.integers(1, 5_000))
def test_a_longer_run_begins_as_the_shorter_one_did(path, steps, more):
    short, long = path.prices(4, steps, 60.0), path.prices(4, steps + more, 60.0)
    assert short.shape == (steps + 1,) and short[0] == path.price
    assert np.allclose(short, long[: steps + 1], rtol=1e-12)


@named
def test_halving_the_step_keeps_the_law(path):
    """Return and squared return of an hour, in 60 or 120 steps, over 3,000 seeds: equal within 4.5 errors."""
    ends = np.array([[path.prices(seed, n, HOUR_S / n)[-1] for n in (60, 120)] for seed in range(3_000)])
    moved = np.log(ends / path.price)
    for power in (1, 2):
        assert_mean((moved**power) @ [1, -1], 0.0)
        assert_mean(moved[:, 0] ** power, np.mean(hourly_returns(path) ** power), errors=5)


@named
def test_the_mean_price_grows_with_the_drift_alone(path):
    """At 300 % volatility, so that the variance's half would show by five standard errors if it were missing."""
    assert_mean(np.exp(hourly_returns(replace(path, drift=5.0, volatility=3.0))), math.exp(5.0 * YEARS))


def test_a_geometric_brownian_return_has_its_mean_and_variance():
    returns = hourly_returns(GeometricBrownian(volatility=3.0, drift=0.4))
    assert_mean(returns, (0.4 - 3.0**2 / 2) * YEARS)
    assert_mean((returns - returns.mean()) ** 2, 3.0**2 * YEARS)


def test_without_volatility_a_price_only_drifts():
    prices = GeometricBrownian(price=100.0, volatility=0.0, drift=0.1).prices(1, 365, 86_400.0)
    assert math.isclose(prices[-1], 100 * math.exp(0.1))


def test_a_jump_diffusion_return_has_mertons_three_cumulants():
    """Cumulants of a year: m + rate * E[J], v^2 + rate * E[J^2], rate * E[J^3]."""
    mean, deviation, rate = JUMPS.jump_mean, JUMPS.jump_deviation, JUMPS.jumps_a_year
    growth = math.exp(mean + deviation**2 / 2) - 1
    first = JUMPS.drift - JUMPS.volatility**2 / 2 - rate * growth + rate * mean
    returns = hourly_returns(JUMPS)
    assert_mean(returns, first * YEARS)
    centred = returns - first * YEARS
    assert_mean(centred**2, (JUMPS.volatility**2 + rate * (mean**2 + deviation**2)) * YEARS)
    assert_mean(centred**3, rate * (mean**3 + 3 * mean * deviation**2) * YEARS)


def test_jumps_come_at_their_rate():
    times_s, _ = JUMPS.jumps(1, 10 * YEAR_S)
    assert times_s[-1] > 10 * YEAR_S
    assert abs((times_s < 10 * YEAR_S).sum() - 20_000) < 4.5 * math.sqrt(20_000)
    assert replace(JUMPS, jumps_a_year=0.0).prices(1, 10, 60.0)[-1] == pytest.approx(
        GeometricBrownian(volatility=0.6, drift=0.3).prices(1, 10, 60.0)[-1]
    )


@pytest.mark.parametrize("path", [WILD, TWO_SCALES])
def test_stochastic_volatility_has_its_variance_kurtosis_and_memory(path):
    """Over 400 stretches of 500 hours each: E[v^2] = volatility^2, E[v^4] = that^2 * exp(4 d^2), autocovariance
    of log v = d^2 * 2^(-lag / half-life); d^2 of two parts add up, and so do their autocovariances."""
    steps, quick, slow = 200_000, path.dispersion**2, path.slow_dispersion**2
    pushes = np.diff(brownian(3, "fundamental", steps, HOUR_S))
    volatility = path.volatilities(3, pushes, HOUR_S)[:-1].reshape(400, 500)
    assert_mean((volatility**2).mean(1), path.volatility**2)
    assert_mean((volatility**4).mean(1), path.volatility**4 * math.exp(4 * (quick + slow)))
    deviation = np.log(volatility) - math.log(path.volatility) + quick + slow
    assert_mean((deviation[:, 12:] * deviation[:, :-12]).mean(1), quick / 2 + slow * 0.5 ** (12 / 48))
    returns = hourly_returns(path).reshape(400, 500)
    assert_mean((returns**2).mean(1), path.volatility**2 * YEARS)
    kurtosis = 3 * math.exp(4 * (quick + slow))
    assert_mean((returns**4).mean(1), kurtosis * (path.volatility**2 * YEARS) ** 2)


def test_volatility_rises_as_the_price_falls():
    pushes = np.diff(brownian(3, "fundamental", 100_000, 60.0))
    moved = np.diff(np.log(WILD.volatilities(3, pushes, 60.0)))
    assert abs(np.corrcoef(pushes, moved)[0, 1] - WILD.correlation) < 0.01


@given(st.floats(0, 3_000), st.floats(-1, 1), st.floats(0, 3_000))
def test_a_shock_moves_the_price_by_its_size_and_nothing_else(at_s, log_size, over_s):
    base = GeometricBrownian()
    ratio = shocked(base, Shock(at_s, log_size, over_s)).prices(1, 120, 60.0) / base.prices(1, 120, 60.0)
    times_s = np.arange(121) * 60.0
    assert np.allclose(ratio[times_s < at_s], 1)
    assert np.allclose(ratio[times_s >= at_s + over_s], math.exp(log_size))
    assert np.all(np.diff(ratio) * log_size >= -1e-9)


def test_a_crash_that_recovers_is_two_shocks():
    flat = GeometricBrownian(volatility=0.0)
    prices = shocked(flat, [Shock(600, -0.2, over_s=60), Shock(1_200, 0.2)]).prices(1, 30, 60.0)
    assert np.allclose(prices[[0, 10, 11, 19, 20, 30]] / 10_000, np.exp([0, 0, -0.2, -0.2, 0, 0]))


def test_points_are_met_exactly_and_straight_between():
    prices = Points((0, 600, 1_800), (7_000.0, 6_543.21, 7_100.0)).prices(1, 40, 60.0)
    assert prices[[0, 10, 30]].tolist() == [7_000, 6_543.21, 7_100] and np.allclose(prices[30:], 7_100)
    assert np.allclose(np.diff(np.log(prices[:11])), math.log(6_543.21 / 7_000) / 10)


def test_noise_between_points_is_a_brownian_bridge():
    path = Points((0, 3_600), (100.0, 100.0), volatility=0.5)
    logs = np.log([path.prices(seed, 60, 60.0) / 100 for seed in range(3_000)])
    assert np.all(logs[:, [0, 60]] == 0)
    for at in (15, 30):
        assert_mean(logs[:, at], 0.0)
        assert_mean(logs[:, at] ** 2, 0.25 * YEARS * (at / 60) * (1 - at / 60))


bars = st.tuples(*[st.floats(90, 110)] * 3, st.floats(0, 1)).map(
    lambda p: (p[0], max(p[1], p[2]), min(p[1], p[2]), min(p[1], p[2]) + p[3] * abs(p[1] - p[2]))
)  # the open may lie outside, as BitMEX's do


@given(st.lists(st.tuples(bars, st.integers(1, 40)), min_size=1, max_size=8), st.integers(0, 1_000))
def test_a_bridge_touches_high_and_low_and_never_leaves_them(rows, seed):
    prices, counts = np.array([bar for bar, _ in rows]), np.array([count for _, count in rows])
    draw = generator(seed, "a")
    walk = draw.standard_normal(counts.sum()).cumsum()
    path = replay.bridge(prices, counts, walk, draw.random((len(rows), 4)))
    for (first, high, low, last), bar in zip(prices, np.split(path, counts.cumsum()[:-1]), strict=True):
        assert bar[0] == first
        inside = bar[1:]
        assert np.all((low <= inside) & (inside <= high))
        if len(bar) > 1:
            assert bar[-1] == last
        if len(bar) > 3:
            assert max(min(first, high), inside.max()) == high and min(max(first, low), inside.min()) == low


def test_a_bridge_is_as_rough_as_the_motion_its_bars_came_from():
    """Of 2,000 bars of a Brownian motion: variance of a step within 15 % of the truth, alike at every step, and
    the extreme that came first is guessed in five of six bars."""
    fine = GeometricBrownian(volatility=1.0).prices(3, 2_000 * 600, 0.1)[:-1].reshape(2_000, 600)
    prices = np.column_stack([fine[:, 0], fine.max(1), fine.min(1), fine[:, -1]])
    draw = generator(1, "a")
    walk, drawn = draw.standard_normal(2_000 * 60).cumsum(), draw.random((2_000, 4))
    path = replay.bridge(prices, np.full(2_000, 60), walk, drawn).reshape(2_000, 60)
    variance = np.diff(np.log(path), axis=1).var(axis=0) / (1.0 / YEAR_S)
    assert 0.85 < variance.mean() < 1.15
    assert np.all(abs(variance / variance.mean() - 1) < 0.35)
    assert np.mean((path.argmax(1) < path.argmin(1)) == (fine.argmax(1) < fine.argmin(1))) > 5 / 6


STAMPS = pd.date_range("2020-03-12", periods=6, freq="5min", name="ts_utc")
GOOD = pd.DataFrame(
    {
        "open": [100.0, 101, 99, 98, 97, 99],
        "high": [102.0, 101.5, 100, 99, 99, 100],
        "low": [99.5, 98, 97, 96, 96.5, 98],
        "close": [101.0, 99, 98, 97, 98, 99.5],
        "volume": 1.0,
    },
    index=STAMPS,
)


def write(table, folder, name="bars.csv"):
    file = folder / name
    table.to_parquet(file) if name.endswith("parquet") else table.to_csv(file)
    return str(file)


@pytest.mark.parametrize("name", ["bars.csv", "bars.parquet"])
@pytest.mark.parametrize("scale, suffix", [(1, ""), (2, "_x2"), (100, "_x100")])
@pytest.mark.parametrize("prefix", ["", "spot_"])
def test_bars_are_read_from_csv_and_parquet(tmp_path, name, scale, suffix, prefix):
    table = (GOOD * scale).rename(columns=lambda column: f"{prefix}{column}{suffix}")
    path = Replay(write(table, tmp_path, name), column=prefix.rstrip("_"))
    prices = path.prices(1, 1_800, 1.0)
    assert np.allclose(path.table.prices, GOOD[["open", "high", "low", "close"]])
    assert np.array_equal(prices[:-1:300], path.table.prices[:, 0]) and prices[-1] == path.table.prices[-1, 3]
    by_bar = prices[:-1].reshape(6, 300)
    assert np.array_equal(by_bar.max(1), path.table.prices[:, 1])
    assert np.array_equal(by_bar.min(1), path.table.prices[:, 2])


def test_a_window_is_cut_and_a_run_beyond_it_refused(tmp_path):
    path = Replay(write(GOOD, tmp_path), start="2020-03-12T00:10", hours=0.25)
    assert path.prices(1, 900, 1.0)[[0, 300, 600, 900]].tolist() == [99, 98, 97, 98]
    with pytest.raises(ValueError, match=r"a run must lie within the replay \(got 0.251111 hours of 0.25\)"):
        path.prices(1, 904, 1.0)


def test_a_shorter_run_sees_the_same_replay(tmp_path):
    path = Replay(write(GOOD, tmp_path))
    assert np.array_equal(path.prices(1, 700, 1.0), path.prices(1, 1_800, 1.0)[:701])
    assert not np.array_equal(path.prices(1, 700, 1.0), path.prices(2, 700, 1.0))


@pytest.mark.parametrize("step_s", [0.5, 7.0, 60.0, 300.0, 600.0])
def test_any_step_sees_the_opens_that_fall_on_it(tmp_path, step_s):
    path = Replay(write(GOOD, tmp_path))
    prices = path.prices(1, int(1_800 // step_s), step_s)
    for bar, first in enumerate(GOOD.open):
        if (bar * 300) % step_s == 0:
            assert prices[int(bar * 300 / step_s)] == first


def test_a_table_of_prices_is_met_at_its_stamps(tmp_path):
    table = GOOD[["open"]].rename(columns={"open": "price"})
    for file, column in ((write(table, tmp_path), ""), (write(GOOD, tmp_path, "b.csv"), "open")):
        path = Replay(file, column=column, hours=0.25, start="2020-03-12T00:05", volatility=0.3)
        assert path.prices(1, 900, 1.0)[::300].tolist() == [101, 99, 98, 97]
    assert not np.allclose(path.prices(1, 900, 1.0), replace(path, volatility=0.0).prices(1, 900, 1.0))
    assert Replay(file, column="open", hours=0.2).prices(1, 720, 1.0)[-1] < 99  # needs the price after the end


def test_files_are_joined_where_the_first_one_ends(tmp_path):
    """Five-minute bars to 00:20, half-hour bars from 00:00: the latter take over at 00:00 + 30 min, or refuse."""
    first = GOOD.reindex(pd.date_range("2020-03-12", periods=7, freq="5min", name="ts_utc"), method="ffill")
    later = GOOD.set_axis(pd.date_range("2020-03-12", periods=6, freq="30min", name="ts_utc"))
    files = write(first, tmp_path, "a.csv"), write(later, tmp_path, "b.csv")
    path = Replay(files, hours=2)
    assert path.table.stamps[5:8].astype("datetime64[m]").astype(str).tolist() == [
        f"2020-03-12T{time}" for time in ("00:25", "00:30", "01:00")
    ]
    assert path.table.covers_s == 7_200 and Replay(files).table.covers_s == 3 * HOUR_S
    assert path.prices(1, 120, 60.0)[[25, 30, 60, 90]].tolist() == [99, 101, 99, 98]
    odd = write(later.set_axis(later.index + pd.Timedelta("7min")), tmp_path, "c.csv")
    with pytest.raises(ValueError, match="the file after .*a.csv must go on where it ends"):
        Replay((files[0], odd), hours=2)


def with_cell(row, column, value):
    table = GOOD.copy()
    table.iloc[row, table.columns.get_loc(column)] = value
    return table


REFUSED = {
    "a gap": (GOOD.drop(STAMPS[3]), "row 4 must come 300 s after the row before .got 600 s, 2020-03-12T00:20"),
    "a bar too many": (
        pd.concat([GOOD, GOOD[:1].set_axis(STAMPS[:1] + pd.Timedelta("1min"))]).sort_index(),
        "row 2 must come 300 s after the row before .got 60 s",
    ),
    "a duplicate": (GOOD.iloc[[0, 1, 1, 2, 3]], "no two rows may have one stamp .got 2020-03-12T00:05.* in row 3"),
    "no order": (GOOD.iloc[[0, 2, 1, 3, 4]], "rows must be sorted by time .got 2020-03-12T00:05.* in row 3"),
    "no number": (with_cell(4, "close", np.nan), "close must be positive .got nan in row 5"),
    "no price": (with_cell(2, "low", 0.0), "low must be positive .got 0.0 in row 3"),
    "a negative price": (with_cell(0, "open", -1.0), "open must be positive .got -1.0 in row 1"),
    "no end": (with_cell(1, "high", np.inf), "high must be positive .got inf in row 2"),
    "a high below the low": (with_cell(5, "high", 90.0), "high must be at least low .got 90.0 in row 6"),
    "a close outside": (with_cell(3, "close", 120.0), "close must lie between low and high .got 120.0 in row 4"),
    "a word": (
        GOOD.astype({"low": object}).replace({"low": {97.0: "much"}}),
        "low must be a number .got 'much' in row 3",
    ),
    "one row": (GOOD[:1], "must hold two rows or more .got 1"),
    "a mistyped column": (GOOD.rename(columns={"close": "clsoe"}), "unknown column 'close'; did you mean 'clsoe'"),
    "no price column": (GOOD[["volume"]], "unknown column 'price'; known are: ts_utc, volume"),
    "no time": (GOOD.rename_axis("ts_utcc"), "unknown column 'ts_utc'; did you mean 'ts_utcc'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_a_series_is_refused_with_its_row(tmp_path, case):
    table, sentence = REFUSED[case]
    with pytest.raises(ValueError, match=sentence) as error:
        Replay(write(table, tmp_path))
    assert "\n" not in str(error.value) and "bars.csv" in str(error.value)


@pytest.mark.parametrize("case", ["a gap", "no number", "a high below the low"])
def test_what_is_wrong_outside_the_window_does_no_harm(tmp_path, case):
    assert len(Replay(write(REFUSED[case][0], tmp_path), hours=0.25).table.stamps) == 3


@pytest.mark.parametrize(
    "options, sentence",
    [
        (
            {"start": "2020-03-12T00:02"},
            "start must be the stamp of a row of .*bars.csv, 2020-03-12T00:00.* to .*T00:25",
        ),
        ({"start": "2021-03-12"}, "start must be the stamp of a row of"),
        ({"start": "noon"}, "start must be a UTC time such as 2020-03-12T00:00 .got 'noon'"),
        ({"hours": 0.6}, "bars.csv must reach 2020-03-12T00:36.* .got: it ends at 2020-03-12T00:30"),
        ({"hours": -1.0}, "hours must be 0 or more"),
        ({"column": "volme"}, "unknown column 'volme'; did you mean 'volume'"),
    ],
)
def test_a_window_that_is_not_there_is_refused(tmp_path, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        Replay(write(GOOD, tmp_path), **options)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path):
    whole = Path(write(GOOD, tmp_path, "whole.parquet")).read_bytes()
    text = Path(write(GOOD, tmp_path)).read_bytes()
    broken = {
        "half.parquet": whole[: len(whole) // 2],
        "empty.parquet": b"",
        "empty.csv": b"",
        "half.csv": text[: len(text) - 8],
        "cut.csv": text[:-33],
        "binary.csv": b"ts_utc,price\n2020-01-01,\xff\xfe\xfa\n2020-01-02,1\n",
        "notes.txt": b"no table",
    }
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=r"must (be|hold|reach)") as error:
            Replay(str(tmp_path / name), hours=0.5)
        assert "\n" not in str(error.value) and name in str(error.value), name
    with pytest.raises(FileNotFoundError, match="nowhere.csv"):
        Replay(str(tmp_path / "nowhere.csv"))


@pytest.mark.parametrize(
    "build, sentence",
    [
        (lambda: GeometricBrownian(price=0.0), "price must be positive"),
        (lambda: GeometricBrownian(volatility=-0.1), "volatility must be 0 or more"),
        (lambda: JumpDiffusion(jumps_a_year=math.inf), "jumps_a_year must be 0 or more and finite"),
        (lambda: StochasticVolatility(correlation=1.1), r"correlation must lie in \[-1, 1\]"),
        (lambda: Points((0, 0), (1.0, 1.0)), "the times of points must rise"),
        (lambda: Points((0, 1), (1.0,)), "points must be as many times as prices .got 2 times, 1 prices"),
        (lambda: Shock(-1.0, 0.1), "at_s must be 0 or more"),
        (lambda: GeometricBrownian().prices(1, 0, 1.0), "steps must be positive"),
        (lambda: GeometricBrownian().prices(1, 5, 0.0), "step_s must be positive"),
    ],
)
def test_a_path_that_cannot_be_is_refused(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()


def test_a_bridge_is_the_same_without_the_compiler():
    code = (
        "import numpy as np; from sim.replay import bridge; from sim.streams import generator; g = generator(1, 'a');"
        "n = np.array([1, 2, 3, 4, 60]); p = np.tile([100., 103., 98., 101.], (5, 1));"
        "print(*(x.hex() for x in bridge(p, n, g.standard_normal(70).cumsum(), g.random((5, 4))).tolist()))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=HOME,
            env={**os.environ, "NUMBA_DISABLE_JIT": off},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for off in "01"
    ]
    assert said[0] == said[1]


def test_march_2020_is_replayed_from_two_files():
    folder = HOME.parent / "shared" / "data"
    files = tuple(str(folder / f"btc_binance_spot_{name}.parquet") for name in ("5m_2019_2025", "30m_2020"))
    if not all(Path(file).exists() for file in files):
        pytest.skip("the real series are not there: no ../shared/data beside the repository")
    path = Replay(files, start="2020-03-12", hours=36)
    prices = path.prices(1, 36 * 3_600, 1.0)
    assert len(path.table.stamps) == 21 * 12 + 30
    assert prices.min() == path.table.prices[:, 2].min() == pytest.approx(3_782.13, abs=0.01)
    with pytest.raises(ValueError, match="row 42572 must come 300 s after the row before"):
        Replay(files[0], start="2020-03-12", hours=36)
