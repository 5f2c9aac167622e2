"""The questions about traders, answered over a few seeds; small, so that what comes out must be large."""

import numpy as np
import pytest

from agents import RiskPerStop
from analysis import ruin
from analysis.papers import metaorders, order_lifetime
from analysis.twins import twin
from scenarios.basis_traders import basis_traders
from scenarios.stops_and_sizing import stops_and_sizing
from scenarios.whale_exit import whale_exit

SEEDS = (31, 32, 33)
SMALL = dict(traders=60, makers=20, noise=50, step_s=40.0)


def test_without_stops_more_are_ruined():
    metrics = ruin.ruined_percent, ruin.kept_median_percent
    more, kept = twin(stops_and_sizing, range(31, 37), {"stop_loss": 1.0}, *metrics, **SMALL)
    assert more.mean > max(20.0, 3.0 * more.standard_error) and kept.mean < -20.0


def test_who_sizes_by_the_stop_is_not_ruined():
    run = stops_and_sizing(seed=31, sizing=RiskPerStop(0.02), **SMALL).run()
    there = ruin.traders(run)
    assert len(there) == 180 and ruin.ruined_percent(run) == 0.0 and 90.0 < ruin.kept_percent(run) < 130.0


def test_the_ruined_are_those_liquidated_and_those_with_less_than_a_tenth_left():
    accounts = np.zeros(4, [("liquidations", int), ("equity_coin", float), ("deposits_coin", float)]).view(np.recarray)
    accounts.deposits_coin, accounts.equity_coin = 2.0, [2.0, 0.19, 0.21, 1.9]
    accounts.liquidations[3] = 1
    assert ruin.ruined(accounts).tolist() == [False, True, False, True]


def test_longs_who_bet_on_the_price_and_shorts_on_funding_hold_a_premium():
    (found,) = twin(basis_traders, SEEDS, {"bias": 0.5}, order_lifetime.premium_mean_bps, hours=3.0)
    assert found.mean < -0.5 and found.mean < -3.0 * found.standard_error


def test_a_whale_gets_out_and_the_more_it_sells_the_further_it_falls():
    small = dict(hours=3.0, noise=400)
    run = whale_exit(seed=31, contracts=4_000_000, **small).run()
    assert not run.accounts.contracts[run.accounts.crowd == "Whales"].any()
    little, much = (np.array([metaorders.peak_impact(seed, size, **small) for seed in SEEDS]) for size in (2e6, 8e6))
    assert np.all(much > little) and np.all(little > 0.0)


def test_an_exponent_needs_seeds_and_sizes():
    with pytest.raises(ValueError, match="an exponent must be over two seeds and sizes or more"):
        metaorders.exponent(seeds=(1,))
