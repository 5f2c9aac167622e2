"""Positions by leverage: lots made by hand, and a crash in which who had more of it goes first."""

import numpy as np
import pytest

from analysis import positions, who
from scenarios import thin_book
from sim.outcome import LIQUIDATIONS
from sim.series import SERIES
from tests.made_up import a_run, table


def lots(**columns):
    """A run of three lots: a long with 2 coin left of 10, one that lost more than it had, and a part of an order."""
    made = table(
        3, LIQUIDATIONS, account=[7, 9, 8], contracts=[10_000, 10_000, 500], cost_coin=[100.0, 100.0, 5.0],
        margin_coin=[10.0, 10.0, 0.0], mark=[92.5926, 90.0, 90.0], time_s=[3_600.0, 7_200.0, 7_200.0],
        crowd=["a", "a", "b"], taken_over=[True, True, False],
    )  # fmt: skip
    return a_run(table(3, SERIES, time_s=[1.0, 2.0, 3.0]), liquidations=made)


def test_leverage_when_opened_and_when_taken_over():
    found = positions.at_liquidation(lots())
    assert found.account.tolist() == [7, 9] and found.hours.tolist() == [1.0, 2.0]
    assert found.opened.tolist() == [10.0, 10.0]
    assert found.liquidated[0] == pytest.approx(108.0 / 2.0, rel=1e-3) and np.isinf(found.liquidated[1])
    assert found.bankrupt.tolist() == [False, True]
    assert positions.bankrupt_percent(lots()) == pytest.approx(50.0)
    assert positions.bankrupt_coin(lots()) == pytest.approx(10_000 / 90.0)
    assert positions.liquidated_opening_leverage(lots()) == 10.0


def test_nobody_taken_over_has_no_leverage():
    run = a_run(table(3, SERIES, time_s=[1.0, 2.0, 3.0]))
    assert np.isnan(positions.liquidated_opening_leverage(run)) and np.isnan(positions.bankrupt_percent(run))
    assert positions.bankrupt_coin(run) == 0.0 and len(positions.at_liquidation(run)) == 0
    with pytest.raises(ValueError, match="there must be 10 positions or more"):
        positions.by_leverage(run)


@pytest.fixture(scope="module")
def run():
    """A crash in a thin book."""
    return thin_book(seed=1, hours=0.7, step_s=2.0).run()


def test_what_is_left_at_the_takeover_is_less_than_what_maintenance_asks(run):
    found = positions.at_liquidation(run)
    assert len(found) == len(run.liquidations) and (found.liquidated > 100.0).all()  # maintenance of 0.5 % and more
    assert (found.opened < found.liquidated).all()
    price = run.liquidations["bankruptcy_price"]
    beyond = found.bankrupt.to_numpy()
    assert (beyond == (run.liquidations["mark"] < price)).all()


def test_tenths_of_leverage_are_ordered_and_the_highest_goes_first(run):
    found = positions.by_leverage(run, "LeveragedLongs")
    assert found.tenth.tolist() == list(range(1, 11)) and np.ptp(found.accounts) <= 1
    assert (np.diff(found.opened) > 0).all()
    assert found.liquidated_percent.iloc[-1] > 95.0 > 30.0 > found.liquidated_percent.iloc[0]
    there = found.dropna()
    assert there.hours.iloc[-1] < there.hours.iloc[0]
    assert positions.by_leverage(run).accounts.sum() >= found.accounts.sum()


def test_tenths_of_equal_amounts_are_as_large_as_of_others():
    assert np.bincount(who.tenths(np.ones(30)))[1:].tolist() == [3] * 10
    assert who.tenths([5.0, 1.0, 3.0]).tolist() == [7, 1, 4] and len(who.tenths([])) == 0
