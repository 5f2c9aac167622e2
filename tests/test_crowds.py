"""What every crowd promises, and what each says of itself.

A crowd that is listed in `agents.CROWDS` is held to the promises; so is one written by a user, in numpy.
"""

import gc
import math
import os
import subprocess
import sys
import weakref
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import agents
from agents import (
    CROWDS,
    Arbitrageurs,
    Choice,
    CrossVenueArbitrageurs,
    Crowd,
    Exponential,
    HedgedMakers,
    LeveragedLongs,
    LeveragedShorts,
    Listed,
    LogNormal,
    MarketMakers,
    NoiseTraders,
    Pareto,
    Uniform,
)
from sim.exchange import MARK
from sim.index import SpotMarket, SpotVenue
from sim.market import Market
from sim.paths import GeometricBrownian, Points, Shock, Shocked
from sim.venues import POWER
from tests.storm import brew, same, storm

HOME = Path(__file__).resolve().parent.parent
FLAT = Points(times_s=(0.0,), values=(8_000.0,))
QUIET = SpotMarket(venues=(SpotVenue(name="One", volume_coin=20_000.0, noise_bps=0.0),))


@dataclass(kw_only=True, eq=False)
class DipBuyers(Crowd):
    """Buy once the mark has fallen `dip_bps` below its high of the run; sell half of the time what was bought."""

    dip_bps: float = 100.0
    order_contracts: int = 2_000
    wake_s: float = 30.0

    def decide(self, view, me):
        fallen = view.mark < (1 - 1e-4 * self.dip_bps) * view.highest_mark
        leaves = (me.dice.uniform(0) < 0.5) & ~me.flat
        return [
            me.at_market(me.flat & fallen, self.order_contracts),
            me.limit(leaves, -me.contracts, view.mark * 1.001, lifetime_s=60.0, reduce_only=True),
        ]


KINDS = {kind.__name__: kind for kind in (*CROWDS, DipBuyers)}
CONTENT = {"FundingHarvesters": dict(hurdle_bps=-50.0), "CrossVenueArbitrageurs": dict(hurdle_bps=-25.0)}
"""Who would stay away in so small a market is content with a loss."""


def joined(kind, **options):
    """A function that lets a small crowd of that kind join a market; who trades at two exchanges finds another one."""
    options = dict(count=15, name="Watched", wake_s=20.0) | CONTENT.get(kind.__name__, {}) | options
    if kind is CrossVenueArbitrageurs:
        return lambda market: kind(market, other=calmer(market), **options)
    return partial(kind, **options)


def calmer(market):
    """A further exchange beside the market, with many makers."""
    other = market.beside("Calmer")
    MarketMakers(other, count=20, coin=20.0)
    NoiseTraders(other, count=20, coin=2.0)
    return other


def asleep(name):
    """A function that lets a crowd join that never does anything."""
    return partial(Crowd, count=7, name=name, wake_s=np.inf, coin=3.0)


def of(market, name):
    """The crowd of that name and its rows."""
    crowd = next(each for each in market.crowds if each.name == name)
    return crowd, slice(crowd.first, crowd.first + crowd.count)


# Promises


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_crowd_keeps_the_laws_and_repeats_itself(kind):
    runs = [brew(crowds=[joined(kind)], fund_coin=2.0, fills=True).run() for _ in range(2)]
    same(*runs)
    watched = runs[0].accounts.account[runs[0].accounts.crowd == "Watched"]
    traded = np.isin(runs[0].fills.taker, watched).any() or np.isin(runs[0].fills.maker, watched).any()
    assert traded == (kind.messages_per_wake > 0), "who sends nothing trades elsewhere"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_crowd_that_sleeps_changes_nothing_wherever_it_joins(kind):
    plain = brew(crowds=[joined(kind)], hours=0.2)
    crowded = brew(crowds=[joined(kind), asleep("After")], before=[asleep("Before")], hours=0.2)
    one, other = plain.run(), crowded.run()
    assert one.series.tobytes() == other.series.tobytes()
    traders = np.delete(other.accounts, np.flatnonzero(np.isin(other.accounts.crowd, ("Before", "After"))))
    for name in ("contracts", "wallet_coin", "margin_coin", "equity_coin", "liquidations", "crowd"):
        assert np.array_equal(one.accounts[name], traders[name]), name


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_traits_waking_times_and_dice_are_an_accounts_own(kind):
    """They stay what they are when another crowd trades too, and when spot falls or does not."""
    varied = dict(coin=LogNormal(2.0, 0.5), wake_s=Exponential(30.0))
    calm = Shocked(GeometricBrownian(price=8_000.0), ())
    worlds = [
        brew(crowds=[joined(kind, **varied)], hours=0.2),
        brew(crowds=[joined(kind, **varied)], before=[partial(NoiseTraders, count=9, name="More")], hours=0.2),
        brew(crowds=[joined(kind, **varied), partial(NoiseTraders, count=9, name="More")], path=calm, hours=0.2),
    ]
    first, *others = [of(market, "Watched") for market in worlds]
    declared = [name for name in first[0].traits.names if name not in kind.memory]
    for crowd, _ in others:
        assert all(np.array_equal(crowd.traits[name], first[0].traits[name]) for name in declared)
    for _ in range(100):
        for market in worlds:
            market.step()
        accounts = [market.exchange.clocks[rows] for market, (_, rows) in zip(worlds, [first, *others], strict=True)]
        assert all(np.array_equal(each.wake_step, accounts[0].wake_step) for each in accounts)
        assert all(np.array_equal(each.wakes, accounts[0].wakes) for each in accounts)
        drawn = [crowd.dice(crowd.first + np.arange(crowd.count)).uniform(2) for crowd, _ in [first, *others]]
        assert all(np.array_equal(each, drawn[0]) for each in drawn)
    assert len({market.exchange.now[0].mark for market in worlds}) > 1


def test_two_crowds_of_one_class_draw_their_own():
    market = Market(seed=1, hours=0.1)
    one, other = (NoiseTraders(market, count=200, coin=Uniform(0, 1), name=name) for name in ("One", "Other"))
    assert abs(np.corrcoef(one.traits.coin, other.traits.coin)[0, 1]) < 0.25
    again = NoiseTraders(Market(seed=2, hours=0.1), count=200, coin=Uniform(0, 1), name="One")
    assert abs(np.corrcoef(one.traits.coin, again.traits.coin)[0, 1]) < 0.25
    longer = NoiseTraders(Market(seed=1, hours=0.1), count=300, coin=Uniform(0, 1), name="One")
    assert np.array_equal(longer.traits.coin[:200], one.traits.coin)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_nobody_looks_ahead(kind):
    """A shock from step 100 on leaves every state before it as it was, bit for bit."""
    base = GeometricBrownian(price=8_000.0)
    fall = Shocked(base, (Shock(at_s=495.1, log_size=-0.3),))
    markets = [brew(crowds=[joined(kind)], path=path, hours=0.2) for path in (base, fall)]
    for _ in range(99):
        for market in markets:
            market.step()
    ours, theirs = (market.exchange for market in markets)
    assert ours.accounts.tobytes() == theirs.accounts.tobytes() and ours.orders.tobytes() == theirs.orders.tobytes()
    for market in markets:
        market.step()
    assert ours.accounts.tobytes() != theirs.accounts.tobytes()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_nobody_sends_more_than_announced(kind, monkeypatch):
    market = brew(crowds=[joined(kind)], cross=False)
    most, write = [], kind.write

    def counted(self, rows, count):
        after = write(self, rows, count)
        most.append((after - count) / max(len(rows), 1))
        assert set(np.unique(self.market.messages["account"][count:after])) <= set(np.asarray(rows).tolist())
        if self.kernel:
            accounts = self.market.messages["account"][count:after]
            assert np.unique(accounts, return_counts=True)[1].max(initial=0) <= self.messages_per_wake
        return after

    monkeypatch.setattr(kind, "write", counted)
    market.run()
    assert (max(most) > 0) == (kind.messages_per_wake > 0)


@pytest.mark.parametrize("levels", [1, 3, 8, Choice((1, 9))])
def test_makers_announce_as_many_messages_as_their_levels_need(levels):
    market = Market(seed=1, hours=0.1, path=FLAT, check=True)
    makers = MarketMakers(market, count=30, coin=50.0, levels=levels, wake_s=0.1)
    assert makers.messages_per_wake == 1 + 2 * makers.traits.levels.max()
    market.run()


TINY = """
import hashlib
from tests.storm import brew
from tests.test_crowds import DipBuyers, joined
market = brew(crowds=[joined(DipBuyers)], hours=0.13, step_s=20.0, fund_coin=1.0, fills=True, check=False)
run = market.run()
tables = run.series, run.accounts, run.liquidations, run.fills, run.adl
print(hashlib.sha256(b"".join(table.tobytes() for table in tables)).hexdigest(), len(run.fills), len(run.liquidations))
"""


def test_compiled_rules_are_the_interpreted_ones_bit_for_bit():
    said = []
    for jit in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": jit, "PYTHONPATH": str(HOME)}
        done = subprocess.run([sys.executable, "-c", TINY], cwd=HOME, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout.split())
    assert said[0] == said[1] and int(said[0][1]) > 100 and int(said[0][2]) > 0


def test_every_exported_crowd_is_on_the_list():
    exported = {value for value in vars(agents).values() if isinstance(value, type) and issubclass(value, Crowd)}
    assert exported - {Crowd} == set(CROWDS)


# Distributions

UNIFORM = (np.arange(20_000) + 0.5) / 20_000


@pytest.mark.parametrize(
    "distribution, mean, median, least, most",
    [
        (Uniform(2.0, 6.0), 4.0, 4.0, 2.0, 6.0),
        (LogNormal(5.0, 0.5), 5.0 * np.exp(0.125), 5.0, 0.0, np.inf),
        (LogNormal(5.0, 1.0, low=5.0, high=5.0 * np.e), 5.0 * np.exp(0.5), None, 5.0, 5.0 * np.e),
        (Exponential(3.0), 3.0, 3.0 * np.log(2), 0.0, np.inf),
        (Pareto(2.0, 3.0), 3.0, 2.0 * 2 ** (1 / 3), 2.0, np.inf),
        (Pareto(1.0, 1.0, high=np.e), np.e / (np.e - 1), None, 1.0, np.e),
        (Choice((1.0, 2.0, 4.0), (2.0, 1.0, 1.0)), 2.0, None, 1.0, 4.0),
        (Choice((3.0, 7.0)), 5.0, None, 3.0, 7.0),
    ],
)
def test_a_distribution_has_its_mean_its_median_and_its_bounds(distribution, mean, median, least, most):
    drawn = distribution.at(UNIFORM)
    assert drawn.mean() == pytest.approx(mean, rel=5e-3)
    assert np.all(np.diff(drawn) >= 0) and drawn.min() >= least and drawn.max() <= most * (1 + 1e-12)
    if median is not None:
        assert np.median(drawn) == pytest.approx(median, rel=1e-3)
    extremes = distribution.at(np.array([2.0**-33, 1 - 2.0**-33]))
    assert np.all(np.isfinite(extremes))


def test_a_truncated_log_normal_is_the_part_between_its_bounds():
    drawn = LogNormal(5.0, 0.8, low=3.0, high=9.0).at(UNIFORM)
    free = LogNormal(5.0, 0.8).at((np.arange(400_000) + 0.5) / 400_000)
    inside = free[(free >= 3.0) & (free <= 9.0)]
    for share in (0.1, 0.5, 0.9):
        assert np.quantile(drawn, share) == pytest.approx(np.quantile(inside, share), rel=1e-3)


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: Uniform(2.0, 1.0), "high must be at least low"),
        (lambda: Uniform(float("nan"), 1.0), "high must be at least low"),
        (lambda: LogNormal(0.0, 1.0), "median and sigma must be positive"),
        (lambda: LogNormal(1.0, -1.0), "median and sigma must be positive"),
        (lambda: LogNormal(1.0, 1.0, low=3.0, high=2.0), "low below high"),
        (lambda: Exponential(0.0), "mean must be positive"),
        (lambda: Pareto(0.0, 1.0), "low must be positive"),
        (lambda: Pareto(1.0, 0.0), "alpha positive"),
        (lambda: Pareto(2.0, 1.0, high=1.0), "below high"),
        (lambda: Choice(()), "weights must be empty or one for each value"),
        (lambda: Choice((1, 2), (1,)), "weights must be empty or one for each value"),
        (lambda: Choice((1, 2), (1, -1)), "zero or positive"),
        (lambda: Choice((1, 2), (0, 0)), "positive sum"),
    ],
)
def test_a_senseless_distribution_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()


# Market makers


def quiet(*, seed=1, hours=0.1, path=FLAT, **options):
    """A market on one spot venue without noise."""
    return Market(**dict(seed=seed, hours=hours, path=path, spot=QUIET, check=True) | options)


def quoted(market, rows):
    """{row: (bids, asks)} in USD of those rows, best first."""
    orders = market.exchange.orders[market.exchange.orders.serial > 0]
    tick, sides = float(market.exchange.terms[0].tick), {}
    for row in range(rows.start, rows.stop):
        own = orders[orders.account == row]
        sides[row] = (np.sort(own.tick[own.contracts > 0])[::-1] * tick, np.sort(own.tick[own.contracts < 0]) * tick)
    return sides


def test_makers_quote_both_sides_and_lean_against_their_inventory():
    market = quiet()
    makers = MarketMakers(market, count=2, coin=100.0, wake_s=0.01, half_spread_bps=5.0)
    rows = slice(makers.first, makers.first + 2)
    market.step()
    for bids, asks in quoted(market, rows).values():
        assert len(bids) == len(asks) == 3 and bids[0] < 8_000.0 < asks[0]
        assert (8_000.0 - bids[0]) == pytest.approx(4.0, abs=0.5) and (asks[0] - 8_000.0) == pytest.approx(4.0, abs=0.5)
    leaning = quiet()
    long = MarketMakers(leaning, count=1, coin=100.0, wake_s=0.01, half_spread_bps=5.0, name="Long")
    short = MarketMakers(leaning, count=1, coin=100.0, wake_s=0.01, half_spread_bps=5.0, name="Short")
    leaning.endow(2_000_000, longs=[long], shorts=[short])
    leaning.step()
    (ours,), (theirs,) = (list(quoted(leaning, of(leaning, name)[1]).values()) for name in ("Long", "Short"))
    assert ours[0][0] < theirs[0][0] and ours[1][0] < theirs[1][0]
    orders = leaning.exchange.orders
    size = [np.abs(orders.contracts[(orders.serial > 0) & (orders.account == long.first) & side]).sum()
            for side in (orders.contracts > 0, orders.contracts < 0)]  # fmt: skip
    assert size[0] < size[1], "who is long bids for less than it offers"


@pytest.mark.parametrize(("index", "taken"), [(8_012.0, False), (8_060.0, True)])
def test_makers_queue_behind_a_stray_offer_just_below_their_bid_and_take_one_far_below(index, taken):
    market = quiet(path=Points(times_s=(0.0, 2.0, 3.0), values=(8_000.0, 8_000.0, index)))
    MarketMakers(market, count=1, coin=100.0, wake_s=0.01, half_spread_bps=2.0, takes_bps=20.0)
    stray = Stray(market, count=1, coin=1.0, wake_s=0.01, price=8_005.0)
    for _ in range(3):
        market.step()
    assert market.exchange.accounts[stray.first].contracts == (-100 if taken else 0)
    assert taken or market.exchange.now[0].bid < market.exchange.now[0].ask == 16_010


@pytest.mark.parametrize(("index", "taken"), [(7_988.0, False), (7_940.0, True)])
def test_makers_queue_behind_a_stray_bid_just_above_their_offer_and_take_one_far_above(index, taken):
    market = quiet(path=Points(times_s=(0.0, 2.0, 3.0), values=(8_000.0, 8_000.0, index)))
    MarketMakers(market, count=1, coin=100.0, wake_s=0.01, half_spread_bps=2.0, takes_bps=20.0)
    stray = Stray(market, count=1, coin=1.0, wake_s=0.01, price=7_995.0, size=100)
    for _ in range(3):
        market.step()
    assert market.exchange.accounts[stray.first].contracts == (100 if taken else 0)
    assert taken or market.exchange.now[0].ask > market.exchange.now[0].bid == 15_990


@dataclass(kw_only=True, eq=False)
class Stray(Crowd):
    """Sends one order of `size` at `price`."""

    price: float = 8_000.0
    size: int = -100

    def decide(self, view, me):
        return me.limit(me.flat & (view.step == 1), self.size, self.price)


@pytest.mark.parametrize("side", [1, -1])
def test_an_arbitrageur_takes_every_level_that_still_pays_and_none_that_does_not(side):
    market = quiet()
    away = side * 8_000.0 * np.array([0.004, 0.003, 0.0005])
    for number, price in enumerate(8_000.0 + away):
        Quoter(market, count=1, coin=10.0, wake_s=0.01, name=f"Quoter {number}", price=price, size=side * 50)
    crowd = Arbitrageurs(market, count=1, coin=50.0, spot_coin=50.0, spot_usd_coin=50.0, wake_s=0.01, hurdle_bps=5.0)
    for _ in range(3):
        market.step()
    assert market.exchange.accounts[crowd.first].contracts == -side * 100, "two levels pay, the third does not"


def test_an_arbitrageur_pauses_between_two_orders():
    market = quiet(fills=True)
    Quoter(market, count=1, coin=100.0, wake_s=0.01, price=8_080.0, size=-50_000)
    pausing = dict(order_share=0.02, pause_s=4.0, wake_s=0.01, most_leverage=1e6)
    crowd = Arbitrageurs(market, count=1, coin=10.0, spot_coin=50.0, spot_usd_coin=50.0, **pausing)
    Quoter(market, count=1, coin=100.0, wake_s=0.01, price=8_040.0, size=50_000, name="Bid")
    for _ in range(30):
        market.step()
    fills = np.concatenate(market.fills)
    steps = np.unique(fills["step"][fills["taker"] == crowd.first])
    assert len(steps) > 5 and set(np.diff(steps)) == {4}


@dataclass(kw_only=True, eq=False)
class Quoter(Crowd):
    """Rests one order of `size` at `price`, and the other side far away."""

    price: float = 8_000.0
    size: int = 50

    def decide(self, view, me):
        first = np.full(len(me.rows), view.step == 1)
        far = 4_000.0 if self.size < 0 else 16_000.0
        return [me.limit(first, self.size, self.price), me.limit(first, np.negative(np.sign(self.size)) * 50, far)]


def test_a_market_that_nobody_holds_is_forgotten():
    market = quiet()
    crowds = [NoiseTraders(market, count=2, name="One"), NoiseTraders(market, count=2, name="Two")]
    assert [each.unique_id for each in crowds] == [1, 2] and len(market.agents) == 2
    kept = weakref.ref(market)
    del market, crowds
    gc.collect()
    assert kept() is None


def test_listed_values_go_to_accounts_in_turn():
    crowd = NoiseTraders(quiet(), count=5, coin=Listed((1.0, 2.0)), name="Listed")
    assert crowd.traits.coin.tolist() == [1.0, 2.0, 1.0, 2.0, 1.0]
    with pytest.raises(ValueError, match="values must hold at least one number"):
        Listed(())


def test_makers_widen_and_shrink_with_volatility():
    spreads, depths = [], []
    for volatility in (0.4, 3.0, 6.0):
        market = quiet(path=GeometricBrownian(price=8_000.0, volatility=volatility), hours=0.3)
        MarketMakers(market, count=5, coin=100.0, volatility_limit=100.0)
        series = market.run().series[300:]
        spreads.append(series.spread_usd.mean())
        depths.append(series.depth_ask_contracts.mean())
    assert spreads[0] < spreads[1] < spreads[2] and depths[0] > depths[1] > depths[2]
    assert spreads[2] > 2 * spreads[0]


def test_makers_leave_when_it_is_wild_and_return_after_their_delay():
    path = Shocked(FLAT, (Shock(at_s=60.0, log_size=-0.03),))
    market = quiet(path=path, hours=1.0)
    MarketMakers(market, count=8, coin=100.0, wake_s=2.0, volatility_limit=2.0, return_s=300.0)
    run = market.run()
    gone = np.isnan(run["bid"]) & np.isnan(run["ask"])
    assert not gone[10:55].any() and gone[80:350].all() and not gone[-300:].any()


def test_makers_leave_on_a_loss():
    path = Shocked(FLAT, (Shock(at_s=60.0, log_size=-0.06),))
    market = quiet(path=path, hours=0.3)
    long = MarketMakers(market, count=4, coin=10.0, wake_s=1.0, volatility_limit=1e9, loss_limit=0.1, return_s=1e6)
    short = MarketMakers(market, count=4, coin=10.0, wake_s=1.0, volatility_limit=1e9, return_s=1e6, name="Short")
    market.endow(1_000_000, longs=[long], shorts=[short])
    market.run()
    left = {name: np.mean([len(bids) + len(asks) for bids, asks in quoted(market, of(market, name)[1]).values()])
            for name in ("MarketMakers", "Short")}  # fmt: skip
    assert left["MarketMakers"] == 0.0 < left["Short"]


@pytest.mark.parametrize("kind", [MarketMakers, HedgedMakers])
def test_makers_who_see_their_own_lean_drag_the_price_away_and_those_who_take_it_out_do_not(kind):
    """They set the price alone, so each lean that is remembered is leant from again: 1 + 3600 / 600 times 10 bp."""
    basis = {}
    for seen in (0.0, 1.0):
        market = quiet(hours=6.0, step_s=5.0)
        usual = dict(lean_seen=seen, half_spread_bps=1.0, skew_bps=20.0, leverage=5.0)
        long = kind(market, count=4, coin=100.0, wake_s=5.0, **usual)
        short = NoiseTraders(market, count=4, coin=100.0, wake_s=1e9)
        market.endow(8_000_000, longs=[long], shorts=[short])
        run = market.run()
        basis[seen] = 1e4 * np.mean(run["mid"][-60:] / run["index"][-60:] - 1.0)
    assert -15.0 < basis[0.0] < -8.0 and 5.0 < basis[1.0] / basis[0.0] < 8.0


def test_hedged_makers_lay_off_what_they_hold_and_send_for_the_margin_they_lose():
    path = Shocked(FLAT, (Shock(at_s=300.0, log_size=-0.1, over_s=60.0),))
    market = quiet(path=path, hours=1.0, step_s=5.0)
    options = dict(leverage=3.0, wake_s=5.0, spot_coin=400.0, spot_usd_coin=400.0, transfer_s=60.0)
    makers = HedgedMakers(market, count=4, coin=100.0, **options)
    short = NoiseTraders(market, count=4, coin=100.0, wake_s=1e9)
    market.endow(6_000_000, longs=[makers], shorts=[short])
    market.run()
    rows = slice(makers.first, makers.first + makers.count)
    held, holdings = market.exchange.accounts[rows], market.spot.state.holdings[makers.first_holding :][:4]
    assert np.abs(held.contracts - makers.traits.hedged).max() < 0.05 * 3.0 * 100.0 * 8_000
    sold = 400.0 * 1e12 - holdings.coin - np.abs(holdings.transit) - (held.deposits - 100 * 10**12)
    assert 1e-12 * sold == pytest.approx(held.contracts / 8_000.0, rel=0.1)
    assert np.all(held.deposits > 100 * 10**12), "coin came when the fall had cost a tenth of the margin"


def test_hedged_makers_need_a_contract_on_spot_itself():
    with pytest.raises(ValueError, match="HedgedMakers must trade a contract on spot itself"):
        HedgedMakers(quiet(venue=POWER), count=1)


# Arbitrageurs


def pushed(*, arbitrageurs=10, seed=1, side=LeveragedLongs, hours=1.0, **options):
    """A market whose longs (or shorts) push the contract away from spot."""
    market = quiet(seed=seed, hours=hours, path=GeometricBrownian(price=8_000.0, volatility=0.4), step_s=5.0)
    MarketMakers(market, count=5, coin=20.0, basis_half_life_s=60.0, convergence_s=1e9, skew_bps=40.0)
    NoiseTraders(market, count=100, coin=2.0)
    side(market, count=200, coin=2.0, leverage=5.0, entry=0.2, wake_s=300.0, horizon_s=1e9)
    Arbitrageurs(market, count=arbitrageurs, coin=50.0, spot_coin=50.0, spot_usd_coin=50.0, **options)
    return market


@pytest.mark.parametrize("side", [LeveragedLongs, LeveragedShorts])
def test_arbitrageurs_narrow_the_basis(side):
    basis = {}
    for count in (0, 10):
        runs = [pushed(arbitrageurs=count, seed=seed, side=side).run() for seed in range(4)]
        basis[count] = [np.nanmean(run["mid"] / run["index"] - 1) for run in runs]
    sign = 1 if side is LeveragedLongs else -1
    without, narrowed = sign * np.array(basis[0]), sign * np.array(basis[10])
    difference = without - narrowed
    assert without.mean() > 1e-3 and difference.mean() > 3 * difference.std(ddof=1) / 2 and narrowed.mean() > -2e-4


@pytest.mark.parametrize("side", [LeveragedLongs, LeveragedShorts])
def test_arbitrageurs_stay_hedged_and_never_sell_what_they_lack(side):
    market = pushed(side=side, transfer_s=120.0)
    crowd, rows = of(market, "Arbitrageurs")
    begun, spot = market.spot.state.holdings.copy(), market.spot
    while market.clock < market.length:
        market.step()
        assert spot.state.holdings.coin[1:].min() >= 0 and spot.state.holdings.usd[1:].min() >= 0
    held = market.exchange.accounts.contracts[rows]
    assert abs(held).sum() > 1_000_000
    assert np.abs(held - crowd.traits.hedged).max() <= np.abs(held).max() * 0.05 + 10
    holdings = spot.state.holdings[crowd.first_holding : crowd.first_holding + crowd.count]
    bought = (holdings.coin - begun.coin[-crowd.count :]) * 1e-12
    assert np.sign(bought.sum()) == -np.sign(held.sum())


def test_arbitrageurs_take_the_spot_leg_in_the_right_size():
    market = pushed(transfer_s=1e6, most_leverage=1e6)
    crowd, rows = of(market, "Arbitrageurs")
    before = market.spot.state.holdings.coin[crowd.first_holding :].sum()
    run = market.run()
    held = -market.exchange.accounts.contracts[rows].sum()
    bought = (market.spot.state.holdings.coin[crowd.first_holding :].sum() - before) * 1e-12
    assert held > 0 and bought == pytest.approx(held / run["index"].mean(), rel=0.03)


def test_transfers_take_their_time_and_longer_under_stress():
    waits = {}
    for volatility in (0.4, 6.0):
        path = GeometricBrownian(price=8_000.0, volatility=volatility)
        market = quiet(path=path, hours=1.5, step_s=10.0, check=False)
        MarketMakers(market, count=3, coin=100.0, volatility_limit=1e9)
        needy = dict(leverage=0.2, most_leverage=0.5, transfer_s=300.0, wake_s=30.0)
        arbs = Arbitrageurs(market, count=60, coin=3.0, spot_coin=30.0, **needy)
        others = LeveragedLongs(market, count=5, coin=100.0, entry=0.0, horizon_s=1e9, stop_loss=1.0)
        market.endow(1_000_000, longs=[others], shorts=[arbs])
        market.exchange.now.variance[:] = volatility**2 / (365 * 86_400.0)
        seen, deposits, drawn = {}, market.exchange.accounts.deposits.copy(), []
        while market.clock < market.length:
            market.step()
            moving = market.spot.state.holdings[arbs.first_holding :]
            for row in np.flatnonzero(moving.transit):
                key = (row, int(moving.arrives_step[row]))
                if key not in seen:
                    seen[key] = market.clock
                    drawn.append((key[1] - market.clock) * 10.0)
                    assert moving.arrives_step[row] > market.clock
        waits[volatility] = np.mean(drawn)
        assert len(drawn) >= 50 and (market.exchange.accounts.deposits - deposits).max() > 0
    assert 200.0 < waits[0.4] < 450.0 and waits[6.0] > 1.7 * waits[0.4]


# Leveraged traders


def directional(kind=LeveragedLongs, *, path=FLAT, hours=0.5, step_s=5.0, cross=True, **options):
    """A deep market in which one crowd of directional traders acts."""
    market = quiet(path=path, hours=hours, step_s=step_s)
    MarketMakers(market, count=5, coin=1_000.0, volatility_limit=1e9, loss_limit=1.0)
    usual = dict(count=40, coin=1.0, leverage=5.0, wake_s=60.0, name="Watched", cross=cross)
    crowd = kind(market, **usual | options)
    return market, crowd, slice(crowd.first, crowd.first + crowd.count)


@pytest.mark.parametrize("kind, side", [(LeveragedLongs, 1), (LeveragedShorts, -1)])
def test_leveraged_traders_enter_on_their_side_with_their_leverage(kind, side):
    market, crowd, rows = directional(kind, entry=1.0, horizon_s=1e9, leverage=LogNormal(5.0, 0.5, 1.0, 20.0))
    market.run()
    held = market.exchange.accounts.contracts[rows]
    assert np.all(held * side > 0)
    assert np.abs(held) / 8_000.0 == pytest.approx(crowd.traits.leverage, rel=0.04)
    idle, _, rows = directional(kind, entry=0.0)
    idle.run()
    assert not idle.exchange.accounts.contracts[rows].any()


def test_who_waits_for_a_dip_enters_when_it_is_there_and_not_before():
    path = Shocked(FLAT, (Shock(at_s=900.0, log_size=-0.12),))
    market, crowd, rows = directional(path=path, entry=1.0, horizon_s=1e9, dip=Listed((0.05, 0.2)))
    while market.clock < 175:
        market.step()
    assert not market.exchange.accounts.contracts[rows].any()
    market.run()
    held = market.exchange.accounts.contracts[rows]
    assert np.all(held[::2] > 0) and not held[1::2].any()


@pytest.mark.parametrize("kind, enters", [(LeveragedLongs, False), (LeveragedShorts, True)])
def test_who_would_be_charged_more_than_he_is_ready_to_pay_does_not_enter(kind, enters):
    market, _, rows = directional(kind, entry=1.0, horizon_s=1e9, most_funding=Listed((5e-5, 0.01)))
    market.step()
    assert market.exchange.now[0].funding_rate == pytest.approx(1e-4)
    market.run()
    held = market.exchange.accounts.contracts[rows]
    assert np.all((held[::2] != 0) == enters) and np.all(held[1::2] != 0)


def test_leveraged_traders_leave_at_their_horizon():
    market, crowd, rows = directional(entry=0.2, horizon_s=1e9)
    market.run()
    stays = np.mean(market.exchange.accounts.contracts[rows] != 0)
    market, crowd, rows = directional(entry=0.2, horizon_s=30.0)
    market.run()
    assert stays > 0.9 > 0.5 > np.mean(market.exchange.accounts.contracts[rows] != 0)


def test_a_stop_closes_at_its_distance_and_before_the_liquidation():
    path = Shocked(FLAT, (Shock(at_s=600.0, log_size=-0.15, over_s=600.0),))
    options = dict(path=path, entry=1.0, horizon_s=1e9, leverage=8.0, wake_s=30.0)
    for stop, stopped in ((0.03, True), (1.0, False)):
        market, crowd, rows = directional(stop_loss=stop, **options)
        while market.clock < 110:
            market.step()
        orders = market.exchange.orders[market.exchange.orders.serial > 0]
        stops = orders[(orders.account >= rows.start) & (orders.account < rows.stop)]
        assert len(stops) == (crowd.count if stopped else 0)
        assert stops.tick * 0.5 == pytest.approx(8_000.0 * 0.97, rel=2e-3) and set(stops.trigger) <= {2 * MARK + 1}
        run = market.run()
        assert bool(market.exchange.now[0].stopped) == stopped
        assert (len(run.liquidations) == 0) == stopped


def test_who_is_liquidated_may_come_back_with_fresh_coin_that_takes_its_time():
    path = Shocked(FLAT, (Shock(at_s=600.0, log_size=-0.1),))
    for reentry in (0.0, 1.0):
        market, crowd, rows = directional(
            path=path, entry=1.0, horizon_s=1e9, leverage=20.0, wake_s=20.0, hours=1.0, reentry=reentry, refill=0.5,
            deposit_delay_s=600.0, top_up=0.0,
        )  # fmt: skip
        arrived = []
        while market.clock < market.length:
            market.step()
            fresh = market.exchange.accounts.deposits[rows].sum() * 1e-12 - crowd.count
            arrived.append(fresh)
        took = market.exchange.risk.liquidations[rows]
        assert took.max() == 1 and took.mean() > 0.9, "the fall reaches all who are in, once"
        waited = np.searchsorted(arrived, 0.25) * 5.0 - 600.0
        if reentry:
            assert waited > 0 and 0.5 * crowd.count * 0.8 < arrived[-1] <= 0.5 * crowd.count + 1e-9
            assert np.mean(market.exchange.accounts.contracts[rows] > 0) > 0.8
        else:
            assert arrived[-1] == pytest.approx(0.0) and not market.exchange.accounts.contracts[rows][took > 0].any()


@pytest.mark.parametrize("falls", [-0.1, 0.03])
def test_a_newcomer_takes_the_place_of_who_has_lost_or_won_with_the_deposit_of_the_start(falls):
    """Who was liquidated, or left with a gain, is replaced within a mean time; who never comes back otherwise."""
    options = dict(
        path=Shocked(FLAT, (Shock(at_s=600.0, log_size=falls),)), count=60, entry=1.0, leverage=20.0, wake_s=20.0,
        hours=1.0, reentry=0.0, top_up=0.0, horizon_s=1e9 if falls < 0.0 else 300.0, stop_loss=1.0,
    )  # fmt: skip
    for replaced_s in (math.inf, 200.0):
        market, crowd, rows = directional(replaced_s=replaced_s, **options)
        market.check = True
        while market.clock < market.length:
            market.step()
            if market.clock == 130:
                began = market.exchange.accounts[rows].copy()
        brought = (market.exchange.accounts[rows].deposits - 10**12) * 1e-12
        if replaced_s == math.inf:
            assert not brought.any()
        elif falls < 0.0:
            assert (began.contracts == 0).mean() > 0.8, "the fall reaches nearly all"
            assert brought.mean() > 0.8 and (market.exchange.accounts[rows].contracts > 0).mean() > 0.9
            assert not crowd.traits.gone.all()
        else:
            assert brought.min() < -0.2 and brought.sum() < 0.0, "who won takes it along"


def test_a_time_after_which_nobody_could_come_is_refused():
    with pytest.raises(ValueError, match="replaced_s of Watched must be above 0"):
        directional(replaced_s=0.0)


def test_a_newcomer_comes_after_the_time_that_is_said():
    """Of sixty who were liquidated together, half are replaced after 0.7 of the mean time."""
    path = Shocked(FLAT, (Shock(at_s=600.0, log_size=-0.1),))
    market, _, rows = directional(
        path=path, count=60, entry=1.0, leverage=20.0, wake_s=20.0, hours=1.0, reentry=0.0, top_up=0.0, horizon_s=1e9,
        stop_loss=1.0, replaced_s=600.0,
    )  # fmt: skip
    came_s = np.full(60, np.inf)
    while market.clock < market.length:
        market.step()
        came = (market.exchange.accounts[rows].deposits > 10**12) & (came_s == np.inf)
        came_s[came] = market.clock * 5.0 - 600.0
    assert 250.0 < np.median(came_s) < 650.0


@pytest.mark.parametrize("why", ["liquidated", "topped up"])
def test_coin_that_was_sent_for_arrives_after_its_delay_and_not_before(why):
    """On average the delay later, as drawn for each, at the next look of its owner."""
    falls, asks = (-0.1, dict(top_up=0.0)) if why == "liquidated" else (-0.02, dict(top_up=1.0, top_up_at=0.045))
    market, crowd, rows = directional(
        path=Shocked(FLAT, (Shock(at_s=120.0, log_size=falls),)), count=60, entry=1.0, horizon_s=1e9, leverage=20.0,
        wake_s=10.0, hours=0.4, reentry=1.0, refill=0.5, deposit_delay_s=200.0, stop_loss=1.0, **asks,
    )  # fmt: skip
    sent_s, due_s, came_s = np.zeros((3, 60))
    while market.clock < market.length:
        market.step()
        now_s, coin, arrives_s = market.clock * 5.0, market.exchange.accounts[rows].deposits, crowd.traits.arrives_s
        came = (coin > 10**12) & (came_s == 0)
        assert np.all(due_s[came] > 0) and np.all(now_s >= due_s[came]) and set(coin[came]) <= {3 * 10**12 // 2}
        came_s[came] = now_s
        asked = (arrives_s > 0) & (due_s == 0)
        sent_s[asked], due_s[asked] = now_s, arrives_s[asked]
    waits = (came_s - sent_s)[came_s > 0]
    assert len(waits) > 45 and 140.0 < waits.mean() < 300.0 and waits.min() < 40.0 and waits.max() > 400.0


def test_a_position_near_its_trigger_is_topped_up():
    path = Shocked(FLAT, (Shock(at_s=300.0, log_size=-0.02, over_s=60.0),))
    options = dict(path=path, entry=1.0, horizon_s=1e9, leverage=5.0, max_leverage=20.0, wake_s=20.0, top_up_at=0.045)
    market, _, rows = directional(cross=False, **options)
    margins = []
    while market.clock < 200:
        market.step()
        margins.append(market.exchange.accounts.margin[rows].sum() * 1e-12)
    assert margins[-1] > 1.5 * margins[55], "free balance goes to an isolated position"
    options |= dict(leverage=18.0, top_up=1.0, deposit_delay_s=60.0, refill=0.3)
    market, crowd, rows = directional(**options)
    market.run()
    assert market.exchange.accounts.deposits[rows].sum() * 1e-12 > crowd.count + 1.0


# Noise traders


def test_noise_traders_take_both_sides_and_stay_small():
    market = quiet(path=GeometricBrownian(price=8_000.0, volatility=0.4), hours=2.0, step_s=5.0, fills=True)
    MarketMakers(market, count=5, coin=500.0)
    noise = NoiseTraders(market, count=200, coin=1.0, leverage=3.0)
    run = market.run()
    rows = slice(noise.first, noise.first + noise.count)
    mine = run.fills[(run.fills.taker >= rows.start) & (run.fills.taker < rows.stop)]
    buys = np.mean(mine.contracts > 0)
    assert len(mine) > 1_000 and abs(buys - 0.5) < 4 * 0.5 / np.sqrt(len(mine)) + 0.02
    leverage = np.abs(market.exchange.accounts.contracts[rows]) / 8_000.0
    assert np.mean(leverage) < 3.0 and leverage.max() < 6.0 and np.mean(leverage > 0) > 0.9


def test_waking_costs_in_proportion_to_the_declared_mean():
    market = quiet(hours=2.0, check=False)
    often = Crowd(market, count=400, wake_s=30.0, name="Often")
    seldom = Crowd(market, count=400, wake_s=300.0, name="Seldom")
    never = Crowd(market, count=400, wake_s=np.inf, name="Never")
    market.run()
    wakes = [market.exchange.clocks.wakes[c.first : c.first + c.count].mean() - 1 for c in (often, seldom)]
    expected = [7200 * (1 - np.exp(-1 / wake_s)) for wake_s in (30.0, 300.0)]  # at most once a step
    assert wakes[0] == pytest.approx(expected[0], rel=0.012) and wakes[1] == pytest.approx(expected[1], rel=0.04)
    assert not market.exchange.clocks.wakes[never.first :].any()


def test_a_storm_of_every_crowd_is_one_run():
    same(storm(seed=5).run(), storm(seed=5).run())
    assert storm(seed=5).run().series.tobytes() != storm(seed=6).run().series.tobytes()
