"""Calibration: the same measures of a record and of runs, errors that cover, and a joint test that can say no."""

import numpy as np
import pytest
from scipy.stats import norm

from analysis.calibration import observed, table, targets
from analysis.calibration.bands import BANDS, linear
from analysis.calibration.blocks import BARS, FILES, STAMPS, Blocks, log_volatility, of_record, of_run, scatter
from analysis.calibration.command import calibrate
from analysis.calibration.fit import CROWDS, INDEX, SHARE, Parameter, fitted_crowds, fitted_slow, index_blocks, least
from analysis.calibration.moments import Simulated, market
from analysis.calibration.uncertainty import Moments, bootstrapped, joint
from scenarios import calm, ordinary_day
from scenarios.ordinary_day import CALIBRATED, NOISE_S, POINT, arguments_of


class Numbers:
    """A sample of blocks that are rows of numbers."""

    def __init__(self, rows):
        self.rows = rows

    def taken(self, numbers):
        return Numbers(self.rows[numbers])


MEAN = [lambda sample: sample.rows.mean()]
COLUMNS = [lambda sample, k=k: sample.rows[:, k].mean() for k in range(12)]


def correlated(rng, blocks, shift=0.0):
    """Rows of twelve numbers that share a part, each with mean `shift`."""
    return Numbers(shift + rng.standard_normal((blocks, 12)) + rng.standard_normal((blocks, 1)))


def made_up(rng, blocks=4, noise_bps=5.0):
    """Blocks of a random walk, and a contract that strays from it by independent noise."""
    index = 8_000.0 * np.exp(np.cumsum(1e-3 * rng.standard_normal((blocks, BARS)), axis=1))
    perp = index * (1.0 + 1e-4 * noise_bps * rng.standard_normal((blocks, BARS)))
    return Blocks(index, perp, np.where(rng.random((blocks, STAMPS)) < 0.6, 1e-4, -2e-4))


def test_a_block_bootstrap_covers_the_mean_of_dependent_values():
    rng, inside, tries = np.random.default_rng(1), 0, 300
    for _ in range(tries):
        level = 0.8 * rng.standard_normal((20, 1))  # what a whole block shares: independent values would not cover
        found = bootstrapped(MEAN, Numbers(level + rng.standard_normal((20, 50))), 20, resamples=100)
        inside += abs(found.values[0]) < norm.ppf(0.975) * found.errors[0]
    assert 0.88 < inside / tries < 0.98


def test_the_joint_test_keeps_a_true_model_and_rejects_a_false_one():
    rng, levels, false = np.random.default_rng(2), [], []
    for _ in range(60):
        record = bootstrapped(COLUMNS, correlated(rng, 18), 18, resamples=100)
        true = bootstrapped(COLUMNS, correlated(rng, 16), 16, resamples=100)
        other = bootstrapped(COLUMNS, correlated(rng, 16, shift=2.0), 16, resamples=100)
        levels.append(joint(record, true, draws=2_000).p)
        false.append(joint(record, other, draws=2_000).rejected)
    assert np.mean(np.array(levels) < 0.05) < 0.15 and np.mean(np.array(levels) < 0.5) > 0.3
    assert np.mean(false) > 0.9


def test_what_was_fitted_is_taken_from_the_law_of_the_joint_test():
    record, runs = Moments(np.zeros(3), np.eye(3), 18), Moments(np.array([0.0, 2.0, 2.0]), np.eye(3), 18)
    free, fitted = joint(record, runs), joint(record, runs, slopes=np.array([[1.0], [0.0], [0.0]]))
    assert free.statistic == fitted.statistic == pytest.approx(4.0)
    # chi-squared of 3 degrees and of 2
    assert free.p == pytest.approx(0.261, abs=0.02) and fitted.p == pytest.approx(0.135, abs=0.02)


def test_measures_find_what_was_put_in():
    blocks = made_up(np.random.default_rng(3), blocks=8)
    found = {each.name: each.measure(blocks) for each in targets.TARGETS}
    assert found["basis_bps"] == pytest.approx(5.0, rel=0.05)
    assert found["index_volatility"] == pytest.approx(1e-3 * np.sqrt(365 * 288), rel=0.05)
    assert found["volatility_ratio"] == pytest.approx(np.sqrt(1.0 + 2 * 0.5**2), rel=0.05)
    assert abs(found["basis_1_hour"]) < 0.05 and abs(found["index_clustering"]) < 0.05
    assert found["funding_pinned"] == found["funding_positive"] == pytest.approx(0.6, abs=0.2)
    assert found["funding_mean_bps"] == pytest.approx(3.0 * found["funding_pinned"] - 2.0)


def test_a_contract_that_is_its_index_adds_nothing():
    blocks = made_up(np.random.default_rng(4), noise_bps=0.0)
    found = {each.name: each.measure(blocks) for each in targets.TARGETS if each.origin == "added"}
    assert found == {name: pytest.approx(1.0 if "ratio" in name or "common" in name else 0.0) for name in found}


def test_the_kept_table_is_of_the_targets_and_comes_back_as_written(tmp_path):
    kept = observed.read()
    assert kept.fitted.values.shape == (len(targets.TARGETS),) and (kept.held_back.errors > 0.0).all()
    observed.write(kept, tmp_path / "table.json")
    again = observed.read(tmp_path / "table.json")
    assert np.array_equal(again.fitted.covariance, kept.fitted.covariance) and again.scatter == kept.scatter
    text = (tmp_path / "table.json").read_text().replace("basis_bps", "other")
    (tmp_path / "table.json").write_text(text)
    with pytest.raises(ValueError, match="make it anew"):
        observed.read(tmp_path / "table.json")


def test_a_missing_record_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=FILES[0]):
        of_record(tmp_path, ["2020-01"])


def test_the_kept_table_is_what_the_record_gives(record):
    kept = observed.read()
    for months, moments in zip((observed.FITTED, observed.HELD_BACK), kept, strict=False):
        blocks = of_record(record, months)
        assert len(blocks.index) == moments.blocks
        assert [each.measure(blocks) for each in targets.TARGETS] == pytest.approx(moments.values, rel=1e-4)
    found, blocks = scatter(record, observed.HELD_BACK)
    assert found == pytest.approx(kept.scatter, rel=1e-4) and blocks == 506


def test_other_months_may_be_held_back(record, tmp_path, monkeypatch):
    made, page = simulated(np.random.default_rng(6)), tmp_path / "page.md"
    monkeypatch.setattr("analysis.calibration.command.simulated", lambda seeds, arguments, each: made)
    months = ["2020-05", "2020-06"]
    other = calibrate(tmp_path, data=record, held_back=months, seeds=range(4), doc=page, say=len)
    usual = calibrate(tmp_path / "usual", seeds=range(4), say=len)
    assert [each.fitted for each in other.rows] == pytest.approx([each.fitted for each in usual.rows], rel=1e-4)
    blocks = of_record(record, months)
    assert [each.held_back for each in other.rows] == [each.measure(blocks) for each in targets.TARGETS]
    assert "2020-05 and 2020-06 were held back" in page.read_text()
    assert observed.read(tmp_path / "observed.json").months == tuple(months)


@pytest.mark.parametrize(
    ("months", "said"),
    [
        (["january"], "must be YYYY-MM"),
        (["2020-13"], "must be YYYY-MM"),
        (["2020-05", "2031-01"], r"must have blocks .*\(got 2031-01\)"),
    ],
)
def test_months_that_cannot_be_held_back_are_refused(record, tmp_path, months, said):
    with pytest.raises(ValueError, match=said):
        calibrate(tmp_path, data=record, held_back=months)


def test_months_of_the_fit_cannot_be_held_back(tmp_path):
    with pytest.raises(ValueError, match=r"must not be of the fit \(got 2020-01\)"):
        calibrate(tmp_path, data=tmp_path, held_back=["2019-12", "2020-01"])


def test_months_are_of_the_record(tmp_path):
    with pytest.raises(ValueError, match="name its folder with --data"):
        calibrate(tmp_path, held_back=["2020-04"])


def test_the_record_itself_is_outside_the_bands_that_the_page_names(record):
    for months in (observed.FITTED, observed.HELD_BACK):
        blocks = of_record(record, months)
        measured = [(band, band.measure(blocks)) for band in BANDS if band.measure]
        assert [band.name for band, value in measured if not band.low <= value <= band.high] == ["tail", "kurtosis"]


@pytest.fixture
def record():
    """The folder with the record."""
    from tests.test_march_facts import DATA

    if not (DATA / FILES[0]).is_file():
        pytest.skip(f"the record is not there: no {FILES[0]} in ../shared/data")
    return DATA


def test_the_fit_finds_the_index_that_made_the_moments():
    true = {"volatility": 0.6, "dispersion": 0.5, "half_life_hours": 2.0}
    wanted = [each.measure for each in targets.TARGETS if each.origin == "inherited"]

    def moments(arguments):
        blocks = index_blocks(arguments, range(10), step_s=300.0)
        return np.array([measure(blocks) for measure in wanted]) / [0.05, 0.2, 0.02]

    aim = moments(true)
    found = least(INDEX, lambda arguments: moments(arguments) - aim, 30).point
    assert found["volatility"] == pytest.approx(0.6, rel=0.05) and found["dispersion"] == pytest.approx(0.5, rel=0.1)


def test_the_fit_finds_how_much_volatility_differs_from_block_to_block():
    index = {"volatility": 0.6, "dispersion": 0.6, "half_life_hours": 0.3}
    prices = index_blocks(index, range(1_000, 1_300), step_s=300.0, slow_dispersion=0.5).index
    assert fitted_slow(float(np.std(log_volatility(prices)))) == pytest.approx(0.5, abs=0.05)


def test_uncorrelated_returns_of_any_volatility_are_not_taken_for_correlated():
    """The largest of eleven is beyond 3 errors in 3 % of samples; times root n it would be in half of these."""
    index = {"volatility": 0.6, "dispersion": 0.6, "half_life_hours": 0.3}
    found = [linear(index_blocks(index, range(32 * k, 32 * k + 32), step_s=300.0)) for k in range(12)]
    assert max(found) < 3.5 and np.median(found) < 2.5


class Answer:
    """Runs whose moments are those of the record, and more the farther two arguments are from some values; those of few
    seeds have each their own besides, which all together have not."""

    made = 0

    def __init__(self, seeds, arguments, each):
        Answer.made += 1
        away = [np.log(arguments["maker_skew_bps"] / 70.0), np.log(arguments["long_entry"] / 0.1)]
        errors = observed.read().fitted.errors
        own = 0.0 if len(seeds) > SHARE else 3.0 * np.cos(seeds[0])
        self.values = observed.read().fitted.values + errors * (sum(away) + own)
        self.values[9] += 5.0 * errors[9] * away[1]

    def target(self, target):
        return self.values[targets.TARGETS.index(target)]

    def band(self, band):
        return 0.5 * (band.low + band.high)


def test_a_fit_finds_the_crowds_and_goes_on_where_it_was_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("analysis.calibration.fit.simulated", Answer)
    path = {"volatility": 0.5, "dispersion": 0.5, "half_life_hours": 1.0, "slow_dispersion": 0.4}
    found = fitted_crowds(observed.read().fitted, path, tmp_path, 32, say=len)
    assert found.point["maker_skew_bps"] == pytest.approx(70.0, rel=0.02)
    assert found.point["long_entry"] == pytest.approx(0.1, rel=0.02)
    assert found.slopes.shape == (11, len(CROWDS)) and found.slopes[:, 0] == pytest.approx(0.0, abs=1e-3)
    runs = Answer.made
    again = fitted_crowds(observed.read().fitted, path, tmp_path, 32, say=len)
    assert again.point == found.point and Answer.made == runs


def test_a_parameter_is_searched_between_its_bounds():
    wide, count = Parameter("x", 1.0, 100.0, 10.0), Parameter("n", 0.0, 10.0, 4.0, whole=True)
    assert [wide.value(0.0), wide.value(1.0), wide.unit] == pytest.approx([1.0, 100.0, 0.5])
    assert count.value(count.unit) == 4 and isinstance(count.value(0.33), int)


def test_a_run_is_cut_to_one_block(monkeypatch):
    small = {"makers": 2, "noise": 20, "longs": 10, "shorts": 10, "arbitrageurs": 2}
    monkeypatch.setattr("analysis.calibration.moments.STEP_S", 60.0)
    run = market(1, small).run()
    block = of_run(run, 12 * 3_600.0)
    assert block.index.shape == (1, BARS) and block.rates.shape == (1, STAMPS)
    assert block.index[0, -1] == run.series.index[-1]
    with pytest.raises(ValueError, match="a block must be"):
        of_run(run, 0.0)


def test_noise_traders_trade_as_much_in_few_large_orders_as_in_many_small_ones():
    many, few = (arguments_of(POINT | {"noise_order_share": share}) for share in (0.1, 1.0))
    assert [each["noise_wake_s"] for each in (many, few)] == [NOISE_S / 10.0, NOISE_S]


def test_the_calibrated_arguments_are_arguments_of_calm():
    assert calm(seed=1, hours=1.0, step_s=10.0, **CALIBRATED).exchange.now[0].open_interest == 1_000_000_000


def test_the_ordinary_day_is_calm_with_the_calibrated_arguments():
    one, other = ordinary_day(seed=1, hours=0.1), calm(seed=1, hours=0.1, step_s=10.0, **CALIBRATED)
    assert one.run().series.tobytes() == other.run().series.tobytes()
    assert ordinary_day(seed=1, hours=0.1, volatility=POINT["volatility"], makers=4).crowds[0].count == 4


def test_an_ordinary_day_refuses_a_leverage_that_nobody_there_may_have():
    with pytest.raises(ValueError, match="leverage must be from 1 to 50"):
        ordinary_day(seed=1, leverage=500.0)


def simulated(rng):
    """A Simulated of made-up blocks whose numbers lie inside every band."""
    numbers = {each.name: np.full(4, 0.5 * (each.low + each.high)) for each in BANDS if each.measure is None}
    return Simulated(made_up(rng), numbers)


def test_a_model_far_from_the_record_is_rejected_and_said_to_be():
    result = table.judged(observed.read(), simulated(np.random.default_rng(5)))
    assert result.held_back.rejected and not result.good
    assert {each.name: each.verdict for each in result.rows}["basis_1_hour"] == table.MISSED
    assert {each.name: each.verdict for each in result.bounds}["turnover"] == table.MET
    assert "rejected at 1 %" in table.lines(result)


def test_the_command_saves_its_table_and_its_page(tmp_path, monkeypatch):
    made = simulated(np.random.default_rng(6))
    monkeypatch.setattr("analysis.calibration.command.simulated", lambda seeds, arguments, each: made)
    said, page = [], tmp_path / "page.md"
    result = calibrate(tmp_path / "out", seeds=range(4), doc=page, say=said.append)
    assert said[:2] == ["2019-11 and 2020-01: 18 blocks of three days", "2019-12 and 2020-02: 17 blocks of three days"]
    assert "maker_levels=20" in said[2] and (tmp_path / "out" / "table.json").is_file()
    assert all(each.words in page.read_text() for each in [*result.rows, *result.bounds])
    assert "## Which parameters the moments tell" in page.read_text()
    calibrate(tmp_path / "out", defaults=True, seeds=range(4), doc=page, say=said.append)
    assert "Which parameters" not in page.read_text()  # nothing was fitted
