"""Runs that failed are made again when asked to, and only those."""

from analysis.sweep import sweep

SOURCE = """
from pathlib import Path

from agents import NoiseTraders
from scenarios import scenario
from sim.market import Market


@scenario
def moody(*, seed, flag, **market):
    \"\"\"Does it fail?\"\"\"
    if seed % 2 and not Path(flag).exists():
        raise RuntimeError("not today")
    market = Market(seed=seed, hours=10 / 3600, **market)
    NoiseTraders(market, count=3)
    return market


def index_end(run):
    return run["index"][-1]
"""


def test_only_what_failed_is_made_again(tmp_path):
    file, flag = tmp_path / "moody_market.py", tmp_path / "better"
    file.write_text(SOURCE)
    asked = {"seeds": range(6), "flag": f"{flag}", "metrics": [f"{file}:index_end"], "processes": 0, "series_s": 5.0}
    asked |= {"out": tmp_path / "out", "twins": {"other": {"spot_impact": 0.0}}}
    first = sweep(f"{file}:moody", **asked).frame()
    assert list(first.seed[first.status == "failed"]) == [1, 1, 3, 3, 5, 5] and "not today" in first.error[2]
    flag.mkdir()  # a folder: an argument that names a file would be hashed, and this be another sweep
    again = sweep(f"{file}:moody", **asked).frame()
    assert again.equals(first)
    done = sweep(f"{file}:moody", **asked, retry_failed=True)
    after = done.frame()
    assert (after.status == "done").all() and list(after.run_id) == list(first.run_id)
    kept = (first.status == "done").to_numpy()
    assert list(after.meta_begun[kept]) == list(first.meta_begun[kept])
    assert sorted(done.table("series").groupby("run_id").size()) == [2] * 12
    assert sweep(f"{file}:moody", **asked, retry_failed=True).frame().equals(after)
