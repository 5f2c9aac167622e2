"""A manipulator: it pushes what it says, stops when it says, and what that pays depends on the mark."""

from dataclasses import replace

import numpy as np
import pytest

from agents import Listed, Manipulator, MarketMakers, NoiseTraders
from analysis.studies.attack import (
    attacker_open_contracts,
    attacker_profit_coin,
    liquidated_percent,
    lowest_mark_percent,
    makers_lost_coin,
    victims_lost_coin,
)
from analysis.studies.manipulation_frontier import MARKS, manipulation_frontier
from analysis.studies.study import run
from scenarios.mark_manipulation import AT_THE_LAST, mark_manipulation
from scenarios.oracle_attack import oracle_attack
from scenarios.stale_index import stale_index
from sim import spot
from sim.index import SpotMarket, SpotVenue
from sim.index_rules import IndexRule
from sim.mark import FundingBasis
from sim.market import Market
from sim.paths import Points
from sim.venues import POWER

QUIET = SpotMarket(venues=(SpotVenue(name="One", volume_coin=1_000.0, noise_bps=0.0, cost_bps=5.0),))
FLAT = Points(times_s=(0.0,), values=(8_000.0,))
ALONE = dict(coin=Listed((300.0, 15.0)), start_s=30.0, build_s=60.0, push_s=120.0, unwind_s=60.0)
PUSHED, UNWOUND = slice(92, 208), slice(300, 360)  # seconds of the run


def pushed(path=FLAT, **options):
    """(market, manipulator) in a flat market of makers and noise traders, marked at the last trade."""
    market = Market(seed=1, hours=0.1, path=path, spot=QUIET, venue=AT_THE_LAST, check=True)
    MarketMakers(market, count=4, coin=25.0)
    NoiseTraders(market, count=100, coin=1.0)
    return market, Manipulator(market, count=2, **ALONE | options)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_the_last_trade_comes_to_where_it_is_pushed_and_back(side):
    market, crowd = pushed(side=side, push=0.03)
    run = market.run()
    away = side * (run["last"] / run["index"] - 1.0)
    assert (
        np.nanmax(away[PUSHED]) == pytest.approx(0.03, abs=1e-3)
        and np.nanmax(away[:85]) < 0.015 > np.abs(away[330:]).max()
    )
    assert np.all(market.exchange.accounts.contracts[crowd.first : crowd.first + 2] == 0)


def test_a_push_of_the_mid_moves_it_and_leaves_the_index_where_it_is():
    market, _ = pushed(pushes="mid", push=0.02)
    run = market.run()
    assert (run["mid"][PUSHED] / 8_000.0 - 1.0).min() < -0.015 and np.all(run["index"] == 8_000.0)


def test_a_push_of_the_index_sells_at_spot_and_brings_home_what_is_left():
    market, crowd = pushed(pushes="index", push=0.03, spot_coin=Listed((2_000.0, 0.0)), order_share=0.05)
    run = market.run()
    moved = run["index"] / 8_000.0 - 1.0
    assert moved[PUSHED].min() == pytest.approx(-0.03, abs=4e-3) and not moved[:85].any()
    assert moved[UNWOUND].max() > -0.01, "what it buys back lifts spot again"
    mine = market.spot.state.holdings[crowd.first_holding]
    assert mine.coin == 0 and mine.usd * 1e-6 < 2e-3 * 2_000.0 * 8_000.0
    brought = market.exchange.accounts.deposits[crowd.first] * 1e-12 - 300.0
    assert 1_900.0 < brought < 2_000.0
    spot.check(market.spot.state)


def unwinding_s(**options):
    """When the manipulator's position begins to shrink for good, s."""
    market, crowd = pushed(**options)
    held = []
    while market.clock < market.length:
        market.step()
        held.append(abs(int(market.exchange.accounts.contracts[crowd.first])))
    assert held[-1] == 0
    return int(np.flatnonzero(np.array(held) == max(held))[-1])


def test_it_stops_when_its_budget_is_used_up_and_not_for_what_the_mark_alone_shows():
    patient = unwinding_s(push=0.03)
    assert 180 < patient < 215
    assert unwinding_s(push=0.03, target=0.03) > 180, "at its own mark it has won three times 3 %, in the book nothing"
    assert unwinding_s(push=0.03, budget=0.003) < 150


def test_it_stops_when_its_target_is_met():
    falls = Points(times_s=(0.0, 110.0, 120.0), values=(8_000.0, 8_000.0, 7_680.0))
    assert unwinding_s(push=0.005, path=falls, target=0.03) < 150 < 180 < unwinding_s(push=0.005, path=falls)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (dict(pushes="funding"), "pushes of Manipulator must be one of"),
        (dict(side=0.5), "side of Manipulator must be -1 or 1"),
    ],
)
def test_a_senseless_manipulator_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        pushed(**options)


def test_the_index_of_another_underlying_cannot_be_pushed():
    market = Market(seed=1, hours=0.1, venue=POWER)
    with pytest.raises(ValueError, match="must trade a contract on spot itself"):
        Manipulator(market, count=2, pushes="index")


# The attack scenarios

SEEDS = (21, 22, 23)


def test_to_push_the_last_trade_pays_where_it_is_the_mark_and_hardly_where_it_is_not():
    for seed in SEEDS:
        paid = mark_manipulation(seed=seed).run()
        cost = mark_manipulation(seed=seed, venue=replace(AT_THE_LAST, mark=FundingBasis())).run()
        assert attacker_profit_coin(paid) > 15.0 and liquidated_percent(paid) > 40.0 and victims_lost_coin(paid) > 20.0
        assert liquidated_percent(cost) < 2.0 and lowest_mark_percent(paid) < -2.5 < -0.5 < lowest_mark_percent(cost)
        assert attacker_open_contracts(paid) == attacker_open_contracts(cost) == 0
        assert abs(attacker_profit_coin(cost)) < min(10.0, 0.4 * attacker_profit_coin(paid))


def test_without_a_manipulator_there_is_nobody_whose_profit_could_be_told():
    assert np.isnan(attacker_profit_coin(mark_manipulation(seed=1, hours=0.02, manipulators=0).run()))


def test_more_venues_make_an_attack_on_their_index_dearer():
    for seed in SEEDS:
        profits = [attacker_profit_coin(oracle_attack(seed=seed, spot_venues=count).run()) for count in (1, 3, 5)]
        assert profits[0] > 25.0 and np.all(np.diff(profits) < -15.0)


def test_a_median_of_venues_that_nobody_ties_together_does_not_follow_one_of_them():
    untied = dict(seed=21, spot_venues=3, tie_half_life_s=1e5)
    mean, median = (oracle_attack(**untied, venue=replace(AT_THE_LAST, mark=FundingBasis(), index=rule)).run()
                    for rule in (IndexRule(), IndexRule(average="median")))  # fmt: skip
    assert lowest_mark_percent(mean) < -3.0 and lowest_mark_percent(median) > -1.2
    assert liquidated_percent(median) < 5.0 < 50.0 < liquidated_percent(mean)


def test_makers_pay_for_an_index_that_stands_still():
    lost = [
        [makers_lost_coin(stale_index(seed=seed, stale_s=stale_s).run()) for seed in SEEDS] for stale_s in (600.0, 0.0)
    ]
    assert np.all(np.subtract(*lost) > 10.0)


def test_senseless_attacks_are_refused():
    with pytest.raises(ValueError, match="spot_venues must be a whole number"):
        oracle_attack(seed=1, spot_venues=0)
    with pytest.raises(ValueError, match="stale_s must be 0 or more and below 900"):
        stale_index(seed=1, stale_s=900.0)


def test_the_study_of_the_frontier_runs_and_draws(tmp_path):
    small = {"hours": 0.2, "step_s": 5.0, "makers": 3, "noise": 30, "longs": 60, "shorts": 40, "open_interest": 400_000}
    few = {"venue.mark": dict(list(MARKS.items())[-2:]), "pushes": ["last", "index"], "capital_coin": [10.0, 20.0]}
    tiny = replace(manipulation_frontier, arguments=manipulation_frontier.arguments | few | small, seeds=range(2))
    answer = run(tiny, tmp_path / "runs", processes=0)
    assert not len(answer.sweep.failures()), answer.sweep.failures().error.iloc[0]
    assert (tmp_path / "runs" / "figure.png").stat().st_size > 10_000
    assert (tmp_path / "runs" / "table.txt").read_text(encoding="utf-8").startswith(tiny.question)
