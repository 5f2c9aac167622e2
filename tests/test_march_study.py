"""The study of March: nothing reads the contract's real prices, outcomes are those of the facts, signs are right."""

import ast
import re
from pathlib import Path

import numpy as np
import pandas
import pytest

from analysis import march, march_page, march_tables
from analysis import march_command as command
from analysis.cli import main
from analysis.march_outcomes import OUTCOMES, outcomes
from analysis.march_study import QUESTIONS, counts, study
from analysis.sweep.arguments import present, resolved
from scenarios import march_2020_facts as facts
from scenarios.march_2020 import march_2020
from scenarios.march_2020_assumptions import ASSUMPTIONS
from scenarios.scenario import defaults
from tests.made_up import a_run, calm_run, empty_run, fall_run

HOME = Path(__file__).resolve().parent.parent
SMALL = dict(longs=300, shorts=200, hedgers=40, dip_buyers=300, bargain_hunters=150, noise=100, step_s=15.0)
READ = {"START", "SPOT", "SPOT_END", "FUND_COIN", "OPEN_INTEREST_CONTRACTS"}
"""The facts that the simulation may know: spot, and what was there before the fall."""


# Nothing reads the contract's real prices


def imported(tree):
    """Every module that a source imports, and of what it takes from one, the names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{each.name}" for each in node.names}
    return found


@pytest.mark.parametrize("room", ["sim", "agents"])
def test_exchange_and_traders_know_no_facts(room):
    for path in (HOME / room).rglob("*.py"):
        assert not any(each.startswith(("scenarios", "analysis")) for each in imported(ast.parse(path.read_text())))


def test_the_scenario_takes_from_the_facts_what_was_known_before_and_spot():
    tree = ast.parse((HOME / "scenarios" / "march_2020.py").read_text())
    taken = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "facts"
    }
    named = {node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "facts"}
    assert taken == READ and len(named) == sum(
        isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "facts"
        for node in ast.walk(tree)
    ), "facts are taken by name, never handed on whole"
    assumed = imported(ast.parse((HOME / "scenarios" / "march_2020_assumptions.py").read_text()))
    assert not any("facts" in each for each in assumed)


def test_a_run_is_the_same_when_every_other_fact_is_poisoned(monkeypatch):
    before = march_2020(seed=1, hours=1.0, **SMALL).run()
    for name, value in vars(facts).items():
        if name.isupper() and name not in READ and not isinstance(value, str):
            monkeypatch.setattr(facts, name, Poison())
    after = march_2020(seed=1, hours=1.0, **SMALL).run()
    assert before.series.tobytes() == after.series.tobytes()


def test_a_run_opens_no_file(monkeypatch):
    """So it reads no bars of anybody, whatever lies on the disk."""
    march_2020(seed=1, hours=0.1, **SMALL).run()  # compiles
    monkeypatch.setattr("builtins.open", Poison())
    monkeypatch.setattr("io.open", Poison())
    market = march_2020(seed=1, hours=0.1, **SMALL)
    while market.clock < market.length:
        market.step()


class Poison:
    """Whatever is done with it fails."""

    def __getattribute__(self, name):
        raise AssertionError(f"a fact was read ({name})")

    def __call__(self, *args, **options):
        raise AssertionError(f"a file was opened ({args})")

    def __iter__(self):
        raise AssertionError("a fact was read")


# Assumptions


def test_each_assumption_has_a_range_around_the_scenarios_default_and_a_reason():
    assert len({each.name for each in ASSUMPTIONS}) == len(ASSUMPTIONS) > 15
    for each in ASSUMPTIONS:
        assert each.low <= each.centre <= each.high and each.low < each.high, each.name
        assert present(march_2020, each.name) == each.centre, each.name
        assert each.unit and len(each.reason) > 20 and (each.low > 0 or not each.log), each.name


@pytest.mark.parametrize("end", ["low", "high"])
def test_a_market_can_be_made_at_either_end_of_every_range(end):
    ends = {each.name: getattr(each, end) for each in ASSUMPTIONS}
    market = march_2020(seed=1, hours=0.05, **resolved(march_2020, ends, base()))
    assert market.exchange.now[0].open_interest == facts.OPEN_INTEREST_CONTRACTS.value


@pytest.mark.parametrize("label", QUESTIONS)
def test_every_question_changes_something_and_can_be_asked(label):
    change = QUESTIONS[label].change
    assert all(present(march_2020, name) != value for name, value in change.items())
    assert march_2020(seed=1, hours=0.05 if label != "outage" else 27.0, **resolved(march_2020, change, base()))


def test_longs_hold_at_the_leverage_that_is_declared():
    market = march_2020(seed=1, hours=0.05)
    longs = next(each for each in market.crowds if each.name == "LeveragedLongs")
    held = market.exchange.accounts[longs.first : longs.first + longs.count]
    leverage = held.contracts * float(-market.exchange.now[0].mark_units) / held.wallet
    assert np.median(leverage[leverage > 0]) == pytest.approx(np.median(longs.traits.leverage), rel=0.1)


def base():
    """The scenario's defaults, as a sweep starts from."""
    return {name: value for name, value in defaults(march_2020).items() if name not in ("hours", "seed")}


# Outcomes


def day_itself():
    """A made-up run of three days that has the real discount, funding and open interest."""
    run = fall_run(rows=24_840, hours=69.0)
    at_s = [march.seconds(run, stamp) for stamp in march.stamps(facts.BASIS)]
    run.series.last = run["index"] * (1.0 + np.interp(run["time_s"], at_s, facts.BASIS.values, left=0.0) / 100.0)
    for row, (stamp, rate) in zip(run.funding, facts.FUNDING, strict=False):
        row.time_s, row.rate = march.seconds(run, stamp), rate
    interest = [facts.OPEN_INTEREST_CONTRACTS.value, facts.OPEN_INTEREST_AFTER_CONTRACTS.value]
    reached = [march.seconds(run, "2020-03-12T10:30"), march.seconds(run, facts.OPEN_INTEREST_AFTER_AT)]
    run.series.open_interest_contracts = np.interp(run["time_s"], reached, interest)
    return run


def test_a_run_that_is_the_day_itself_meets_its_facts():
    got = outcomes(day_itself())
    met = "afternoon night basis_0000 basis_0230 basis_0500 mean".split()
    met = [f"{each}_percent" for each in met] + ["hours_below_1", "hours_below_3", "hours_below_5", "stamps_at_cap"]
    met += [each.name for each in OUTCOMES if each.name.startswith(("funding", "open_interest"))]
    for each in OUTCOMES:
        if each.name in met:
            assert got[each.name] == pytest.approx(each.fact.value, rel=0.01, abs=0.01), each.name
    assert got["first_leg_percent"] < -1.0


def test_what_the_engine_and_the_fund_do_is_counted():
    run = day_itself()
    got, series = outcomes(run), run.series
    late = run["time_s"] >= 36_000.0
    assert got["engine_peak"] == series.engine_contracts[late].max()
    assert got["engine_loss_coin"] == pytest.approx(-series.engine_unrealised_coin[late].min())
    until = series.fund_coin[run["time_s"] <= 36 * 3600.0]
    assert got["smallest_fund_coin"] == pytest.approx(until[0] - until.min())
    assert got["fund_exhausted"] == 0.0 and got["adl"] == 3_500_000
    assert 0.5 < got["engine_hours_to_half"] < 1.5 and 5.0 < got["pending_over_bids"] < 100.0
    assert got["turns"] == pytest.approx(1.4e9 / series.open_interest_contracts[0], rel=0.01)
    series.fund_coin[12_000:] = 0.0
    assert outcomes(run)["fund_exhausted"] == 1.0


def test_an_outcome_is_nan_where_a_run_does_not_reach_and_never_fails():
    run = fall_run()
    short = a_run(run.series[run["time_s"] < 13 * 3600], run.liquidations, run.funding)
    got = outcomes(short)
    assert got["liquidated_first_leg"] > 0 and np.isnan([got["night_percent"], got["turns"], got["adl"]]).all()
    for nothing in (empty_run(), calm_run()):
        assert np.isnan(list(outcomes(nothing).values())).all()


def test_outcomes_are_told_in_the_order_of_their_names():
    assert tuple(outcomes(calm_run())) == outcomes.names and len(set(outcomes.names)) == len(OUTCOMES)
    assert all(each.fact.source for each in OUTCOMES)


# Tables and page


def frame(points, twins=("",), seeds=8, axes=(), **metrics):
    """A frame of a sweep: each metric is a function (point, seed, twin) -> number, all others are nan."""
    rows = []
    for point in range(points):
        for seed in range(seeds):
            for twin in twins:
                row = {"point": point, "seed": seed, "twin": twin, "status": "done", "run_id": f"{point}-{seed}-{twin}"}
                row |= dict.fromkeys(outcomes.names, np.nan) | {axis: float(point) for axis in axes}
                rows.append(row | {name: metric(point, seed, twin) for name, metric in metrics.items()})
    return pandas.DataFrame(rows)


def test_a_fact_outside_the_band_is_judged_so_and_its_bounds_count():
    deep = frame(1, seeds=21, first_leg_percent=lambda p, s, t: -10.0 + 0.1 * s, liquidated_12th=lambda p, s, t: 1.2e9)
    table = march_tables.beside(deep, deep).set_index("name")
    assert table.verdict["first_leg_percent"] == "above" and table.place["first_leg_percent"] == 1.0
    assert table.centre_median["first_leg_percent"] == pytest.approx(-9.0)
    assert table.verdict["liquidated_12th"] == "inside", "1.2 lies between 1.1 and 1.4 billion"
    assert table.verdict["adl"] == "" and np.isnan(table.place["adl"])


def test_rank_correlations_find_what_an_outcome_depends_on():
    draws = frame(64, seeds=1, axes=["reentry"], night_percent=lambda p, s, t: -np.exp(p), turns=lambda p, s, t: 1.0)
    table = march_tables.correlations(draws, ["night_percent", "turns"])
    assert table.night_percent["reentry"] == pytest.approx(-1.0) and np.isnan(table.turns["reentry"])
    assert march_tables.least(64) == pytest.approx(0.320, abs=0.001)


def test_changes_are_those_of_pairs_and_failed_runs_are_left_out():
    pairs = frame(2, twins=("", "absorbed"), turns=lambda p, s, t: s + (0.5 + 0.1 * (s % 2)) * (t != "") * (p + 1))
    pairs.loc[(pairs.seed == 0) & (pairs.twin == ""), "status"] = "failed"
    table = march_tables.changes(pairs, ["turns"])
    assert table.pairs.tolist() == [7, 7] and table.turns[1] == pytest.approx(2.0 * table.turns[0])
    assert 0.5 < table.turns[0] < 0.6
    assert 0.0 < table.turns_se[0] < 0.05


def test_the_page_tells_what_had_to_hold_what_is_missed_and_what_failed():
    def number(point, seed, twin):
        return -20.0 + point + 0.1 * seed

    metrics = dict.fromkeys(("night_percent", "hours_below_3", "turns"), number)
    frames = {
        "centre": frame(1, **metrics),
        "draws": frame(12, seeds=1, axes=[each.name for each in ASSUMPTIONS], **metrics),
        "twins": frame(1, twins=("", *QUESTIONS), **metrics),
        "impact": frame(4, twins=("", "absorbed"), axes=["spot_impact"], **metrics),
    }
    frames["centre"].loc[0, "status"] = "failed"
    text = march_page.page(frames, "perpsim march --seeds 8")
    assert "1 runs failed" in text and "**fails**: at least 3 hours beyond 3 %" in text
    assert "hours more than 3 % below spot, half-hourly closes*: real 7.0" in text
    assert all(each.words in text for each in QUESTIONS.values()) and text.isascii()
    assert max(map(len, text.splitlines())) < 400


# The study itself


def test_an_hour_is_shared_between_the_parts():
    assert counts(64) == {"centre": 64, "draws": 64, "twins": 12, "impact": 6}
    assert min(counts(2).values()) == 2


def test_a_study_of_one_run_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"seeds must be 2 or more \(got 1\)"):
        study(tmp_path, seeds=1)


def test_the_command_says_what_is_wrong_in_one_sentence(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        main(["march", "--seeds", "1", "--out", str(tmp_path)])
    assert left.value.code == 1 and "perpsim: seeds must be 2 or more (got 1)" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_writes_tables_pictures_and_a_page_and_goes_on_where_it_was(tmp_path):
    small = SMALL | {"hours": 11.0, "step_s": 60.0, "processes": 0}
    told = []
    page = command.march(tmp_path / "out", seeds=2, doc=tmp_path / "docs" / "page.md", say=told.append, **small)
    text = page.read_text()
    assert set(re.findall(r"!\[.*?\]\((.*?)\)", text)) == {each.name for each in page.parent.glob("*.png")}
    tables = {each.stem for each in (tmp_path / "out").glob("*.csv")}
    assert tables == {"centre", "draws", "twins", "impact", "beside"} and "centre 2" in told[0]
    rows = (tmp_path / "out" / "twins.csv").read_text()
    again = command.march(tmp_path / "out", seeds=2, doc=tmp_path / "again.md", say=told.append, **small)
    assert again.read_text() == text and (tmp_path / "out" / "twins.csv").read_text() == rows, (
        "not even the times differ"
    )


def first_leg(change, seeds=range(3)):
    """Mean basis of the first leg, %, twin less base of each seed, on a market that begins at 10:00."""
    options = base() | dict(hours=3.0, start="2020-03-12T10:00", step_s=10.0)
    found = []
    for seed in seeds:
        market = march_2020(seed=seed, **options)
        without = basis_of(market.run())
        arguments = resolved(march_2020, change, options) | {"base_impact": market.spot.impact}
        found.append(basis_of(march_2020(seed=seed, **arguments).run()) - without)
    return np.array(found)


def basis_of(run):
    """Mean basis at five-minute closes from 10:30 to 13:00, %."""
    closes = march.every(run, 5, "2020-03-12T10:30", "2020-03-12T13:00")
    return 100.0 * np.nanmean(march.at(run, run["last"] / run["index"] - 1.0, closes))


@pytest.mark.slow
@pytest.mark.parametrize("label", ["absorbed", "arbitrage", "slower", "capped"])
def test_the_discount_shrinks(label):
    """When forced closes stay off the book, arbitrage is rich and instant, the engine slow, leverage capped."""
    gained = first_leg(QUESTIONS[label].change)
    assert gained.mean() > 2.0 * gained.std(ddof=1) / np.sqrt(len(gained)) and gained.mean() > 0.0


@pytest.mark.slow
def test_a_fund_as_large_as_the_smallest_that_suffices_does_and_a_smaller_one_does_not():
    options = base() | dict(hours=5.0, start="2020-03-12T22:00", step_s=10.0)
    run = march_2020(seed=1, **options).run()
    needed = run["fund_coin"][0] - run["fund_coin"].min()
    closed = [len(march_2020(seed=1, **options | {"fund_coin": share * needed}).run().adl) for share in (1.1, 0.5)]
    assert needed > 100.0 and closed[0] == 0 < closed[1]
