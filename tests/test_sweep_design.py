"""What a sweep does is decided before it does it: points, seeds, run ids, and what is refused in one sentence."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import LogNormal
from analysis.sweep import Between, precision, sweep
from analysis.sweep.arguments import column
from analysis.sweep.design import points
from analysis.sweep.front import default_folder, planned
from analysis.sweep.origin import fingerprint, headlines, reference
from analysis.sweep.plan import check
from scenarios import calm, flash_crash, march_2020, venue_comparison
from scenarios.scenario import keywords
from sim.mark import LastPrice
from sim.paths import GeometricBrownian, Replay
from sim.venues import BITMEX, DERIBIT, OKX
from tests.quick import SOURCE, both, index_end, quick

STEPS = {"noise": Between(2, 40), "coin": Between(0.5, 50.0, log=True)}


def plan(scenario=quick, seeds=(1,), metrics=(index_end,), paired=(), twins=None, design="grid", count=None, **grid):
    """The Plan of a sweep that is not to be run."""
    return planned(scenario, seeds, metrics, twins, design, count, paired, 0, None, (), grid)


def ids(*args, **kwargs):
    """The run ids of the first job of a plan."""
    return plan(*args, **kwargs).ids(0, 1)


@pytest.mark.parametrize("scenario", [calm, flash_crash, march_2020, venue_comparison, quick])
def test_every_keyword_of_every_scenario_is_an_axis(scenario):
    for name, each in keywords(scenario).items():
        if name not in ("seed", "base_impact"):
            default = 1.0 if each.default is each.empty else each.default
            made = plan(scenario, **{name: [default, f"other {name}"]})
            assert [point[name] for point in made.points] == [default, f"other {name}"]
            assert made.axes == (name,) and made.ids(0, 1) != made.ids(1, 1)


@pytest.mark.parametrize(
    ("axis", "cells"),
    [
        (np.array([3, 4]), [3, 4]),
        (np.linspace(0.5, 1.0, 2), [0.5, 1.0]),
        (range(2, 4), [2, 3]),
        ([True, False], [True, False]),
        ([np.bool_(True), np.float64(0.5)], ["True", "0.5"]),
        ([1, 2.5], [1.0, 2.5]),
        ([1, True, "a, b", None], ["1", "True", "a, b", None]),
        ([2**70, 1], [str(2**70), "1"]),
        ([0.5, LogNormal(median=5.0, sigma=0.5)], ["0.5", repr(LogNormal(median=5.0, sigma=0.5))]),
        ([BITMEX, OKX], ["BITMEX", "OKX"]),
        ([(), (0.5, 1.0)], ["()", "(0.5, 1.0)"]),
        ([Path("a"), Path("b")], ["'a'", "'b'"]),
    ],
)
def test_an_axis_stands_in_the_table_as_numbers_truths_or_texts(axis, cells):
    made = plan(coin=axis)
    assert made.cells["coin"] == cells and list(map(type, made.cells["coin"])) == list(map(type, cells))


@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text())))
def test_a_column_has_cells_of_one_kind(values):
    cells = column(values)
    assert len({type(each) for each in cells} - {type(None)}) <= 1
    assert [each is None for each in cells] == [each is None for each in values]


def test_a_grid_crosses_its_axes_the_last_one_fastest():
    made = plan(noise=[1, 2], coin=[0.5, 1.0, 2.0], hours=0.5)
    assert [tuple(each.values()) for each in made.points] == [
        (1, 0.5), (1, 1.0), (1, 2.0), (2, 0.5), (2, 1.0), (2, 2.0),
    ]  # fmt: skip
    assert made.fixed == {"hours": 0.5}


def test_a_tuple_is_a_value_and_so_is_a_single_number_of_numpy():
    made = plan(halt=(0.001, 0.002), hours=np.float64(0.5), noise=np.array(3))
    assert made.axes == () and made.fixed == {"halt": (0.001, 0.002), "hours": 0.5, "noise": 3}
    assert type(made.fixed["hours"]) is float and type(made.fixed["noise"]) is int


def test_paired_columns_change_together_and_are_crossed_with_the_rest():
    made = plan(paired=[{"noise": 1, "hours": 0.1}, {"noise": 2, "hours": 0.2}], coin=[1.0, 2.0])
    assert [tuple(each.values()) for each in made.points] == [
        (1, 0.1, 1.0), (1, 0.1, 2.0), (2, 0.2, 1.0), (2, 0.2, 2.0),
    ]  # fmt: skip


def test_a_file_of_paired_columns_is_read_as_the_scenario_wants_its_words(tmp_path):
    (tmp_path / "pairs.csv").write_text('noise,venue.mark,forced,halt\n3,LastPrice(),book,"(0.1, 0.2)"\n4.0,5.0,a,()\n')
    with pytest.raises(ValueError, match=r"pairs.csv: venue.mark must be a rule or distribution .*'5.0'"):
        plan(paired=tmp_path / "pairs.csv")
    (tmp_path / "pairs.csv").write_text('noise,venue.mark,forced,halt\n3,LastPrice(),book,"(0.1, 0.2)"\n')
    (point,) = plan(paired=str(tmp_path / "pairs.csv")).points
    assert point == {"noise": 3, "venue.mark": LastPrice(), "forced": "book", "halt": (0.1, 0.2)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must have a header"),
        ("noise\n", "must have a header"),
        ("noise,noise\n1,2\n", "header of different names"),
        ("noise,coin\n1\n", "line 2, must have 2 values .got 1."),
        ("nois\n1\n", "unknown option 'nois'; did you mean 'noise'"),
        ("noise\n1.5\n", "pairs.csv: noise must be a whole number .got 1.5."),
    ],
)
def test_a_file_of_paired_columns_that_is_none_is_refused(tmp_path, text, said):
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(ValueError, match=said):
        plan(paired=tmp_path / "pairs.csv")


@pytest.mark.parametrize(("design", "count"), [("sobol", 16), ("lhs", 10)])
def test_a_design_spreads_its_points_over_all_axes_and_repeats_itself(design, count):
    made = points({**STEPS, "forced": ["book", "absorbed"]}, design, count)
    assert made == points({**STEPS, "forced": ["book", "absorbed"]}, design, count) and len(made) == count
    assert made != points({**STEPS, "forced": ["book", "absorbed"]}, design, count, seed=1)
    assert [each["forced"] for each in made].count("book") == count / 2
    for strata in np.array_split(np.sort([math.log(each["coin"]) for each in made]), 2):
        assert len(strata) == count / 2
    assert sum(math.log(each["coin"]) < math.log(5.0) for each in made) == count / 2
    assert all(type(each["noise"]) is int and 2 <= each["noise"] <= 40 for each in made)


@given(st.integers(-50, 50), st.integers(1, 50), st.floats(0.0, 1.0, exclude_max=True))
def test_a_range_of_whole_numbers_gives_whole_numbers_within_it(low, more, uniform):
    value = Between(low, low + more).at(uniform)
    assert type(value) is int and low <= value <= low + more


def test_all_whole_numbers_of_a_range_come_equally_often():
    made = [each["n"] for each in points({"n": Between(0, 3)}, "sobol", 64)]
    assert [made.count(value) for value in range(4)] == [16] * 4


def test_a_dotted_argument_changes_a_part_of_a_rule_and_nothing_else():
    made = plan(**{"venue.mark": LastPrice(), "venue.unwind.usd_per_s": [5e3, 6e3]})
    first, second = (made.arguments(point)["venue"] for point in made.points)
    assert first == replace(BITMEX, mark=LastPrice(), unwind=replace(BITMEX.unwind, usd_per_s=5e3))
    assert second.unwind.usd_per_s == 6e3 and second.mark == LastPrice()


def test_a_part_is_changed_in_whatever_whole_a_point_has():
    made = plan(**{"venue.mark": LastPrice(), "venue": [BITMEX, OKX]})
    assert [made.arguments(each)["venue"] for each in made.points] == [
        replace(BITMEX, mark=LastPrice()), replace(OKX, mark=LastPrice()),
    ]  # fmt: skip
    fixed = plan(**{"venue.mark": LastPrice(), "venue": DERIBIT})
    assert fixed.arguments({})["venue"] == replace(DERIBIT, mark=LastPrice())


@pytest.mark.parametrize(
    "change",
    [
        {"noise": 6},
        {"coin": 2},
        {"venue": OKX},
        {"venue.mark": LastPrice()},
        {"path": GeometricBrownian(price=9_000.0)},
        {"twins": {"more": {"noise": 7}, "other": {"noise": 8}}},
        {"twins": {"more": {"noise": 8}}},
        {"twins": {"less": {"noise": 7}}},
        {"metrics": (both,)},
        {"scenario": calm},
    ],
)
def test_a_run_id_changes_with_what_decides_the_run(change):
    before = {"twins": {"more": {"noise": 7}}, "noise": 5}
    assert ids(**before)[-1] != ids(**(before | change))[-1]
    made = plan(**before)
    assert made.ids(0, 1)[0] != made.ids(0, 2)[0] != made.ids(0, 1)[1] != made.ids(0, 1)[0]


def test_a_run_id_does_not_change_with_the_order_of_words_nor_with_other_points():
    whole = {"noise": 5, "coin": 2.0, "venue.mark": LastPrice(), "venue": OKX}
    assert ids(**whole) == ids(**dict(reversed(whole.items())))
    made = plan(noise=[4, 5, 6], coin=2.0, venue=OKX, **{"venue.mark": LastPrice()})
    assert made.ids(1, 1) == ids(**whole) and len(made.ids(1, 1)[0]) == 20
    assert plan(coin=[2.0]).ids(0, 1) == ids() == plan(hours=[0.01]).ids(0, 1)  # as by default


def test_a_run_id_changes_with_what_is_in_a_file(tmp_path):
    head = "ts_utc,price\n2020-01-01T00:00,7000\n2020-01-01T01:00,7000\n"
    (tmp_path / "spot.csv").write_text(head)
    rule = Replay(files=(str(tmp_path / "spot.csv"),), start="2020-01-01T00:00", hours=1.0)
    before = ids(march_2020, data=str(tmp_path / "spot.csv")), ids(path=rule)
    (tmp_path / "spot.csv").write_text(head.replace("7000", "7100"))
    after = ids(march_2020, data=str(tmp_path / "spot.csv")), ids(path=rule)
    assert before[0] != after[0] and before[1] != after[1]


def test_the_code_of_a_plan_changes_with_a_users_file(tmp_path, monkeypatch):
    from analysis.sweep.origin import metric

    (tmp_path / "numbers_of_mine.py").write_text("def mine(run):\n    return 1.0\n")
    made = reference(metric(f"{tmp_path / 'numbers_of_mine.py'}:mine"))
    assert made.word == f"{tmp_path / 'numbers_of_mine.py'}:mine" and made.found()(None) == 1.0
    other = replace(made, sha256="0" * 64)
    assert fingerprint([made], local=False) != fingerprint([other], local=False)
    assert fingerprint([made]) == fingerprint([other]) == fingerprint([made], local=False)  # as it is here


def test_metrics_may_be_functions_names_of_any_file_or_one_alone(tmp_path):
    (tmp_path / "metrics_of_mine.py").write_text("def mine(run):\n    return 1.0\n")
    mine = f"{tmp_path / 'metrics_of_mine.py'}:mine"
    assert plan(metrics=[mine, index_end, "basis_mean_bps"]).metric_names == ("mine", "index_end", "basis_mean_bps")
    assert plan(metrics="basis_mean_bps").metric_names == ("basis_mean_bps",)
    assert plan(metrics=both).metric_names == ("low", "high")
    assert set(plan(metrics=None).metric_names) == {each.__name__ for each in headlines()}


def test_seeds_are_any_whole_numbers_that_can_be_counted():
    assert plan(seeds=np.arange(3)).seeds == plan(seeds=(each for each in range(3))).seeds == (0, 1, 2)
    assert all(type(seed) is int for seed in plan(seeds=np.arange(3)).seeds)


def test_the_same_question_finds_its_folder_and_another_one_does_not():
    first = default_folder(plan(noise=[1, 2]))
    assert first == default_folder(plan(noise=np.array([1, 2]))) and first.parts[0] == "runs"
    assert first.name.startswith("sweep-quick-") and first != default_folder(plan(noise=[1, 3]))
    assert first != default_folder(plan(noise=[1, 2], metrics=[both]))


REFUSED = [
    (TypeError, "unknown option 'nois'; did you mean 'noise'", {"nois": 3}),
    (TypeError, "unknown option 'nois'", {"twins": {"a": {"nois": 3}}}),
    (TypeError, "seed must not be an argument of a sweep; it is set by seeds=", {"twins": {"a": {"seed": 3}}}),
    (TypeError, "base_impact must not be an argument", {"base_impact": 1.0}),
    (ValueError, "venue.mork: unknown field of Venue 'mork'; did you mean 'mark'", {"venue.mork": 1}),
    (ValueError, "venue.mark.every_s.x must lead through rules .got 5.0 before 'x'.", {"venue.mark.every_s.x": 1}),
    (ValueError, "hours must hold at least one step .got nan", {"hours": float("nan")}),
    (ValueError, "at most the venue's 100 .got 500.", {"scenario": calm, "hours": 0.01, "long_leverage": 500.0}),
    (ValueError, "at least one seed .got none.", {"seeds": ()}),
    (ValueError, "seeds must differ", {"seeds": [1, 2, 1]}),
    (ValueError, "seeds must be whole numbers from 0", {"seeds": [-1]}),
    (ValueError, r"below 2\*\*63", {"seeds": [2**63]}),
    (TypeError, "several whole numbers .got 3.; say range", {"seeds": 3}),
    (TypeError, "several whole numbers", {"seeds": [1.5]}),
    (TypeError, "several whole numbers", {"seeds": "12"}),
    (ValueError, "noise must be given at least one value", {"noise": []}),
    (ValueError, "one dimension to be an axis .got 2.", {"noise": np.ones((2, 2))}),
    (ValueError, "points of a sweep must differ", {"noise": [3, 3]}),
    (ValueError, "noise must be an axis or a paired column", {"noise": [1, 2], "paired": [{"noise": 3}]}),
    (ValueError, "noise must be an argument of all runs or a column", {"noise": 1, "paired": [{"noise": 3}]}),
    (FileNotFoundError, "paired columns must exist", {"paired": "no.csv"}),
    (ValueError, "design must be one of grid, sobol, lhs", {"design": "saltelli"}),
    (ValueError, "noise must have a number of values on a grid", {"noise": Between(1, 2)}),
    (ValueError, "as many points as its axes cross to", {"noise": [1, 2], "points": 8}),
    (ValueError, "power of two of points .got 6.; try 8", {"noise": Between(1, 9), "design": "sobol", "points": 6}),
    (ValueError, "must be given a number of points", {"noise": Between(1, 9), "design": "lhs"}),
    (ValueError, "unknown metric 'basis_men'; did you mean", {"metrics": ["basis_men"]}),
    (TypeError, "a function with a name must be given", {"metrics": [lambda run: 1.0]}),
    (ValueError, "columns must differ in name .* .got 'index_end'.", {"metrics": [index_end, index_end]}),
    (ValueError, "a twin must have a label and change something", {"twins": {"": {"noise": 3}}}),
    (ValueError, "a twin must have a label and change something", {"twins": {"a": {}}}),
    (ValueError, "unknown table to keep 'fils'; did you mean 'fills'", {"tables": "fils"}),
    (ValueError, "series_s must be above zero", {"series_s": 0.0}),
    (ValueError, "until_se: unknown metric of this sweep", {"until_se": {"index_and": 1.0}}),
    (ValueError, "above zero .got index_end: nan.", {"until_se": {"index_end": float("nan")}}),
    (ValueError, "max_seeds must be at least the 1 seeds", {"until_se": {"index_end": 1.0}, "max_seeds": 0}),
    (TypeError, "must be given a scenario .* decorate it", {"scenario": index_end}),
    (ValueError, "unknown scenario 'cal'; did you mean 'calm'", {"scenario": "cal"}),
    (ValueError, "not on several; name one", {"processes": 0, "cluster": "tcp://localhost:1"}),
    (ValueError, "processes must be at least one", {"processes": -1}),
    (ValueError, "coin must have a repr that says all", {"coin": object()}),
    (ValueError, "coin must have a repr that says all", {"coin": (np.zeros(5_000),)}),
    (OSError, "no Dask scheduler answers at nowhere", {"processes": None, "cluster": "nowhere"}),
    (FileNotFoundError, "scheduler file must exist", {"processes": None, "cluster": "no.json"}),
]


@pytest.mark.parametrize(("kind", "said", "asked"), REFUSED, ids=[said for _, said, _ in REFUSED])
def test_what_cannot_work_is_refused_in_one_sentence_before_a_run(tmp_path, kind, said, asked):
    scenario = asked.pop("scenario", quick)
    asked = {"seeds": [1], "processes": 0, "metrics": [index_end], "out": tmp_path / "out"} | asked
    with pytest.raises(kind, match=said) as error:
        sweep(scenario, **asked)
    assert "\n" not in str(error.value) and not list(tmp_path.glob("out/runs/*"))


@pytest.mark.parametrize(("kind", "said"), [(ValueError, "must go up"), (ValueError, "must begin above zero")])
def test_a_range_that_is_none_is_refused(kind, said):
    with pytest.raises(kind, match=said):
        Between(-1.0, -2.0) if "up" in said else Between(0.0, 1.0, log=True)


def test_a_name_for_the_columns_of_the_machinery_is_kept_from_metrics():
    def meta_mine(run):
        return 1.0

    with pytest.raises(ValueError, match="not begin with meta_ .got 'meta_mine'."):
        check(plan(metrics=[meta_mine]))


@given(
    st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=1, max_size=40),
    st.floats(1e-6, 1e6),
    st.integers(0, 100),
)
def test_the_seeds_wanted_grow_at_most_twofold_never_shrink_and_stop_once_it_is_met(numbers, target, room):
    have, most = len(numbers), len(numbers) + room
    want = precision.wanted({"it": numbers}, {"it": target}, most)
    assert have <= want <= min(2 * have, most)
    error = precision.standard_error(numbers)
    if error > target and room:
        assert want > have
    if error <= target or math.isnan(error) and have > 1:
        assert want == have
    assert want == precision.wanted({"it": numbers[::-1]}, {"it": target}, most) or math.isclose(error, target)


def test_a_standard_error_is_that_of_pandas_over_what_is_a_number():
    numbers = [1.0, 2.5, float("nan"), 4.0]
    assert precision.standard_error(numbers) == pytest.approx(pandas.Series(numbers).sem())
    assert math.isnan(precision.standard_error([1.0])) and math.isnan(precision.standard_error([]))


def test_a_scenario_of_a_users_file_is_found_by_its_path(tmp_path):
    (tmp_path / "market_of_mine.py").write_text(SOURCE)
    made = plan(f"{tmp_path / 'market_of_mine.py'}:quick", metrics=["basis_mean_bps"])
    assert made.scenario_word == f"{tmp_path / 'market_of_mine.py'}:quick"
    assert not made.origin.pickled and made.origin.found() is made.scenario
