"""Who looks at the market, and when: each account by its own clock."""

import math

import numpy as np
import pytest

from sim import wheel
from sim.exchange import new_exchange, with_accounts
from sim.ledger import RESERVED_ROWS as FIRST
from sim.ledger import new_accounts
from sim.orders import wake
from sim.streams import WAKE, crowd_key, uniform4


class Clock:
    """Crowds of sleepers: (name, accounts, mean waiting time in seconds) each, in steps of `step_s`."""

    def __init__(self, *crowds, step_s=1.0, seed=1):
        x = new_exchange(np.arange(10), np.array([[np.inf, 0.005, 0.01, 0.0]]))
        x.terms[0].step_s = step_s
        self.wheel, first_rows = np.full(wheel.SLOTS, -1, np.int32), []
        for number, (_, count, wake_s) in enumerate(crowds):
            rows = new_accounts(count, crowd=number)
            first_rows.append(len(x.accounts))
            x = with_accounts(x, rows)
            wheel.wind(x.clocks[first_rows[-1] :], wake_s)
        self.x = x.replace(keys=np.array([crowd_key(seed, name) for name, _, _ in crowds]))
        self.first_rows = np.array(first_rows)
        self.awake, self.bounds = np.zeros(len(x.accounts), np.int32), np.zeros(len(crowds) + 1, np.int64)
        for first, (_, count, _) in zip(first_rows, crowds, strict=True):
            wheel.schedule_all(self.x, self.wheel, first, count)

    def step(self):
        """Rows awake in the next step."""
        self.x.now[0].step += 1
        count = wheel.collect(self.x, self.wheel, self.first_rows, self.awake, self.bounds)
        return self.awake[:count].tolist()

    def times(self, row, steps):
        """Steps in which a row was awake."""
        return [step for step in range(1, steps + 1) if row in self.step()]


def test_an_accounts_times_do_not_depend_on_others():
    alone = Clock(("noise", 1, 20.0)).times(FIRST, 3000)
    crowd = Clock(("makers", 50, 3.0), ("noise", 30, 20.0))
    assert crowd.times(FIRST + 50, 3000) == alone
    assert len(alone) > 100


def test_crowd_mates_and_seeds_have_times_of_their_own():
    clock = Clock(("noise", 2, 20.0))
    steps = [clock.step() for _ in range(500)]
    first, second = ([n for n, rows in enumerate(steps, 1) if row in rows] for row in (FIRST, FIRST + 1))
    assert first != second
    assert Clock(("noise", 2, 20.0), seed=2).times(FIRST, 500) != first
    assert Clock(("other", 2, 20.0)).times(FIRST, 500) != first


def test_being_woken_does_not_move_an_accounts_own_times():
    alone = Clock(("noise", 1, 20.0)).times(FIRST, 2000)
    clock, woken = Clock(("noise", 1, 20.0)), []
    for step in range(1, 2001):
        wake(clock.x, FIRST)
        if clock.x.clocks[FIRST].wake_step == step:
            woken.append(step)
        assert clock.step() == [FIRST]
    assert woken == alone


def test_an_account_that_is_due_and_woken_appears_once():
    clock = Clock(("noise", 5, 1.0))
    for _ in range(200):
        for row in (FIRST, FIRST + 2, FIRST + 2):
            wake(clock.x, row)
        awake = clock.step()
        assert {FIRST, FIRST + 2} <= set(awake) and len(set(awake)) == len(awake) and awake == sorted(awake)
    assert clock.x.now[0].woken == 0 and not clock.x.accounts.woken.any()


@pytest.mark.parametrize(("wake_s", "step_s"), [(1.0, 1.0), (7.0, 1.0), (60.0, 5.0), (9000.0, 1.0)])
def test_the_waits_are_those_of_a_poisson_clock_read_at_each_step(wake_s, step_s):
    accounts, steps = 400, 3000 if wake_s < 1000 else 40_000
    clock = Clock(("noise", accounts, wake_s), step_s=step_s)
    seen = sum(len(clock.step()) for _ in range(steps))
    chance = -math.expm1(-step_s / wake_s)
    expected = accounts * steps * chance
    assert abs(seen - expected) < 4 * math.sqrt(expected * (1 - chance))


def test_who_never_wakes_is_never_seen():
    clock = Clock(("sleepers", 3, math.inf), ("noise", 2, 5.0))
    assert {row for _ in range(5000) for row in clock.step()} == {8, 9}


@pytest.mark.parametrize("wake_s", [1e12, 1e30, math.inf])
def test_who_waits_for_longer_than_any_run_looks_when_woken_and_then_only(wake_s):
    clock = Clock(("slow", 3, wake_s))
    drawn = clock.x.clocks.wakes.tolist()
    assert not clock.step()
    for _ in range(3):
        wake(clock.x, FIRST + 1)
        assert clock.step() == [FIRST + 1] and not clock.step()
    assert clock.x.clocks.wakes.tolist() == drawn


def test_a_wait_longer_than_the_wheel_is_kept():
    clock = Clock(("slow", 200, 20_000.0))
    due = {row: int(clock.x.clocks[row].wake_step) for row in range(FIRST, FIRST + 200)}
    assert max(due.values()) > 2 * wheel.SLOTS
    for step in range(1, 3 * wheel.SLOTS):
        for row in clock.step():
            assert due[row] == step
            due[row] = int(clock.x.clocks[row].wake_step)


@pytest.mark.parametrize("missed", [1, 37, wheel.SLOTS - 1, wheel.SLOTS + 50])
def test_who_would_have_looked_in_steps_that_were_left_out_looks_once_when_they_are_over(missed):
    clock = Clock(("noise", 100, 30.0), ("slow", 100, 20_000.0))
    for _ in range(10):
        clock.step()
    due = clock.x.clocks.wake_step[FIRST:].copy()
    clock.x.now[0].step += missed
    assert clock.step() == (FIRST + np.flatnonzero(due <= 11 + missed)).tolist()
    assert (clock.x.clocks.wake_step[FIRST:] > 11 + missed).all()


def test_each_crowd_finds_its_own_rows_between_its_bounds():
    clock = Clock(("one", 7, 2.0), ("two", 11, 2.0), ("three", 3, math.inf), ("four", 5, 2.0))
    ends = [*clock.first_rows, len(clock.x.accounts)]
    for _ in range(100):
        awake = clock.step()
        for c in range(4):
            mine = awake[clock.bounds[c] : clock.bounds[c + 1]]
            assert mine == [row for row in awake if ends[c] <= row < ends[c + 1]]


def test_uncompiled_the_same_times():
    clocks = Clock(("noise", 50, 1e6)), Clock(("noise", 50, 1e6))
    rows, drawn = np.arange(FIRST, FIRST + 50, dtype=np.int32), np.empty(50, np.uint64)
    uncompiled = getattr(wheel.schedule, "py_func", wheel.schedule)
    for _ in range(20):  # on a wheel whose chains are never read
        for clock, schedule in zip(clocks, (wheel.schedule, uncompiled), strict=True):
            clock.x.clocks.wake_step = 0
            schedule(clock.x, clock.wheel, rows, FIRST, 0, drawn)
        steps = [clock.x.clocks[FIRST:].wake_step.tolist() for clock in clocks]
        assert steps[0] == steps[1] and min(steps[0]) > 0


def test_the_draws_of_many_are_those_of_one_alone():
    """Word 0 of the account's dice, of the number of times that it has woken."""
    clock, key = Clock(("noise", 300, 1e6)), crowd_key(1, "noise")
    clock.x.clocks[FIRST:].wake_step = 0
    clock.x.clocks[FIRST:].wakes = np.arange(300)
    clock.x.clocks[FIRST + 7].wake_step = 1  # not due
    rows, drawn = np.arange(FIRST, FIRST + 300, dtype=np.int32), np.empty(300, np.uint64)
    wheel.schedule(clock.x, clock.wheel, rows, FIRST, 0, drawn)
    expected = [1 + math.floor(-math.log(uniform4(*key, n, n, 0, WAKE)[0]) * 1e6) for n in range(300)]
    expected[7] = 1
    assert clock.x.clocks[FIRST:].wake_step.tolist() == expected


@pytest.mark.parametrize("count", [0, 1, 2, wheel.FEW - 1, wheel.FEW, 5_000])
@pytest.mark.parametrize("most", [9_000, wheel.DIGITS**2 - 1, 2**31 - 1])
def test_rows_are_sorted_few_or_many(count, most):
    rng = np.random.default_rng(count)
    rows = rng.integers(0, most, count, endpoint=True).astype(np.int32)
    for given in (rows, rows[::-1], np.sort(rows), np.full(count, most, np.int32), np.zeros(count, np.int32)):
        expected, sorted_rows = np.sort(given), given.copy()
        wheel.sort(sorted_rows)
        assert np.array_equal(sorted_rows, expected)
    if count <= wheel.FEW:
        interpreted = rows.copy()
        getattr(wheel.sort, "py_func", wheel.sort)(interpreted)
        assert np.array_equal(interpreted, np.sort(rows))
