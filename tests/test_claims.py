"""Claims: what scenarios say to expect, on short runs; and the arithmetic that judges them."""

import math

import numpy as np
import pytest
from scipy import stats

from analysis.claims import CLAIMS, Claim, command, holm, judge, run
from analysis.claims.claim import HOLDS, SEEDS, SIZE, UNSEEN
from analysis.claims.command import page, table
from analysis.lookup import shipped
from scenarios import leverage_cap, pool_depth
from scenarios.scenario import expectation
from sim.venues import BITMEX
from tests.quick import index_end, quick

FIVE = range(2_000, 2_005)


def claim(low=1.0, high=3.0, **fields):
    return Claim(scenario=quick, metric=index_end, low=low, high=high, **fields)


def test_every_scenario_says_what_to_expect_and_each_is_claimed():
    silent = [name for name, each in shipped().items() if not expectation(each)]
    assert not silent
    assert set(shipped()) == {each.name for each in CLAIMS}
    assert len({each.label for each in CLAIMS}) == len(CLAIMS)  # a folder for each


def test_the_sizes_a_claim_is_held_to_stand_in_its_sentence():
    for each in CLAIMS:
        numbers = [float(word.strip(".,:;%()").replace(",", "")) for word in each.says.split() if is_number(word)]
        low, high = sorted((abs(each.low), abs(each.high)))
        assert any(low <= number <= high for number in numbers), (each.name, each.says)


def is_number(word):
    return word.strip(".,:;%()").replace(",", "").replace(".", "", 1).isdigit()


def test_holm_is_bonferroni_for_the_smallest_and_never_falls():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]


def test_holm_rejects_a_true_null_no_more_often_than_its_level():
    chance = np.random.default_rng(3)
    false = sum(min(holm(chance.uniform(size=20).tolist())) < 0.05 for _ in range(2_000))
    assert 60 <= false <= 140  # 100 expected, sd 10


def test_a_claim_holds_if_the_effect_is_there_and_as_large_as_was_said():
    seen = np.array([1.9, 2.0, 2.1, 2.2, 1.8])
    verdicts = judge([claim(), claim(2.5, 3.0), claim(-3.0, -1.0)], [seen, seen, seen])
    assert [each.verdict for each in verdicts] == [HOLDS, SIZE, UNSEEN]
    first = verdicts[0]
    assert first.mean == pytest.approx(2.0) and first.standard_error == pytest.approx(math.sqrt(0.025 / 5))
    assert first.p == pytest.approx(stats.ttest_1samp(seen, 0.0, alternative="greater").pvalue)
    assert first.adjusted == pytest.approx(3 * first.p)
    assert "holds" in table(verdicts) and "3 claims: 1 hold" in table(verdicts) and "other size" in page(verdicts)


def test_noise_is_not_seen_as_an_effect_and_failed_runs_are_no_evidence():
    noise = np.array([1.0, -2.0, 3.0, -1.5, 0.5])
    seen = np.array([2.0, 2.1, math.nan, 1.9, 2.05])
    assert [each.verdict for each in judge([claim(), claim()], [noise, seen])] == [UNSEEN, UNSEEN]
    assert judge([claim()], [np.full(5, math.nan)])[0].failed == 5


def test_one_seed_is_no_evidence(tmp_path):
    with pytest.raises(ValueError, match="two seeds or more"):
        command.claims(["thin_book"], tmp_path, seeds=(1,))


def test_a_claim_without_a_direction_is_refused():
    with pytest.raises(ValueError, match="must name a size of one sign"):
        claim(-1.0, 2.0)


def test_differences_are_the_twins_less_the_runs_of_the_same_seed(tmp_path):
    there = run(claim(change={"spot_impact": 0.0}), tmp_path / "a", seeds=(1, 2), processes=0)
    base = [quick(seed=seed).run()["index"][-1] for seed in (1, 2)]
    twin = [quick(seed=seed, spot_impact=0.0).run()["index"][-1] for seed in (1, 2)]
    assert there.tolist() == [two - one for one, two in zip(base, twin, strict=True)]
    assert run(claim(), tmp_path / "b", seeds=(1, 2), processes=0).tolist() == base


def test_the_seeds_of_the_test_are_not_those_of_the_command():
    assert not set(SEEDS) & set(FIVE)


@pytest.mark.parametrize("each", CLAIMS, ids=lambda each: each.label)
def test_what_a_scenario_says_to_expect_is_seen_on_short_runs(each, tmp_path):
    differences = run(each, tmp_path / "runs", seeds=FIVE, processes=0, short=True)
    assert not np.isnan(differences).any()
    mean, error = differences.mean(), differences.std(ddof=1) / math.sqrt(len(differences))
    assert each.sign * mean > 2.0 * error, differences


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: pool_depth(seed=1, venue=BITMEX), "venue must trade against a virtual pool"),
        (lambda: leverage_cap(seed=1, leverage=5.0), "leverage must be a LogNormal"),
        (lambda: leverage_cap(seed=1, cap=0.5), "begins below the cap"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_refused_in_one_sentence(build, said):
    with pytest.raises(ValueError, match=said):
        build()
