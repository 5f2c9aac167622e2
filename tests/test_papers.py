"""Results of papers made again on this exchange, in short: the theory they are held to, and what judges them."""

import math

import pytest

from agents import arbitrage
from analysis.papers import carry, critical_leverage, deep_arbitrage, selection
from analysis.papers import theory as theory_rows
from analysis.papers.command import PAPERS, THEORY, check, counted, lines
from analysis.papers.row import AGREES, MISSED, UNPUBLISHED, Row
from analysis.theory.leverage import critical_leverage as theory
from scenarios import calm
from sim import spot


@pytest.mark.parametrize("contract", ["linear", "inverse"])
@pytest.mark.parametrize(("kappa", "difference"), [(1_095.0, 0.3), (300.0, 0.0), (547.5, -0.1)])
def test_deep_arbitrage_makes_the_fair_price_for_rates_that_no_paper_printed(contract, kappa, difference):
    (row, *_) = [
        each
        for each in deep_arbitrage.table(cases=((kappa, difference, 0.05),), periods=600)
        if each.claim.startswith(contract)
    ]
    assert abs(row.size) < 0.02 and abs(row.published) > 0.4, row  # bp
    assert row.verdict == AGREES


def test_without_the_interest_the_arbitrageur_finds_another_price():
    with_it, _ = deep_arbitrage.mean_basis(1_095.0, 0.05, 0.1, periods=400)
    without, _ = deep_arbitrage.mean_basis(1_095.0, 0.05, 0.0, periods=400)
    assert 1e4 * (without - with_it) == pytest.approx(1e4 * 0.1 / 1_095.0, abs=0.01)


@pytest.mark.parametrize(("contract", "side"), [("linear", "long"), ("inverse", "long"), ("inverse", "short")])
@pytest.mark.parametrize("impact", [0.03, 0.15])
def test_the_fund_begins_to_pay_at_the_critical_leverage(contract, side, impact):
    at = theory(impact, contract, side)
    assert critical_leverage.fund_gain(0.99 * at, impact, contract, side) > 0.0
    assert critical_leverage.fund_gain(1.01 * at, impact, contract, side) < 0.0
    assert critical_leverage.simulated(impact, contract, side) == pytest.approx(at, rel=2e-3)


def test_the_fund_gets_all_of_the_margin_less_the_cost_of_the_way():
    gain = critical_leverage.fund_gain(5.0, 0.1, "linear")
    assert gain == pytest.approx(1.0 / 5.0 - 0.1 * 2.0 / 3.0, rel=2e-3)


def test_doing_nothing_gains_nothing(monkeypatch):
    monkeypatch.setitem(carry.FEES, "closed", (0.05, 1_000.0))
    assert carry.gains("closed", 1, seed=3, step_s=60.0) == pytest.approx(0.0, abs=1e-6)


def test_who_takes_prices_earns_what_the_basis_loses_and_funding_pays_less_the_costs():
    import numpy as np

    basis = 1e-4 * np.array([9.0, 20.0, 12.0, 7.0, -1.0, -2.0, -15.0, 3.0])
    paid = 1e-4 * np.array([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 5.0])
    gained = 1e4 * carry.taken(basis, paid, 5e-4)
    assert gained == pytest.approx([0.0, 8.0 - 5.0, 5.0 + 1.0, 8.0, -5.0, 0.0, 18.0 - 5.0 - 5.0])
    assert 1e4 * carry.taken(basis, paid, 0.0).sum() == pytest.approx(-11.0 + 8.0 + 6.0 + 8.0 - 1.0 - 13.0 + 13.0)


def test_fundings_are_paid_in_the_hours_of_their_stamps():
    import numpy as np

    basis, paid = carry.hours_of(seed=3, days=1, step_s=60.0)
    assert len(basis) == len(paid) == 24 and np.abs(basis).max() < 0.1
    assert list(np.flatnonzero(paid) + 1) == [4, 12, 20]


def test_errors_of_who_takes_prices_are_those_of_chance_and_the_first_day_does_not_count(monkeypatch):
    import numpy as np

    rng = np.random.default_rng(7)

    def hours_of(seed, days):
        basis = 2e-3 * rng.normal(size=24 * days)
        basis[:23] = np.nan
        return basis, np.zeros(24 * days)

    monkeypatch.setattr(carry, "hours_of", hours_of)
    tables = [carry.taker(4, range(8)) for _ in range(150)]
    for number in range(2):
        rows = [table[number] for table in tables]
        chance = np.std([row.simulated for row in rows])
        assert np.mean([row.standard_error for row in rows]) == pytest.approx(chance, rel=0.3)
        assert np.mean([row.simulated for row in rows]) > 10.0


def test_a_sharpe_ratio_has_the_error_that_chance_gives_it():
    import numpy as np

    days = np.random.default_rng(5).normal(0.1, 1.0, (400, 200))
    ratios = np.array([carry.sharpe(each) for each in days])
    assert ratios[:, 0].std() == pytest.approx(ratios[:, 1].mean(), rel=0.1)
    assert ratios[:, 0].mean() == pytest.approx(0.1 * math.sqrt(365.0), rel=0.1)


def test_a_row_agrees_within_its_tolerance_and_two_errors_and_a_sign_only_beyond_them():
    assert Row("", 3.0, 3.3, 0.1, 0.1).verdict == AGREES
    assert Row("", 3.0, 3.31, 0.1, 0.1).verdict == MISSED
    assert Row("", math.inf, 0.3, 0.1).verdict == AGREES
    assert Row("", math.inf, 0.1, 0.1).verdict == MISSED
    assert Row("", -math.inf, -0.3, 0.1).verdict == AGREES
    assert Row("", -math.inf, 0.3, 0.1).verdict == MISSED
    assert Row("", math.nan, 0.3, 0.1).verdict == UNPUBLISHED


def test_the_table_shows_every_row_and_counts_what_is_missed():
    rows = [Row("one", 3.0, 3.0, 0.1), Row("two", math.inf, -1.0, 0.1), Row("three", math.nan, 1.0, 0.1)]
    text = lines(rows)
    assert "positive" in text and "missed" in text and "not published" in text and text.count("\n") == 3
    assert counted({"a": rows}).startswith("3 rows of 1 papers: 1 agree, 1 missed")
    assert all(title and callable(make) for make, title in PAPERS.values())


def test_closed_forms_and_estimators_give_what_their_papers_print():
    rows = theory_rows.table()
    assert len(rows) == 57 and not [row for row in rows if row.verdict != AGREES]


def test_the_best_of_many_is_tried_where_the_truth_is_known(monkeypatch):
    pytest.importorskip("arch", reason="arch is not installed: pip install 'perpsim[signals]'")
    rows = {row.claim: row for row in selection.table(nulls=12, planted=6)}
    assert len(rows) == 5 and rows["panels whose three p-values are in order"].verdict == AGREES
    assert rows["reality check, one rule of Sharpe ratio 1.5 found"].published == pytest.approx(0.724, abs=5e-4)
    assert rows["reality check, nulls refused at 5 %"].simulated < 0.3
    assert rows["reality check, one rule of Sharpe ratio 1.5 found"].simulated > 0.3
    assert rows["probability of overfitting, of noise"].verdict == AGREES
    monkeypatch.setattr(selection, "find_spec", lambda name: None)
    assert [row.verdict for row in selection.table()] == [UNPUBLISHED, AGREES]


def test_the_command_takes_names_papers_and_theory(monkeypatch):
    said = []
    monkeypatch.setitem(PAPERS, "carry", (lambda: [Row("one", 3.0, 3.0, 0.1)], "Carry"))
    monkeypatch.setitem(THEORY, "selection", (lambda: [Row("two", 3.0, 3.0, 0.1)], "Selection"))
    found = check(["carry"], theory=True, say=said.append)
    assert list(found) == ["carry", "theory", "selection"] and said[-1].startswith("59 rows of 3 papers: 59 agree")
    with pytest.raises(ValueError, match="did you mean 'carry'"):
        check(["cary"])


def test_who_is_careful_counts_both_ways_and_its_own_push():
    market = calm(seed=1, hours=0.01)
    s, fee, price = market.spot.state, 0.00075, float(market.spot.state.venues[0].price)
    coin = round(50.0 / float(s.terms[0].coin_unit))
    paid = spot.cost(s, 0, coin) * float(s.terms[0].usd_unit) / (50.0 * price) - 1.0
    assert paid > 1e-4  # the square-root law
    assert arbitrage.counted(s, 0, 0.0, coin, price, fee) == pytest.approx(fee + float(s.venues[0].cost))
    assert arbitrage.counted(s, 0, 1.0, coin, price, fee) == pytest.approx(2.0 * (fee + paid))
    half = arbitrage.counted(s, 0, 0.5, coin, price, fee)
    assert half == pytest.approx(0.5 * (fee + float(s.venues[0].cost)) + fee + paid)
