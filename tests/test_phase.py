"""Phase diagrams: the line of a scenario whose line is known, with fewer runs than a full grid."""

import numpy as np
import pytest

from analysis.phase import Axis, draw, refined
from analysis.sweep import Between
from tests.quick import nowhere, trifle

COIN, HOURS = Axis("coin", Between(1.0, 3.0)), Axis("hours", Between(0.1, 10.0, log=True))


def product(run):
    """Coin times hours, which the index of a trifle is made of."""
    about = run.about
    chance = np.random.default_rng(about["seed"]).normal(100.0, 9.0, 4)
    return float(run["index"][0] / chance[0] / 5.0)


@pytest.fixture(scope="module")
def diagram(tmp_path_factory):
    """A diagram of the line coin * hours = 2."""
    out = tmp_path_factory.mktemp("phase")
    return refined(trifle, COIN, HOURS, product, 2.0, seeds=range(2), out=out, processes=0), out


def test_points_lie_where_they_say_and_have_the_number_of_their_place(diagram):
    frame, _ = diagram
    assert frame.value.to_numpy() == pytest.approx((frame.coin * frame.hours).to_numpy())
    assert frame.coin.to_numpy() == pytest.approx(1.0 + 2.0 * frame.u.to_numpy())
    assert frame.hours.to_numpy() == pytest.approx(0.1 * 100.0 ** frame.v.to_numpy())
    assert (frame.runs == 2).all() and frame.error.max() == pytest.approx(0.0, abs=1e-9)


def test_runs_are_spent_near_the_line(diagram):
    frame, _ = diagram
    full = (4 * 2**3 + 1) ** 2
    assert 25 < len(frame) < full / 4
    fine = frame[(frame.u * 32 % 2 == 1) | (frame.v * 32 % 2 == 1)]  # on the finest grid only
    assert (np.abs(np.log(fine.value / 2.0)) < np.log(100.0) / 16 + 0.2).all() and len(fine) > 30


def test_the_line_is_found_to_the_finest_square(diagram):
    frame, _ = diagram
    for u, column in frame.groupby("u"):
        above, below = column[column.value >= 2.0], column[column.value < 2.0]
        if u * 32 % 8 == 0:
            assert above.v.min() - below.v.max() <= 1 / 32 + 1e-12


def test_the_same_call_repeats_nothing(diagram):
    frame, out = diagram
    before = {path: path.stat().st_mtime_ns for path in out.glob("*/runs/*.parquet")}
    again = refined(trifle, COIN, HOURS, product, 2.0, seeds=range(2), out=out, processes=0)
    assert again.equals(frame) and before == {path: path.stat().st_mtime_ns for path in out.glob("*/runs/*.parquet")}


def test_it_is_drawn_with_its_line(diagram, tmp_path):
    draw(diagram[0], COIN, HOURS, 2.0, "coin hours").savefig(tmp_path / "phase.png")
    assert (tmp_path / "phase.png").stat().st_size > 10_000


def test_what_has_no_number_is_refused(tmp_path):
    with pytest.raises(ValueError, match="every run of a diagram must have a number"):
        refined(trifle, COIN, HOURS, nowhere, 2.0, seeds=range(2), out=tmp_path, processes=0)
    with pytest.raises(ValueError, match="must have a square or more"):
        refined(trifle, COIN, HOURS, product, 2.0, seeds=range(2), out=tmp_path, coarse=0)
