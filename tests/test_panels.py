"""Panels beyond the overview: drawn from a run, with units, and from nothing; what they show is in the tables."""

from functools import partial

import matplotlib
import numpy as np
import pandas
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from analysis import figures, who
from analysis.figures import animation, cascade, style
from analysis.phase import Axis
from analysis.sensitivity import Effect, Share
from analysis.sweep import Between
from scenarios import adl_waterfall, flash_crash
from sim.contract import Inverse, Linear, Power
from sim.maps import Maps
from tests.made_up import empty_run

CRASH = dict(
    seed=1, hours=0.35, at_hours=0.05, over_s=300.0, step_s=1.0, longs=300, shorts=200, noise=200, depth=0.6, fills=True
)
AXES = Axis("leverage", Between(1.0, 4.0, log=True)), Axis("depth", Between(0.0, 1.0))
FRAME = pandas.DataFrame(
    [(x, y, x * y) for x in (1.0, 2.0, 4.0) for y in (0.0, 0.5, 1.0)], columns=["leverage", "depth", "value"]
)
SHARES = [Share("fall", 0.6, (0.5, 0.7), 0.8, (0.7, 0.9)), Share("depth", 0.1, (0.0, 0.2), 0.2, (0.1, 0.3))]
EFFECTS = [Effect("fall", 0.5, 0.6, 0.1, 0.2), Effect("depth", -0.1, 0.1, 0.02, 0.05)]
VENUES = [
    ("BITMEX", {"liquidated_usd": 5e6}, np.linspace(0, -0.01, 30)),
    ("DYDX", {"liquidated_usd": 2e6}, np.zeros(30)),
]
LINE = np.array([0.0, 10.0]), np.array([0.0, 20.0])
BESIDE = figures.Beside(
    title="Twice", along="number, -", unit="double, -", theory={"double": LINE},
    runs={"double": (np.array([1.0, 4.0]), np.array([2.5, 8.0]), np.array([0.25, 0.5]))},
)  # fmt: skip


@pytest.fixture(scope="module")
def run():
    return flash_crash(**CRASH, maps=Maps(every_s=10.0)).run()


@pytest.fixture(scope="module")
def charged():
    return adl_waterfall(seed=1, hours=0.5, step_s=2.0).run()


@pytest.fixture
def ax():
    with style.styled():
        yield Figure(layout="constrained").subplots()


def data(name, run, charged):
    """What a panel is given: from a run, and from nothing."""
    nothing = empty_run()
    known = {
        "pegs": ({"one": run, "two": [run, charged]}, {}),
        "phase_diagram": (figures.Diagram(FRAME, *AXES, 1.0, "turns"), figures.Diagram(FRAME[:0], *AXES, 1.0, "turns")),
        "sensitivity": (SHARES, []), "elementary_effects": (EFFECTS, []),
        "haircuts": (charged, nothing), "burden": (charged, nothing),
        "payoffs": (({"inverse": Inverse()}, 8_000.0), ({}, 8_000.0)),
        "convexity": (({"inverse": Inverse()}, 8_000.0), ({}, 8_000.0)),
        "venue_paths": (VENUES, []), "venue_bars": (("liquidated_usd", VENUES), ("liquidated_usd", [])),
        "against": (BESIDE, figures.Beside(title="Twice", along="number, -", unit="double, -")),
    }  # fmt: skip
    if name.startswith("twin_"):
        return (run, run), (nothing, nothing)
    return known.get(name, (run, nothing))


@pytest.mark.parametrize("panel", figures.PANELS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("empty", [False, True], ids=["run", "nothing"])
def test_every_panel_says_what_its_axes_are_and_whether_there_is_nothing(panel, empty, run, charged, ax, recwarn):
    assert panel(data(panel.__name__, run, charged)[empty], ax) is ax
    ax.get_figure().canvas.draw()
    names = any(label.get_text()[:1].isalpha() for label in ax.get_yticklabels())
    listed = panel.__name__ in ("sensitivity", "elementary_effects", "venue_bars")
    assert ax.get_xlabel() and (ax.get_ylabel() or names or listed)
    assert ax.get_title(loc="left") or panel.__name__ == "phase_diagram"
    said = [text.get_text() for text in ax.texts]
    assert any(word in each for each in said for word in ("no ", "nobody")) == empty, said
    assert not [each for each in recwarn if issubclass(each.category, RuntimeWarning | UserWarning)]


def test_every_forced_close_of_the_episode_is_drawn_and_every_child_is_led_back_to_its_parent(run, ax):
    figures.anatomy(run, ax)
    low, high = cascade.episode(run)
    lots = run.liquidations
    there = (lots.time_s >= low) & (lots.time_s <= high) & ~lots.again
    children = np.flatnonzero(there & (lots.parent >= 0))
    (lines,) = (each for each in ax.collections if isinstance(each, LineCollection))
    ends = np.array(lines.get_segments())
    assert len(children) > 20 and len(ends) == len(children)
    assert_array_equal(ends[:, 1, 1], np.abs(lots.contracts[children]))
    assert_array_equal(ends[:, 0, 1], np.abs(lots.contracts[lots.parent[children]]))
    assert (ends[:, 1, 0] >= ends[:, 0, 0]).all(), "a child does not come before its parent"
    drawn = sum(len(each.get_offsets()) for each in ax.collections if not isinstance(each, LineCollection))
    further = np.isin(np.arange(len(lots)), lots.parent[children]) & lots.again
    assert drawn == (there | further).sum()


def test_generations_are_counted_from_those_that_came_unaided():
    assert_array_equal(cascade.generations(np.array([-1, 0, -1, 1, 3, 2])), [0, 1, 0, 2, 3, 1])


def test_the_heat_of_the_book_is_what_rests_in_it(run, ax):
    figures.book_heat(run, ax)
    window = cascade.episode(run, around=0.5)
    rows = run.book_map[(run.book_map.time_s >= window[0]) & (run.book_map.time_s <= window[1])]
    mesh = ax.collections[0].get_array()
    assert mesh.sum() == (rows.bids_contracts + rows.asks_contracts).sum() > 0
    assert mesh.shape[1] == len(np.unique(rows.time_s))
    assert ax.get_ylim() == (rows.low.min(), rows.high.max())


def test_the_heat_of_liquidation_prices_is_every_position_within_reach(run, ax):
    figures.liquidation_heat(run, ax)
    rows = run.liquidation_map
    assert ax.collections[0].get_array().sum() == (rows.longs_contracts + rows.shorts_contracts).sum() > 0
    assert_array_equal(ax.get_lines()[0].get_ydata(), run["mark"])


def test_maps_are_asked_for_where_there_are_none(charged, ax):
    figures.book_heat(charged, ax)
    assert "maps=Maps(" in ax.texts[0].get_text()


def test_pegs_are_ordered_from_the_narrowest_and_marked_at_their_medians(ax):
    runs = {}
    for name, spread in (("wide", 8.0), ("narrow", 2.0)):
        basis_bps = spread * np.linspace(-1.0, 3.0, 1_001)
        runs[name] = {"mid": 100.0 * (1.0 + 1e-4 * basis_bps), "index": np.full(1_001, 100.0)}
    figures.pegs(runs, ax)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["narrow", "wide"]
    medians = [line.get_xdata()[0] for line in ax.get_lines() if line.get_marker() == "|"]
    assert medians == pytest.approx([2.0, 8.0])


def test_haircuts_are_those_of_the_winners(charged, ax):
    figures.haircuts(charged, ax)
    profit, lost = who.winners(charged)
    spared, paid = (each.get_offsets() for each in ax.collections)
    assert len(spared) == (lost <= 0).sum() and len(paid) == (lost > 0).sum() > 50
    assert paid[:, 1].max() <= 100.0 and paid[:, 1].min() > 0.0
    mean = 100.0 * lost.sum() / profit.sum()
    assert ax.get_lines()[0].get_ydata()[0] == pytest.approx(mean)


def test_the_burden_adds_up_to_all_of_it(charged, ax):
    figures.burden(charged, ax)
    summed = ax.get_lines()[0].get_ydata()
    assert (np.diff(summed) >= 0).all() and (np.diff(summed, n=2) <= 1e-9).all()
    assert (summed[0], summed[-1]) == (0.0, pytest.approx(100.0))


@pytest.mark.parametrize(
    ("contract", "gained", "slope"),
    [
        (Inverse(), lambda move: 1.0 - 1.0 / (1.0 + move), 1.0),
        (Linear(unit=1e-9), lambda move: move, 1.0),
        (Power(p=-1.0, scale=1e8, unit=1e-9), lambda move: 1.0 / (1.0 + move) - 1.0, -1.0),
        (Power(p=2.0, scale=1e-4, unit=1e-9), lambda move: (1.0 + move) ** 2 - 1.0, 2.0),
    ],
    ids=["inverse", "linear", "power -1", "power 2"],
)
def test_payoffs_and_their_curvature_are_those_of_the_contract(contract, gained, slope):
    left, right = Figure().subplots(1, 2)
    figures.payoffs(({"one": contract}, 8_000.0), left)
    figures.convexity(({"one": contract}, 8_000.0), right)
    moves, drawn = left.get_lines()[0].get_data()
    assert_allclose(drawn, 100.0 * gained(moves / 100.0), atol=1e-4)
    assert_allclose(right.get_lines()[0].get_ydata(), drawn - slope * moves, atol=1e-9)


def test_theory_is_a_line_and_runs_are_points_and_their_distance_is_counted_in_errors(ax):
    figures.against(BESIDE, ax)
    assert_array_equal(ax.get_lines()[0].get_ydata(), LINE[1])
    assert_array_equal(ax.containers[0][0].get_ydata(), [2.5, 8.0])
    distances, places = BESIDE.gaps()
    assert_allclose(distances, [2.0, 0.0])
    assert places == [("double", 1.0), ("double", 4.0)]


def lightness(colour):
    """CIE lightness, 0 to 100, as a copier without colours sees it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116.0 * y ** (1 / 3) - 16.0 if y > 0.008856 else 903.3 * y


def test_curves_drawn_together_differ_in_grey_or_in_dash():
    for number, (one, dash) in enumerate(figures.LINES):
        for other, other_dash in figures.LINES[:number]:
            assert abs(lightness(one) - lightness(other)) > 15.0 or dash != other_dash, (one, other)
    for together in ((figures.SKY, figures.BLACK), (figures.BLUE, figures.ORANGE), (figures.SKY, figures.BLUE)):
        assert abs(lightness(together[0]) - lightness(together[1])) > 15.0, together


def test_amounts_grow_darker_all_the_way():
    shades = matplotlib.colormaps[figures.SHADES](np.linspace(0.0, 1.0, 64))
    grey = np.array([lightness(each[:3]) for each in shades])
    assert (np.diff(grey) < 0.0).all() and grey[0] - grey[-1] > 70.0


def test_a_figure_is_as_wide_as_a_column_and_saved_the_same_every_time(run, tmp_path, recwarn):
    for ending in ("svg", "pdf", "png"):
        for name in ("one", "two"):
            figure = figures.drawn([partial(figures.price, run)], width=figures.COLUMN, height=2.6)
            figures.save(figure, tmp_path / f"{name}.{ending}")
        assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes(), ending
    assert figure.get_size_inches()[0] == pytest.approx(88.0 / 25.4)
    assert figure.axes[0].get_position().height > 0.4, "the panel has room beside its words"
    assert not recwarn.list
    assert "<path" in (tmp_path / "one.svg").read_text()


def test_a_cascade_moves_and_shows_at_each_moment_what_stands_then(run, tmp_path, monkeypatch):
    monkeypatch.setattr(animation, "FRAMES", 3)
    moving = figures.cascade_animation(run)
    figures.save_animation(moving, tmp_path / "moving.gif")
    with Image.open(tmp_path / "moving.gif") as image:
        assert image.n_frames > 2
    right = moving._fig.axes[1]
    window = cascade.episode(run)
    moments = np.unique(run.liquidation_map.time_s)
    last = moments[(moments >= window[0]) & (moments <= window[1])][-1]
    shapes = [each for each in right.collections if isinstance(each, PolyCollection)]
    rows = run.liquidation_map[run.liquidation_map.time_s >= last - 60.0]
    longs = {time: (rows[rows.time_s == time].longs_contracts > 0).sum() for time in np.unique(rows.time_s)}
    assert len(shapes) == 4 and len(shapes[0].get_paths()) in longs.values()


def test_a_run_without_maps_is_not_animated_and_says_why(charged):
    moving = figures.cascade_animation(charged)
    assert "maps=Maps(" in moving._fig.axes[0].texts[0].get_text()
    moving._draw_was_started = True  # nobody is to be warned that it was never shown
