"""Makers who quote by theory: the formula to the tick, the coin's own variance, and the paper's table."""

import math
from dataclasses import replace

import numpy as np
import pytest

from agents import InventoryMakers, NoiseTraders
from analysis.papers.avellaneda_stoikov import PRICE, Binomial, Model, outcomes, table
from analysis.theory import quoting
from sim.contract import Inverse
from sim.index import SpotMarket, SpotVenue
from sim.market import Market
from sim.paths import YEAR_S, GeometricBrownian, Points
from sim.venues import BITMEX, LINEAR, POWER

QUIET = SpotMarket(venues=(SpotVenue(name="One", volume_coin=20_000.0, noise_bps=0.0),))
COARSE = dict(volatility=0.8, horizon_s=3_600.0, reach_bps=5.0, wake_s=0.01, coin=100.0)


def flat(*, price=8_000.0, venue=LINEAR, hours=0.1, **options):
    """A market whose index stays where it is."""
    path = Points(times_s=(0.0,), values=(price,))
    return Market(**dict(seed=1, venue=venue, hours=hours, path=path, spot=QUIET, check=True) | options)


def quoted(market, crowd, held=0):
    """(bid, ask, size bid, size asked) of the crowd's first account after a step, `held` contracts long to begin."""
    if held:
        other = NoiseTraders(market, count=1, coin=1e4, wake_s=1e9, name="Other")
        longs, shorts = ([crowd], [other]) if held > 0 else ([other], [crowd])
        market.endow(abs(held), longs=longs, shorts=shorts)
    market.step()
    orders = market.exchange.orders
    orders = orders[(orders.serial > 0) & (orders.account == crowd.first)]
    (bid,), (ask,) = orders[orders.contracts > 0], orders[orders.contracts < 0]
    tick = float(market.exchange.terms[0].tick)
    return bid.tick * tick, ask.tick * tick, bid.contracts, -ask.contracts


@pytest.mark.parametrize("orders", [0, 3, -7])
def test_quotes_are_those_of_theory_to_the_tick(orders):
    market, aversion = flat(), 5e-4
    size = round(20_000.0 / (8_000.0 * 1e-4))  # contracts of a ten-thousandth of a coin
    crowd = InventoryMakers(market, count=1, risk_aversion=aversion, order_usd=20_000.0, **COARSE)
    bid, ask, buys, sells = quoted(market, crowd, orders * size)
    assert buys == sells == size
    usd = 8_000.0 * COARSE["volatility"] / math.sqrt(YEAR_S)
    coins = 20_000.0 / 8_000.0
    terms = dict(risk_aversion=aversion * coins, volatility=usd, left=3_600.0, decay=1.0 / 4.0)
    told = quoting.quotes(8_000.0, orders, **terms)
    assert bid == math.floor(told[0] / 0.5) * 0.5 and ask == math.ceil(told[1] / 0.5) * 0.5
    assert orders == 0 or abs(0.5 * (bid + ask) - 8_000.0) > 5.0


def test_the_coin_value_of_an_inverse_contract_has_the_variance_that_the_rule_counts():
    contract, price, sigma = Inverse(face=100.0), 8_000.0, 1e-4
    move = price * sigma * np.array([-1.0, 1.0])
    coins = contract.payoff(price + move) * contract.unit
    assert coins.std() ** 2 == pytest.approx(100.0**2 * sigma**2 / price**2, rel=1e-6)


def lean_bps(price, counts_in, aversion):
    """How far below the index a maker stands who is 2 million USD long of an inverse contract at that price."""
    market = flat(price=price, venue=replace(BITMEX, contract=Inverse(tick=0.01, unit=1e-14, highest=20_000.0)))
    crowd = InventoryMakers(
        market, count=1, counts_in=counts_in, risk_aversion=aversion, **COARSE | {"coin": 1_000.0, "leverage": 4.0}
    )
    bid, ask, _, _ = quoted(market, crowd, 2_000_000)
    return 1e4 * (1.0 - 0.5 * (bid + ask) / price)


def test_an_inverse_maker_in_coin_leans_twice_as_far_at_half_the_price_and_one_in_usd_alike():
    usd, coin = 4e-5, 4e-5 * 8_000.0
    assert lean_bps(8_000.0, "coin", coin) == pytest.approx(lean_bps(8_000.0, "usd", usd), rel=1e-3)
    assert lean_bps(4_000.0, "coin", coin) == pytest.approx(2.0 * lean_bps(8_000.0, "coin", coin), rel=5e-3)
    assert lean_bps(4_000.0, "usd", usd) == pytest.approx(lean_bps(8_000.0, "usd", usd), rel=5e-3)
    told = 1e4 * 2e6 * usd * COARSE["volatility"] ** 2 / YEAR_S * 3_600.0
    assert lean_bps(8_000.0, "usd", usd) == pytest.approx(told, rel=5e-3) and told > 30.0


def test_who_is_blind_to_inventory_quotes_about_the_index_whatever_it_holds():
    usual = dict(count=1, risk_aversion=5e-4, leans=False, **COARSE)
    market, bare = flat(), flat()
    held = quoted(market, InventoryMakers(market, **usual), 50_000)
    none = quoted(bare, InventoryMakers(bare, **usual))
    assert held[:2] == none[:2] and none[0] < 8_000.0 < none[1]


def test_nothing_is_quoted_that_would_pass_the_largest_inventory():
    market = flat()
    crowd = InventoryMakers(market, count=1, leverage=2.0, order_usd=100_000.0, **COARSE)
    most = 2 * 100 * 10_000  # contracts, of 100 coins at twofold leverage
    _, _, buys, sells = quoted(market, crowd, most - 40_000)
    assert 0.9 * 40_000 < buys <= 40_000 and sells == 125_000


def test_quotes_narrow_as_the_end_nears_and_widen_with_realised_volatility():
    spreads = {}
    for volatility in (0.4, 1.6):
        path = GeometricBrownian(price=8_000.0, volatility=volatility)
        market = flat(path=path, hours=1.0, step_s=5.0, check=False)
        InventoryMakers(
            market, count=1, coin=100.0, risk_aversion=5e-3, wake_s=0.01, horizon_s=math.inf, ends_s=3_600.0
        )
        spread = market.run()["spread_usd"]
        spreads[volatility] = np.nanmean(spread[180:300]), np.nanmean(spread[-6:])
    for early, late in spreads.values():
        assert early > 2.0 * late
    assert spreads[1.6][0] > 8.0 * spreads[0.4][0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (dict(counts_in="eur"), "counts_in of InventoryMakers must be 'usd' or 'coin'"),
        (dict(risk_aversion=-1.0), "risk_aversion of InventoryMakers must be 0 or more"),
        (dict(horizon_s=-1.0), "horizon_s of InventoryMakers must be 0 or more"),
    ],
)
def test_a_senseless_maker_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        InventoryMakers(flat(), count=1, **options)


def test_coin_is_counted_only_where_the_contract_is_on_the_coin():
    with pytest.raises(ValueError, match="in coin must trade a contract on spot itself"):
        InventoryMakers(flat(venue=POWER), count=1, counts_in="coin")


# Avellaneda and Stoikov's table


def monte_carlo(model, leans, paths=10_000, seed=7):
    """(paths, 2) profit and final inventory of the model itself, without an exchange."""
    chance = np.random.default_rng(seed)
    price, cash, held = np.full(paths, PRICE), np.zeros(paths), np.zeros(paths)
    for move in range(model.moves):
        left = 1.0 - move * model.dt if leans else 0.5
        terms = dict(risk_aversion=model.gamma, volatility=model.sigma, left=left, decay=model.k)
        bid, ask = quoting.quotes(price, held if leans else 0.0, **terms)
        hit = [chance.random(paths) < model.arrivals * model.dt * np.exp(-model.k * each) for each in
               (price - bid, ask - price)]  # fmt: skip
        held += hit[0].astype(float) - hit[1]
        cash += hit[1] * ask - hit[0] * bid
        price += model.sigma * math.sqrt(model.dt) * chance.choice([-1.0, 1.0], paths)
    return np.column_stack([cash + held * price, held])


def test_the_path_moves_every_other_step_by_the_same_amount():
    prices = Binomial(0.25).prices(3, 401, 0.5)
    assert len(prices) == 402 and prices[0] == prices[1] == PRICE
    moves = np.diff(prices)
    assert not moves[1::2].any() and np.all(np.abs(moves[2::2]) == 0.25)
    assert abs(np.mean(moves[2::2] > 0) - 0.5) < 0.14


def test_the_published_table_comes_out():
    """Within four standard errors of here and of the paper's 1,000 paths, and 8 % for its symmetric deviation."""
    paths = 100
    for row in table(paths=paths):
        if math.isnan(row.published):
            continue
        error = row.standard_error * math.sqrt(1.0 + paths / 1_000)
        slack = 0.08 * row.published if row.claim == "symmetric: sd of profit" else 0.005
        assert abs(row.simulated - row.published) < 4.0 * error + slack, row


@pytest.mark.parametrize("gamma", [0.01, 0.5])
def test_other_aversions_agree_with_a_monte_carlo_of_the_model(gamma):
    model, paths = Model(gamma=gamma), 60
    for leans in (True, False):
        told, found = monte_carlo(model, leans), outcomes(model, leans, paths)[:, 1:]
        error = found.std(axis=0, ddof=1) / math.sqrt(paths)
        assert np.all(np.abs(found.mean(axis=0) - told.mean(axis=0)) < 4.5 * error)
        assert np.all(np.abs(np.log(found.std(axis=0) / told.std(axis=0))) < 4.5 / math.sqrt(2 * paths))


def test_other_parameters_have_no_published_number():
    rows = table(paths=6, gamma=0.3)
    assert all(math.isnan(row.published) for row in rows) and len(rows) == 10
    assert all(math.isnan(row.published) for row in table(paths=6, k=2.0))
