"""Who looks at the market in this step: a time wheel of waking accounts, so that sleepers cost nothing.

The n-th waiting time of an account is exponential with its own mean, drawn from (seed, crowd, account, n).
Fills and alarms wake an account besides, without moving its own times.
"""

import math

import numpy as np

from sim.compiled import kernel
from sim.streams import WAKE, words4

SLOTS = 4096
FEW = 512
DIGIT_BITS = 10
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
def schedule(x, wheel, i, first):
    """File row `i` of the crowd that starts at row `first` under its next waking step."""
    clock = x.clocks[i]
    if clock.wake_s == 0.0:
        return
    crowd = x.accounts[i].crowd
    drawn = words4(x.keys[crowd, 0], x.keys[crowd, 1], i - first, clock.wakes, 0, WAKE)
    waited = -math.log((np.float64(drawn[0]) + 0.5) / 4294967296.0) * np.float64(clock.wake_s) / x.terms[0].step_s
    step = x.now[0].step + 1 + math.floor(waited)
    clock.wakes += 1
    if step >= NEVER:
        return
    clock.wake_step = step
    clock.wake_next = wheel[step % SLOTS]
    wheel[step % SLOTS] = i


@kernel
def schedule_all(x, wheel, first, count):
    """File `count` rows from `first` on for the first time."""
    for i in range(first, first + count):
        schedule(x, wheel, i, first)


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
    now, count = x.now[0], 0
    for step in range(max(now.collected + 1, now.step - SLOTS + 1), now.step + 1):
        slot = step % SLOTS
        i = wheel[slot]
        wheel[slot] = -1
        while i >= 0:
            account, clock = x.accounts[i], x.clocks[i]
            after = clock.wake_next
            if clock.wake_step <= now.step:
                if not account.woken:
                    awake[count] = i
                    count += 1
                schedule(x, wheel, i, first_rows[account.crowd])
            else:
                clock.wake_next = wheel[slot]
                wheel[slot] = i
            i = after
    now.collected = now.step
    for k in range(now.woken):
        awake[count] = x.woken[k]
        count += 1
    now.woken = 0
    rows = awake[:count]
    sort(rows)
    bounds[:] = 0
    for i in rows:
        x.accounts[i].woken = False
        bounds[x.accounts[i].crowd + 1] += 1
    for c in range(len(bounds) - 1):
        bounds[c + 1] += bounds[c]
    return count
