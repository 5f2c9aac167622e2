"""A position dumped on the fund: what its owner takes out, and who pays."""

import numpy as np
import pytest

from agents import Deserters, LeveragedShorts, MarketMakers
from analysis.studies.measures import fund_needed_coin
from scenarios import vault_dump
from sim.market import Market
from sim.paths import Points
from sim.venues import BITMEX

STANDING = {"path": Points(times_s=(0.0,), values=(8_000.0,))}


def deserter(**mind):
    """A market that stands still, and the one account that deserts in it."""
    market = Market(seed=1, venue=BITMEX, hours=0.05, check=True, **STANDING)
    crowd = Deserters(market, count=1, coin=10.0, start_s=60.0, **mind)
    others = LeveragedShorts(market, count=5, coin=50.0, leverage=1.0, horizon_s=1e9, entry=0.0)
    market.endow(100_000, longs=[crowd], shorts=[others])
    return market, crowd


def test_they_take_out_all_but_the_initial_margin_and_not_before_their_time():
    market, crowd = deserter(max_leverage=20.0)
    row = crowd.first
    while market.clock * market.step_s < 59.0:
        market.step()
    assert market.exchange.accounts[row].deposits == 10 * 10**12
    market.run()
    left = market.exchange.accounts[row].wallet * 1e-12
    assert left == pytest.approx(100_000 / 8_000.0 / 20.0, rel=0.02)
    assert market.exchange.accounts[row].contracts == 100_000


def test_who_has_no_position_buys_one_once():
    market = Market(seed=1, hours=0.2, check=True)
    MarketMakers(market, count=10, coin=100.0)
    crowd = Deserters(market, count=2, coin=1.0, leverage=3.0, start_s=300.0)
    run = market.run()
    bought = run.accounts.contracts[crowd.first : crowd.first + 2]
    assert (bought > 0.9 * 3.0 * 8_000).all() and (bought <= 3.0 * 1.01 * run["index"].max()).all()


@pytest.mark.parametrize(
    ("change", "pays"), [({}, True), ({"withdraws": False}, False), ({"most_leverage": 20.0}, False)]
)
def test_the_vault_pays_for_what_was_left_to_it_only(change, pays):
    run = vault_dump(seed=7, check=True, **change).run()
    assert (fund_needed_coin(run) > 100_000.0) == pays
    left = run.accounts[run.accounts.crowd == "Deserters"]
    assert bool(left.liquidations[0]) == pays and np.isclose(left.equity_coin[0], 0.0) == pays
