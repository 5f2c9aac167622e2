"""Who won and lost: sums that add up, and tenths that are tenths."""

import numpy as np
import pytest

from analysis import who
from scenarios import long_squeeze


@pytest.fixture(scope="module")
def run():
    """A squeeze in which many are liquidated."""
    return long_squeeze(seed=4, hours=0.6, step_s=2.0).run()


def test_crowds_together_won_what_all_traders_did(run):
    crowds, there = who.by_crowd(run), who.traders(run)
    assert list(crowds.crowd) == sorted({*there["crowd"]}) and crowds.accounts.sum() == len(there)
    assert crowds.profit_coin.sum() == pytest.approx((there["equity_coin"] - there["deposits_coin"]).sum())
    longs = crowds[crowds.crowd == "LeveragedLongs"].iloc[0]
    assert longs.profit_coin < 0.0 and longs.liquidated_percent > 50.0 and longs.ruined_percent > 30.0
    shorts = crowds[crowds.crowd == "LeveragedShorts"].iloc[0]
    assert shorts.profit_coin > 0.0 and shorts.liquidated_percent == 0.0


def test_what_traders_lost_the_venue_has(run):
    """Nobody brings coin in from spot here but arbitrageurs, whose transfers are deposits."""
    own = run.accounts[~np.isin(run.accounts["account"], who.traders(run)["account"])]
    lost = -who.by_crowd(run).profit_coin.sum()
    assert (own["equity_coin"] - own["deposits_coin"]).sum() == pytest.approx(lost, abs=1e-6)


def test_tenths_are_equal_and_ordered_by_what_was_brought(run):
    tenths = who.by_wealth(run, "LeveragedLongs")
    assert list(tenths.tenth) == list(range(1, 11)) and np.ptp(tenths.accounts) <= 1
    assert (np.diff(tenths.deposits_coin / tenths.accounts) >= 0).all()
    assert who.by_wealth(run).accounts.sum() == len(who.traders(run))
    with pytest.raises(ValueError, match="see by_crowd"):
        who.by_wealth(run, "Nobody")


def test_a_liquidation_is_one_row_after_the_fall_began(run):
    times = who.liquidation_times(run)
    assert len(times) == int(run["liquidations"][-1]) and times.hours.quantile(0.05) > 0.2
