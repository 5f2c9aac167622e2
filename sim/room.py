"""Memory of the tables that kernels work on: it begins where a line of the cache does, and there is more than is used.

A record of 64 bytes then lies in one line and not in two. Zeros that nobody has touched yet cost nothing, so there may
be room for many; without it each new crowd would for a moment need the memory of all rows twice.
"""

import numpy as np

LINE = 64
ROWS = 1 << 12
"""Rows for which `longer` sets memory aside at least; else for twice as many as are asked for."""


def zeros(count, dtype):
    """(count,) zeros; fields of records are attributes."""
    dtype = np.dtype(dtype)
    room = np.zeros(count * dtype.itemsize + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    array = room[start : start + count * dtype.itemsize].view(dtype)
    return array.view(np.recarray) if dtype.names else array


def bare(table):
    """The same records without their attributes: to find out what a recarray is takes numba 2 us of each call."""
    return table.view(np.ndarray)


def longer(array, count):
    """The same rows and zeros behind them, `count` in all: in the memory of `array` while it has room, else a copy."""
    named, array = array.dtype.names, array.view(np.ndarray)
    owner = array
    while owner.base is not None:
        owner = owner.base
    start, size = array.ctypes.data - owner.ctypes.data, count * array.itemsize
    if array.flags.c_contiguous and owner.dtype == np.uint8 and start + size <= owner.nbytes:
        same = owner[start : start + size].view(array.dtype)
        return same.view(np.recarray) if named else same
    copy = zeros(max(ROWS, 2 * count), array.dtype)
    copy[: len(array)] = array
    return longer(copy, count)
