"""`Arbitrageurs` against a virtual pool: the trade they make is the best one, in closed form."""

import math
from dataclasses import replace

import pytest

from agents import Arbitrageurs
from sim.index import SpotMarket, SpotVenue
from sim.market import Market
from sim.paths import Points
from sim.pool_rules import VirtualAmm
from sim.venues import PERPETUAL

PRICE, DEPTH_USD = 8_000.0, 10e6
EAGER = {"hurdle_bps": 0.0, "order_share": 1.0, "funding_weight": 0.0, "wake_s": 1.0, "pause_s": 0.0, "exit_bps": -50.0}


@pytest.mark.parametrize("move", [0.04, -0.04])
@pytest.mark.parametrize("fee", [0.0, 0.003])
def test_they_trade_a_pool_to_where_the_fee_eats_the_gap(move, fee):
    """Reserves C of contracts and U of USD quote U / C; from there to a price p a trade takes C - sqrt(C U / p)."""
    venue = replace(PERPETUAL, taker_fee=fee, pool=VirtualAmm(depth_coin=DEPTH_USD))
    moved = Points(times_s=(0.0, 30.0, 31.0), values=(PRICE, PRICE, PRICE * (1.0 + move)))
    still = SpotMarket(venues=(SpotVenue(name="spot", volume_coin=1e5, noise_bps=0.0),))
    market = Market(seed=1, venue=venue, hours=0.05, path=moved, spot=still, spot_impact=0.0, check=True)
    arbitrageur = Arbitrageurs(market, count=1, coin=500.0, spot_coin=500.0, spot_usd_coin=500.0, **EAGER)
    run = market.run()
    index = float(run["index"][-1])
    bound = index * (1.0 - fee) if move > 0 else index * (1.0 + fee)
    contracts = DEPTH_USD / (PRICE * venue.contract.face)  # what the pool held at rest
    best = contracts - math.sqrt(contracts * DEPTH_USD / (venue.contract.face * bound))
    traded = float(run.accounts.contracts[arbitrageur.first])
    assert traded == pytest.approx(best, rel=0.01) and traded * move > 0
    assert run["mid"][-1] == pytest.approx(bound, abs=2 * venue.contract.tick)
