"""Stylised facts of series whose facts are known, and of a run."""

import numpy as np
import pytest

from analysis import estimators, stylised
from analysis.tails import tail_fraction
from scenarios import calm


def wild(count, seed):
    """Returns whose size is remembered and grows after falls, with normal shocks."""
    rng, returns, size = np.random.default_rng(seed), np.zeros(count), 1.0
    for place in range(1, count):
        size = 0.93 * size + 0.07 - 0.06 * min(returns[place - 1], 0.0)
        returns[place] = size * rng.standard_normal()
    return returns


def test_noise_has_no_facts_and_a_market_that_remembers_has_them():
    noise = stylised.facts(np.random.default_rng(1).standard_normal(8_000)).set_index("fact")
    for name in ("memory", "size_memory", "leverage_effect", "excess_kurtosis"):
        assert noise.low[name] <= 0.0 <= noise.high[name]
    found = stylised.facts(wild(8_000, 2)).set_index("fact")
    assert found.low["size_memory"] > 0.02 and found.high["leverage_effect"] < 0.0 < found.low["excess_kurtosis"]
    assert found.low["memory"] <= 0.0 <= found.high["memory"] and found.value["tail_index"] > 2.0


def test_the_same_seed_has_the_same_errors_and_too_little_is_refused():
    sample = np.random.default_rng(3).standard_t(3, 1_000)
    assert stylised.facts(sample).equals(stylised.facts(sample))
    with pytest.raises(ValueError, match="there must be 500 finite returns"):
        stylised.facts(sample[:400])


def test_returns_of_a_run_are_of_the_price_it_was_looked_at():
    run = calm(seed=2, hours=12.0, step_s=30.0).run()
    minutes = stylised.returns(run)
    assert len(minutes) == 719 and minutes.sum() == pytest.approx(np.log(run["mid"][-1] / run["mid"][1]))
    assert set(stylised.of_run(run).fact) >= {"tail_index", "leverage_effect"}
    with pytest.raises(ValueError, match="every_s must be a multiple"):
        stylised.returns(run, every_s=45.0)


@pytest.mark.parametrize(
    ("draw", "index", "covered", "bias"),
    [
        (lambda rng: 1.0 + rng.pareto(3.0, 10_000), 3.0, (0.90, 0.99), 0.03),
        (lambda rng: rng.standard_t(2, 10_000), 2.0, (0.88, 0.99), 0.03),
        (lambda rng: rng.standard_t(3, 10_000), 3.0, (0.82, 0.97), 0.06),
        (lambda rng: rng.standard_t(4, 10_000), 4.0, (0.80, 0.96), 0.10),
    ],
)
def test_a_fraction_chosen_from_the_sample_holds_the_index_of_laws_it_does_not_know(draw, index, covered, bias):
    rng = np.random.default_rng(11)
    samples = [draw(rng) for _ in range(120)]
    told = [estimators.tail_index(each, tail_fraction(each)) for each in samples]
    assert np.median([each.value for each in told]) == pytest.approx(index, rel=bias)
    held = np.mean([each.interval[0] <= index <= each.interval[1] for each in told])
    assert covered[0] <= held <= covered[1]


def test_less_is_taken_where_the_tail_is_shorter():
    rng = np.random.default_rng(12)
    pareto, student = (np.mean([tail_fraction(draw(5_000)) for _ in range(20)]) for draw in
                       (lambda n: 1.0 + rng.pareto(3.0, n), lambda n: rng.standard_t(4, n)))  # fmt: skip
    assert student < pareto / 3.0
    with pytest.raises(ValueError, match="must have 20 values above zero"):
        tail_fraction(np.append(np.zeros(90), np.ones(10)))
