"""Arbitrageurs whose orders rest: they are makers of all that they trade, and the basis still closes."""

import numpy as np
import pytest

from analysis.summary import basis
from scenarios import calm

SMALL = {
    "hours": 2.0, "step_s": 5.0, "longs": 60, "shorts": 60, "noise": 100, "makers": 4, "maker_coin": 20.0,
    "maker_skew_bps": 200.0, "maker_lean_seen": 0.0, "arbitrage_hurdle_bps": 4.0, "arbitrage_order_share": 0.02,
    "careful": 1.0, "open_interest": 5_000_000, "fills": True,
}  # fmt: skip


def traded(patient, seed=1, **options):
    """A run, and the fills in which an arbitrageur was maker and in which one was taker."""
    market = calm(seed=seed, patient=patient, **SMALL | options)
    crowd = next(each for each in market.crowds if each.name == "Arbitrageurs")
    run = market.run()
    rows = crowd.first + np.arange(crowd.count)
    return run, np.isin(run.fills.maker, rows).sum(), np.isin(run.fills.taker, rows).sum()


def test_who_is_patient_makes_and_who_is_not_takes():
    _, made, taken = traded(patient=1.0)
    assert made > 50 and taken == 0
    _, made, taken = traded(patient=0.0)
    assert made == 0 and taken > 50


@pytest.mark.parametrize("seed", range(3))
def test_patient_arbitrageurs_narrow_the_basis(seed):
    with_them, without = traded(1.0, seed)[0], traded(1.0, seed, arbitrageurs=0)[0]
    assert np.nanstd(basis(with_them)) < 0.9 * np.nanstd(basis(without))


def test_a_resting_order_asks_for_its_hurdle():
    _, made, taken = traded(1.0, arbitrage_hurdle_bps=500.0)
    assert made == taken == 0
