"""Chance by name: published vectors of the hash, one number in Python and in kernels, and nobody's dice moved."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import kstest

from sim.streams import (
    DECIDE,
    GENEALOGY,
    PRIORITY,
    WAKE,
    Dice,
    as_exponential,
    as_normal,
    as_uniform,
    crowd_key,
    entropy,
    first_words,
    generator,
    philox,
    uniform4,
    uniforms_at,
    words4,
    words_of_all,
)

HOME = Path(__file__).resolve().parent.parent
KEY = crowd_key(1, "longs")
# Random123, kat_vectors of philox4x32 with 10 rounds: counter, key, result.
PUBLISHED = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]
uniforms = st.integers(0, 2**32 - 1).map(lambda word: as_uniform(np.uint64(word)))


def words(text):
    return [np.uint64(int(word, 16)) for word in text.split()]


@pytest.mark.parametrize("counter, key, expected", PUBLISHED)
def test_the_hash_gives_the_published_vectors(counter, key, expected):
    assert [int(word) for word in philox(*words(counter), *words(key))] == [int(word) for word in words(expected)]


def test_the_same_function_hashes_arrays():
    counters, keys, expected = (np.array([words(row[k]) for row in PUBLISHED]).T for k in range(3))
    plain = getattr(philox, "py_func", philox)  # there is no other without the compiler
    assert np.array_equal(plain(*counters, *keys), expected)


def test_dice_and_kernels_draw_the_same_numbers():
    accounts = np.array([0, 3, 70_000])
    dice = Dice(KEY, accounts, 86_399, WAKE)
    for k in (0, 1, 2, 3, 4, 9):
        drawn = [uniform4(KEY[0], KEY[1], account, 86_399, k // 4, WAKE)[k % 4] for account in accounts]
        assert dice.uniform(k).tolist() == drawn
        assert dice.normal(k).tolist() == [as_normal(u) for u in drawn]
        assert dice.exponential(k).tolist() == [as_exponential(u) for u in drawn]


def test_draws_are_the_same_without_the_compiler():
    code = (
        "import numpy as np; from sim.streams import *; d = Dice(crowd_key(7, 'a'), np.arange(500), 3); "
        "print(*(x.hex() for k in (0, 5) for f in (d.uniform, d.normal, d.exponential) for x in f(k).tolist()))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=HOME,
            env={**os.environ, "NUMBA_DISABLE_JIT": off},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for off in "01"
    ]
    assert said[0] == said[1]


def test_a_uniform_draw_is_never_0_or_1():
    assert as_uniform(np.uint64(0)) == 2.0**-33
    assert as_uniform(np.uint64(2**32 - 1)) == 1 - 2.0**-33


@given(uniforms)
def test_a_normal_draw_is_the_exact_quantile(uniform):
    assert math.isclose(as_normal(uniform), ndtri(uniform), rel_tol=2e-14, abs_tol=1e-15)


@given(uniforms)
def test_an_exponential_draw_is_the_exact_quantile(uniform):
    assert as_exponential(uniform) == -math.log(uniform)


@pytest.mark.parametrize("shape, law", [("uniform", "uniform"), ("normal", "norm"), ("exponential", "expon")])
def test_draws_follow_their_law(shape, law):
    dice = Dice(KEY, np.arange(20_000), 5)
    for k in range(5):
        assert kstest(getattr(dice, shape)(k), law).pvalue > 1e-4


def test_draws_of_neighbours_are_independent():
    """Correlations of 20,000 pairs lie within 4.5 standard errors of 0, across accounts, steps, k and purposes."""
    rows = np.arange(20_001)
    base = Dice(KEY, rows, 5).normal(0)
    others = [
        *(Dice(KEY, rows, 5).normal(k) for k in (1, 2, 3, 4)),
        Dice(KEY, rows, 6).normal(0),
        *(Dice(KEY, rows, 5, purpose).normal(0) for purpose in (WAKE, PRIORITY, GENEALOGY)),
        Dice(crowd_key(1, "shorts"), rows, 5).normal(0),
        Dice(crowd_key(2, "longs"), rows, 5).normal(0),
        np.roll(base, 1),
    ]
    for other in others:
        assert abs(np.corrcoef(base, other)[0, 1]) < 4.5 / math.sqrt(len(rows))


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=20, unique=True), st.integers(0, 2**31), st.integers(0, 9))
def test_an_account_draws_the_same_whoever_else_is_awake(accounts, step, k):
    together = Dice(KEY, accounts, step).uniform(k)
    alone = [Dice(KEY, [account], step).uniform(k)[0] for account in accounts]
    assert together.tolist() == alone


def test_words_of_a_block_are_what_uniform4_shows():
    block = words4(KEY[0], KEY[1], 5, 9, 2, DECIDE)
    assert uniform4(KEY[0], KEY[1], 5, 9, 2, DECIDE) == tuple(as_uniform(word) for word in block)


def test_many_rows_at_once_draw_what_each_draws_alone():
    rows, owners = np.array([7, 8, 12, 300, 5_000], np.int32), np.array([0, 3, 1], np.uint64)
    words = words_of_all(KEY, rows, 7, 9, 2, DECIDE)
    for k, row in enumerate(rows):
        assert uniforms_at(words, k) == uniform4(KEY[0], KEY[1], row - 7, 9, 2, DECIDE)
    keys = np.array([KEY, KEY[::-1], KEY]).T
    first = [int(words4(*keys[:, n], account, 9, 0, PRIORITY)[0]) for n, account in enumerate(owners)]
    assert first_words(keys, owners, 9, PRIORITY).tolist() == first


def test_a_stream_depends_on_seed_and_name_alone():
    first = generator(1, "fundamental").random(5)
    generator(1, "another").random(100)
    assert np.array_equal(generator(1, "fundamental").random(5), first)
    others = [generator(0, "fundamental"), generator(2**40, "fundamental"), generator(1, "fundamentals")]
    assert all(other.random() != first[0] for other in others)


def test_keys_differ_and_are_two_words_of_32_bits():
    keys = np.array([crowd_key(seed, name) for seed in range(50) for name in ("a", "b", "")])
    assert keys.shape == (150, 2) and keys.dtype == np.uint64 and keys.max() < 2**32
    assert len({tuple(key) for key in keys.tolist()}) == 150


def test_a_generator_and_dice_of_one_name_have_no_seed_in_common():
    shared = np.random.Generator(np.random.PCG64(entropy(1, "a", b"dice")))
    assert generator(1, "a").random() != shared.random()


def test_numpy_integers_are_seeds_like_any_other():
    assert np.array_equal(crowd_key(np.int64(3), "a"), crowd_key(3, "a"))


@pytest.mark.parametrize("seed", [-1, 1.0, "1", None, True, np.float64(2)])
def test_what_is_no_seed_is_refused(seed):
    for stream in (generator, crowd_key):
        with pytest.raises(ValueError, match="seed must be a whole number of 0 or more .got .*; choose one such as 1"):
            stream(seed, "a")
