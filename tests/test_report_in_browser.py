"""Reports in a real browser: on a phone and on a desk, with no network; and how large one of 500 runs is."""

import time

import numpy as np
import pytest

from analysis import compare
from analysis.report.command import report
from analysis.sweep import sweep
from scenarios import calm
from tests.browser import seen
from tests.quick import trifle

PHONE, DESK = 390, 1_280
SMALL = {"hours": 0.05, "noise": 50, "longs": 20, "shorts": 20, "open_interest": 100_000}
WIDE = tuple(f"what_a_long_name_for_metric_{number}" for number in range(50))


def many(run):
    """Fifty numbers of a run, as many as the headlines."""
    chance = np.random.default_rng(run.about["seed"]).normal(run["index"][0], 1.0, len(WIDE))
    return dict(zip(WIDE, chance.tolist(), strict=True))


many.names = WIDE


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """{kind: path} of a report of each kind; of the sweep also the seconds that it took."""
    root = tmp_path_factory.mktemp("reports")
    calm(seed=1, **SMALL).run().save(root / "run")
    calm(seed=1, **SMALL).run().save(root / "twin")
    calm(seed=1, makers=3, **SMALL).run().save(root / "twin" / "twin")
    rows = list(compare.compared("venue_comparison", ["BITMEX", "OKX"], 1, seed=1, hours=0.05))
    compare.save(rows, root, scenario="venue_comparison", seed=1)
    coins = [1.0 + 0.1 * k for k in range(25)]
    sweep(trifle, seeds=range(10), coin=coins, noise=[3, 4], metrics=[many], processes=0, out=root / "sweep")
    made = {kind: report(root / kind) for kind in ("run", "twin")} | {"comparison": report(root)}
    since = time.perf_counter()
    return made | {"sweep": report(root / "sweep"), "seconds": time.perf_counter() - since}


@pytest.mark.parametrize("kind", ["run", "twin", "comparison", "sweep"])
def test_a_report_fits_a_phone_and_fetches_nothing(pages, kind, tmp_path):
    told = seen(pages[kind], tmp_path, PHONE)
    assert told["width"] == PHONE and told["whole"] <= PHONE and told["over"] == []
    assert told["fetched"] == [] and told["text"] >= 14.0
    assert told["images"] and all(natural > 300 and shown <= PHONE for natural, shown in told["images"])
    assert "What to be careful about" in told["headings"] and "To run it again" in told["headings"]


def test_on_a_desk_lines_stay_short_enough_to_read(pages, tmp_path):
    told = seen(pages["twin"], tmp_path, DESK)
    assert told["width"] == DESK and told["whole"] <= DESK
    assert all(shown <= 960 for _, shown in told["images"])


def test_a_report_of_a_sweep_of_500_runs_is_small_and_soon_there(pages):
    assert "500 runs, 50 points, 10 seeds" in pages["sweep"].read_text(encoding="utf-8")
    assert pages["sweep"].stat().st_size < 5_000_000 and pages["seconds"] < 20.0
