"""A table of columns reads like one record an account, whether a column is stored once or for each row."""

import numpy as np
import pytest
from numba.core.errors import NumbaError

from sim.bundle import Columns
from sim.compiled import kernel

VALUES = {"leverage": 5.0, "coin": np.array([1.0, 2.0, 3.0])}


def table():
    """Three rows: a column that is the same in all, one that differs, and a memory."""
    return Columns(3, VALUES, kept=("peak",))


@kernel
def learn(table, rows):
    """Keep in `peak` what each row's leverage makes of its coin; returns the sum."""
    total = 0.0
    for i in rows:
        me = table[i]
        me.peak += me.leverage * me.coin
        total += me.peak
    return total


@kernel
def cheat(table):
    """Write to a column that is no memory."""
    table[0].leverage = 1.0


def test_compiled_and_interpreted_code_do_the_same_to_a_table():
    one, two, rows = table(), table(), np.array([0, 2, 2])
    assert learn(one, rows) == getattr(learn, "py_func", learn)(two, rows) == 5.0 + 15.0 + 30.0
    assert one.peak.tolist() == two.peak.tolist() == [5.0, 0.0, 30.0]
    assert one.coin.tolist() == [1.0, 2.0, 3.0] and one.leverage.tolist() == [5.0] * 3


def test_a_rule_may_write_only_to_its_memory():
    with pytest.raises((NumbaError, ValueError), match="memory|read-only"):
        cheat(table())
    with pytest.raises(ValueError, match="read-only"):
        table().leverage[0] = 1.0
    with pytest.raises(AttributeError, match="no column is called 'lever'"):
        _ = table().lever


def test_a_column_that_is_the_same_in_every_row_costs_nothing():
    many = Columns(10**9, {"leverage": 5.0})
    assert len(many) == 10**9 and many[999_999_999].leverage == 5.0
