"""Brakes of a venue: a band about the mark that no order trades beyond, and a cap on open interest."""

from dataclasses import replace

import numpy as np
import pytest

from scenarios import brakes
from sim.venues import BITMEX

SHORT = {"hours": 1.2, "check": True}


@pytest.fixture(scope="module")
def runs():
    """The same fall without a band and with one of 2 %."""
    return [brakes(seed=2, band=band, **SHORT).run() for band in (float("inf"), 0.02)]


def test_nothing_trades_beyond_the_band_not_even_a_liquidation(runs):
    free, held = runs
    lowest = [np.nanmin(run["last"] / run["mark"] - 1.0) for run in runs]
    assert lowest[0] < -0.08 and lowest[1] > -0.025  # the mark moves on after a trade at the edge
    assert held["liquidations"][-1] > 100


def test_the_band_leaves_the_engine_with_what_it_may_not_sell(runs):
    free, held = runs
    assert held["engine_contracts"][-1] > 1.2 * free["engine_contracts"][-1] > 0
    assert held["fund_coin"][-1] > free["fund_coin"][-1]  # which has not paid yet for what is still there


def test_a_wide_band_and_a_high_cap_change_nothing():
    plain = brakes(seed=3, **SHORT).run()
    wide = brakes(seed=3, band=0.9, most_open_interest=1e12, **SHORT).run()
    assert plain.series.tobytes() == wide.series.tobytes()


def test_at_the_cap_positions_close_but_do_not_open():
    cap = 20_000_000
    run = brakes(seed=4, fall=0.02, most_open_interest=cap, **SHORT).run()
    free = brakes(seed=4, fall=0.02, **SHORT).run()
    over, freely = (each["open_interest_contracts"].max() - cap for each in (run, free))
    assert freely > 0.01 * cap and over < 0.4 * freely  # orders that rested before it was reached may still fill
    assert run["volume_contracts"][-1] > 0 and run["rejected"][-1] > free["rejected"][-1]


@pytest.mark.parametrize("name", ["price_band", "most_open_interest"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_a_brake_that_cannot_be_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} must be above zero"):
        replace(BITMEX, **{name: value})
