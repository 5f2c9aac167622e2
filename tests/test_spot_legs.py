"""What is held at spot is what was brought there: to the unit, through trades, transfers both ways and whole runs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import Arbitrageurs, LeveragedLongs, LeveragedShorts, MarketMakers, NoiseTraders
from sim import spot
from sim.exchange import records
from sim.index import SpotMarket
from sim.market import Market
from sim.paths import GeometricBrownian, Shock, Shocked
from sim.venues import BITMEX, LINEAR
from tests.storm import brew

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["trade", "send", "fetch", "step"]), st.integers(0, 3), st.floats(-3, 3), st.integers(1, 9)
    ),
    max_size=60,
)


def opened(in_usd=False):
    """Four holdings of 2 coin and 15,000 USD, spread over the venues, with flat fundamentals."""
    unit = 1e-9 if in_usd else 1e-12
    market = SpotMarket().open(np.full(200, 8_000.0), 1, 5.0, unit=unit, in_usd=in_usd)
    rows = market.admit([0, 1, 2, 0], 10 + np.arange(4), usd=15_000.0, coin=2.0)
    market.observe(0)
    return market, rows, unit


@given(events=EVENTS, in_usd=st.booleans())
def test_no_unit_is_made_or_lost_by_any_sequence_of_trades_and_transfers(events, in_usd):
    market, rows, unit = opened(in_usd)
    exchange, clock = 0, 0
    begun = market.state.holdings.copy()
    for kind, which, amount, wait in events:
        row, units = int(rows[which]), round(amount * (8_000.0 if in_usd else 1.0) / unit)
        if kind == "trade":
            order = records(1, spot.ORDER)
            order.row, order.coin = row, round(amount / 1e-12)
            market.trade(order)
            assert order.coin[0] in (0, round(amount / 1e-12))
        elif kind == "send":
            spot.send(market.state, row, units, clock + wait)
        elif kind == "fetch" and spot.fetch(market.state, row, units, clock + wait):
            exchange -= units
        elif kind == "step":
            clock += wait
            market.observe(clock % 200)
            exchange += sum(arrived for *_, arrived in market.arrivals(clock))
        spot.check(market.state)
        own = market.state.holdings[rows]
        assert own.coin.min() >= 0 and own.usd.min() >= 0
    end = market.state.holdings
    moving = int(np.abs(end.transit).sum())
    settled = "usd" if in_usd else "coin"
    assert int(end[settled].sum()) + moving + exchange == int(begun[settled].sum()), "spot and exchange together"
    other = "coin" if in_usd else "usd"
    assert int(end[other].sum()) == int(begun[other].sum())


@pytest.mark.parametrize("in_usd", [False, True])
def test_a_transfer_arrives_once_when_it_is_due_and_at_its_own_account(in_usd):
    market, rows, unit = opened(in_usd)
    units = round(1_000.0 / unit) if in_usd else round(0.5 / unit)
    settled = "usd" if in_usd else "coin"
    held = int(market.state.holdings[settled][rows[1]])
    assert spot.send(market.state, int(rows[1]), units, 7)
    assert not spot.send(market.state, int(rows[1]), units, 8), "one transfer at a time"
    assert not spot.fetch(market.state, int(rows[1]), units, 8)
    assert int(market.state.holdings[settled][rows[1]]) == held - units
    assert market.arrivals(6) == [] and market.arrivals(7) == [(0, 11, units)] and market.arrivals(8) == []
    assert spot.fetch(market.state, int(rows[1]), units, 12)
    assert int(market.state.holdings[settled][rows[1]]) == held - units
    assert market.arrivals(12) == [] and int(market.state.holdings[settled][rows[1]]) == held
    spot.check(market.state)


def test_what_is_not_held_is_neither_sold_nor_sent():
    market, rows, unit = opened()
    order = records(3, spot.ORDER)
    order.row, order.coin = rows[:3], [-round(2.1 / unit), round(2.0 / unit), 0]
    market.trade(order)
    assert order.coin.tolist() == [0, 0, 0] and order.usd.tolist() == [0, 0, 0]
    assert not spot.send(market.state, int(rows[0]), round(2.1 / unit), 5)
    assert not spot.send(market.state, int(rows[0]), -5, 5) and not spot.fetch(market.state, int(rows[0]), 0, 5)
    spot.check(market.state)


@pytest.mark.parametrize("venue", [BITMEX, LINEAR])
def test_spot_and_exchange_together_keep_what_was_brought(venue):
    """Needy arbitrageurs send margin from spot; those without coin there fetch it from the exchange."""
    path = Shocked(GeometricBrownian(price=8_000.0), (Shock(at_s=600.0, log_size=-0.1, over_s=300.0),))
    market = Market(seed=1, hours=1.0, step_s=5.0, venue=venue, path=path, check=True)
    MarketMakers(market, count=5, coin=20.0)
    NoiseTraders(market, count=100)
    sellers = LeveragedShorts(market, count=200, coin=3.0, leverage=10.0, entry=0.3, wake_s=120.0, horizon_s=1e9)
    longs = LeveragedLongs(market, count=50, coin=3.0, leverage=2.0)
    moving = dict(count=20, transfer_s=60.0, coin=5.0)
    needy = Arbitrageurs(market, leverage=0.2, most_leverage=0.5, name="Needy", **moving)
    bare = Arbitrageurs(market, spot_coin=0.0, name="Bare", hurdle_bps=1.0, **moving)
    one = abs(float(venue.contract.value(8_000.0))) * venue.contract.unit / (1.0 if venue is BITMEX else 8_000.0)
    market.endow(round(60.0 / one), longs=[longs], shorts=[needy])
    rows = np.concatenate([each.first + np.arange(each.count) for each in (needy, bare)])
    settled = "coin" if venue is BITMEX else "usd"

    def both():
        """Deposits at the exchange, what is held at spot, and what is on its way, in settlement units."""
        holdings = market.spot.state.holdings
        deposits = int(market.exchange.accounts.deposits[rows].sum())
        return deposits + int(holdings[settled].sum()) + int(np.abs(holdings.transit).sum())

    begun, sent, fetched = both(), 0, 0
    while market.clock < market.length:
        market.step()
        spot.check(market.spot.state)
        sent += int((market.spot.state.holdings.transit < 0).sum())
        fetched += int((market.spot.state.holdings.transit > 0).sum())
        assert both() == begun
    assert sent > 0 and fetched > 0 and sellers.count


def test_a_whole_run_with_liquidated_arbitrageurs_conserves_spot():
    market = brew(hours=0.5, fund_coin=0.0)
    market.run()
    spot.check(market.spot.state)
    holdings = market.spot.state.holdings
    own = holdings[len(market.spot.state.venues) :]
    assert own.coin.min() >= 0 and own.usd.min() >= 0
    world = holdings[: len(market.spot.state.venues)]
    traded = own.coin.sum() != market.spot.state.now.coin_in[0] or world.coin.any()
    assert traded
