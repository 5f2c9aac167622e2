"""Sets of price ticks: which ticks are occupied, and the nearest occupied one above or below.

A set is a row of `bits`: three tiers of 32-bit words laid one after the other, where a bit of a higher
tier says that a word of the tier below is not empty. Finding the next occupied tick costs a few word
reads however empty the ladder is. Words are kept in int64 so that signed arithmetic never meets the top bit.
"""

import numpy as np

from sim.compiled import kernel

ONE = np.int64(1)  # uncompiled, a plain 1 would be as narrow as the tick that shifts it


def words(ticks):
    """Length of a row of `bits` that holds `ticks` ticks."""
    first = (ticks + 31) >> 5
    second = (first + 31) >> 5
    return first + second + ((second + 31) >> 5)


@kernel
def highest_bit(word):
    """Position of the highest set bit of a word that is not zero."""
    position = 0
    if word >> 16:
        position += 16
        word >>= 16
    if word >> 8:
        position += 8
        word >>= 8
    if word >> 4:
        position += 4
        word >>= 4
    if word >> 2:
        position += 2
        word >>= 2
    return position + (word >> 1)


@kernel
def add(bits, ticks, tick):
    """Mark `tick` as occupied."""
    first = (ticks + 31) >> 5
    second = (first + 31) >> 5
    bits[tick >> 5] |= ONE << (tick & 31)
    bits[first + (tick >> 10)] |= ONE << ((tick >> 5) & 31)
    bits[first + second + (tick >> 15)] |= ONE << ((tick >> 10) & 31)


@kernel
def discard(bits, ticks, tick):
    """Mark `tick` as empty."""
    first = (ticks + 31) >> 5
    second = (first + 31) >> 5
    bits[tick >> 5] &= ~(ONE << (tick & 31))
    if bits[tick >> 5] == 0:
        bits[first + (tick >> 10)] &= ~(ONE << ((tick >> 5) & 31))
        if bits[first + (tick >> 10)] == 0:
            bits[first + second + (tick >> 15)] &= ~(ONE << ((tick >> 10) & 31))


@kernel
def below(bits, ticks, tick):
    """Highest occupied tick at or below `tick`; -1 where there is none."""
    if tick < 0:
        return -1
    first = (ticks + 31) >> 5
    second = (first + 31) >> 5
    word = bits[tick >> 5] & ((ONE << (tick & 31) + 1) - 1)
    if word:
        return (tick >> 5 << 5) + highest_bit(word)
    at = tick >> 5
    word = bits[first + (at >> 5)] & ((ONE << (at & 31)) - 1)
    if not word:
        at >>= 5
        top = at >> 5
        word = bits[first + second + top] & ((ONE << (at & 31)) - 1)
        while not word:
            top -= 1
            if top < 0:
                return -1
            word = bits[first + second + top]
        at = (top << 5) + highest_bit(word)
        word = bits[first + at]
        at <<= 5
    at = (at >> 5 << 5) + highest_bit(word)
    return (at << 5) + highest_bit(bits[at])


@kernel
def above(bits, ticks, tick):
    """Lowest occupied tick at or above `tick`; `ticks` where there is none."""
    if tick >= ticks:
        return ticks
    first = (ticks + 31) >> 5
    second = (first + 31) >> 5
    third = (second + 31) >> 5
    word = bits[tick >> 5] >> (tick & 31) << (tick & 31)
    if word:
        return (tick >> 5 << 5) + highest_bit(word & -word)
    at = (tick >> 5) + 1
    word = 0
    if at < first:
        word = bits[first + (at >> 5)] >> (at & 31) << (at & 31)
    if not word:
        at = (at + 31) >> 5
        if at >= second:
            return ticks
        top = at >> 5
        word = bits[first + second + top] >> (at & 31) << (at & 31)
        while not word:
            top += 1
            if top >= third:
                return ticks
            word = bits[first + second + top]
        at = (top << 5) + highest_bit(word & -word)
        word = bits[first + at]
        at <<= 5
    at = (at >> 5 << 5) + highest_bit(word & -word)
    word = bits[at]
    return (at << 5) + highest_bit(word & -word)
