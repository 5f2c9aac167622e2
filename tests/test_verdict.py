"""Verdicts on signals: what was planted is found, what is nothing is refused, at the rates that are said."""

import numpy as np
import pytest

from analysis.signals import verdict
from analysis.signals.best_of_many import superior
from analysis.signals.card import card
from analysis.signals.evidence import information_coefficient
from analysis.signals.verdict import FOUND, REFUSED, tried

PERIODS, VOLATILITY = 4_000, 0.01


def planted(seed, correlation, periods=PERIODS):
    """(signal, next return) with that correlation."""
    rng = np.random.default_rng(seed)
    signal, noise = rng.standard_normal((2, periods))
    return signal, VOLATILITY * (correlation * signal + np.sqrt(1.0 - correlation**2) * noise)


def test_a_planted_signal_is_found_and_a_planted_null_refused():
    found = [tried(*planted(seed, 0.1)).verdict for seed in range(40)]
    null = [tried(*planted(seed, 0.0)).verdict for seed in range(200)]
    assert found.count(FOUND) >= 38
    assert null.count(FOUND) <= 5  # a hundredth each way, halved by having to earn something: two at most are expected


def test_the_best_of_many_nulls_is_refused_once_it_is_said_that_it_was_chosen():
    best = max((planted(seed, 0.0) for seed in range(1_200)), key=lambda each: information_coefficient(*each).t)
    assert not any("t = " in each for each in tried(*best).reasons)
    assert any("chosen among 1200" in each for each in tried(*best, trials=1_200).reasons)
    assert tried(*planted(7, 0.1), trials=1_200).verdict == FOUND


def test_costs_and_funding_count():
    signal, returns = planted(3, 0.1)
    assert tried(signal, returns, fee_bps=1.0).verdict == FOUND
    dear = tried(signal, returns, fee_bps=20.0)
    assert dear.verdict == REFUSED and any("after costs it earns -" in each for each in dear.reasons)
    paid = tried(np.abs(signal), returns, funding=np.full(PERIODS, 0.001))
    assert paid.net.mean() == pytest.approx(returns.mean() - 0.001)


def test_a_signal_whose_sign_turns_is_refused():
    signal, returns = planted(5, 0.2)
    returns[PERIODS // 2 :] *= -1.0
    assert any("its sign holds in" in each for each in tried(signal, returns).reasons)


def test_what_is_missing_or_never_changes_speaks_against_it():
    signal, returns = planted(6, 0.15)
    holes = signal.copy()
    holes[::5] = np.nan
    assert any("20% of the pairs are missing" in each for each in tried(holes, returns).reasons)
    assert tried(np.ones(PERIODS), returns).reasons[-1] == "the signal never changes"
    with pytest.raises(ValueError, match="a signal must have 250 pairs or more"):
        tried(signal[:100], returns[:100])


def test_stress_is_after_large_moves():
    signal, returns = planted(8, 0.0)
    before = np.abs(np.concatenate([[0.0], returns[:-1]]))
    wild = before >= np.quantile(before, 0.9)
    signal[wild] = returns[wild]
    found = tried(signal, returns)
    assert found.stressed > 0.99 and abs(found.calm) < 0.05


def test_the_card_shows_the_verdict(tmp_path):
    signal, returns = planted(1, 0.1)
    found = tried(signal, returns)
    figure = card(signal, returns, found, "Planted")
    figure.savefig(tmp_path / "card.png")
    assert "Planted: found" in figure.get_suptitle() and str(found).startswith("found: information coefficient")
    assert verdict.LEVEL == 0.01


def test_the_best_of_many_rules_without_skill_is_not_superior_as_a_rule_and_one_with_skill_is():
    rng = np.random.default_rng(2)
    levels = []
    for seed in range(60):
        panel = VOLATILITY * rng.standard_normal((500, 10))
        found = superior(panel, resamples=200, seed=seed)
        assert found.lower <= found.consistent <= found.upper
        levels.append(found.upper)
    assert 0 <= np.sum(np.array(levels) < 0.05) <= 8  # 3 expected, sd 1.7
    panel[:, 3] += VOLATILITY * 0.2
    assert superior(panel, resamples=200).upper < 0.05
    with pytest.raises(ValueError, match="returns must be"):
        superior(np.zeros(30))
