"""Figures draw what is in the tables, at any length and for any venue, and come out the same every time."""

import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_array_equal

from analysis import figures
from tests.made_up import VENUE, a_run, calm_run, empty_run, fall_run

HOME = Path(__file__).resolve().parent.parent
PANELS = ("price", "discount", "funding", "open_interest", "fund", "engine", "depth")


@pytest.fixture(scope="module")
def run():
    return fall_run()


@pytest.fixture
def ax():
    return Figure().subplots()


def labels(ax):
    """What the legend of a panel says."""
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("name", PANELS)
@pytest.mark.parametrize("made", [fall_run, calm_run, empty_run])
def test_every_panel_stands_alone_and_names_its_unit(name, made, ax, recwarn):
    assert getattr(figures, name)(made(), ax) is ax
    ax.get_figure().canvas.draw()
    assert ax.get_title(loc="left") and ax.get_ylabel() and ax.get_xlabel() == "UTC" and labels(ax)
    assert not [each for each in recwarn if issubclass(each.category, RuntimeWarning | UserWarning)]


@pytest.mark.parametrize("made", [fall_run, calm_run, empty_run])
def test_the_overview_has_every_panel_over_one_clock(made):
    figure = figures.overview(made())
    figure.draw_without_rendering()
    panels = figure.axes[: len(PANELS)]
    assert len({ax.get_xlim() for ax in panels}) == 1
    tops = [ax.get_position().y1 for ax in panels]
    assert tops == sorted(tops, reverse=True)
    assert min(ax.get_position().height for ax in panels) > 0.05, "a panel has collapsed"


def test_the_title_says_what_was_asked_and_what_was_run(run):
    figure = figures.overview(run)
    below = figure.axes[0].texts[0].get_text()
    assert figure.get_suptitle().startswith("What would it look like?")
    assert below == "BitMEX XBTUSD, March 2020 · seed 1 · 36 h from 12 March 2020, 00:00 UTC"
    stopped = figures.overview(empty_run())
    assert stopped.axes[0].texts[-1].get_text().endswith("stopped early")


def test_a_run_that_knows_little_of_itself_is_drawn_all_the_same(run):
    bare = a_run(run.series)
    bare.about = {"seed": 3}
    assert figures.overview(bare).axes[0].texts[0].get_text().startswith("seed 3")


def test_the_same_run_gives_the_same_bytes_in_another_process_and_under_other_settings(tmp_path):
    code = (
        "import sys, matplotlib; matplotlib.rcParams.update({'font.size': 20, 'axes.grid': False})\n"
        "from analysis import figures; from tests.made_up import fall_run\n"
        "figures.overview(fall_run()).savefig(sys.argv[1], dpi=60)"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "other.png"], cwd=HOME, check=True)
    before = dict(matplotlib.rcParams)
    figures.overview(fall_run()).savefig(tmp_path / "this.png", dpi=60)
    assert (tmp_path / "this.png").read_bytes() == (tmp_path / "other.png").read_bytes()
    assert dict(matplotlib.rcParams) == before


def test_no_high_low_or_gap_is_lost_by_thinning():
    values = np.random.default_rng(1).normal(size=100_000)
    values[[31_415, 92_653]] = -99, 99
    values[50_000:50_003] = np.nan
    rows = figures.thin(values, bins=500)
    assert len(rows) < 5 * 500 and (rows[0], rows[-1]) == (0, 99_999) and (np.diff(rows) > 0).all()
    assert {31_415, 92_653} <= set(rows) and np.isnan(values[rows]).any()
    for part, kept in zip(np.split(values, 500), np.searchsorted(rows, np.arange(501) * 200)[:-1], strict=True):
        seen = values[rows[kept:]][: np.searchsorted(rows[kept:], rows[kept] + 200)]
        assert np.nanmax(seen) == np.nanmax(part) and np.nanmin(seen) == np.nanmin(part)


def test_a_short_run_is_drawn_row_by_row_and_a_column_of_gaps_too():
    assert_array_equal(figures.thin(np.arange(100.0)), np.arange(100))
    assert len(figures.thin(np.full(10_000, np.nan), bins=10))


def test_gathering_takeovers_loses_no_contract(run):
    at_s, mark, contracts = figures.binned(run, run.liquidations)
    assert contracts.sum() == np.abs(run.liquidations.contracts).sum() and len(at_s) <= figures.MARKED_BINS
    assert (np.diff(at_s) > 0).all() and mark.min() > 3_000 and mark.max() < 8_000


def test_longs_and_shorts_are_marked_with_areas_in_proportion_to_contracts(run, ax):
    figures.price(run, ax)
    longs, shorts = ax.collections
    largest = [figures.binned(run, run.liquidations[side])[2].max() for side in (longs_of(run), ~longs_of(run))]
    assert longs.get_sizes().max() == pytest.approx(figures.LARGEST_MARK)
    assert shorts.get_sizes().max() == pytest.approx(figures.LARGEST_MARK * largest[1] / largest[0])
    assert [label.partition(",")[0] for label in labels(ax)[3:]] == ["longs taken over", "shorts taken over"]


def longs_of(run):
    return run.liquidations.contracts > 0


def test_the_curves_are_the_columns(ax):
    run = calm_run()
    figures.price(run, ax)
    drawn = {line.get_label(): line for line in ax.get_lines()}
    for label, column in (("last", "last"), ("index", "index"), ("mark", "mark")):
        assert_array_equal(drawn[label].get_ydata(), run[column])
    assert drawn["mark"].get_xdata()[0] == np.datetime64("2020-03-12T00:01")


def test_the_basis_and_funding_are_percent(run, ax):
    figures.funding(run, ax)
    assert_array_equal(ax.get_lines()[1].get_ydata(), 100 * run.funding.rate)
    second = Figure().subplots()
    figures.discount(run, second)
    drawn = second.get_lines()[0].get_ydata()
    assert drawn.min() == pytest.approx(100 * (run["last"] / run["index"] - 1).min())


def test_an_inverse_contracts_open_interest_is_shown_in_coin_too(run):
    ax = Figure().subplots()
    figures.open_interest(run, ax)
    right = ax.get_figure().axes[1]
    assert right.get_ylabel() == "BTC" and right.get_lines()[0].get_ydata()[0] == pytest.approx(840e6 / 7_934, rel=1e-2)
    linear = a_run(run.series, venue=VENUE.replace("Inverse", "Linear").replace("BTC", "USD"), settlement="USD")
    other, money = Figure().subplots(2)
    figures.open_interest(linear, other)
    figures.fund(linear, money)
    assert len(other.get_figure().axes) == 2 and labels(other) == ["contracts"]
    assert money.get_ylabel() == "USD" and labels(money)[0] == "fund, change from 35,500 USD"


def test_auto_deleveraging_is_shown_and_its_absence_is_said(run, ax):
    figures.engine(run, ax)
    assert "auto-deleveraged (3.5 M)" in labels(ax) and len(ax.collections) == 2
    calm = Figure().subplots()
    figures.engine(calm_run(), calm)
    assert "no auto-deleveraging" in labels(calm)


def test_asks_hang_below_the_line_and_read_as_positive(run, ax):
    figures.depth(run, ax)
    assert ax.get_ylim()[0] < 0 < ax.get_ylim()[1]
    assert ax.yaxis.get_major_formatter()(-5e7, 0) == "50 M"


@pytest.mark.parametrize(
    ("number", "said"),
    [(0.0, "0"), (-0.0, "0"), (8_000, "8,000"), (-0.25, "−0.25"), (8.4e8, "840 M"), (-1.23e9, "−1.23 bn")],
)
def test_numbers_read_as_people_write_them(number, said):
    assert figures.short(number) == said


def test_the_clock_is_utc_whatever_zone_the_start_is_written_in():
    run = calm_run()
    run.about["start"] = "2020-03-12T02:00+02:00"
    assert figures.start(run).isoformat() == "2020-03-12T00:00:00"
    assert figures.clock(run, np.array([0.5]))[0] == np.datetime64("2020-03-12T00:00:00.500")


def test_colours_are_told_apart_by_the_colour_blind():
    published = {"#000000", "#e69f00", "#56b4e9", "#009e73", "#0072b2", "#d55e00", "#cc79a7", "#f0e442"}
    used = {figures.BLACK, figures.ORANGE, figures.SKY, figures.GREEN, figures.BLUE, figures.RED, figures.PURPLE}
    assert used <= published
