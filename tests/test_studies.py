"""Studies: each runs small from end to end and draws; what they measure; and the page that shows them."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis import peg
from analysis.cli import main
from analysis.studies import measures
from analysis.studies.study import run, shipped
from scenarios import crowded_longs
from sim.outcome import ACCOUNTS, ADL, FUNDING
from sim.series import SERIES
from tests.made_up import a_run, table

HOME = Path(__file__).resolve().parent.parent
PAGE = HOME / "docs" / "studies.md"
STUDIES = shipped()
SMALL = {
    "hours": 0.05, "at_hours": 0.01, "step_s": 5.0, "makers": 3, "noise": 30, "longs": 60, "shorts": 40,
    "open_interest": 400_000,
}  # fmt: skip
TINY = {
    "adl_fairness": SMALL | {"drop": 0.3, "depth": 0.2, "start": "2020-01-01T07:57"},
    "funding_rules": {"hours": 0.02},
    "insurance_sizing": SMALL,
    "leverage_by_depth": SMALL | {"leverage.median": [8.0]},
    "manipulation_frontier": {
        "hours": 0.2, "step_s": 5.0, "makers": 3, "noise": 30, "longs": 60, "shorts": 40, "open_interest": 400_000,
    },
    "mark_rules": SMALL,
}


def tiny(name):
    """The study of that name with two values of each axis, two seeds and a few minutes."""
    study, cut = STUDIES[name], {}
    for axis, values in study.arguments.items():
        few = dict(list(values.items())[-2:]) if isinstance(values, dict) else values
        cut[axis] = [values[0], values[-1]] if isinstance(values, list) else few
    return replace(study, arguments=cut | TINY[name], seeds=range(2))


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_runs_and_draws(name, tmp_path):
    answer = run(tiny(name), tmp_path / "runs", processes=0)
    assert not len(answer.sweep.failures()), answer.sweep.failures().error.iloc[0]
    assert (tmp_path / "runs" / "figure.png").stat().st_size > 10_000
    assert (tmp_path / "runs" / "figure.pdf").exists()
    text = (tmp_path / "runs" / "table.txt").read_text(encoding="utf-8")
    assert text.startswith(answer.study.question) and "0 failed; seeds a point: 2" in text
    for names in answer.named.values():
        assert all(label in text for label in names)


def test_a_study_goes_on_with_more_seeds_and_says_what_it_is_without(tmp_path):
    study = tiny("mark_rules")
    first = run(study, tmp_path / "runs", seeds=[0], processes=0)
    more = run(study, tmp_path / "runs", seeds=[0, 1], processes=0)
    shown = first.sweep.axes + ["seed", "liquidated_turns", "twin"]
    assert first.rows[shown].values.tolist() == more.rows[more.rows.seed == 0][shown].values.tolist()
    rows, twin = more.rows, next(iter(study.twins))
    first_point = rows[rows.point == 0].set_index(["twin", "seed"]).liquidated_turns
    added = more.added(twin)
    assert added.liquidated_turns.iloc[0] == pytest.approx((first_point[""] - first_point[twin]).mean())


def test_every_value_of_an_axis_has_a_name_of_its_own_and_every_figure_a_unit():
    for study in STUDIES.values():
        assert study.question.endswith("?") and len(study.question) < 120
        for names in (each for each in study.arguments.values() if isinstance(each, dict)):
            assert len({repr(rule) for rule in names.values()}) == len(names)


def flat(rows=10, **columns):
    """A run of that many minutes with these columns."""
    calm = {"index": 100.0, "mid": 100.0, "bid": 99.5, "open_interest_contracts": 1_000}
    return a_run(table(rows, SERIES, time_s=60.0 * np.arange(1, rows + 1), **calm | columns))


def charged(losses, profits, crowds):
    """A run in which accounts of these crowds ended with these profits, and lost this to a rule before."""
    run, count = flat(), len(losses)
    rows = np.arange(measures.RESERVED_ROWS, measures.RESERVED_ROWS + count)
    equity = [0.0] * measures.RESERVED_ROWS + [10.0 + profit for profit in profits]
    deposits = [0.0] * measures.RESERVED_ROWS + [10.0] * count
    crowd = ["(fees)"] * measures.RESERVED_ROWS + crowds
    made = table(len(equity), ACCOUNTS, account=np.arange(len(equity)), equity_coin=equity, deposits_coin=deposits)
    made.crowd = crowd
    adl = table(count, ADL, account=rows, lost_coin=losses, lot=-1)
    return replace(run, accounts=made, adl=adl[adl.lost_coin != 0])


def test_the_peg_is_measured_in_basis_points_and_time():
    run = flat(mid=np.array([100.0, 100.3, 99.7, 100.0, np.nan, 100.0, 100.0, 100.0, 100.0]), rows=9)
    assert peg.peg_rms_bps(run) == pytest.approx(30.0 * np.sqrt(2 / 8))
    assert peg.outside_band_percent(run) == pytest.approx(25.0)


def test_funding_is_told_as_part_of_the_open_interest():
    run = replace(flat(), funding=table(2, FUNDING, paid_coin=[0.01, 0.02], rate=1e-4, mark=100.0))
    assert peg.funding_paid_bps(run) == pytest.approx(1e4 * 0.03 / (1_000 / 100.0))


def test_a_cascade_is_a_minute_two_percent_below_the_index():
    assert measures.cascade(flat(mid=np.where(np.arange(10) == 5, 97.9, 100.0))) == 1.0
    assert measures.cascade(flat(mid=98.1)) == 0.0


def test_the_fund_that_would_do_counts_what_the_engine_has_still_to_lose():
    run = flat(3, fund_coin=[50.0, 45.0, 52.0], engine_unrealised_coin=[0.0, -20.0, 5.0])
    assert measures.fund_needed_coin(run) == pytest.approx(25.0)
    assert measures.fund_needed_coin(flat(3, fund_coin=[50.0, 51.0, 52.0])) == 0.0


def test_missing_bids_and_what_the_engine_holds_are_shares():
    run = flat(4, bid=[np.nan, 99.0, np.nan, np.nan], engine_contracts=[0, -300, -400, -250])
    assert measures.bids_missing_percent(run) == 75.0 and measures.engine_left_percent(run) == 25.0


def test_a_haircut_is_a_part_of_the_profit_before_it():
    run = charged([2.0, 0.0, 3.0, 1.0], [2.0, 4.0, 1.0, -5.0], ["LeveragedShorts"] * 2 + ["Arbitrageurs"] * 2)
    assert measures.winners_lost_coin(run) == 6.0 and measures.exhausted(run) == 1.0
    assert measures.haircuts(run).tolist() == [0.5, 0.0, 0.75]  # the last had won nothing
    assert measures.winners_charged_percent(run) == pytest.approx(100 * 2 / 3)
    assert measures.haircut_mean_percent(run) == pytest.approx(100 * 5 / 12)
    assert measures.hedgers_share_percent(run) == pytest.approx(100 * 4 / 6)
    assert measures.haircut_top_percent(run) == pytest.approx(100 * np.quantile([0.5, 0.0, 0.75], 0.95))


def test_nobody_charged_is_no_exhausted_fund():
    run = charged([0.0, 0.0], [1.0, 2.0], ["LeveragedShorts"] * 2)
    assert measures.exhausted(run) == 0.0 and measures.winners_lost_coin(run) == 0.0
    assert np.isnan(measures.haircut_gini(run)) and np.isnan(measures.burden_gini(run))


def test_gini_is_zero_for_all_alike_and_nears_one_for_one_alone():
    assert measures.gini([3.0] * 5) == pytest.approx(0.0)
    assert measures.gini([0.0] * 99 + [1.0]) == pytest.approx(0.99)
    assert measures.gini([1.0, 3.0]) == pytest.approx(0.25)


def test_a_crowd_of_longs_lifts_the_contract_over_its_index():
    few, many = (crowded_longs(seed=1, hours=2.0, step_s=5.0, buyers=count, makers=5).run() for count in (0, 2_000))
    assert peg.premium(many)[-360:].mean() > peg.premium(few)[-360:].mean() + 1e-3


def test_the_command_lists_studies_and_answers_a_misspelt_one(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["study"])
    shown = capsys.readouterr().out
    assert left.value.code == 0 and all(
        f"{name} " in shown and each.question in shown for name, each in STUDIES.items()
    )
    with pytest.raises(SystemExit) as left:
        main(["study", "mark_rule"])
    assert left.value.code == 1 and "did you mean 'mark_rules'?" in capsys.readouterr().err


def test_the_command_runs_a_study(capsys, tmp_path, monkeypatch):
    from analysis import studies

    monkeypatch.setattr(studies, "mark_rules", tiny("mark_rules"))
    with pytest.raises(SystemExit) as left:
        main(["study", "mark_rules", "--seeds", "3:4", "--processes", "0", "--out", str(tmp_path / "there")])
    assert left.value.code == 0 and "seeds a point: 1" in capsys.readouterr().out
    assert (tmp_path / "there" / "figure.png").exists()


def test_the_page_shows_every_study_with_a_command_that_exists():
    text = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^## `(\w+)`", text, re.MULTILINE) == list(STUDIES)
    told = re.findall(r"^perpsim study (\w+) --seeds (\d+):(\d+)", text, re.MULTILINE)
    assert {name: range(int(low), int(high)) for name, low, high in told} == {
        name: each.seeds for name, each in STUDIES.items()
    }
    for name, each in STUDIES.items():
        assert each.question in text and f"](studies_{name}.png)" in text
