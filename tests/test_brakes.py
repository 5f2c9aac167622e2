"""Brakes of a venue: a band about the mark that no order trades beyond, and a cap on open interest."""

from dataclasses import replace

import numpy as np
import pytest

from agents import LeveragedLongs, LeveragedShorts
from analysis.papers.critical_leverage import PRICE, STILL, UNBACKED, StandingBook
from scenarios import brakes
from scenarios.shock import HIGH, LOW, shocked
from sim.contract import Inverse
from sim.engine import Unwind
from sim.market import Market
from sim.oracle_mark import OraclePrice
from sim.paths import Points
from sim.venues import BITMEX
from tests.floor import ANNA, BOB, CAROL, Floor

SHORT = {"hours": 1.2, "check": True}


@pytest.fixture(scope="module")
def runs():
    """The same fall without a band and with one of 2 %."""
    return [brakes(seed=2, band=band, **SHORT).run() for band in (float("inf"), 0.02)]


@pytest.mark.parametrize("side", [1, -1])
def test_an_order_trades_up_to_the_edge_of_the_band_and_rests_there(side):
    floor = Floor([10**12] * 3, price_band=0.05)
    floor.set_mark(100)
    for away in (4, 5):
        floor.send(BOB, -3 * side, 100 + away * side)
    floor.set_mark(101)  # an order that rests may be left beyond the band
    floor.send(CAROL, -3 * side, 100 + 6 * side)
    floor.set_mark(100)
    floor.send(ANNA, 10 * side, 100 + 50 * side)
    assert [(tick, abs(size)) for _, _, tick, size in floor.trades()] == [(100 + away * side, 3) for away in (4, 5)]
    assert floor.queue(100 + 5 * side) == [(ANNA, 4 * side)] and floor.queue(100 + 6 * side) == [(CAROL, -3 * side)]


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("band", "deleveraged"), [(0.0, True), (0.05, False)])
def test_an_offer_beyond_the_band_is_no_reason_to_deleverage(side, band, deleveraged):
    """A position at 50x is taken over with nothing in the fund, and who would take it stands a tenth away."""
    floor = Floor([10**8] * 3, price_band=band, leverage=50.0)
    floor.set_mark(100)
    floor.open(ANNA, BOB, 1_000, 100) if side > 0 else floor.open(BOB, ANNA, 1_000, 100)
    floor.send(CAROL, 1_000 * side, 100 - 10 * side)
    floor.set_mark(100 - 2 * side)
    floor.liquidate()
    floor.unwind()
    assert floor[ANNA].contracts == 0 and bool(floor.adl) == deleveraged
    assert sum(lot.open for lot in floor.x.lots) == (0 if deleveraged else 1_000 * side)


def test_nothing_trades_beyond_the_band_not_even_a_liquidation(runs):
    free, held = runs
    lowest = [np.nanmin(run["last"] / run["mark"] - 1.0) for run in runs]
    assert lowest[0] < -0.08 and lowest[1] > -0.025  # the mark moves on after a trade at the edge
    assert held["liquidations"][-1] > 100


def test_the_band_holds_what_is_bought_in_too():
    highest = []
    for band in (np.inf, 0.02):
        squeezed = {"move": 0.1, "depth": 0.5, "longs": LOW, "shorts": HIGH}
        run = shocked(seed=3, venue=replace(BITMEX, price_band=band), **squeezed).run()
        highest.append(np.nanmax(run["last"] / run["mark"] - 1.0))
    assert highest[0] > 0.05 and highest[1] < 0.025


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


@pytest.mark.parametrize(("band", "deleveraged"), [(float("inf"), True), (0.02, False)])
def test_bids_beyond_the_band_are_no_reason_to_deleverage(band, deleveraged):
    """One account at 50x is taken over at its entry, the fund is empty, and all bids lie 5 % below."""
    venue = replace(
        BITMEX, contract=Inverse(name="unit", tick=0.5), tiers=UNBACKED, maintenance_on="mark", max_leverage=1e6,
        mark=OraclePrice(every_s=1.0), unwind=Unwind(rests=False, rest_s=0.0, usd_per_s=1e15), price_band=band,
    )  # fmt: skip
    path = Points(times_s=(0.0,), values=(PRICE,))
    market = Market(seed=0, venue=venue, hours=4 / 3600, step_s=1.0, fund_coin=0.0, path=path, spot=STILL)
    StandingBook(market, count=20, coin=50.0, price=0.95 * PRICE, impact=0.01, size=100_000)
    asleep = {"count": 1, "wake_s": float("inf"), "leverage": 1.0}
    held = LeveragedLongs(market, coin=2.0, **asleep)
    owed = LeveragedShorts(market, coin=1_000.0, **asleep)
    market.endow(1_000_000, longs=[held], shorts=[owed])
    run = market.run()
    assert run["liquidations"][-1] == 1 and bool(len(run.adl)) == deleveraged
    assert (run["engine_contracts"][-1] == 1_000_000) != deleveraged


@pytest.mark.parametrize("name", ["price_band", "most_open_interest"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_a_brake_that_cannot_be_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} must be above zero"):
        replace(BITMEX, **{name: value})
