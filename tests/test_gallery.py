"""The gallery shows every figure, tells the truth about its commands, and theory stands beside runs as it should."""

import re
import shlex
from dataclasses import replace

import numpy as np
import pytest
from click import Context

from analysis import beside, figures, job
from analysis.cli import main
from analysis.gallery import comparisons, crash
from analysis.gallery.command import drawn, gallery, pictures, tasks
from analysis.signals.card import card

PICTURES = pictures()


def test_every_public_figure_is_in_the_gallery():
    shown = {panel for each in PICTURES.values() for panel in each.panels}
    assert shown == {*figures.PANELS, figures.cascade_animation, card}


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_has_a_question_something_to_see_a_command_and_a_seed(name):
    each = PICTURES[name]
    assert each.question.endswith("?") and each.see.endswith(".") and each.seeds
    assert each.command.startswith("perpsim ") and re.fullmatch(r"\w+", name)


@pytest.mark.parametrize(
    "call", [crash.CRASH, comparisons.WATERFALL, comparisons.DAY], ids=lambda each: each.command[:25]
)
def test_the_command_that_is_shown_makes_the_run_that_is_drawn(call):
    words = shlex.split(call.command)
    assert words[:2] == ["perpsim", "run"]
    command = job.command(words[2])
    parsed = Context(command)
    command.parse_args(parsed, words[3:])
    given = {name: value for name, value in parsed.params.items() if value not in (None, False, ())}
    assert given == {"seed": 1} | call.arguments


def test_pictures_of_one_run_are_drawn_by_one_process():
    groups = tasks(list(PICTURES))
    assert sorted(name for group in groups for name in group) == sorted(PICTURES)
    assert groups[0] == list(crash.pictures()) and all(len(group) == 1 for group in groups[1:])


def test_the_page_shows_what_was_drawn_and_the_command_draws_what_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["gallery", "payoffs", "--out", "shown", "--processes", "1"])
    assert left.value.code == 0 and capsys.readouterr().out.endswith("index.html\n")
    files = {path.name for path in (tmp_path / "shown").iterdir()}
    assert files == {"index.html", "about.json", "payoffs.svg", "payoffs.pdf", "payoffs.png"}
    page = (tmp_path / "shown" / "index.html").read_text()
    each = PICTURES["payoffs"]
    assert page.count("<figure>") == 1 and 'src="payoffs.svg"' in page
    assert each.question in page and each.command in page and "Contract arithmetic" in page


def test_another_process_draws_the_same(tmp_path):
    said = []
    gallery(tmp_path / "two", ("payoffs",), processes=2, say=said.append)
    drawn(["payoffs"], tmp_path)
    assert len(said) == 1
    for ending in ("svg", "pdf", "png"):
        assert (tmp_path / f"payoffs.{ending}").read_bytes() == (tmp_path / "two" / f"payoffs.{ending}").read_bytes()


def test_a_picture_that_fails_costs_no_other(tmp_path, monkeypatch, capsys):
    def fail(folder):
        raise OSError("no space left")

    poisoned = {"bad": replace(PICTURES["payoffs"], draw=fail), "payoffs": PICTURES["payoffs"]}
    monkeypatch.setattr("analysis.gallery.command.pictures", lambda: poisoned)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["gallery", "--out", "shown", "--processes", "1"])
    told = capsys.readouterr()
    assert left.value.code == 1 and "1 of 2 pictures could not be drawn (bad); see shown/index.html" in told.err
    assert "not drawn: OSError: no space left" in told.out and (tmp_path / "shown" / "payoffs.svg").exists()
    page = (tmp_path / "shown" / "index.html").read_text()
    assert "Not drawn. OSError: no space left" in page and "bad.svg" not in page and 'src="payoffs.svg"' in page


def test_a_picture_that_is_none_is_answered_before_anything_is_drawn(tmp_path):
    with pytest.raises(ValueError, match="unknown picture 'payofs'; did you mean 'payoffs'"):
        gallery(tmp_path / "none", ("payofs",))
    assert not (tmp_path / "none").exists()


def test_every_piece_of_theory_is_drawn_by_one_function():
    assert set(beside.ALL) == {name for name, each in PICTURES.items() if each.panels == (figures.against,)}


def test_liquidations_by_chance_are_within_their_errors_of_the_reflection_principle():
    made = beside.first_passage.beside(seeds=range(60), cadences=(600.0,))
    distances, places = made.gaps()
    sure = np.array([where[1] >= 30.0 for where in places])
    assert np.abs(distances[sure]).max() < 4.0


def test_the_fund_pays_above_the_critical_leverage():
    made = beside.critical_leverage.beside(impacts=(0.2,), kinds=("inverse long",))
    (x, y, _) = made.runs["inverse long"]
    assert y == pytest.approx(np.interp(x, *made.theory["inverse long"]), rel=0.01)


def test_a_maker_quotes_the_spread_of_the_theory():
    made = beside.quoting.beside(aversions=(0.1, 1.0), paths=3)
    assert made.runs["spread"][1] == pytest.approx(np.interp([0.1, 1.0], *made.theory["spread"]), rel=0.03)


def test_carriers_bring_the_contract_to_its_fair_price():
    made = beside.fair_price.beside(seeds=range(2), hours=3.0, interests_bps=(-20.0, 20.0))
    x, y, _ = made.runs["premium"]
    assert y == pytest.approx(np.interp(x, *made.theory["premium"]), abs=3.0)


def test_arbitrageurs_bring_it_back_only_from_beyond_the_band():
    made = beside.no_arbitrage.beside(seeds=range(2), hours=4.0, fees_bps=(0.0, 40.0))
    (_, kept, _), (_, free, _) = made.runs["with arbitrageurs"], made.runs["without"]
    _, edge = made.theory["upper edge"]
    assert free[0] > edge[0] + 10.0 and kept[0] < edge[0] + 3.0, "free of cost they do"
    assert kept[1] == pytest.approx(free[1], abs=6.0) and free[1] < edge[-1], "at 80 bp there is nothing to earn"


def test_the_seller_ends_with_nothing_and_is_never_far_from_the_path():
    made = beside.execution.beside(seeds=range(2))
    x, y, _ = made.runs["left"]
    assert y[-1] < 1.0 and (np.diff(y) < 0).all()
    assert np.abs(y - np.interp(x, *made.theory["left"])).max() < 20.0


def test_a_fund_is_cheapest_where_the_theory_puts_it():
    made = beside.insurance.beside(seeds=range(8))
    x, y = made.theory["cost"]
    best = next(each for label, each in made.runs.items() if label.startswith("the optimum"))[0][0]
    at_best = np.interp(best, x, y)
    assert (y >= at_best - 1e-9).all() and len(made.runs["cost"][0]) > 8
