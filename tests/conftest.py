"""What all tests share: how Hypothesis searches, and a small run to look at."""

import gc
import os
import signal

import numpy as np
import pytest
from hypothesis import settings

from sim.record import TABLES, Run

# The first example of a kernel compiles it, so no deadline; the same examples on every machine.
settings.register_profile("perpsim", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("perpsim")


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_interrupts():
    """Also where the tests run in the background of a shell, which lets them and all that they start ignore it."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, usual)


@pytest.fixture(autouse=True, scope="session")
def nobody_waits_for_the_disk():
    """Sweeps in this process write without waiting until the disk has it: a test does not lose its power."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(autouse=True, scope="module")
def what_earlier_tests_left_is_not_searched_for_garbage():
    """Sweeps collect after each run: among what four thousand tests have left that took a tenth of a second."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def pytest_addoption(parser):
    """Let `pytest --golden` write the numbers of `tests/golden` anew."""
    parser.addoption("--golden", action="store_true", help="write tests/golden anew instead of comparing with it")


COLUMNS = [("step", np.int32), ("time_s", float), ("mark", float), ("crowd", "U12"), ("forced", bool)]


@pytest.fixture
def small_run():
    """Return a Run of made-up tables: three rows in each but `fills`, which is empty."""
    tables = {}
    for table in TABLES:
        rows = np.recarray(0 if table == "fills" else 3, dtype=COLUMNS)
        for name in rows.dtype.names:
            rows[name] = np.resize(np.array([2, 0, 7]), len(rows)).astype(rows.dtype[name])
        tables[table] = rows
    tables["series"].mark[1] = np.nan
    about = {"seed": np.int64(3), "worst": float("nan"), "finished": True, "rates": np.array([0.5, np.inf])}
    return Run(**tables, about=about)
