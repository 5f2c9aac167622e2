"""Exchanges side by side: each keeps its own laws, and nothing passes between them that nobody carries."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from agents import (
    Arbitrageurs,
    CrossVenueArbitrageurs,
    Crowd,
    LeveragedLongs,
    LeveragedShorts,
    MarketMakers,
    NoiseTraders,
)
from analysis.job import differing
from sim import laws, spot
from sim.mark import LastPrice
from sim.market import Market
from sim.paths import GeometricBrownian, Shock, Shocked
from sim.record import TABLES, Run
from sim.venues import BITMEX, DERIBIT, LINEAR
from tests.storm import brew, same

FALL = Shocked(GeometricBrownian(price=8_000.0), (Shock(at_s=300.0, log_size=-0.15, over_s=300.0),))
OTHER = replace(BITMEX, mark=LastPrice(), taker_fee=0.0005)


def crowd_in(market, carry=6, of=""):
    """Let a small crowd join, of names that no other has, with so many arbitrageurs."""
    MarketMakers(market, name="Makers" + of, count=6, coin=10.0)
    NoiseTraders(market, name="Noise" + of, count=60, coin=2.0)
    held = LeveragedLongs(market, name="Longs" + of, count=150, coin=0.3, leverage=12.0, reentry=0.8, wake_s=60.0)
    owed = LeveragedShorts(market, name="Shorts" + of, count=80, coin=3.0, leverage=3.0, wake_s=60.0)
    Arbitrageurs(market, name="Carry" + of, count=carry, coin=5.0, hurdle_bps=3.0)
    market.endow(4_000_000, longs=[held], shorts=[owed], spread=0.02)


def pair(*, seed=1, linked=10, long_here=True, hours=0.3, venue=OTHER, fund_coin=2.0, halt=(), **options):
    """A storm at two exchanges, with arbitrageurs between them."""
    market = brew(seed=seed, hours=hours, fund_coin=2.0, fills=True, **options)
    other = market.beside("B", venue=venue, fund_coin=fund_coin, halt=halt)
    crowd_in(other)
    if linked:
        link(market, other, long_here, count=linked)
    return market


def link(market, other, long_here=True, **options):
    """Let arbitrageurs join who are long at the first exchange and short at the other, or the other way round, keep
    what they have, and need coin soon."""
    usual = dict(coin=5.0, wallet_coin=0.02, transfer_s=30.0, leverage=1.0, most_leverage=1.02, exit_bps=-1e4)
    Crowd(market, name="Nobody", count=40, wake_s=np.inf)  # so that the legs of an account are not rows of one number
    arb = CrossVenueArbitrageurs(market, other=other, **usual | options)
    buys, sells = (market, other) if long_here else (other, market)
    ours, theirs = (arb, arb.leg) if long_here else (arb.leg, arb)
    sold = LeveragedShorts(buys, name="Sold to them", count=5, coin=20.0, horizon_s=1e9)
    bought = LeveragedLongs(sells, name="Bought from them", count=5, coin=20.0, horizon_s=1e9, stop_loss=1.0)
    buys.endow(39_000 * arb.count, longs=[ours], shorts=[sold])
    sells.endow(39_000 * arb.count, longs=[bought], shorts=[theirs])
    return arb


@pytest.mark.parametrize("long_here", [True, False])
def test_the_laws_hold_on_both_and_coin_between_them_is_conserved(long_here):
    """It is the long leg that needs coin in the fall, at the first exchange or at the second."""
    market = pair(long_here=long_here)
    first, second = market.markets
    arb = next(each for each in market.crowds if isinstance(each, CrossVenueArbitrageurs))
    rows, theirs = (crowd.first + np.arange(crowd.count) for crowd in (arb, arb.leg))
    wallets = np.concatenate([crowd.wallet + np.arange(crowd.count) for crowd in (arb, arb.leg)])

    def brought():
        """What the arbitrageurs have brought to both exchanges, to their wallets, and have on the way."""
        holdings = market.spot.state.holdings[wallets]
        at = int(first.exchange.accounts.deposits[rows].sum()) + int(second.exchange.accounts.deposits[theirs].sum())
        return at + int(holdings.coin.sum()) + int(np.abs(holdings.transit).sum())

    begun, sent, fetched = brought(), 0, 0
    assert begun == round(10 * (5.0 + 5.0 + 0.02 + 0.02) / 1e-12)
    while market.clock < market.length:
        market.step()
        laws.check_all(market)
        spot.check(market.spot.state)
        transit = market.spot.state.holdings.transit[wallets]
        sent, fetched = sent + (transit < 0).sum(), fetched + (transit > 0).sum()
        assert brought() == begun
    assert sent > 0 and fetched > 0, "both kinds of transfer happened"
    run = market.run()
    assert len(run.liquidations) and len(run.others["B"].liquidations) and len(run.others["B"].adl)


def test_the_laws_of_every_exchange_are_checked():
    market = pair(linked=0)
    market.step()
    market.markets[1].exchange.accounts.wallet[7] += 1
    with pytest.raises(AssertionError, match="coin must be conserved"):
        market.step()


def test_the_same_seed_is_the_same_run_on_both():
    runs = [pair(seed=3).run() for _ in range(2)]
    same(*runs)
    same(*(run.others["B"] for run in runs))
    assert differing(*runs) == []
    other = pair(seed=4).run()
    assert "B/series" in differing(runs[0], other) and "series" in differing(runs[0], other)


@pytest.mark.parametrize("venue", [BITMEX, OTHER])
def test_two_exchanges_with_nobody_in_both_are_two_runs_bit_for_bit(venue):
    """Where nobody moves spot, each is what it would be alone."""
    market = pair(linked=0, venue=venue, spot_impact=0.0)
    run = market.run()
    first = brew(hours=0.3, fund_coin=2.0, fills=True, spot_impact=0.0)
    second = Market(
        seed=1, hours=0.3, step_s=5.0, start="2020-01-01T03:50", path=FALL, venue=venue, fund_coin=2.0, fills=True,
        spot_impact=0.0, check=True,
    )  # fmt: skip
    crowd_in(second)
    same(run, first.run())
    same(run.others["B"], second.run())
    assert len(run.liquidations) and len(run.others["B"].liquidations)


def test_both_read_one_index_which_the_arbitrageurs_of_either_move():
    """Sold at spot by those of the second exchange, coin is cheaper for the first too, and no forced close of the first
    is credited with that."""
    lone, both = brew(hours=0.3, fund_coin=2.0).run(), pair(linked=0)
    run = both.run()
    assert np.array_equal(run["index"], run.others["B"]["index"])
    assert not np.array_equal(run["index"], lone["index"])


@pytest.mark.parametrize("mover", [0, 1])
def test_what_one_exchange_does_to_spot_is_credited_to_its_own_forced_closes(mover):
    """Only one has arbitrageurs: what they do to spot is no live impact of a forced close of the other."""
    market = Market(seed=1, hours=0.3, step_s=5.0, path=FALL, fund_coin=2.0, check=True)
    markets = [market, market.beside("B", fund_coin=2.0)]
    for number, each in enumerate(markets):
        crowd_in(each, carry=6 if number == mover else 0, of=str(number))
    live = np.zeros(2)
    for _ in range(market.length):
        market.step()
        live = np.maximum(live, [abs(each.exchange.now[0].live_spot_usd) for each in markets])
    assert all(each.exchange.now[0].lots > 0 for each in markets) and live[1 - mover] == 0.0 < live[mover]


def test_a_halt_of_one_leaves_the_other_trading():
    run = pair(linked=5, halt=(0.1, 0.2)).run()
    at = (run["time_s"] > 365.0) & (run["time_s"] < 715.0)
    other = run.others["B"]
    assert np.ptp(other["volume_contracts"][at]) == 0 < np.ptp(run["volume_contracts"][at])
    assert other["volume_contracts"][-1] > other["volume_contracts"][at][-1]
    assert np.ptp(other["index"][at]) > 0, "the index goes on"


def test_arbitrageurs_cut_off_by_a_halt_of_the_first_defend_the_other_leg():
    market = pair(linked=0)
    market.halt = (70, 150)
    arb = link(market, market.markets[1], long_here=False, count=10)
    ours, theirs = (slice(crowd.first, crowd.first + crowd.count) for crowd in (arb, arb.leg))
    here, there = (each.exchange.accounts for each in market.markets)
    while market.clock < 69:
        market.step()
    had, sent = here.contracts[ours].copy(), 0
    assert np.abs(had).sum() > 0
    while market.clock < 149:
        before = there.deposits[theirs].sum()
        market.step()
        sent += there.deposits[theirs].sum() > before
    assert np.array_equal(here.contracts[ours], had) and sent > 0


def test_crowds_of_different_exchanges_differ_in_name_and_in_dice():
    market = Market(seed=1, hours=0.1)
    other = market.beside("B")
    one, two = NoiseTraders(market, count=5), NoiseTraders(other, count=5)
    assert (one.name, two.name) == ("NoiseTraders", "NoiseTraders of B")
    assert not np.array_equal(one.key, two.key)
    with pytest.raises(ValueError, match="crowds must differ in name"):
        NoiseTraders(other, count=5, name="NoiseTraders")


def test_a_run_of_several_exchanges_is_saved_and_loaded_whole(tmp_path):
    run = pair(hours=0.1).run()
    run.save(tmp_path / "run", csv=True)
    again = Run.load(tmp_path / "run")
    assert list(again.others) == ["B"] and differing(run, again) == []
    assert again.about["beside"] == ["B"] and "beside" not in again.others["B"].about
    assert (tmp_path / "run" / "beside" / "B" / "accounts.csv").exists()
    assert "LastPrice" in again.others["B"].about["venue"]
    assert any("CrossVenueArbitrageurs of B" in each for each in again.others["B"].about["crowds"])


def test_a_run_of_one_exchange_is_saved_as_ever(tmp_path):
    run = brew(hours=0.05).run()
    run.save(tmp_path / "run")
    assert {each.name for each in (tmp_path / "run").iterdir()} == {f"{t}.parquet" for t in TABLES} | {"about.json"}
    assert run.others == {} and "beside" not in json.loads((tmp_path / "run" / "about.json").read_text())


def test_who_differs_in_one_exchange_only_is_told_so():
    run = pair(hours=0.1).run()
    lone = Run(**{name: getattr(run, name) for name in TABLES}, about=run.about)
    assert differing(run, lone) == ["the exchange B"]


def opened(name="B", venue=BITMEX):
    return lambda market: market.beside(name, venue=venue)


@pytest.mark.parametrize(
    "make, said",
    [
        (opened("no/where"), "name of an exchange must be up to 12 letters"),
        (opened(""), "name of an exchange must be up to 12 letters"),
        (opened(7), "name of an exchange must be up to 12 letters"),
        (lambda market: [opened()(market), opened()(market)], "differ from the others'"),
        (opened(venue=LINEAR), "must settle in the same coin"),
        (lambda market: market.beside("B", fund_coin=-1.0), "fund_coin must be 0 or more"),
        (lambda market: market.beside("B", halt=(2, 1)), "halt must be two hours"),
        (
            lambda market: CrossVenueArbitrageurs(market, other=market, count=1),
            "other must be an exchange opened beside",
        ),
        (lambda market: CrossVenueArbitrageurs(market, other=None, count=1), "other must be an exchange opened beside"),
        (
            lambda market: CrossVenueArbitrageurs(market.beside("B"), other=market, count=1),
            "other must be an exchange opened beside",
        ),
    ],
)
def test_what_cannot_stand_side_by_side_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make(Market(seed=1, hours=0.1))


def test_an_exchange_is_stepped_by_its_market_and_opened_before_it_begins():
    market = Market(seed=1, hours=0.1)
    other = market.beside("B")
    for do in (other.step, other.run, partial(other.beside, "C")):
        with pytest.raises(RuntimeError, match="must be"):
            do()
    market.step()
    with pytest.raises(RuntimeError, match="before the first step"):
        market.beside("C")
    assert other.clock == 1


def test_a_market_ends():
    market = Market(seed=1, hours=0.001, step_s=1.2)
    for _ in range(market.length):
        market.step()
    with pytest.raises(RuntimeError, match=f"ends after its {market.length} steps"):
        market.step()


def test_three_exchanges_of_two_venues_run_side_by_side():
    market = pair(linked=5, hours=0.1)
    third = market.beside("C", venue=DERIBIT)
    MarketMakers(third, count=4, coin=10.0)
    NoiseTraders(third, count=40, coin=2.0)
    CrossVenueArbitrageurs(market.markets[1], other=third, name="Second", count=5)
    run = market.run()
    assert list(run.others) == ["B", "C"] and run.others["C"]["volume_contracts"][-1] > 0
    assert "Second of C" in run.others["C"].accounts.crowd


def test_ctrl_c_leaves_what_there_is_of_every_exchange():
    def stop(done):
        raise KeyboardInterrupt

    run = pair().run(progress=stop)
    for each in (run, run.others["B"]):
        assert not each.about["finished"] and each.about["steps"] == len(each.series) == 100
