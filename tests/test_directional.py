"""Trend followers, breakouts and mean reverters: which way they go, how much, when, and what takes them out."""

import math

import numpy as np
import pytest

from agents import (
    Breakouts,
    FixedFraction,
    Listed,
    MarketMakers,
    MeanReverters,
    RiskPerStop,
    TrendFollowers,
    VolatilityTarget,
)
from sim.index import SpotMarket, SpotVenue
from sim.market import Market
from sim.paths import GeometricBrownian, Points

QUIET = SpotMarket(venues=(SpotVenue(name="One", volume_coin=20_000.0, noise_bps=0.0),))
UP = Points(times_s=(0.0, 1_800.0, 3_600.0), values=(8_000.0, 8_000.0, 8_400.0))
DOWN = Points(times_s=(0.0, 1_800.0, 3_600.0), values=(8_000.0, 8_000.0, 7_600.0))
BACK = Points(times_s=(0.0, 1_800.0, 2_400.0, 3_600.0), values=(8_000.0, 8_000.0, 8_400.0, 7_900.0))


def watched(kind, *, path=UP, hours=1.0, step_s=5.0, **options):
    """A deep market in which ten of one crowd trade: (market, crowd, their rows)."""
    market = Market(seed=1, hours=hours, step_s=step_s, path=path, spot=QUIET, check=True)
    MarketMakers(market, count=5, coin=1_000.0, volatility_limit=1e9, loss_limit=1.0)
    usual = dict(count=10, coin=1.0, wake_s=20.0, stop_loss=1.0, sizing=FixedFraction(4.0))
    crowd = kind(market, **usual | options)
    return market, crowd, slice(crowd.first, crowd.first + crowd.count)


def held(market, rows):
    """(accounts,) contracts."""
    return market.exchange.accounts.contracts[rows]


def history(market, rows):
    """(steps, accounts) contracts after each step of the rest of the run."""
    after = []
    while market.clock < market.length:
        market.step()
        after.append(held(market, rows).copy())
    return np.array(after)


@pytest.mark.parametrize(("path", "way"), [(UP, 1), (DOWN, -1)])
@pytest.mark.parametrize(("kind", "sign"), [(TrendFollowers, 1), (Breakouts, 1), (MeanReverters, -1)])
def test_trend_goes_with_the_price_and_reversion_against_it(kind, sign, path, way):
    market, _, rows = watched(kind, path=path)
    steps = history(market, rows)
    assert not steps[:355].any(), "a price that stands still is no signal"
    assert np.all(steps[-1] * sign * way > 0)


@pytest.mark.parametrize("kind", [TrendFollowers, Breakouts, MeanReverters])
def test_a_full_signal_is_as_large_as_the_sizing_rule_says_on_entry_or_always(kind):
    full = {} if kind is Breakouts else dict(full=1e-3)
    sizes, worth, marks = {}, {}, {}
    for resizes in (0.0, 1.0):
        market, crowd, rows = watched(kind, band=0.01, resizes=resizes, **full)
        steps = history(market, rows)
        sizes[resizes], worth[resizes], marks[resizes] = steps, equity(market, rows), market.exchange.now[0].mark
    entered = np.array([each[np.flatnonzero(each)[0]] for each in sizes[0.0].T])
    assert np.abs(entered) / 8_000.0 == pytest.approx(4.0, rel=0.03) and np.array_equal(sizes[0.0][-1], entered)
    assert np.abs(sizes[1.0][-1]) / marks[1.0] / worth[1.0] == pytest.approx(4.0, rel=0.03)


def equity(market, rows):
    """(accounts,) coin."""
    accounts, now = market.exchange.accounts[rows], market.exchange.now[0]
    return 1e-12 * (accounts.wallet + accounts.margin + accounts.cost + accounts.contracts * now.mark_units)


def test_a_weaker_signal_is_a_smaller_position_and_it_is_added_to():
    market, _, rows = watched(MeanReverters, path=DOWN, full=80.0, enters=1.0, band=0.02)
    sizes = history(market, rows)[:, 0]
    grown = np.unique(sizes[sizes > 0])
    assert len(grown) > 5 and grown[-1] > 3 * grown[0]


def test_twice_the_volatility_is_half_the_position():
    sizes = []
    for volatility in (0.5, 1.0):
        path = GeometricBrownian(price=8_000.0, volatility=volatility)
        always = dict(enters=0.0, leaves=0.0, full=1e-6, band=0.0, resizes=1.0)
        market, _, rows = watched(TrendFollowers, path=path, sizing=VolatilityTarget(1.0), hours=3.0, **always)
        sizes.append(np.abs(history(market, rows)[1_000:]).mean() / 8_000.0)
    assert sizes[0] == pytest.approx(2.0, rel=0.15) and sizes[0] / sizes[1] == pytest.approx(2.0, rel=0.15)


def test_a_stop_takes_them_out_and_they_stay_out_while_the_signal_lasts():
    market, crowd, rows = watched(MeanReverters, path=DOWN, stop_loss=0.01, full=1e-3)
    steps = history(market, rows)
    bought = (steps > 0).argmax(axis=0)
    out = [np.flatnonzero(steps[first:, k] == 0)[0] + first for k, first in enumerate(bought)]
    assert all(not steps[at:, k].any() for k, at in enumerate(out)), "the fall goes on, so does the signal"
    assert market.exchange.now[0].stopped == crowd.count and np.all(crowd.traits.barred == 1.0)
    lost = 1.0 - equity(market, rows)
    assert np.all((lost > 0.03) & (lost < 0.06)), "one percent and two fees, at four times"


def test_a_stop_bounds_what_a_trade_costs_by_the_risk_that_sized_it():
    market, _, rows = watched(MeanReverters, path=DOWN, stop_loss=0.01, full=1e-3, sizing=RiskPerStop(0.03))
    market.run()
    fees = 3.0 * 2 * 0.00075
    assert 1.0 - equity(market, rows) == pytest.approx(0.03 + fees, rel=0.2)


def test_who_was_stopped_trades_the_other_side_when_the_signal_turns():
    market, _, rows = watched(MeanReverters, path=BACK, stop_loss=0.01, full=1e-3)
    steps = history(market, rows)
    assert np.all(steps.min(axis=0) < 0) and np.all(steps.max(axis=0) > 0)


def test_a_target_closes_at_its_price_with_a_profit():
    market, crowd, rows = watched(TrendFollowers, path=UP, take_profit=0.01)
    steps = history(market, rows)
    assert np.all(steps.max(axis=0) > 0) and not steps[-1].any() and np.all(crowd.traits.barred == 1.0)
    assert np.all(equity(market, rows) > 1.03)
    resting = market.exchange.orders[market.exchange.orders.serial > 0]
    assert not np.isin(resting.account, np.arange(rows.start, rows.stop)).any()


def test_who_sees_late_acts_late():
    entered = []
    for latency_s in (0.0, 300.0):
        market, _, rows = watched(TrendFollowers, path=UP, latency_s=latency_s, wake_s=5.0)
        entered.append(5.0 * (history(market, rows) > 0).argmax(axis=0).mean())
    assert 300.0 < entered[1] - entered[0] < 620.0


def test_a_signal_is_measured_in_standard_deviations_of_a_random_walk():
    path = GeometricBrownian(price=8_000.0, volatility=0.8)
    market = Market(seed=3, hours=120.0, step_s=20.0, path=path, spot=QUIET)
    common = dict(count=1, wake_s=1e-3, sizing=FixedFraction(1e-9))
    trend = TrendFollowers(market, fast_s=120.0, slow_s=600.0, **common)
    reversion = MeanReverters(market, average_s=600.0, **common)
    a, b, crossings, departures = math.log(2) / 120.0, math.log(2) / 600.0, [], []
    while market.clock < market.length:
        market.step()
        if market.clock % 15 == 0 and market.clock > 90:
            variance, mark = market.exchange.now[0].variance, market.exchange.now[0].mark
            spread = math.sqrt(variance * (0.5 / a + 0.5 / b - 2.0 / (a + b)))
            crossings.append((trend.traits.fast[0] - trend.traits.slow[0]) / spread)
            departures.append((math.log(mark) - reversion.traits.average[0]) / math.sqrt(variance * 0.5 / b))
    assert np.std(crossings) == pytest.approx(1.0, abs=0.12) and np.std(departures) == pytest.approx(1.0, abs=0.12)


def test_a_size_beyond_the_leverage_chosen_is_refused():
    with pytest.raises(ValueError, match="sizing of TrendFollowers must stay within max_leverage 5"):
        watched(TrendFollowers, sizing=FixedFraction(6.0), max_leverage=5.0)
    watched(TrendFollowers, sizing=FixedFraction(6.0), max_leverage=5.0, appetite=Listed((0.5, 0.8)))
