"""Who looks at the market in this step: a time wheel of waking accounts, so that sleepers cost nothing.

The n-th waiting time of an account is exponential with its own mean, drawn from (seed, crowd, account, n).
Fills and alarms wake an account besides, without moving its own times.
"""

import math

import numpy as np

from sim.compiled import kernel
from sim.streams import WAKE, as_exponential, as_uniform, philox, words4

SLOTS = 4096
FEW = 24
DIGIT_BITS = 8
DIGITS = 1 << DIGIT_BITS
NEVER = 2**31 - 1

CLOCK = np.dtype(
    [
        ("wake_s", np.float32),  # mean time between looks at the market; 0 never
        ("wake_step", np.int32),  # step at which the owner next looks at the market
        ("wake_next", np.int32),  # next in the same slot of the time wheel
        ("wakes", np.int32),  # how often it has woken
    ],
    align=True,
)
"""Zeros for an account that never wakes: rows that nobody writes to take no memory."""


def wind(clocks, wake_s):
    """Set the mean waiting times, s, of some clocks: one for all, or one each; inf never."""
    wake_s = np.asarray(wake_s, np.float32)
    if not np.isinf(wake_s).all():
        clocks.wake_s = np.where(np.isinf(wake_s), 0.0, np.maximum(wake_s, np.finfo(np.float32).tiny))


@kernel
def file(x, wheel, i, word):
    """File row `i` under its next waking step, so many steps away as a word of its dice says."""
    clock = x.clocks[i]
    waited = as_exponential(as_uniform(word)) * np.float64(clock.wake_s) / x.terms[0].step_s
    step = x.now[0].step + 1 + math.floor(min(waited, np.float64(NEVER)))
    clock.wakes += 1
    clock.wake_step = min(step, NEVER)
    if step < NEVER:
        clock.wake_next = wheel[step % SLOTS]
        wheel[step % SLOTS] = i


@kernel
def schedule_all(x, wheel, first, count):
    """File the `count` rows of a crowd, from `first` on, for the first time."""
    for i in range(first, first + count):
        clock = x.clocks[i]
        if clock.wake_s > 0.0:
            key = x.keys[x.accounts[i].crowd]
            file(x, wheel, i, words4(key[0], key[1], i - first, clock.wakes, 0, WAKE)[0])


@kernel
def schedule(x, wheel, rows, first, crowd, drawn):
    """File those of a crowd's `rows` whose time has come under their next waking steps.

    first: row at which the crowd starts; drawn: room for their draws, made one after another before any is used
    """
    key0, key1, purpose, count = x.keys[crowd, 0], x.keys[crowd, 1], np.uint64(WAKE), len(rows)
    for k in range(count):
        drawn[k] = np.uint64(x.clocks[rows[k]].wakes)
    for k in range(count):
        drawn[k] = philox(np.uint64(rows[k] - first), drawn[k], np.uint64(0), purpose, key0, key1)[0]
    for k in range(count):
        clock = x.clocks[rows[k]]
        if clock.wake_s > 0.0 and clock.wake_step <= x.now[0].step:
            file(x, wheel, rows[k], drawn[k])


@kernel
def sort(rows):
    """Sort rows, 0 or more, in place; numba's own sort takes as long to compile as the order book."""
    if len(rows) < FEW:
        sort_few(rows)
        return
    counts, other = np.empty(DIGITS, np.int64), np.empty(len(rows), np.int64)
    most, shift = 0, 0
    for row in rows:
        most = max(most, row)
    while most >> shift > 0:
        counts[:] = 0
        for row in rows:
            counts[(row >> shift) & (DIGITS - 1)] += 1
        begins = 0
        for digit in range(DIGITS):
            begins, counts[digit] = begins + counts[digit], begins
        for row in rows:
            digit = (row >> shift) & (DIGITS - 1)
            other[counts[digit]] = row
            counts[digit] += 1
        rows[:] = other
        shift += DIGIT_BITS


@kernel
def sort_few(rows):
    """The same by Shell's method, which needs no further memory."""
    gap = 1
    while gap < len(rows) // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, len(rows)):
            at, row = k, rows[k]
            while at >= gap and rows[at - gap] > row:
                rows[at] = rows[at - gap]
                at -= gap
            rows[at] = row
        gap //= 3


@kernel
def collect(x, wheel, first_rows, awake, bounds):
    """Write the rows awake in this step into `awake`, ascending, and schedule their next times.

    Those who would have looked in steps that were left out, a halt, look now.
    bounds: (crowds + 1,) filled so that those of crowd c are awake[bounds[c]:bounds[c + 1]].
    """
    now = x.now[0]
    count = add_woken(x, awake, add_due(x, wheel, awake))
    rows, drawn, at = awake[:count], np.empty(count, np.uint64), 0
    sort(rows)
    for c in range(len(first_rows)):
        begin, end = at, first_rows[c + 1] if c + 1 < len(first_rows) else len(x.accounts)
        while at < count and rows[at] < end:
            at += 1
        bounds[c + 1] = at
        if at > begin:
            schedule(x, wheel, rows[begin:at], first_rows[c], c, drawn)
    now.collected = now.step
    return count


@kernel
def add_due(x, wheel, awake):
    """Take the rows whose time has come since the last step out of the wheel; returns how many."""
    now, count = x.now[0], 0
    for step in range(max(now.collected + 1, now.step - SLOTS + 1), now.step + 1):
        slot = step % SLOTS
        i = wheel[slot]
        wheel[slot] = -1
        while i >= 0:
            clock = x.clocks[i]
            after = clock.wake_next
            if clock.wake_step <= now.step:
                awake[count] = i
                count += 1
            else:
                clock.wake_next = wheel[slot]
                wheel[slot] = i
            i = after
    return count


@kernel
def add_woken(x, awake, count):
    """Add the rows woken by fills and alarms that are not among the `count` due; returns how many there are then."""
    now = x.now[0]
    for k in range(now.woken):
        i = x.woken[k]
        x.accounts[i].woken = False
        if x.clocks[i].wake_s == 0.0 or x.clocks[i].wake_step > now.step:
            awake[count] = i
            count += 1
    now.woken = 0
    return count
