"""Panic sellers, retail traders who cut early, and whales: who sells when, and how much of it in one piece."""

import numpy as np
import pytest

from agents import LeveragedLongs, LeveragedShorts, MarketMakers, NoiseTraders, PanicSellers, Retail, Whales
from sim.index import SpotMarket, SpotVenue
from sim.market import Market
from sim.paths import GeometricBrownian, Points, Shock, Shocked

FLAT = Points(times_s=(0.0,), values=(8_000.0,))
QUIET = SpotMarket(venues=(SpotVenue(name="One", volume_coin=20_000.0, noise_bps=0.0),))


def deep(*, path=FLAT, hours=1.0, **options):
    """A market among deep makers who never leave."""
    market = Market(seed=1, hours=hours, step_s=5.0, path=path, spot=QUIET, check=True, **options)
    MarketMakers(market, count=5, coin=1_000.0, volatility_limit=1e9, loss_limit=1.0)
    return market


def rows_of(crowd):
    """Rows of a crowd's accounts in the ledger."""
    return slice(crowd.first, crowd.first + crowd.count)


def history(market, crowd):
    """(steps, accounts) contracts after each step of the rest of the run."""
    after = []
    while market.clock < market.length:
        market.step()
        after.append(market.exchange.accounts.contracts[rows_of(crowd)].copy())
    return np.array(after)


SURE = dict(entry=1.0, horizon_s=1e9, leverage=2.0, wake_s=20.0, count=20, coin=1.0)


@pytest.mark.parametrize(("drop", "sells"), [(0.06, False), (0.14, True)])
def test_panic_sellers_sell_after_their_fall_and_not_before(drop, sells):
    market = deep(path=Shocked(FLAT, (Shock(at_s=1_200.0, log_size=np.log1p(-drop), over_s=300.0),)))
    crowd = PanicSellers(market, fall=0.1, volatility_limit=1e9, return_s=1e9, **SURE)
    held = history(market, crowd)
    assert np.all(held[235] > 0), "nobody sells while nothing falls"
    assert np.all(held[-1] == 0) if sells else np.array_equal(held[-1], held[235])


def test_panic_sellers_sell_half_at_each_look():
    market = deep(path=Shocked(FLAT, (Shock(at_s=1_200.0, log_size=-0.14),)))
    crowd = PanicSellers(market, fall=0.1, volatility_limit=1e9, return_s=1e9, sold_share=0.5, **SURE)
    held = history(market, crowd)
    sold = held[1:] / np.maximum(held[:-1], 1)
    first = sold[(sold < 1.0) & (held[:-1] > 1_000)]
    assert len(first) >= crowd.count and first == pytest.approx(0.5, abs=0.01)


def test_panic_sellers_flee_volatility_and_come_back_when_it_is_over():
    path = Shocked(FLAT, (Shock(at_s=1_200.0, log_size=0.03), Shock(at_s=1_205.0, log_size=-0.03)))
    market = deep(path=path, hours=3.0)
    crowd = PanicSellers(market, fall=0.9, volatility_limit=2.0, return_s=900.0, **SURE)
    held = history(market, crowd)
    assert np.all(held[238] > 0) and np.all(held[300] < 0.01 * held[238]) and np.all(held[-1] > 0)


def test_retail_that_cuts_early_is_liquidated_less_than_those_who_hold():
    took = {}
    for kind in (LeveragedLongs, Retail):
        market = deep(path=Shocked(FLAT, (Shock(at_s=600.0, log_size=-0.1, over_s=1_800.0),)))
        usual = SURE | dict(leverage=10.0, stop_loss=1.0, top_up=0.0, reentry=0.0)
        crowd = kind(market, **usual | (dict(cut_at=0.08) if kind is Retail else {}))
        held = history(market, crowd)
        took[kind] = market.exchange.risk.liquidations[rows_of(crowd)].mean()
    assert took[LeveragedLongs] > 0.9 and took[Retail] < 0.1
    assert np.all(held[-1] > 0) and np.all(held[-1] < 0.6 * held[115])


def test_retail_keeps_equity_over_value_where_it_cuts():
    market = deep(path=Shocked(FLAT, (Shock(at_s=600.0, log_size=-0.07, over_s=1_800.0),)))
    crowd = Retail(market, **SURE | dict(leverage=10.0, cut_at=0.08))
    history(market, crowd)
    accounts, now = market.exchange.accounts[rows_of(crowd)], market.exchange.now[0]
    equity = accounts.wallet + accounts.margin + accounts.cost + accounts.contracts * now.mark_units
    assert np.all(equity / np.abs(accounts.contracts * now.mark_units) > 0.075)


def busy(**options):
    """A market with noise traders in which a whale works an order."""
    market = deep(path=GeometricBrownian(price=8_000.0, volatility=0.4), fills=True)
    NoiseTraders(market, count=200, coin=5.0, wake_s=30.0)
    whale = Whales(market, count=1, coin=1_000.0, start_s=600.0, **options)
    return market, whale


@pytest.mark.parametrize("contracts", [4_000_000, -4_000_000])
def test_a_whale_trades_what_it_wants_in_slices_and_no_more(contracts):
    market, whale = busy(contracts=contracts, participation=0.2)
    held = history(market, whale)[:, 0]
    assert not held[:119].any() and held[-1] == contracts
    assert len(np.unique(held)) > 20 and np.all(np.diff(held) * np.sign(contracts) >= 0)


@pytest.mark.parametrize("participation", [0.1, 0.3])
def test_a_whale_takes_its_part_of_what_is_traded(participation):
    market, whale = busy(contracts=50_000_000, participation=participation)
    run = market.run()
    mine = (run.fills.taker == whale.first) | (run.fills.maker == whale.first)
    works = (run.fills.step > 130) & (run.fills.step < 300)
    traded = np.abs(run.fills.contracts)
    assert traded[mine & works].sum() / traded[works].sum() == pytest.approx(participation, rel=0.15)


def test_a_whale_stops_when_it_has_spent_its_budget():
    market, whale = busy(contracts=4_000_000, participation=0.2, budget=0.0005)
    held = history(market, whale)[:, 0]
    assert 0 < held[-1] < 4_000_000 and np.all(held[-100:] == held[-1]), "the taker fee alone is 0.00075"


def test_a_whale_without_a_size_closes_what_it_holds():
    market = deep()
    NoiseTraders(market, count=200, coin=5.0, wake_s=30.0)
    whale = Whales(market, count=1, coin=200.0, contracts=0, participation=0.5, start_s=600.0)
    other = LeveragedShorts(market, count=20, coin=50.0, entry=0.0, horizon_s=1e9)
    market.endow(500_000, longs=[whale], shorts=[other])
    held = history(market, whale)[:, 0]
    assert held[100] == 500_000 and held[-1] == 0


def test_a_part_of_more_than_all_is_refused():
    with pytest.raises(ValueError, match="participation of Whales must lie between 0 and 1"):
        Whales(deep(), count=1, participation=1.0)
