"""What harvesters, arbitrageurs between spot venues and backstop providers promise."""

from dataclasses import replace

import numpy as np
import pytest

from agents import BackstopProviders, FundingHarvesters, MarketMakers, NoiseTraders, SpotArbitrageurs
from scenarios.backstop import backstop
from sim import spot
from sim.index import SpotMarket, SpotVenue
from sim.market import Market
from sim.paths import GeometricBrownian, Shock, Shocked
from sim.venues import BITMEX, LINEAR, POWER

PRICE = 8_000.0


def at_spot(market, crowd, venues=1):
    """(coin, USD) that a crowd holds at spot."""
    held, terms = market.spot.state.holdings[crowd.first_holding :][: crowd.count * venues], market.spot.state.terms[0]
    return float(held.coin.sum() * terms.coin_unit), float(held.usd.sum() * terms.usd_unit)


# Funding harvesters


def harvested(rate, move=0.0, seed=1, rules=BITMEX, **mind):
    """(market, crowd, contracts at the stamp, gain in USD) of ten harvesters, or more, at a stamp that charges `rate`.

    The gain is beyond what they brought, at the last price of spot, which moves by `move` in the ten minutes before.
    """
    venue = replace(rules, funding=replace(rules.funding, rate_at_start=rate))
    path = Shocked(GeometricBrownian(price=PRICE, volatility=0.3), (Shock(at_s=300.0, log_size=move, over_s=60.0),))
    market = Market(seed=seed, hours=0.5, venue=venue, start="2020-01-01T03:50", path=path)
    MarketMakers(market, count=20, coin=50.0)
    NoiseTraders(market, count=100, coin=1.0)
    crowd = FundingHarvesters(market, **dict(count=10, coin=1.0, spot_coin=2.0, spot_usd_coin=2.0) | mind)
    rows = slice(crowd.first, crowd.first + crowd.count)
    while market.clock < 599:
        market.step()
    held = int(market.exchange.accounts.contracts[rows].sum())
    run = market.run()
    spot.check(market.spot.state)
    (coin, usd), price = at_spot(market, crowd), float(market.spot.state.venues.price.mean())
    margin_usd = float((run.accounts.equity_coin - run.accounts.deposits_coin)[rows].sum())
    margin_usd *= price if rules.contract.coin_margined else 1.0
    gain = margin_usd + (coin - 2.0 * crowd.count) * price + usd - 2.0 * crowd.count * PRICE
    return market, crowd, held, gain


@pytest.mark.parametrize("rate", [0.003, -0.003])
def test_harvesters_hold_the_side_that_is_paid_and_earn_part_of_what_is_paid_on_it(rate):
    gains = []
    for seed in range(1, 7):
        market, crowd, held, gain = harvested(rate, seed=seed)
        assert held * rate < 0.0 and abs(held) > 100_000
        assert not market.exchange.accounts.contracts[crowd.first : crowd.first + crowd.count].any(), "they step out"
        gains.append(gain / (abs(held) * abs(rate)))
    assert 0.1 < np.mean(gains) < 0.6 and np.mean(gains) > 3 * np.std(gains, ddof=1) / np.sqrt(6)


@pytest.mark.parametrize("rules", [BITMEX, LINEAR])
@pytest.mark.parametrize("rate", [0.003, -0.003])
def test_harvesters_do_not_move_with_the_price(rate, rules):
    still, *moved = (harvested(rate, move, rules=rules)[2:] for move in (0.0, -0.04, 0.04))
    for held, gain in moved:
        unhedged = 0.04 * abs(held) * (1.0 if rules is BITMEX else PRICE * LINEAR.contract.face)
        assert abs(gain - still[1]) < 0.02 * unhedged


def test_the_more_harvest_a_stamp_the_less_each_earns():
    def each(count, seed):
        _, _, held, gain = harvested(0.003, seed=seed, count=count)
        return 1e4 * gain / abs(held)

    few, many = (np.array([each(count, seed) for seed in (1, 2, 3)]) for count in (2, 80))
    assert np.all(few > many + 3.0), "basis points of what they hold: what they sell they buy back dearer"


def test_harvesters_leave_a_rate_that_does_not_pay_for_both_legs():
    assert harvested(0.0015)[2] == 0 and harvested(-0.0015)[2] == 0
    assert harvested(0.003, before_stamp_s=0.0)[2] == 0, "nor do they come early"


def test_harvesters_keep_to_contracts_on_spot_itself():
    with pytest.raises(ValueError, match="FundingHarvesters must trade a contract on spot itself"):
        FundingHarvesters(Market(seed=1, hours=0.1, venue=POWER), count=1)


# Arbitrageurs between spot venues

LOOSE = SpotMarket(
    venues=tuple(SpotVenue(name=name, volume_coin=10_000.0, noise_bps=20.0) for name in "ABC"),
    tie_half_life_s=1_800.0,
)


def crossed(count, seed=1, spot_market=LOOSE, **mind):
    """(market, crowd, mean distance between the dearest and the cheapest venue, bp, after ten minutes)."""
    market = Market(seed=seed, hours=1.0, step_s=5.0, spot=spot_market)
    crowd = SpotArbitrageurs(market, count=count, **mind)
    apart = []
    while market.clock < market.length:
        market.step()
        spot.check(market.spot.state)
        price = market.spot.state.venues.price[market.spot.state.venues.age == 0]
        apart.append(1e4 * (price.max() / price.min() - 1.0))
    return market, crowd, float(np.mean(apart[120:]))


@pytest.mark.parametrize("seed", [1, 2])
def test_spot_arbitrage_holds_the_venues_together_and_the_more_of_it_the_closer(seed):
    alone, few, many = (crossed(count, seed)[2] for count in (0, 2, 10))
    assert alone > 15.0 and few < 0.8 * alone and many < 0.15 * alone


def test_spot_arbitrageurs_earn_what_they_close_and_keep_their_coin():
    for seed in (1, 2):
        market, crowd, _ = crossed(10, seed)
        coin, usd = at_spot(market, crowd, venues=3)
        assert coin == pytest.approx(300.0, abs=1e-9), "both legs are of one size"
        assert usd - 300.0 * market.spot.first_price > 500.0


def test_spot_arbitrageurs_trade_nothing_that_costs_more_than_it_brings():
    dear = replace(LOOSE, venues=tuple(replace(venue, cost_bps=200.0) for venue in LOOSE.venues))
    for mind in (dict(spot_market=dear), dict(hurdle_bps=500.0)):
        market, crowd, _ = crossed(10, **mind)
        assert at_spot(market, crowd, venues=3) == pytest.approx((300.0, 300.0 * market.spot.first_price))


def test_a_venue_that_is_down_is_left_out():
    silent = replace(LOOSE.venues[0], outage_hours=((0.0, 2.0),))
    market, crowd, _ = crossed(10, spot_market=replace(LOOSE, venues=(silent, *LOOSE.venues[1:])))
    held = market.spot.state.holdings[crowd.first_holding :].coin.reshape(-1, 3)
    assert (held[:, 0] == held[0, 0]).all() and (held[:, 1] != held[0, 0]).any()


# Backstop providers


def providers(market):
    """The rows of a market's backstop providers, none if there are none."""
    crowds = [each for each in market.crowds if isinstance(each, BackstopProviders)]
    return slice(crowds[0].first, crowds[0].first + crowds[0].count) if crowds else slice(0, 0)


def crash(budget_coin, seed, **options):
    """(lowest basis in percent, gain in coin, (steps,) whether anything is quoted) of a crash with a backstop."""
    market = backstop(seed=seed, budget_coin=budget_coin, **options)
    rows = providers(market)
    quoting = []
    while market.clock < market.length:
        market.step()
        quoting.append(bool((market.exchange.accounts.orders[rows] >= 0).any()))
    run = market.run()
    basis = 100.0 * float(np.nanmin(run["mid"][900:] / run["index"][900:] - 1.0))
    return basis, float(run.accounts.equity_coin[rows].sum()) - budget_coin, np.array(quoting)


def test_a_backstop_makes_a_crash_shallower_and_earns_by_it():
    without, with_one = (np.array([crash(budget, seed)[:2] for seed in (1, 2, 3)]) for budget in (0.0, 800.0))
    assert np.all(with_one[:, 0] > without[:, 0] + 3.0), "percentage points"
    assert np.all(with_one[:, 1] > 0.0)


def test_a_backstop_stands_only_while_there_are_forced_closes():
    _, _, quoting = crash(800.0, 1)
    assert not quoting[:900].any() and quoting[960:1_200].all()
    _, gain, quoting = crash(800.0, 1, fall=0.0)
    assert gain == 0.0 and not quoting.any()


def test_a_backstop_holds_no_more_than_its_budget_allows():
    market = backstop(seed=1, budget_coin=100.0)
    rows = providers(market)
    while market.clock < market.length:
        market.step()
        held = market.exchange.accounts.contracts[rows]
        assert abs(held).max() <= 1.1 * 2.0 * 10.0 * PRICE and held.min() >= 0
    assert held.max() > 0
