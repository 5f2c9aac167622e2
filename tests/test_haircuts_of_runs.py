"""Who bears a loss: made-up deleveragings whose shares are known, a run's, and the worst of many."""

import numpy as np
import pytest

from analysis import haircuts
from analysis.studies.measures import taken, winners_lost_coin
from scenarios import adl_waterfall
from sim.outcome import ACCOUNTS, ADL
from sim.series import SERIES
from tests.made_up import a_run, table


def made(lost, lots=None, profit=10.0):
    """A run in which accounts 5, 6, 7, ... lost so much of a profit that would have been so large."""
    count = len(lost)
    run = a_run(
        table(2, SERIES, time_s=[1.0, 2.0]),
        adl=table(count, ADL, account=5 + np.arange(count), contracts=-100, lost_coin=lost, lot=lots or 0),
    )
    equity = np.append(np.zeros(5), 1.0 + profit - np.asarray(lost, float))
    run.accounts = table(count + 5, ACCOUNTS, account=np.arange(count + 5), deposits_coin=1.0, equity_coin=equity)
    return run


def test_each_account_s_haircut_is_the_part_of_its_profit():
    found = haircuts.by_account(made([1.0, 5.0, 0.0]))
    assert found.account.tolist() == [6, 5] and found.haircut.tolist() == [0.5, 0.1]
    assert found.profit_coin.tolist() == [10.0, 10.0] and found.contracts.tolist() == [100, 100]
    assert np.isnan(haircuts.by_account(made([1.0], profit=-3.0)).haircut[0])


def test_concentration_of_a_burden():
    even, one = made([2.0] * 4), made([8.0, 0.0, 0.0, 0.0])
    assert haircuts.burden_accounts(even) == 4.0 and haircuts.burden_accounts(one) == 1.0
    assert haircuts.burden_top_percent(even) == 25.0 and haircuts.burden_top_percent(one) == 100.0
    assert haircuts.burden_top_percent(even, part=0.5) == 50.0
    assert np.isnan(haircuts.burden_accounts(made([0.0]))) and np.isnan(haircuts.burden_top_percent(made([0.0])))


def test_only_what_is_charged_without_a_lot_is_socialised():
    assert haircuts.socialised_coin(made([1.0, 2.0, 4.0], lots=[-1, 3, -1])) == 5.0


def test_haircuts_of_a_run_add_up_to_what_winners_lost():
    run = adl_waterfall(seed=1).run()
    found = haircuts.by_account(run)
    assert len(found) > 100 and found.lost_coin.sum() == pytest.approx(winners_lost_coin(run))
    assert (np.diff(found.lost_coin) <= 0.0).all() and found.haircut.dropna().between(0.0, 1.0).all()
    assert len(haircuts.losses(run)) == int((taken(run) > 0).sum())
    assert 1.0 < haircuts.burden_accounts(run) < len(found) and haircuts.burden_top_percent(run) > 1.0


def test_the_mean_of_the_worst_twentieth():
    amounts = np.arange(1.0, 101.0)
    assert haircuts.expected_shortfall(amounts).value == pytest.approx(98.0)
    assert haircuts.expected_shortfall(amounts, 0.985).value == pytest.approx((100.0 + 0.5 * 99.0) / 1.5)
    assert haircuts.tail_mean(amounts, 1e-9) == pytest.approx(50.5)
    with pytest.raises(ValueError, match="level must leave one amount or more"):
        haircuts.expected_shortfall(amounts, 0.999)


def test_its_interval_holds_that_of_an_exponential_law_about_as_often_as_it_says():
    rng, true = np.random.default_rng(4), 1.0 - np.log(0.05)
    told = [haircuts.expected_shortfall(rng.exponential(size=1_000), seed=seed) for seed in range(150)]
    assert 0.88 <= np.mean([each.interval[0] <= true <= each.interval[1] for each in told]) <= 0.98
