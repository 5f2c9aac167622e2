"""Backtests of margins: the regions that Kupiec's table prints, and the frequencies that chance gives."""

import numpy as np
import pytest

from analysis.margin_backtest import christoffersen, conditional, failures, kupiec, losses
from sim.contract import Inverse


def failed(count, trials):
    return np.arange(trials) < count


@pytest.mark.parametrize(
    ("rate", "trials", "fewest", "most"),
    [
        (0.01, 255, None, 6), (0.01, 510, 2, 10), (0.01, 1_000, 5, 16),
        (0.05, 255, 7, 20), (0.05, 510, 17, 35), (0.05, 1_000, 38, 64),
    ],
)  # fmt: skip
def test_the_regions_of_kupiecs_table_come_out(rate, trials, fewest, most):
    assert kupiec(failed(most, trials), rate).p > 0.05 > kupiec(failed(most + 1, trials), rate).p
    if fewest is not None:
        assert kupiec(failed(fewest, trials), rate).p > 0.05 > kupiec(failed(fewest - 1, trials), rate).p


def test_a_right_margin_is_refused_as_often_as_the_level_says():
    drawn = np.random.default_rng(2).random((2_000, 1_000)) < 0.05
    for test in (lambda row: kupiec(row, 0.05), christoffersen, lambda row: conditional(row, 0.05)):
        assert 0.03 < np.mean([test(row).p < 0.05 for row in drawn]) < 0.08


def test_failures_that_come_in_clusters_are_noticed():
    rng = np.random.default_rng(4)
    calm = np.cumsum(rng.random(4_000) < 0.02) % 2  # regimes that last 50 trials
    clustered = rng.random(4_000) < np.where(calm, 0.01, 0.3)
    shuffled = rng.permutation(clustered)
    assert christoffersen(clustered).p < 1e-6 and christoffersen(shuffled).p > 0.01
    assert kupiec(clustered, clustered.mean()) == kupiec(shuffled, clustered.mean())
    assert np.isnan(christoffersen(np.zeros(50)).p)


def test_losses_are_those_of_the_contract():
    prices = np.array([8_000.0, 7_000.0, 9_000.0])
    contract, lost = Inverse(), losses(prices, 1)
    assert lost == pytest.approx([8 / 7 - 1, 7 / 9 - 1])
    won = (contract.settlement(prices[1]) - contract.settlement(prices[0])) * contract.unit  # of one contract, coin
    assert lost[0] == pytest.approx(-won * 8_000.0, rel=1e-6)
    assert losses(prices, 2, side="short") == pytest.approx([1 - 8 / 9])
    assert losses(prices, 1, inverse=False) == pytest.approx([1 / 8, -2 / 7])
    assert failures(lost, 0.14).tolist() == [True, False]


def test_a_margin_at_its_own_quantile_passes_and_half_of_it_does_not():
    prices = 8_000.0 * np.exp(np.cumsum(np.random.default_rng(9).normal(0, 0.02, 3_000)))
    lost = losses(prices, 1)
    margin = np.quantile(lost, 0.99)
    assert kupiec(failures(lost, margin), 0.01).p > 0.9
    assert kupiec(failures(lost, margin / 2), 0.01).p < 1e-9


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: losses([1.0, 2.0], 2), "periods must lie"),
        (lambda: losses([1.0, np.nan, 2.0], 1), "prices must be positive"),
        (lambda: losses([1.0, 2.0], 1, side="up"), "side must be"),
        (lambda: kupiec([], 0.1), "one trial or more"),
        (lambda: kupiec([True], 1.0), "rate must lie"),
    ],
)
def test_what_makes_no_sense_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()
