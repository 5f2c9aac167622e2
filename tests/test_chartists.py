"""Chartists: what they order, and the signs that a paper found of a market made of them."""

import numpy as np
import pytest

from agents import Chartists, Listed, MarketMakers
from analysis.papers import order_lifetime
from scenarios.basis_traders import basis_traders
from sim.index import SpotMarket, SpotVenue
from sim.market import Market
from sim.paths import Points

FLAT = Points(times_s=(0.0,), values=(8_000.0,))
QUIET = SpotMarket(venues=(SpotVenue(name="One", volume_coin=20_000.0, noise_bps=0.0),))
SHORT = dict(hours=1.5, traders=200)


def among_makers(*, path=FLAT, hours=0.5, premium_bps=0.0, **options):
    """Chartists in a market whose makers hold the contract at a premium; (market, crowd)."""
    market = Market(seed=1, hours=hours, step_s=5.0, path=path, spot=QUIET, check=True)
    makers = MarketMakers(market, count=5, coin=1_000.0, volatility_limit=1e9, loss_limit=1.0, convergence_s=1e9)
    makers.traits.basis[:] = 1e-4 * premium_bps
    return market, Chartists(market, **dict(count=40, coin=1.0, wake_s=20.0, horizon_s=60.0) | options)


def orders(market, crowd):
    """The crowd's resting orders."""
    there = market.exchange.orders[market.exchange.orders.serial > 0]
    return there[(there.account >= crowd.first) & (there.account < crowd.first + crowd.count)]


@pytest.mark.parametrize("premium_bps", [30.0, -30.0])
def test_who_seeks_funding_takes_the_side_that_is_paid(premium_bps):
    market, crowd = among_makers(premium_bps=premium_bps, bias=Listed((1.0, 0.0)), side=Listed((-1.0, 1.0)))
    market.run()
    held = market.exchange.accounts.contracts[crowd.first : crowd.first + crowd.count]
    paid, pays = (held[::2], held[1::2]) if premium_bps > 0 else (held[1::2], held[::2])
    assert np.all(paid != 0) and np.all(np.sign(paid) == -np.sign(premium_bps)) and not pays.any()


@pytest.mark.parametrize("way", [1, -1])
def test_who_bets_on_the_price_goes_with_the_trend_of_spot(way):
    path = Points(times_s=(0.0, 1_800.0), values=(8_000.0, 8_000.0 * (1 + 0.05 * way)))
    market, crowd = among_makers(
        path=path, bias=Listed((1.0, 0.0)), side=Listed((1.0, -1.0)), noise=0.0, chartist=1.0, spread_bps=0.0
    )
    market.run()
    held = market.exchange.accounts.contracts[crowd.first : crowd.first + crowd.count]
    wins, loses = (held[::2], held[1::2]) if way > 0 else (held[1::2], held[::2])
    assert np.all(np.sign(wins) == way) and not loses.any()


def test_nobody_takes_the_other_side_or_more_than_there_is_room_for():
    market = basis_traders(seed=2, bias=0.5, check=True, **SHORT)
    (crowd,) = market.crowds
    while market.clock < market.length:
        market.step()
        held = market.exchange.accounts.contracts[crowd.first :]
        assert np.all(held * crowd.traits.side >= 0)
    assert np.abs(held).max() / 8_000.0 < 1.5 * 3.0 and np.abs(held).sum() > 1_000_000


def test_an_order_lives_as_long_as_it_says():
    market = basis_traders(seed=2, lifetime_s=60.0, **SHORT)
    placed = {}
    for _ in range(300):
        market.step()
        there = orders(market, market.crowds[0])
        placed |= {serial: market.clock for serial in there.serial.tolist() if serial not in placed}
        assert all(market.clock - placed[serial] < 12 for serial in there.serial.tolist())
    assert len(placed) > 300


def test_the_contract_is_held_to_spot_by_chartists_alone():
    premium = [order_lifetime.premium(basis_traders(seed=seed, bias=0.5, **SHORT).run()) for seed in range(2)]
    assert all(abs(np.nanmean(each)) < 10.0 and np.nanstd(each) < 50.0 for each in premium)


@pytest.mark.parametrize("claim", [order_lifetime.premium_by_bias, order_lifetime.peg_by_lifetime])
def test_a_sign_that_the_paper_found_comes_out(claim):
    found = claim(seeds=(11, 12, 13), **SHORT)
    assert found.sign * found.slope > 3.0 * found.standard_error


def test_a_slope_needs_seeds_and_values():
    with pytest.raises(ValueError, match="a slope must be over two seeds and values or more"):
        order_lifetime.slope(order_lifetime.premium_mean_bps, "bias", (0.5,), (1, 2))
