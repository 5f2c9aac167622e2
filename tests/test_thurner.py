"""Leverage makes fat tails: the funds of Thurner, Farmer and Geanakoplos."""

import math

import numpy as np
import pytest

from analysis.papers import thurner
from analysis.papers.thurner import Funds, clearing, demand, excess, statistics, table

STEPS = 30_000


@pytest.fixture(scope="module")
def found():
    """Statistics of one run at each leverage."""
    return {leverage: statistics(Funds(most_leverage=leverage), 1, STEPS) for leverage in (0.0, 1.0, 3.0, 5.0, 10.0)}


def test_without_funds_returns_are_those_of_the_noise_traders(found):
    alone, rho, sigma = found[0.0], 0.99, 0.035
    assert alone["deviation"] == pytest.approx(sigma * math.sqrt(2 / (1 + rho)), rel=4 / math.sqrt(2 * STEPS))
    assert alone["memory"] == pytest.approx(-(1 - rho) / 2, abs=4 / math.sqrt(STEPS))
    assert alone["kurtosis"] == pytest.approx(3.0, abs=4 * math.sqrt(24 / STEPS))


def test_tails_grow_fatter_with_leverage(found):
    kurtosis = [found[leverage]["kurtosis"] for leverage in (0.0, 1.0, 3.0, 5.0, 10.0)]
    tails = [found[leverage]["tail"] for leverage in (1.0, 3.0, 5.0, 10.0)]
    assert all(np.diff(kurtosis) > 0) and all(np.diff(tails) < 0)
    assert found[10.0]["clusters"] > 0.1 > abs(found[1.0]["clusters"])
    assert all(abs(each["memory"]) < 0.03 for each in found.values())


@pytest.mark.parametrize("last", [0.5, 0.8, 1.0, 1.3])
def test_a_price_clears_the_market(last):
    terms = np.array([1_000.0, 1.0, 20.0])
    beta, cash, shares = np.array([5.0, 50.0]), np.array([30.0, -500.0]), np.array([100.0, 650.0])
    away = np.zeros(2, np.int64)
    for noise_usd in (300.0, 700.0, 1_200.0):
        price = clearing(last, noise_usd, terms, beta, cash, shares, away)
        assert abs(excess(price, noise_usd, terms, beta, cash, shares, away)) < 1e-6 * 1_000.0
        wanted = sum(demand(price, 1.0, 20.0, beta[k], cash[k], shares[k]) for k in range(2))
        assert noise_usd + wanted == pytest.approx(1_000.0 * price)


def test_a_fund_at_its_limit_sells_as_the_price_falls():
    def held(price):
        return demand(price, 1.0, 5.0, 50.0, -8.0, 12.0) / price

    assert demand(0.85, 1.0, 5.0, 50.0, -8.0, 12.0) == pytest.approx(5.0 * (12.0 * 0.85 - 8.0))
    assert held(0.85) > held(0.80) > held(0.75) > held(0.66) == 0.0
    assert demand(1.1, 1.0, 5.0, 50.0, -8.0, 12.0) == 0.0, "they are never short"


def test_the_same_seed_is_the_same_path_and_a_longer_one_begins_with_it():
    short, long = Funds().run(3, 1_000)[0], Funds().run(3, 2_000)[0]
    assert np.array_equal(short, long[:1_001]) and not np.array_equal(short, Funds().run(4, 1_000)[0])


def test_published_rows_come_with_what_was_simulated(monkeypatch):
    monkeypatch.setattr(thurner, "PUBLISHED", {0.0: {"kurtosis": (2.9, 3.1), "tail": (2.0, 2.0)}})
    kurtosis, tail = table(seeds=(1, 2, 3), steps=20_000)
    assert kurtosis.claim == "kurtosis at leverage 0" and kurtosis.published == pytest.approx(3.0)
    assert (kurtosis.verdict, tail.verdict) == ("agrees", "missed") and tail.simulated > 5.0


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="reversion must lie in"):
        Funds(reversion=1.0)
    with pytest.raises(ValueError, match="most_leverage must be 0 or more"):
        Funds(most_leverage=-1.0)
