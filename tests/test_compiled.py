"""Compiled code is kept between runs, and never survives an edit of what it was made from."""

import math
import os
import subprocess
import sys
import time

import numba
import pytest

from sim import compiled

CALLEE = """
from sim.compiled import kernel

@kernel
def rate():
    return {rate}
"""
CALLER = """
from sim.callee import rate
from sim.compiled import kernel

@kernel
def twice(x):
    return 2 * rate() * x

assert twice.stats is not None
"""


@pytest.fixture
def house(tmp_path):
    """Return a small copy of the house: two kernels in two rooms, one calling the other."""
    for room in ("sim", "agents", "scenarios", "analysis"):
        (tmp_path / "house" / room).mkdir(parents=True)
        (tmp_path / "house" / room / "__init__.py").touch()
    for name in ("__init__.py", "compiled.py"):
        (tmp_path / "house" / "sim" / name).write_bytes((compiled.HOME / "sim" / name).read_bytes())
    (tmp_path / "house" / "sim" / "callee.py").write_text(CALLEE.format(rate=0.1))
    (tmp_path / "house" / "agents" / "caller.py").write_text(CALLER)
    return tmp_path / "house"


def answer(house, cache):
    """Return (2 * rate * 10, cache hits) as a new process in the house computes them."""
    code = "from agents.caller import twice; print(twice(10.0), sum(twice.stats.cache_hits.values()))"
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache), "PYTHONPATH": ""}
    del environment["NUMBA_CACHE_DIR"]
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, check=True)
    value, hits = done.stdout.split()
    return float(value), int(hits)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
def test_an_edit_of_a_callee_in_another_file_is_noticed(house, tmp_path):
    assert answer(house, tmp_path / "cache") == (2.0, 0)
    assert answer(house, tmp_path / "cache") == (2.0, 1)  # kept between processes
    (house / "sim" / "callee.py").write_text(CALLEE.format(rate=0.3))
    assert answer(house, tmp_path / "cache") == (6.0, 0)


def test_every_source_of_the_two_compiled_rooms_names_the_folder(house):
    names = {compiled.cache_name(house)}
    for path in ("sim/callee.py", "agents/caller.py", "agents/new.py"):
        with open(house / path, "a") as source:
            source.write("# edited\n")
        compiled.source_hash.cache_clear()
        names.add(compiled.cache_name(house))
    assert len(names) == 4
    (house / "scenarios" / "new.py").write_text("# holds no kernel\n")
    compiled.source_hash.cache_clear()
    assert compiled.cache_name(house) in names


def test_a_moved_line_between_two_files_is_an_edit(house):
    (house / "sim" / "a.py").write_text("x = 1\ny = 2\n")
    (house / "sim" / "b.py").write_text("")
    before = compiled.source_hash(house)
    (house / "sim" / "a.py").write_text("x = 1\n")
    (house / "sim" / "b.py").write_text("y = 2\n")
    compiled.source_hash.cache_clear()
    assert compiled.source_hash(house) != before


def test_where_the_users_cache_cannot_be_written_a_temporary_folder_serves(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setattr(compiled, "user_cache", lambda: tmp_path / "file")
    monkeypatch.setattr(compiled.tempfile, "tempdir", str(tmp_path))
    folder = compiled.cache_folder()
    assert folder.name == compiled.cache_name() and folder.is_relative_to(tmp_path)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder))
    assert compiled.cache_folder() == folder  # as a worker process would find it


def test_a_folder_of_other_sources_is_not_inherited(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "other-numba0-python0"))
    monkeypatch.setattr(compiled, "user_cache", lambda: tmp_path)
    assert compiled.cache_folder() == tmp_path / "perpsim" / compiled.cache_name()


def test_only_folders_long_unused_are_removed(tmp_path):
    for name in ("old-numba1", "new-numba1", "letters"):
        (tmp_path / name).mkdir()
    long_ago = time.time() - compiled.KEPT_S - 1
    os.utime(tmp_path / "old-numba1", (long_ago, long_ago))
    os.utime(tmp_path / "letters", (long_ago, long_ago))
    compiled.remove_unused(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["letters", "new-numba1"]


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
def test_a_kernel_divides_as_numpy_does_and_frees_the_interpreter():
    @compiled.kernel
    def ratio(x, y):
        return x / y

    assert math.isinf(ratio(1.0, 0.0)) and math.isnan(ratio(0.0, 0.0))
    assert ratio.targetoptions["nogil"] and ratio.targetoptions["error_model"] == "numpy"
    assert numba.config.CACHE_DIR == os.environ["NUMBA_CACHE_DIR"]
