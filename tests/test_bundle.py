"""A bundle is a set of named arrays; compiled and interpreted code read and write the same memory."""

import gc

import numpy as np
import pytest

from sim import exchange, ledger, orders, wheel
from sim.bundle import Bundle
from sim.compiled import kernel

ROW = np.dtype([("contracts", np.int64), ("price", np.float64), ("short", np.int16), ("open", np.bool_)], align=True)


def bundle():
    """Arrays of every kind that an exchange holds."""
    rows = np.zeros(3, ROW).view(np.recarray)
    rows.contracts = 10, 20, 30
    return Bundle(rows=rows, line=np.arange(5, dtype=np.int32), plane=np.arange(6.0).reshape(2, 3))


@kernel
def stir(x):
    """Read and write every array; returns a sum that depends on each."""
    x.rows[1].contracts += 5
    x.rows[2].open = True
    x.rows[2].short = -7
    x.line[4] = x.line[3] * 2
    x.plane[1, 2] += x.rows[1].contracts
    return x.plane[0, 1] + x.plane[1].sum() + len(x.rows) + x.line.shape[0] + x.plane.shape[1]


def test_compiled_and_interpreted_code_do_the_same_to_a_bundle():
    one, two = bundle(), bundle()
    assert stir(one) == getattr(stir, "py_func", stir)(two)
    for name in ("rows", "line", "plane"):
        assert np.array_equal(getattr(one, name), getattr(two, name))
    assert one.rows[1].contracts == 25 and one.rows[2].open and one.plane[1, 2] == 30.0


def test_a_replacement_makes_a_new_bundle_and_shares_the_rest():
    old = bundle()
    new = old.replace(line=np.array([7, 7, 7, 7, 7, 7], np.int32))
    stir(new)
    assert old.line.tolist() == [0, 1, 2, 3, 4] and new.line.tolist() == [7, 7, 7, 7, 14, 7]
    assert old.rows[1].contracts == 25 and old.rows is new.rows


def test_bundles_of_one_layout_share_one_compilation():
    stir(bundle())
    before = len(getattr(stir, "signatures", ()))
    stir(bundle().replace(line=np.zeros(9, np.int32)))
    assert len(getattr(stir, "signatures", ())) == before


def test_the_arrays_live_as_long_as_the_bundle():
    kept = bundle()
    gc.collect()
    junk = [np.full(100, 1e300) for _ in range(100)]  # would fill memory given back too early
    stir(kept)
    assert kept.rows.contracts.tolist() == [10, 25, 30] and len(junk) == 100


def test_a_kernel_that_asks_for_an_array_that_is_not_there_is_refused():
    @kernel
    def lost(x):
        return x.nowhere[0]

    with pytest.raises((AttributeError, Exception), match="nowhere"):
        lost(bundle())


@pytest.mark.parametrize(
    "dtype",
    [ledger.ACCOUNT, ledger.RESERVED, ledger.RISK, wheel.CLOCK, exchange.ORDER, exchange.LEVEL, exchange.FILL,
     exchange.LOT, exchange.NOW, exchange.TERMS, orders.MESSAGE],
)  # fmt: skip
def test_no_field_hides_behind_an_attribute_of_its_record(dtype):
    hidden = [name for name in dtype.names if hasattr(np.record, name) or hasattr(np.recarray, name)]
    assert not hidden, f"uncompiled, record.{hidden[0]} would not be the field"


def test_room_for_more_orders_keeps_those_there_are():
    x = exchange.new_exchange(np.arange(100), np.array([[np.inf, 0.005, 0.01, 0.0]]))
    x.now[0].free = 5
    x.orders.serial[:5] = range(1, 6)
    more = exchange.with_orders(x, 2048)
    assert more.orders.serial[:5].tolist() == [1, 2, 3, 4, 5]
    free, slots = [], int(more.now[0].free)
    while slots >= 0:
        free.append(slots)
        slots = int(more.orders[slots].next)
    assert sorted(free) == list(range(5, 2048))


def test_a_snapshot_holds_what_now_holds():
    x = exchange.new_exchange(np.arange(100), np.array([[np.inf, 0.005, 0.01, 0.0]]))
    x.now[0].volume, x.now[0].mark = 7, 8000.5
    seen = exchange.snapshot(x)
    assert (seen.volume, seen.mark, seen.bid, seen.ask) == (7, 8000.5, -1, 100)
    assert isinstance(seen.volume, int) and isinstance(seen.mark, float)
