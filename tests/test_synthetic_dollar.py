"""Synthetic dollars: coin and a short of the same size are worth the same in USD, and what redemptions do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import DollarMinters, MarketMakers, NoiseTraders
from scenarios.synthetic_dollar import synthetic_dollar
from sim.index import SpotMarket, SpotVenue
from sim.ledger import equity
from sim.market import Market
from sim.paths import Points
from sim.venues import BITMEX, DERIBIT, LINEAR

QUIET = SpotMarket(venues=(SpotVenue(name="One", volume_coin=20_000.0, noise_bps=0.0),))
FLAT = Points(times_s=(0.0,), values=(8_000.0,))


def dollars(*, path=FLAT, venue=BITMEX, hours=0.5, **mind):
    """A market in which minters are short against longs who stay, and makers quote."""
    market = Market(seed=1, hours=hours, step_s=5.0, path=path, spot=QUIET, venue=venue, check=True)
    MarketMakers(market, count=5, coin=2_000.0)
    long = NoiseTraders(market, count=5, coin=1_000.0, wake_s=np.inf)
    usual = dict(count=10, coin=10.0, wake_s=20.0, mint_per_day=0.0, redeem_per_day=0.0)
    minters = DollarMinters(market, **usual | mind)
    if minters.traits.leverage.max() > 0:
        market.endow(round(10 * 10.0 * 8_000 / market.contract_usd), longs=[long], shorts=[minters])
    return market, minters


def backing(market, minters):
    """(minters,) USD that each owns at the mark, and dollars that it owes."""
    rows, now = minters.first + np.arange(minters.count), market.exchange.now[0]
    unit = market.venue.contract.unit
    owned = [equity(market.exchange, i, now.mark_units) * unit * now.mark for i in rows]
    return np.array(owned), -market.exchange.accounts.contracts[rows] * market.venue.contract.face


@given(factor=st.floats(0.2, 5.0))
@pytest.mark.parametrize("venue", [BITMEX, DERIBIT])
def test_coin_and_a_short_of_once_its_worth_are_the_same_dollars_at_any_price(venue, factor):
    path = Points(times_s=(0.0, 5.0, 10.0), values=(8_000.0, 8_000.0, 8_000.0 * factor))
    market = Market(seed=1, hours=0.02, step_s=5.0, path=path, spot=QUIET, venue=venue)
    long = NoiseTraders(market, count=1, coin=1e5, wake_s=np.inf)
    minters = DollarMinters(market, count=3, coin=10.0, wake_s=np.inf)
    contracts = round(30.0 * market.exchange.now[0].mark / venue.contract.face)
    market.endow(contracts, longs=[long], shorts=[minters])
    for _ in range(10):
        market.step()
    assert market.exchange.now[0].mark == pytest.approx(8_000.0 * factor, rel=1e-3)
    owned, owed = backing(market, minters)
    assert owned == pytest.approx(owed, rel=2e-4) and owed.sum() == contracts * venue.contract.face


def test_an_account_that_begins_with_coin_mints_against_all_of_it():
    market, minters = Market(seed=1, hours=0.2, step_s=5.0, path=FLAT, spot=QUIET, check=True), None
    MarketMakers(market, count=5, coin=2_000.0)
    minters = DollarMinters(market, count=10, coin=10.0, wake_s=10.0, mint_per_day=0.0, redeem_per_day=0.0)
    market.run()
    owned, owed = backing(market, minters)
    assert owed == pytest.approx(80_000.0, rel=2e-3) and owned == pytest.approx(owed, rel=2e-3)


def test_a_redemption_buys_the_short_back_and_takes_a_dollar_of_coin_out():
    market, minters = dollars(redeem_per_day=20.0)
    market.run()
    owned, owed = backing(market, minters)
    paid = -(market.exchange.accounts.deposits[minters.first :][:10] - 10 * 10**12) * 1e-12 * 8_000.0
    assert 80_000 * 10 - owed.sum() == pytest.approx(paid.sum(), rel=1e-3) and paid.sum() > 100_000.0
    assert np.all(owned / owed < 1.0) and np.all(owned / owed > 0.995), "fees and the spread come out of the backing"


def test_minting_brings_coin_and_sells_it_short():
    market, minters = dollars(mint_per_day=20.0)
    market.run()
    owned, owed = backing(market, minters)
    assert owed.sum() > 900_000 and owned == pytest.approx(owed, rel=5e-3)


@pytest.mark.parametrize("depeg", [0.0, 0.02])
def test_redemptions_grow_with_the_discount_of_the_dollar(depeg):
    market, minters = dollars(redeem_per_bp_day=0.1, depeg=depeg, depeg_at_s=600.0)
    market.run()
    redeemed = 800_000 - backing(market, minters)[1].sum()
    assert redeemed == 0 if depeg == 0.0 else redeemed > 80_000


def test_dollars_need_a_contract_that_is_margined_in_its_coin():
    with pytest.raises(ValueError, match="DollarMinters must short a coin-margined contract"):
        DollarMinters(Market(seed=1, hours=0.1, venue=LINEAR), count=1)


def late_basis(run):
    """Mean of the mid over the index, less 1, in the second half."""
    half = len(run.series) // 2
    return np.nanmean(run["mid"][half:] / run["index"][half:] - 1.0)


def dollars_left(run):
    """Dollars out at the end, and what backs them, both over those at the start."""
    held = run.accounts[run.accounts.crowd == "DollarMinters"]
    return -held.contracts.sum() / 28e6, held.equity_coin.sum() * run["mark"][-1] / 28e6


def test_a_run_on_the_dollar_lifts_the_contract_and_hardly_touches_the_backing():
    short = dict(hours=14.0, step_s=15.0)
    runs = [[synthetic_dollar(seed=seed, depeg=each, **short).run() for each in (0.0, 0.03)] for seed in (1, 2, 3)]
    lifted = np.array([late_basis(ran) - late_basis(calm) for calm, ran in runs])
    assert lifted.mean() > 4 * lifted.std(ddof=1) / np.sqrt(3) and lifted.mean() > 5e-4
    for calm, ran in runs:
        (quiet, _), (left, backed) = dollars_left(calm), dollars_left(ran)
        assert left < 0.5 < quiet and abs(backed - left) < 0.005
