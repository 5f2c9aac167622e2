"""Tables lie where lines of the cache begin and grow in place; asking ahead for a record changes nothing."""

import numpy as np
import pytest

from sim import ahead, exchange, ledger, room, wheel
from sim.compiled import kernel
from sim.exchange import new_exchange, with_accounts
from sim.ledger import RESERVED_ROWS, new_accounts


def plain_exchange():
    return new_exchange(np.arange(100), np.array([[np.inf, 0.005, 0.01, 0.0]]))


@pytest.mark.parametrize("count", [0, 1, 7, 1000, 100_000])
@pytest.mark.parametrize("dtype", [ledger.ACCOUNT, exchange.ORDER, np.int32, "f8"])
def test_zeros_begin_where_a_line_of_the_cache_does(count, dtype):
    made = room.zeros(count, dtype)
    assert made.shape == (count,) and (count == 0 or made.ctypes.data % 64 == 0)  # of nothing numpy says where it likes
    assert made.flags.c_contiguous and made.flags.aligned and not made.view(np.uint8).any()


def test_no_account_and_no_order_lies_in_two_lines():
    assert ledger.ACCOUNT.itemsize == exchange.ORDER.itemsize == 64
    assert 64 % ledger.RESERVED.itemsize == 64 % ledger.RISK.itemsize == 64 % wheel.CLOCK.itemsize == 0


def test_rows_are_added_in_place_while_there_is_room_and_none_are_lost_when_there_is_not():
    few = room.longer(room.zeros(3, ledger.ACCOUNT), 5)
    few.wallet = range(5)
    more = room.longer(few, 4_000)
    assert np.shares_memory(few, more) and more.wallet[:6].tolist() == [0, 1, 2, 3, 4, 0]
    many = room.longer(more, 100_000)
    assert not np.shares_memory(more, many) and many.ctypes.data % 64 == 0
    assert many.wallet[:6].tolist() == [0, 1, 2, 3, 4, 0] and not many.wallet[5:].any()
    assert np.shares_memory(many, room.longer(many, 200_000))


def test_every_table_of_accounts_grows_with_them_and_new_rows_are_empty():
    x = with_accounts(plain_exchange(), new_accounts(5, crowd=3))
    x.reserved.buying[-1], x.clocks.wakes[-1], x.risk.liquidations[-1] = 1, 2, 3
    x = with_accounts(x, new_accounts(10_000, crowd=4))
    last = RESERVED_ROWS + 4
    for name in exchange.OF_ACCOUNTS:
        assert len(getattr(x, name)) == RESERVED_ROWS + 10_005, name
    assert (x.reserved.buying[last], x.clocks.wakes[last], x.risk.liquidations[last]) == (1, 2, 3)
    assert (x.risk.bucket == -1).all() and (x.accounts.orders == -1).all()
    assert not x.clocks.wakes[last + 1 :].any() and not x.reserved.buying[last + 1 :].any()
    assert x.accounts.crowd[[last, last + 1]].tolist() == [3, 4]


def test_the_clock_of_one_who_never_wakes_is_not_written():
    clocks = room.zeros(3, wheel.CLOCK)
    wheel.wind(clocks, np.inf)
    assert not clocks.view(np.uint8).any()
    wheel.wind(clocks, np.array([5.0, np.inf, 1e-60]))
    assert clocks.wake_s[:2].tolist() == [5.0, 0.0] and clocks.wake_s[2] > 0.0


@kernel
def ask(x, i):
    """Ask for all that `sim.ahead` can."""
    ahead.fetch(x.accounts, i)
    ahead.fetch(x.levels, 3)
    ahead.fetch_order(x, i)
    ahead.fetch_second_order(x, i)
    ahead.fetch_queues(x, i)


def test_asking_ahead_changes_nothing_compiled_or_not():
    x = with_accounts(plain_exchange(), new_accounts(3, crowd=0))
    x.accounts.orders[-1], x.orders.own_next[0], x.orders.own_next[1] = 0, 1, -1
    x.orders.tick[:2], x.orders.prev[:2], x.orders.next[:2] = 7, (-1, 0), (1, -1)
    before = [getattr(x, name).copy() for name in ("accounts", "orders", "levels", "reserved")]
    for asking in (ask, getattr(ask, "py_func", ask)):
        for i in range(len(x.accounts)):
            asking(x, i)
    after = [getattr(x, name) for name in ("accounts", "orders", "levels", "reserved")]
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    assert ahead.fetch(x.accounts, 0) is None


def test_who_has_many_orders_is_not_walked_through():
    x = with_accounts(plain_exchange(), new_accounts(1, crowd=0))
    x.accounts.orders[-1], x.orders.own_next[0] = 0, 0  # a chain without an end
    ahead.fetch_queues(x, len(x.accounts) - 1)
