"""The virtual AMM of Perpetual Protocol v1 to the last wei: x * y = k on numbers of 1e-18 tokens.

A swap is `sim.pool.ceiling`, with which a market's pool quotes too, on numbers of this size. As in the contracts,
the product of the reserves counts in whole wei and a result that is not whole is rounded against the trader; other
products and quotients of amounts are cut off towards zero (Amm.sol, DecimalMath.sol).
"""

from dataclasses import dataclass
from decimal import Decimal

from sim.contract import require
from sim.pool import ceiling

WEI = 10**18
SIDES = ("quote_in", "quote_out", "base_in", "base_out")
exact_ceiling = getattr(ceiling, "py_func", ceiling)  # interpreted, it takes numbers of any size


@dataclass(frozen=True)
class Reserves:
    """Quote and base in the pool, wei."""

    quote: int
    base: int

    def __post_init__(self):
        for name in ("quote", "base"):
            require(getattr(self, name) > 0, getattr(self, name), f"{name} must be positive", "swap less")

    @property
    def price(self):
        """Quote for a base, unrounded."""
        return self.quote / self.base

    def for_quote(self, quote):
        """Base that enters as `quote` enters (negative: leaves): the reverse sign, rounded up, wei."""
        return self.exchanged(self.quote, self.base, quote)

    def for_base(self, base):
        """Quote that enters as `base` enters (negative: leaves): the reverse sign, rounded up, wei."""
        return self.exchanged(self.base, self.quote, base)

    def exchanged(self, kept, other, change):
        """What `other` gains as `kept` gains `change`."""
        require(kept + change > 0, change, "a swap must leave something of either reserve", "swap less")
        return exact_ceiling(other, -change, kept + change, kept * other % WEI) if change else 0

    def after(self, quote, base):
        """The pool once so much has entered."""
        return Reserves(self.quote + quote, self.base + base)


def swaps(quote, base, path):
    """What comes of swaps, one after another: a list of {what was given and what it comes to, both reserves and the
    price after it}, tokens.

    quote, base: reserves before; path: [{"quote_in": 50}, ...], each with one of quote_in (a long pays it), quote_out
    (a short gets it), base_in (a long is closed with it) and base_out (a short is closed with it)
    """
    pool, done = Reserves(wei(quote), wei(base)), []
    for given in path:
        if len(given) != 1 or not set(given) <= set(SIDES):
            raise ValueError(f"a swap must be given one of {', '.join(SIDES)} (got {given}); the other is the answer")
        ((name, amount),) = given.items()
        token, way = name.split("_")
        change = wei(amount) if way == "in" else -wei(amount)
        quotes = token == "quote"
        other = pool.for_quote(change) if quotes else pool.for_base(change)
        pool = pool.after(change, other) if quotes else pool.after(other, change)
        found = f"{'base' if quotes else 'quote'}_{'out' if way == 'in' else 'in'}"
        reserves = {"quote_reserve": pool.quote / WEI, "base_reserve": pool.base / WEI, "price": pool.price}
        done.append({name: abs(change) / WEI, found: abs(other) / WEI} | reserves)
    return done


def swap(quote, base, quote_in=None, quote_out=None, base_in=None, base_out=None):
    """`swaps` of one swap: what the amount that is not given comes to, and the pool after it."""
    given = dict(zip(SIDES, (quote_in, quote_out, base_in, base_out), strict=True))
    return swaps(quote, base, [{name: amount for name, amount in given.items() if amount is not None}])[0]


def wei(tokens):
    """Whole 1e-18 of an amount, as it is written: int, float, or text where a float is too short."""
    return int(Decimal(str(tokens)) * WEI)


def times(amount, factor):
    """amount * factor, both in wei, cut off towards zero."""
    return cut(amount * factor, WEI)


def cut(amount, divisor):
    """amount / divisor, cut off towards zero."""
    return abs(amount) // abs(divisor) * (1 if (amount < 0) == (divisor < 0) else -1)
