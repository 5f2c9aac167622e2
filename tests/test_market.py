"""The market keeps its laws whatever the rules, pays funding on time, and leaves tables that agree with each other."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from agents import Arbitrageurs, Crowd, LeveragedLongs, LeveragedShorts, NoiseTraders
from scenarios.calm import calm
from scenarios.march_2020 import march_2020
from sim import laws, risk
from sim.deleverage import SocialisedLoss
from sim.engine import Unwind
from sim.funding import ClampedPremium
from sim.ledger import ENGINE, EXCHANGE, FUND, RESERVED_ROWS
from sim.liquidation import TAKEOVER
from sim.mark import ImpactEma, LastPrice, MedianOfThree
from sim.market import Market
from sim.stamps import side_contracts
from sim.venues import BITMEX, LINEAR, POWER
from tests.storm import brew, same, storm

HOURLY = ClampedPremium(interval_hours=1.0, stamps_utc_hours=tuple(range(24)), rate_at_start=0.002, sample_s=20.0)
VARIANTS = {
    "as declared": dict(),
    "linear": dict(venue=LINEAR),
    "power": dict(venue=POWER, arbitrageurs=0),
    "last price": dict(venue=replace(BITMEX, mark=LastPrice())),
    "median of three": dict(venue=replace(BITMEX, mark=MedianOfThree(window_s=60.0, sample_s=5.0))),
    "impact mean": dict(venue=replace(BITMEX, mark=ImpactEma())),
    "linear, last price": dict(venue=replace(LINEAR, mark=LastPrice(every_s=10.0)), forced="absorbed"),
    "losses socialised": dict(venue=replace(BITMEX, loss=SocialisedLoss()), fund_coin=0.0),
    "losses socialised, linear": dict(venue=replace(LINEAR, loss=SocialisedLoss(), mark=LastPrice()), fund_coin=0.1),
    "no fund": dict(fund_coin=0.0, fills=True),
    "no fund, linear": dict(venue=LINEAR, fund_coin=0.0),
    "slow engine": dict(venue=replace(BITMEX, unwind=Unwind(usd_per_s=200.0, rests=False))),
    "little to draw": dict(venue=replace(BITMEX, unwind=Unwind(draw_coin_per_hour=1.0)), fund_coin=3.0),
    "halted": dict(halt=(0.1, 0.2), fills=True),
    "overloaded": dict(venue=replace(BITMEX, capacity=1.0)),
    "absorbed": dict(forced="absorbed", fills=True),
    "absorbed, no fund": dict(forced="absorbed", fund_coin=0.0, venue=replace(BITMEX, mark=LastPrice())),
    "no spot impact": dict(spot_impact=0.0),
    "twice the spot impact": dict(spot_impact=2.0),
    "every seventh step": dict(record_every=7, fills=True),
    "one-second steps": dict(step_s=1.0, hours=0.2),
    "minutes": dict(step_s=60.0, hours=2.0),
    "hourly funding": dict(venue=replace(BITMEX, funding=HOURLY), step_s=20.0, hours=3.0, fills=True),
    "flat maintenance on the mark": dict(venue=replace(BITMEX, maintenance_on="mark", liquidation=TAKEOVER)),
    "both sides reserve": dict(venue=replace(BITMEX, netting="sum", maker_fee=0.0002, self_trade=1)),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_laws_hold_after_every_step(name):
    market = storm(**VARIANTS[name])
    run = market.run()
    agree(market, run)
    assert run.about["finished"] and run["volume_contracts"][-1] > 0
    assert np.all(np.diff(run["time_s"]) > 0)


@pytest.mark.parametrize("cross", [True, False])
@pytest.mark.parametrize("fund_coin", [0.0, 100.0])
def test_the_laws_hold_under_both_kinds_of_margin_with_stops_and_returns(cross, fund_coin):
    market = brew(cross=cross, fund_coin=fund_coin, fills=True)
    run = market.run()
    agree(market, run)
    assert market.exchange.now[0].stopped > 0 and len(run.liquidations) > 5
    assert run.accounts.deposits_coin[RESERVED_ROWS:].sum() > 0


def test_the_laws_hold_on_an_ordinary_day_and_in_march():
    small = dict(longs=60, shorts=60, noise=60, makers=5, arbitrageurs=5, check=True)
    for market in (
        calm(seed=2, hours=0.2, open_interest=2_000_000, **small),
        march_2020(seed=2, hours=11.5, step_s=60.0, hedgers=20, bargain_hunters=40, **small),
    ):
        agree(market, market.run())


def agree(market, run):
    """Assert that the tables of a run agree with each other."""
    series, took, accounts, unit = run.series[-1], run.liquidations, run.accounts, market.venue.contract.unit
    assert len(run.series) == market.clock // market.record_every
    realised, now = took.realised_coin.sum(), market.exchange.now[0]
    assert realised == pytest.approx((now.fund_gain - now.fund_draw) * unit, abs=1e-6)
    start = market.exchange.accounts.deposits[FUND] * unit
    funding = now.engine_funding * unit
    if not market.venue.loss.socialises:
        assert accounts.wallet_coin[FUND] == pytest.approx(start + realised + funding, abs=1e-6)
        assert accounts.wallet_coin[FUND] >= -abs(funding) - 1e-9 or market.exchange.terms[0].absorbs
    assert now.deleveraged == took.adl_contracts.sum() == np.abs(run.adl.contracts).sum()
    assert len(np.unique(took.account)) <= now.liquidations and np.all(np.diff(run["liquidations"]) >= 0)
    assert now.liquidated >= np.abs(took.contracts).sum()
    longs = np.maximum(np.delete(accounts.contracts, ENGINE), 0).sum() + np.maximum(market.exchange.lots.open, 0).sum()
    assert now.open_interest == longs
    assert market.exchange.lots.open.sum() == accounts.contracts[ENGINE]
    assert np.all(took.parent < np.arange(len(took)))
    assert np.all((took.closed_step == -1) | (took.closed_step >= took.step))
    assert accounts.equity_coin.sum() == pytest.approx(accounts.deposits_coin.sum(), abs=1e-6), "nobody wins in sum"
    if market.record_every == 1:
        assert series.fees_coin == pytest.approx(accounts.wallet_coin[EXCHANGE])
    for name in ("mark", "index"):
        assert np.all(run[name] > 0)
    assert np.all(~(run["bid"] >= run["ask"]))


def test_fills_account_for_volume_positions_and_takeovers():
    for options in (dict(), dict(fund_coin=0.0), dict(forced="absorbed")):
        market = storm(fills=True, **options)
        held = market.exchange.accounts.contracts.copy()
        run = market.run()
        fills = run.fills
        assert np.abs(fills.contracts).sum() == run["volume_contracts"][-1]
        np.add.at(held, fills.taker, fills.contracts)
        np.add.at(held, fills.maker, -fills.contracts)
        took = run.liquidations[run.liquidations.taken_over | bool(options.get("forced"))]
        np.add.at(held, took.account, -took.contracts)
        held[ENGINE] += took.contracts.sum()
        np.add.at(held, run.adl.account, run.adl.contracts)
        held[ENGINE] -= run.adl.contracts.sum()
        if not options.get("forced"):
            assert np.array_equal(held, run.accounts.contracts)
        assert np.array_equal(held[RESERVED_ROWS:], run.accounts.contracts[RESERVED_ROWS:])
        last = fills.tick[-1] * market.venue.contract.tick
        assert run["last"][-1] == last
        assert np.all(np.diff(fills.step) >= 0) and not np.any(fills.maker == fills.taker)
        lots = fills.taker_lot[fills.taker == ENGINE], fills.maker_lot[fills.maker == ENGINE]
        assert np.all(np.concatenate(lots) >= 0) and fills.taker_lot[fills.taker != ENGINE].max() == -1


@pytest.mark.parametrize("cross", [True, False])
def test_nobody_is_left_who_does_not_cover_maintenance(cross, monkeypatch):
    """Funding of 2 % an interval moves triggers by many ticks, and laddered reductions leave some in place."""
    funding = replace(HOURLY, rate_at_start=0.02, cap=0.02, change_cap=0.0)
    market = brew(cross=cross, venue=replace(BITMEX, funding=funding, liquidation=TAKEOVER), hours=3.0, step_s=20.0)
    looked, make_room = [], market.make_room

    def checked(count):
        x = market.exchange
        if count == 0 and market.clock % market.mark_every == 0:  # between the round and the engine's trades
            units = int(x.now[0].mark_units)
            left = [i for i in np.flatnonzero(x.accounts.contracts) if i >= RESERVED_ROWS and risk.doomed(x, i, units)]
            assert left == [], f"step {market.clock}"
            looked.append(market.clock)
        make_room(count)

    monkeypatch.setattr(market, "make_room", checked)
    run = market.run()
    assert len(looked) > 100 and len(run.liquidations) > 20 and len(run.funding) == 3


def test_auto_deleveraging_closes_winners_when_the_fund_is_empty():
    run = storm(fund_coin=0.0).run()
    assert run["adl_contracts"][-1] > 1_000_000 and run["fund_coin"].min() >= 0.0
    crowds = set(run.accounts.crowd[run.adl.account])
    assert crowds <= {"LeveragedShorts", "NoiseTraders", "Arbitrageurs", "MarketMakers"}
    assert np.all(run.adl.contracts > 0) and np.all(run.adl.price > 0)
    rich = storm(fund_coin=1_000.0).run()
    assert rich["adl_contracts"][-1] == 0 and len(rich.adl) == 0


def test_a_socialised_loss_takes_from_winners_what_the_fund_lacks():
    market = storm(fund_coin=0.0, venue=replace(BITMEX, loss=SocialisedLoss()))
    run = market.run()
    assert len(run.adl) > 10 and np.all(run.adl.contracts == 0) and run["adl_contracts"][-1] == 0
    assert run["fund_draw_coin"][-1] > 1.0 and run["fund_coin"].min() > -1e-9


def test_nothing_trades_during_a_halt_and_all_wake_after_it():
    halt = (0.1, 0.2)
    run = brew(halt=halt, fills=True, hours=0.4).run()
    hours = run["time_s"] / 3600.0
    during, after = (hours >= halt[0]) & (hours < halt[1]), hours > halt[1] + 0.05
    for name in ("volume_contracts", "liquidations", "messages"):
        frozen = run[name][during]
        assert frozen.min() == frozen.max() and run[name][-1] > frozen[0], name
    in_fills = run.fills.step * 5.0 / 3600.0
    assert not np.any((in_fills >= halt[0]) & (in_fills < halt[1]))
    assert run["index"][during][-1] < 0.95 * run["index"][0]
    assert np.abs(run["last"][after] / run["index"][after] - 1).max() < 0.1


def test_an_overloaded_venue_refuses_orders_and_lets_cancels_pass():
    calmly, busy = storm(seed=3), storm(seed=3, venue=replace(BITMEX, capacity=1.0))
    free, refused = calmly.run(), busy.run()
    assert free["overloaded"][-1] == 0 < refused["overloaded"][-1]
    assert busy.exchange.now[0].cancels > 100
    sent = refused["messages"][-1] - busy.exchange.now[0].cancels
    assert refused["overloaded"][-1] < sent


def test_absorbed_closes_never_touch_the_book():
    run = storm(forced="absorbed", fills=True).run()
    assert len(run.liquidations) > 10 and not np.any((run.fills.maker == ENGINE) | (run.fills.taker == ENGINE))
    assert np.all(run.liquidations.closed_step == run.liquidations.step) and np.all(run.liquidations.impact_usd == 0)
    assert np.all(run["engine_contracts"] == 0) and run["open_interest_contracts"][-1] > 0


def test_the_series_is_a_thinning_of_the_full_one():
    full, thin = storm().run(), storm(record_every=7).run()
    assert thin.series.tobytes() == full.series[6::7].tobytes()
    assert len(full.frame()) == len(full.series) and list(full.frame("adl")) == list(full.adl.dtype.names)


def test_keeping_fills_or_checking_laws_changes_nothing():
    plain, kept, unchecked = storm().run(), storm(fills=True).run(), storm(check=False).run()
    assert len(plain.fills) == 0 < len(kept.fills)
    kept.fills = plain.fills
    same(plain, kept)
    same(plain, unchecked)


def test_a_run_in_pieces_is_the_run():
    pieces = storm()
    while pieces.clock < pieces.length:
        pieces.step()
    same(pieces.run(), storm().run())


# Funding


def test_funding_is_paid_at_the_stamps_of_the_venue():
    market = storm(start="2020-01-01T03:00", hours=18.0, step_s=60.0, drop=0.01)
    run = market.run()
    assert run.funding.time_s.tolist() == [3600.0, 32400.0, 61200.0]
    rows = np.searchsorted(run["time_s"], run.funding.time_s)
    assert np.array_equal(run["mark"][rows], run.funding.mark)
    assert np.array_equal(run["funding_rate"][rows - 1], run.funding.rate), "a rate is known before its stamp"
    assert run.funding.rate[0] == market.venue.funding.rate_at_start


def test_the_contracts_of_a_side_are_counted_without_counting_accounts():
    market = storm(hours=1.5, drop=0.3)
    while market.clock < market.length:
        market.step()
        x = market.exchange
        assert side_contracts(x) == x.accounts.contracts[x.accounts.contracts > 0].sum()
    assert market.exchange.now[0].lots > 10


@pytest.mark.parametrize("rate", [0.003, -0.003])
@pytest.mark.parametrize("venue", [BITMEX, LINEAR])
def test_longs_pay_a_positive_rate_and_it_adds_up_to_zero(rate, venue):
    funding = replace(HOURLY, rate_at_start=rate)
    market = storm(venue=replace(venue, funding=funding), hours=2.0, drop=0.0, step_s=20.0)
    while market.clock < 180:
        before = int(market.exchange.now[0].long_index)
        market.step()
    x, unit = market.exchange, venue.contract.unit
    moved, mark = int(x.now[0].long_index) - before, float(x.now[0].mark)
    worth = abs(float(venue.contract.value(mark)))
    assert moved == pytest.approx(rate * worth, abs=1.0) and (moved > 0) == (rate > 0)
    assert (x.accounts.contracts * moved).sum() == 0
    owed = x.accounts.contracts * moved
    ((time_s, paid_rate, paid_mark, paid_coin),) = market.funding.paid
    assert (time_s, paid_rate, paid_mark) == (3600.0, rate, mark)
    assert paid_coin == pytest.approx(owed[owed > 0].sum() * unit) and paid_coin > 0
    laws.check(x)


def test_a_rate_without_lag_is_found_by_the_interval_it_closes():
    funding = replace(HOURLY, lag=0, rate_at_start=0.0, interest=0.0, damper=0.0)
    run = storm(venue=replace(BITMEX, funding=funding), hours=1.2, step_s=20.0).run()
    rates = run["funding_rate"]
    assert len(np.unique(rates[:179])) > 20, "the rate of the coming stamp moves with the premium"
    assert run.funding.rate[0] != 0.0 and abs(run.funding.rate[0]) <= funding.cap
    lagged = storm(venue=replace(BITMEX, funding=replace(funding, lag=1)), hours=1.2, step_s=20.0).run()
    assert lagged.funding.rate[0] == 0.0 and len(np.unique(lagged["funding_rate"])) == 2


def test_the_engine_pays_and_receives_funding_on_what_it_holds():
    slow = Unwind(usd_per_s=1.0, rests=False)
    funding = replace(HOURLY, rate_at_start=0.003)
    options = dict(drop=0.2, start="2020-01-01T03:45", hours=0.5)
    market = storm(venue=replace(BITMEX, unwind=slow, funding=funding), **options)
    run = market.run()
    agree(market, run)
    assert run["engine_contracts"][int(900 / 5) - 1] > 0 and market.exchange.now[0].engine_funding < 0


# Bad input: one clear sentence each


def build(**options):
    return Market(**dict(seed=1, hours=0.1) | options)


@pytest.mark.parametrize(
    "options, said",
    [
        (dict(seed=-1), "seed must be"),
        (dict(seed=1.5), "seed must be"),
        (dict(seed="one"), "seed must be"),
        (dict(seed=True), "seed must be"),
        (dict(hours=0), "hours must hold"),
        (dict(hours=-1), "hours must hold"),
        (dict(hours=float("nan")), "hours must hold"),
        (dict(hours=float("inf")), "hours must hold"),
        (dict(step_s=0), "hours must hold"),
        (dict(step_s=7.0), "step_s must divide the funding interval"),
        (dict(step_s=3601.0, hours=2.0), "step_s must divide the funding interval"),
        (dict(start="noon"), "start must be a UTC time"),
        (dict(start=12), "start must be a UTC time"),
        (dict(start="2020-01-01T00:00:03", step_s=5.0), "start must lie a whole number of steps"),
        (dict(half_life_s=0.0), "half_life_s must be above zero"),
        (dict(half_life_s=float("nan")), "half_life_s must be above zero"),
        (dict(forced="gently"), "forced must be 'book' or 'absorbed'"),
        (dict(halt=(2.0, 1.0)), "halt must be two hours"),
        (dict(halt=(1.0,)), "halt must be two hours"),
        (dict(halt=1.0), "halt must be two hours"),
        (dict(halt=(0.0, float("nan"))), "halt must be two hours"),
        (dict(record_every=0), "record_every must be a whole number"),
        (dict(record_every=2.5), "record_every must be a whole number"),
        (dict(record_every=-3), "record_every must be a whole number"),
        (dict(fund_coin=-1.0), "fund_coin must be 0 or more"),
        (dict(fund_coin=float("nan")), "fund_coin must be 0 or more"),
        (dict(fund_coin=1e9), "fund_coin must be 0 or more"),
        (dict(spot_impact=-1.0), "coefficient of impact must be 0 or more"),
        (dict(spot_impact=float("nan")), "coefficient of impact must be 0 or more"),
        (dict(base_impact=np.zeros(361)), "base_impact must be that of a replay"),
    ],
)
def test_a_bad_option_of_the_market_is_refused_in_one_sentence(options, said):
    with pytest.raises(ValueError, match=said) as caught:
        build(**options).step()
    assert "\n" not in str(caught.value) and "got" in str(caught.value)


@pytest.mark.parametrize(
    "options, said",
    [
        (dict(count=-1), "count of NoiseTraders must be a whole number"),
        (dict(count=1.5), "count of NoiseTraders must be a whole number"),
        (dict(count=True), "count of NoiseTraders must be a whole number"),
        (dict(coin=-1.0), "coin of NoiseTraders must be above 0"),
        (dict(coin=float("nan")), "coin of NoiseTraders must be"),
        (dict(coin=float("inf")), "coin of NoiseTraders must fit"),
        (dict(max_leverage=101.0), "max_leverage of NoiseTraders must be .* at most the venue's 100"),
        (dict(max_leverage=0.0), "max_leverage of NoiseTraders must be above 0"),
        (dict(wake_s=0.0), "wake_s of NoiseTraders must be above 0"),
        (dict(wake_s=-5.0), "wake_s of NoiseTraders must be above 0"),
        (dict(leverage=float("nan")), "leverage of NoiseTraders must be a number"),
    ],
)
def test_a_bad_option_of_a_crowd_is_refused_in_one_sentence(options, said):
    with pytest.raises(ValueError, match=said) as caught:
        NoiseTraders(build(), **dict(count=3) | options)
    assert "\n" not in str(caught.value) and "got" in str(caught.value)


def test_an_account_takes_the_highest_leverage_of_its_venue_unless_told():
    for venue, most in ((BITMEX, 100.0), (replace(BITMEX, max_leverage=25.0), 25.0)):
        market = build(venue=venue)
        NoiseTraders(market, count=2)
        NoiseTraders(market, count=2, max_leverage=3.0, name="Careful")
        assert market.exchange.accounts.leverage[RESERVED_ROWS:].tolist() == [most, most, 3.0, 3.0]


def test_crowds_join_once_by_name_and_before_the_first_step():
    market = build()
    NoiseTraders(market, count=3)
    with pytest.raises(ValueError, match="crowds must differ in name .*'NoiseTraders'.*name="):
        NoiseTraders(market, count=3)
    NoiseTraders(market, count=3, name="Others")
    market.step()
    with pytest.raises(RuntimeError, match="before the first step"):
        NoiseTraders(market, count=3, name="Late")


def test_an_endowment_is_whole_once_and_before_the_first_step():
    market = build()
    longs, shorts = LeveragedLongs(market, count=3), LeveragedShorts(market, count=2)
    poor = LeveragedLongs(market, count=3, coin=0.0, name="Poor")
    for contracts in (0, -5, 10.5, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="contracts must be a whole number above zero"):
            market.endow(contracts, longs=[longs], shorts=[shorts])
    with pytest.raises(ValueError, match="must hold coin .*Poor"):
        market.endow(100, longs=[poor], shorts=[shorts])
    with pytest.raises(ValueError, match="endowed once .*LeveragedLongs"):
        market.endow(100, longs=[longs, longs], shorts=[shorts])
    market.endow(1_001, longs=[longs], shorts=[shorts])
    held = market.exchange.accounts.contracts
    assert held.sum() == 0 and held[held > 0].sum() == 1_001 == market.exchange.now[0].open_interest
    with pytest.raises(ValueError, match="endowed once"):
        market.endow(1_000, longs=[longs], shorts=[shorts])
    laws.check(market.exchange)
    market.step()
    with pytest.raises(RuntimeError, match="before the first step"):
        market.endow(100, longs=[longs], shorts=[shorts])


def test_arbitrageurs_refuse_a_contract_that_is_not_on_spot_and_may_be_none():
    with pytest.raises(ValueError, match="must trade a contract on spot itself"):
        Arbitrageurs(build(venue=POWER), count=2)
    market = build(venue=POWER)
    Arbitrageurs(market, count=0)
    NoiseTraders(market, count=10)
    market.run()


def test_a_number_of_numpy_is_as_good_as_any():
    market = build(check=True)
    NoiseTraders(market, count=np.int64(4), coin=np.int64(2), leverage=np.float32(3))
    market.run()
    assert market.crowds[0].traits.coin.tolist() == [2.0] * 4


@dataclass(kw_only=True, eq=False)
class Interrupting(Crowd):
    """Press Ctrl-C at a step."""

    at: int = 50
    wake_s: float = 0.01

    def decide(self, view, me):
        if view.step >= self.at:
            raise KeyboardInterrupt
        return super().decide(view, me)


def test_an_interrupted_run_keeps_what_was_simulated():
    market = brew(crowds=[lambda market: Interrupting(market, count=1)])
    run, whole = market.run(), brew(crowds=[lambda market: Interrupting(market, count=1, at=10**6)]).run()
    assert run.about["finished"] is False and whole.about["finished"] is True
    assert len(run.series) == 49 and run.series.tobytes() == whole.series[:49].tobytes()


def test_progress_is_told_now_and_then():
    told = []
    storm().run(progress=told.append)
    assert told == list(range(100, 288, 100))
