"""Arbitrageurs between two exchanges: when they trade, at which prices, and what they do when a leg is gone."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from agents import CrossVenueArbitrageurs, Crowd, LogNormal, Uniform
from agents.cross_exchange import even, whole
from sim.index import SpotMarket, SpotVenue
from sim.ledger import pair_off
from sim.market import Market
from sim.paths import Points
from sim.venues import BITMEX, LINEAR, PERPETUAL, POWER

QUIET = SpotMarket(venues=(SpotVenue(name="One", volume_coin=20_000.0, noise_bps=0.0),))
FLAT = Points(times_s=(0.0,), values=(8_000.0,))
FEES = 1e4 * 2 * (BITMEX.taker_fee + BITMEX.taker_fee)  # of both legs on both ways, bp


@dataclass(kw_only=True, eq=False)
class Quoters(Crowd):
    """Keep a bid and an ask of `size` at two prices, which a test may change."""

    bid: float = 7_999.0
    ask: float = 8_001.0
    size: int = 10_000_000
    wake_s: float = 0.01

    def decide(self, view, me):
        return me.quote(np.full(len(me.rows), True), self.bid, self.ask, self.size)


def two(bid, ask, their_bid, their_ask, *, size=10_000_000, venue=BITMEX, their_size=None, path=FLAT, **options):
    """(market, arbitrageurs, quoters here, quoters there) where all look in every step."""
    market = Market(seed=1, hours=0.1, path=path, spot=QUIET, check=True)
    other = market.beside("B", venue=venue)
    here = Quoters(market, count=1, coin=20_000.0, bid=bid, ask=ask, size=size)
    face = round(venue.contract.face)
    there = Quoters(other, count=1, coin=20_000.0, bid=their_bid, ask=their_ask, size=(their_size or size) // face)
    usual = dict(count=1, coin=10.0, leverage=2.0, wake_s=0.01, pause_s=0.0, funding_weight=0.0, hurdle_bps=5.0)
    return market, CrossVenueArbitrageurs(market, other=other, **usual | options), here, there


def held(market, arb, account=0):
    """Contracts of an account at both exchanges."""
    first, second = (each.exchange.accounts.contracts for each in market.markets)
    return int(first[arb.first + account]), int(second[arb.leg.first + account])


@pytest.mark.parametrize(("bps", "trades"), [(FEES + 4.0, False), (FEES + 6.0, True)])
@pytest.mark.parametrize("dear_here", [False, True])
def test_they_open_both_legs_at_once_if_the_gap_pays_the_fees_of_both_ways_and_the_hurdle(bps, trades, dear_here):
    dear, cheap = 8_000.0 * (1.0 + 1e-4 * bps), 8_000.0
    quotes = (dear, dear + 2.0, cheap - 2.0, cheap) if dear_here else (cheap - 2.0, cheap, dear, dear + 2.0)
    market, arb, *_ = two(*quotes)
    market.step()
    market.step()
    ours, theirs = held(market, arb)
    assert ours == -theirs and (ours != 0) == trades
    if trades:
        assert (ours < 0) == dear_here
        assert ours == pytest.approx((-1 if dear_here else 1) * 0.1 * 2.0 * 10.0 * 8_000.0, rel=0.01), "a tenth of 2x"


def test_they_stop_at_the_leverage_of_the_poorer_leg_and_close_once_prices_have_met():
    market, arb, here, there = two(7_998.0, 8_000.0, 8_040.0, 8_042.0)
    for _ in range(40):
        market.step()
    ours, theirs = held(market, arb)
    value = abs(float(market.exchange.now[0].mark_units)) * 1e-12
    assert ours == -theirs and ours * value == pytest.approx(2.0 * 10.0, rel=0.1)
    there.bid, there.ask = 7_995.0, 7_997.0
    for _ in range(40):
        market.step()
    assert held(market, arb) == (0, 0)


def test_they_wait_while_prices_have_not_quite_met():
    market, arb, _, there = two(7_998.0, 8_000.0, 8_040.0, 8_042.0)
    for _ in range(40):
        market.step()
    before = held(market, arb)
    there.bid, there.ask = 7_997.0, 7_999.0
    for _ in range(10):
        market.step()
    assert held(market, arb) == before and before[0] > 0


def test_the_rate_that_is_paid_at_the_dear_exchange_counts_as_profit():
    gap = 8_000.0 * (1.0 + 1e-4 * FEES)
    got = []
    for weight in (0.0, 1.0):
        market, arb, *_ = two(7_998.0, 8_000.0, gap, gap + 2.0, funding_weight=weight)
        for each, rate in zip(market.markets, (0.0, 0.001), strict=True):
            each.exchange.now[0].funding_rate = rate
        market.step()
        market.step()
        got.append(held(market, arb)[0])
    assert got[0] == 0 < got[1]


def test_legs_are_matched_by_face_where_contracts_differ():
    tens = replace(BITMEX, contract=replace(BITMEX.contract, face=10.0))
    market, arb, *_ = two(7_998.0, 8_000.0, 8_040.0, 8_042.0, venue=tens)
    for _ in range(5):
        market.step()
    ours, theirs = held(market, arb)
    assert ours == -10 * theirs > 0


def test_what_one_leg_did_not_get_is_closed_where_that_is_better_until_legs_are_equal():
    market, arb, *_ = two(7_998.0, 8_000.0, 8_040.0, 8_042.0, their_size=10_000, order_share=1.0)
    market.step()
    market.step()
    ours, theirs = held(market, arb)
    assert ours > 0 and ours > -theirs, "the second found ten thousand"
    for _ in range(200):
        market.step()
        ours, theirs = held(market, arb)
    assert ours + theirs == 0 and ours > 0


def opened(market, arb, contracts, number, price=8_000.0):
    """Open a position of so many contracts at exchange `number` for the arbitrageur, against somebody who sleeps."""
    each = market.markets[number]
    row = arb.leg.first if number else arb.first
    holder = Crowd(each, name=f"Holder {number}", count=1, coin=1_000.0, wake_s=np.inf)
    rows, size = np.array([row]), np.array([abs(contracts)])
    units = each.venue.contract.settlement(np.array([price]))
    sides = (rows, size, np.array([holder.first]), size.copy())
    pair_off(each.exchange, *(sides if contracts > 0 else (*sides[2:], *sides[:2])), units)


@pytest.mark.parametrize("their_bid", [7_950.0, 8_050.0])
def test_who_has_lost_a_leg_sells_where_the_bid_is_higher(their_bid):
    """Its short at the first exchange is gone, as deleveraging leaves it: it is long at the second, naked."""
    market, arb, *_ = two(8_000.0, 8_002.0, their_bid, their_bid + 2.0, hurdle_bps=1e4)
    opened(market, arb, 40_000, 1)
    for _ in range(3):
        market.step()
    ours, theirs = held(market, arb)
    if their_bid > 8_000.0:
        assert ours == 0 and 0 < theirs < 40_000, "sold at the second"
    else:
        assert ours < 0 and theirs == 40_000, "hedged anew at the first"
    for _ in range(60):
        market.step()
    assert sum(held(market, arb)) == 0


@pytest.mark.parametrize("number", [0, 1])
def test_a_leg_is_liquidated_alone_and_the_other_closed_after_it(number):
    """Long with 10x where the fall takes it, short where it wins: that account is rich, and too late to help."""
    market, arb, here, there = two(
        7_998.0, 8_002.0, 7_998.0, 8_002.0, leverage=10.0, most_leverage=50.0, hurdle_bps=1e4, exit_bps=-1e4,
        path=Points(times_s=(0.0, 10.0, 60.0), values=(8_000.0, 8_000.0, 6_800.0)),
    )  # fmt: skip
    opened(market, arb, 700_000, number)
    opened(market, arb, -700_000, 1 - number)
    rows, crowds = (arb.first, arb.leg.first), (here, there)
    while market.clock < 120:
        for crowd in crowds:
            index = float(market.exchange.now[0].index)
            crowd.bid, crowd.ask = index - 2.0, index + 2.0
        market.step()
    lost, won = market.markets[number].exchange, market.markets[1 - number].exchange
    assert lost.risk.liquidations[rows[number]] == 1 and won.risk.liquidations[rows[1 - number]] == 0
    assert held(market, arb) == (0, 0)
    assert won.accounts.wallet[rows[1 - number]] > won.accounts.deposits[rows[1 - number]]


def test_a_leg_short_of_margin_gets_coin_from_its_wallet_then_from_the_other_leg_two_transfers_later():
    market, arb, here, there = two(
        7_998.0, 8_002.0, 7_998.0, 8_002.0, leverage=5.0, most_leverage=6.0, hurdle_bps=1e4, exit_bps=-1e4,
        wallet_coin=0.5, transfer_s=5.0, usual_volatility=1e9,
        path=Points(times_s=(0.0, 10.0, 60.0), values=(8_000.0, 8_000.0, 7_400.0)),
    )  # fmt: skip
    opened(market, arb, 390_000, 0)
    opened(market, arb, -390_000, 1)
    first, second = (each.exchange.accounts for each in market.markets)
    sums = []
    while market.clock < 200:
        for crowd in (here, there):
            index = float(market.exchange.now[0].index)
            crowd.bid, crowd.ask = index - 2.0, index + 2.0
        market.step()
        sums.append((first.deposits[arb.first] / 1e12, second.deposits[arb.leg.first] / 1e12))
    ours, theirs = np.array(sums).T
    assert ours[0] == theirs[0] == 10.0
    assert np.unique(ours)[1] == pytest.approx(10.5), "first the wallet's"
    taken, came = np.flatnonzero(theirs < 10.0)[0], np.flatnonzero(ours > 10.5 + 1e-9)[0]
    assert came > taken + 1, "two transfers after it was taken off the other"
    assert ours[-1] + theirs[-1] <= 20.5 + 1e-9 and market.exchange.risk.liquidations[arb.first] == 0


def test_orders_that_even_legs_are_signed_and_never_open_what_has_no_room():
    quotes = dict(room=100.0, bid=7_990.0, ask=7_992.0, space=100.0, their_bid=8_000.0, their_ask=8_002.0)
    assert even(held=50.0, other=0.0, each=1.0, most=80.0, **quotes) == (0, 0.0, -50, 0.0)
    assert even(held=-50.0, other=0.0, each=1.0, most=80.0, **quotes) == (50, 0.0, 0, 0.0)
    assert even(held=50.0, other=0.0, each=10.0, most=80.0, **quotes) == (0, 0.0, -5, 0.0)
    crowded = quotes | {"space": 0.0}
    assert even(held=50.0, other=0.0, each=1.0, most=80.0, **crowded) == (-50, 0.0, 0, 0.0)
    assert even(held=400.0, other=0.0, each=1.0, most=10.0, **crowded) == (-100, 0.0, 0, 0.0), "a quarter at least"


@pytest.mark.parametrize(("size", "each", "both"), [(25.0, 10.0, (20, 2)), (25.7, 1.0, (25, 25)), (2.5, 0.1, (2, 20)),
                                                    (-3.0, 1.0, (0, 0)), (9.0, 10.0, (0, 0))])  # fmt: skip
def test_orders_are_whole_numbers_of_contracts_worth_the_same(size, each, both):
    assert whole(size, each) == both


def test_a_pair_needs_two_books_of_one_kind_of_contract():
    market = Market(seed=1, hours=0.1, venue=LINEAR)
    pool = market.beside("Pool", venue=replace(PERPETUAL, contract=LINEAR.contract))
    with pytest.raises(ValueError, match="must have a book of contracts of one kind"):
        CrossVenueArbitrageurs(market, other=pool, count=1)
    power = market.beside("Power", venue=POWER)
    with pytest.raises(ValueError, match="must have a book of contracts of one kind"):
        CrossVenueArbitrageurs(market, other=power, count=1)


def test_both_legs_of_an_account_have_the_traits_that_were_drawn_for_it():
    market = Market(seed=1, hours=0.1)
    other = market.beside("B")
    drawn = dict(coin=LogNormal(5.0, 1.0), leverage=Uniform(1.0, 3.0), wake_s=Uniform(5.0, 20.0))
    arb = CrossVenueArbitrageurs(market, other=other, count=50, **drawn)
    for name in drawn:
        assert np.array_equal(arb.traits[name], arb.leg.traits[name]) and np.ptp(arb.traits[name]) > 0
    assert len(repr(arb.leg)) < 500 and "LogNormal" in repr(arb.leg)
