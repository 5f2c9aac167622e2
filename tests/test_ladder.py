"""A ladder is a set of ticks that knows its neighbours, however large and empty it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import ladder

EDGES = [0, 1, 31, 32, 33, 63, 64, 1023, 1024, 1025, 32_767, 32_768, 32_769, 65_535, 65_536]
"""Ticks on either side of where a word of one of the tiers ends."""
SIZES = st.sampled_from([1, 2, 31, 32, 33, 1024, 1025, 32_768, 32_769, 70_001, 200_001])


@st.composite
def ladders(draw):
    """(ticks, set of ticks added, set of those discarded again, tick to look from)."""
    ticks = draw(SIZES)
    tick = st.one_of(st.sampled_from([t for t in EDGES if t < ticks]), st.integers(0, ticks - 1))
    return ticks, draw(st.sets(tick, max_size=12)), draw(st.sets(tick, max_size=12)), draw(tick)


def filled(ticks, added, discarded):
    """Bits of a ladder to which ticks were added and from which some were discarded."""
    bits = np.zeros(ladder.words(ticks), np.int64)
    for tick in [*added, *discarded]:
        ladder.add(bits, ticks, tick)
    for tick in discarded:
        ladder.discard(bits, ticks, tick)
    return bits


@given(ladders())
def test_the_neighbours_are_those_of_the_set(case):
    ticks, added, discarded, tick = case
    bits, left = filled(ticks, added, discarded), added - discarded
    assert ladder.below(bits, ticks, tick) == max((t for t in left if t <= tick), default=-1)
    assert ladder.above(bits, ticks, tick) == min((t for t in left if t >= tick), default=ticks)


@given(ladders())
def test_a_tick_discarded_leaves_no_trace(case):
    ticks, added, discarded, _ = case
    assert np.array_equal(filled(ticks, added, discarded), filled(ticks, added - discarded, set()))


@given(ladders())
def test_looking_beyond_either_end_finds_nothing(case):
    ticks, added, _, _ = case
    bits = filled(ticks, added, set())
    assert ladder.below(bits, ticks, -1) == -1
    assert ladder.above(bits, ticks, ticks) == ticks


@given(ladders())
def test_every_tick_is_met_once_on_a_walk_up_and_on_a_walk_down(case):
    ticks, added, _, _ = case
    bits, up, down = filled(ticks, added, set()), [], []
    tick = ladder.above(bits, ticks, 0)
    while tick < ticks:
        up.append(tick)
        tick = ladder.above(bits, ticks, tick + 1)
    tick = ladder.below(bits, ticks, ticks - 1)
    while tick >= 0:
        down.append(tick)
        tick = ladder.below(bits, ticks, tick - 1)
    assert up == down[::-1] == sorted(added)


def test_the_highest_bit_of_every_power_and_its_neighbours():
    for position in range(32):
        assert ladder.highest_bit(1 << position) == position
        assert ladder.highest_bit((2 << position) - 1) == position


@pytest.mark.parametrize("kind", [int, np.int32, np.int64])
def test_uncompiled_the_same_bits_whatever_the_width_of_a_tick(kind):
    ticks, added = 70_001, {0, 31, 63, 1023, 32_767, 32_768, 70_000}
    bits = np.zeros(ladder.words(ticks), np.int64)
    add = getattr(ladder.add, "py_func", ladder.add)
    for tick in added:
        add(bits, ticks, kind(tick))
    assert np.array_equal(bits, filled(ticks, added, set()))
