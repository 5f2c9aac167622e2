"""Chance by name: a generator for each path, hashed dice for each account; nothing is shared.

A draw of an account is a hash, Philox4x32-10, of (seed, crowd, account, step, purpose, k). So what one
account does or suffers moves nobody else's draws, and a twin run differs only by what was changed in it.
Kernels take their draws from `words4` or `uniform4`, Python from `Dice`: the same numbers, bit for bit.

Reference: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011).
"""

import math
import operator
from hashlib import blake2b

import numpy as np

from sim.compiled import kernel

DECIDE, WAKE, PRIORITY, GENEALOGY = 0, 1, 2, 3
"""What a draw is for; draws for different purposes are independent."""

MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)

CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
TAIL = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip


def entropy(seed, name, kind):
    """The numpy SeedSequence of (seed, name); `kind` keeps generators and dice of one name apart."""
    try:
        whole = -1 if isinstance(seed, bool) else operator.index(seed)
    except TypeError:
        whole = -1
    if whole < 0:
        raise ValueError(f"seed must be a whole number of 0 or more (got {seed!r}); choose one such as 1")
    digest = blake2b(name.encode(), digest_size=32, person=kind).digest()
    return np.random.SeedSequence(whole, spawn_key=tuple(np.frombuffer(digest, "<u4").tolist()))


def generator(seed, name):
    """A numpy Generator that depends on (seed, name) alone."""
    return np.random.Generator(np.random.PCG64(entropy(seed, name, b"generator")))


def crowd_key(seed, name):
    """(2,) uint64: the key of the dice of the crowd called `name`, two words of 32 bits."""
    return entropy(seed, name, b"dice").generate_state(2).astype(np.uint64)


@kernel(inlined=True)
def philox(c0, c1, c2, c3, k0, k1):
    """Four words of 32 bits from a counter of four and a key of two.

    All are uint64 that hold 32 bits: scalars in a kernel; uncompiled, numpy scalars or arrays that broadcast.
    """
    for _ in range(10):
        first, second = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c2 = (second >> HALF) ^ c1 ^ k0, (first >> HALF) ^ c3 ^ k1
        c1, c3 = second & LOW, first & LOW
        k0, k1 = (k0 + WEYL[0]) & LOW, (k1 + WEYL[1]) & LOW
    return c0, c1, c2, c3


@kernel
def words4(key0, key1, account, step, block, purpose):
    """Words 4 * block to 4 * block + 3 of an account in a step: four uint64 that hold 32 bits."""
    return philox(np.uint64(account), np.uint64(step), np.uint64(block), np.uint64(purpose), key0, key1)


@kernel
def first_words(keys, accounts, step, purpose):
    """(accounts,) word 0 of each account in a step: eight at a time, where the processor can, for less than two.

    keys: (2, accounts) key of each account's crowd; accounts: (accounts,) uint64 numbers within the crowd
    """
    drawn, at, what = np.empty(len(accounts), np.int64), np.uint64(step), np.uint64(purpose)
    first, second = keys[0], keys[1]
    for i in range(len(accounts)):
        drawn[i] = np.int64(philox(accounts[i], at, np.uint64(0), what, first[i], second[i])[0])
    return drawn


@kernel
def as_uniform(word):
    """A word as a number in (0, 1), neither end included."""
    return (np.float64(word) + 0.5) * 2.0**-32


@kernel
def as_exponential(uniform):
    """A number in (0, 1) as an exponential one of mean 1."""
    return -math.log(uniform)


@kernel
def ratio(r, coefficients):
    """Quotient of two polynomials in `r`, highest power first."""
    top, bottom = 0.0, 0.0
    for i in range(8):
        top = top * r + coefficients[0][i]
        bottom = bottom * r + coefficients[1][i]
    return top / bottom


@kernel
def as_normal(uniform):
    """A number in (0, 1) as a standard normal one, rising with it; exact to 1e-15 of its size.

    Reference: Wichura, algorithm AS 241, PPND16 (Applied Statistics 37, 1988). Its third region, beyond 7
    standard deviations, lies outside what 32 bits can draw.
    """
    q = uniform - 0.5
    if abs(q) <= 0.425:
        return q * ratio(0.180625 - q * q, CENTRE)
    distance = ratio(math.sqrt(-math.log(min(uniform, 1.0 - uniform))) - 1.6, TAIL)
    return distance if q > 0.0 else -distance


@kernel
def uniform4(key0, key1, account, step, block, purpose):
    """Draws 4 * block to 4 * block + 3 of an account in a step, in (0, 1)."""
    a, b, c, d = words4(key0, key1, account, step, block, purpose)
    return as_uniform(a), as_uniform(b), as_uniform(c), as_uniform(d)


@kernel
def words_of_all(key, rows, first, step, block, purpose):
    """(4, rows) what `words4` gives for each of a crowd's rows, several at a time; the crowd starts at row `first`."""
    words, at, which, what = np.empty((4, len(rows)), np.uint64), np.uint64(step), np.uint64(block), np.uint64(purpose)
    key0, key1 = key[0], key[1]
    for k in range(len(rows)):
        a, b, c, d = philox(np.uint64(rows[k] - first), at, which, what, key0, key1)
        words[0, k], words[1, k], words[2, k], words[3, k] = a, b, c, d
    return words


@kernel
def uniforms_at(words, k):
    """The four draws of the k-th row of `words_of_all`, in (0, 1): those of `uniform4`."""
    return as_uniform(words[0, k]), as_uniform(words[1, k]), as_uniform(words[2, k]), as_uniform(words[3, k])


@kernel
def uniforms(key, accounts, step, k, purpose):
    """(accounts,) the k-th draw of each account."""
    drawn = np.empty(len(accounts))
    for i in range(len(accounts)):
        drawn[i] = uniform4(key[0], key[1], accounts[i], step, k // 4, purpose)[k % 4]
    return drawn


@kernel
def normals(uniform):
    """`as_normal` of an array, in place; compiled, since numpy's log differs from math's in the last bit."""
    for i in range(len(uniform)):
        uniform[i] = as_normal(uniform[i])
    return uniform


@kernel
def exponentials(uniform):
    """`as_exponential` of an array, in place."""
    for i in range(len(uniform)):
        uniform[i] = as_exponential(uniform[i])
    return uniform


class Dice:
    """Draws of some accounts of one crowd in one step.

    `uniform(k)`, `normal(k)` and `exponential(k)` show one and the same k-th draw in three ways, (accounts,)
    floats each; another k is independent of it.

    key: (2,) of `crowd_key`; accounts: (accounts,) numbers within the crowd; step, purpose: whole, 0 or more
    """

    def __init__(self, key, accounts, step, purpose=DECIDE):
        self.key = key
        self.accounts = np.asarray(accounts, np.int64)
        self.step = int(step)
        self.purpose = purpose

    def uniform(self, k):
        """In (0, 1)."""
        return uniforms(self.key, self.accounts, self.step, k, self.purpose)

    def normal(self, k):
        """Mean 0, standard deviation 1."""
        return normals(self.uniform(k))

    def exponential(self, k):
        """Mean 1."""
        return exponentials(self.uniform(k))
