"""Contracts: four payoffs, one arithmetic.

A contract pays a rising function S of its own quoted price, counted in whole settlement units (1e-12 BTC,
1e-6 USD): -face / price for an inverse contract, face * price for the others. A fill of q contracts at p
adds -q * S(p) to a position's cost, and the position is worth cost + contracts * S(mark): whole numbers, in
which what the long wins the short loses to the last unit.

Functions take scalars or arrays that broadcast. Contracts are signed, longs positive; prices are USD; amounts
are settlement units unless a name says `_coin` or `_usd`.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

MOST_UNITS = 2**62  # the largest product of contracts and S: the sum of two still fits in an int64


def require(good, got, must, do):
    """Raise ValueError "`must` (got the first bad value); `do`" unless all of `good` holds."""
    if not np.all(good):
        good, got = np.broadcast_arrays(good, got)
        raise ValueError(f"{must} (got {got[~good].flat[0]}); {do}")


def positive(name, numbers):
    """Return `numbers` as floats; ValueError unless all are positive and finite."""
    numbers = np.asarray(numbers, dtype=float)
    good = (numbers > 0) & np.isfinite(numbers)
    require(good, numbers, f"{name} must be positive and finite", "leave out what is missing")
    return numbers[()]


def whole(contracts):
    """Return `contracts` as an integer array; ValueError if they are not of an integer type."""
    contracts = np.asarray(contracts)
    require(contracts.dtype.kind in "iu", contracts, "contracts must be integers", "choose a smaller face")
    return contracts


@dataclass(frozen=True, kw_only=True)
class Contract(ABC):
    """What is traded: its payoff, its price grid and the unit in which it settles.

    face: size of one contract, in USD if inverse, in coin if linear; tick: price step; unit: settlement coins
    in one unit; coin: the settlement currency; highest: the highest price the book can quote.
    """

    name: str = ""
    face: float = 1.0
    tick: float = 0.5
    unit: float = 1e-12
    coin: str = "BTC"
    highest: float = 100_000.0

    sign: ClassVar[int] = 1  # of S; -1: the value of a contract falls as its price rises
    exponent: ClassVar[float] = 1.0  # S at the index is proportional to spot ** exponent
    coin_margined: ClassVar[bool] = False  # settled in the coin whose price is spot

    def __post_init__(self):
        for field in ("face", "tick", "unit", "highest"):
            positive(field, getattr(self, field))
        require(self.highest >= 2 * self.tick, self.highest, "highest must be two ticks or more", "raise it")
        step = float(self.payoff(self.highest) - self.payoff(self.highest - self.tick))
        do = f"choose {self.unit * step:.0e} or less"
        require(step > 1 - 1e-6, self.unit, "unit must let S rise at every tick", do)

    @abstractmethod
    def payoff(self, price):
        """S(price) of one contract before it is rounded, float."""

    @abstractmethod
    def _price(self, settlement):
        """The price at which S is `settlement`, where there is one."""

    def settlement(self, price):
        """S(price) of one contract, rounded once: int64 array, or int for a scalar."""
        units = np.floor(self.payoff(price) + 0.5)
        require(np.abs(units) < MOST_UNITS, price, "price must settle below 2**62 units", "coarsen the unit")
        return units.astype(np.int64) if np.ndim(units) else int(units)

    def price(self, settlement):
        """The unrounded price at which S is `settlement`; nan where there is none."""
        settlement = np.asarray(settlement, dtype=float)
        with np.errstate(divide="ignore"):
            return np.where(self.sign * settlement > 0, self._price(settlement), np.nan)[()]

    def value(self, price):
        """Notional of one contract: |S|, not rounded."""
        return np.abs(self.payoff(price))

    def index(self, spot):
        """The contract's own underlying when spot trades at `spot`, on the scale of its quoted price."""
        return positive("spot", spot)

    def coin_usd(self, spot):
        """USD price of one settlement coin when spot trades at `spot`."""
        return 1.0

    def ladder(self):
        """S at every tick, int64 (ticks + 1,); tick 0, which is no price, repeats tick 1."""
        settlements = self.settlement(self.tick * np.arange(1, round(self.highest / self.tick) + 1))
        return np.concatenate([settlements[:1], settlements])

    def most_contracts(self, lowest=None):
        """The largest |contracts| whose product with S stays within 2**62 at any price of the book.

        lowest: the lowest price that can occur, by default one tick; an inverse contract allows many more
        where that is higher.
        """
        ends = self.settlement(self.tick if lowest is None else lowest), self.settlement(self.highest)
        return MOST_UNITS // max(map(abs, ends))


@dataclass(frozen=True, kw_only=True)
class Inverse(Contract):
    """Coin-margined: a contract is `face` USD, paid in the coin itself. S = -face / price."""

    sign: ClassVar[int] = -1
    exponent: ClassVar[float] = -1.0
    coin_margined: ClassVar[bool] = True

    def payoff(self, price):
        return -self.face / self.unit / positive("price", price)

    def _price(self, settlement):
        return -self.face / self.unit / settlement

    def coin_usd(self, spot):
        return positive("spot", spot)


@dataclass(frozen=True, kw_only=True)
class Linear(Contract):
    """USD-margined: a contract is `face` coin, paid in USD. S = face * price."""

    unit: float = 1e-6
    coin: str = "USD"

    def payoff(self, price):
        return self.face / self.unit * positive("price", price)

    def _price(self, settlement):
        return settlement * self.unit / self.face


@dataclass(frozen=True, kw_only=True)
class Quanto(Linear):
    """Linear in one coin's USD price, paid in another coin: `face` of the latter a contract and USD of price.

    settled_usd: USD price of the settlement coin, taken as independent of spot; for USD delta and gamma only.
    """

    unit: float = 1e-12
    coin: str = "BTC"
    settled_usd: float = math.nan

    def coin_usd(self, spot):
        do = "build the quanto with the USD price of its settlement coin"
        require(self.settled_usd > 0, self.settled_usd, "settled_usd must be positive", do)
        return self.settled_usd


@dataclass(frozen=True, kw_only=True)
class Power(Linear):
    """Linear in its own quoted price, whose index is scale * spot ** p.

    A long of p = 2 gains as spot rises, a long of p = -1 ("inverse exposure") as spot falls; both have a
    positive gamma, as an option has. `scale` gives the index the size of a price: 1e8 for p = -1 near 10,000.
    """

    p: float = 2.0
    scale: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        require(self.p != 0 and math.isfinite(self.p), self.p, "p must not be 0 or nan", "try 2 or -1")
        positive("scale", self.scale)

    @property
    def exponent(self):
        return self.p

    def index(self, spot):
        return self.scale * positive("spot", spot) ** self.p


def total(contracts, settlement):
    """contracts * settlement, exact in int64; ValueError for a product past 2**62."""
    contracts = whole(contracts)
    safe = np.abs(contracts * np.asarray(settlement, dtype=float)) < MOST_UNITS
    require(safe, contracts, "contracts must keep contracts * S below 2**62", "coarsen the unit")
    return contracts * settlement


def notional(contract, contracts, price):
    """Value of a position at `price`: positive, not rounded."""
    return np.abs(contracts) * contract.value(price)


def pnl(contract, contracts, entry, exit):
    """Whole units won (positive) or lost from `entry` to `exit`."""
    return total(contracts, np.subtract(contract.settlement(exit), contract.settlement(entry)))


def pnl_coin(contract, contracts, entry, exit):
    """`pnl` in settlement coins."""
    return pnl(contract, contracts, entry, exit) * contract.unit


def average_entry(contract, contracts, cost):
    """Price of an open position, from its cost: the harmonic mean of its fills if inverse; nan where flat."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return contract.price(-np.asarray(cost) / np.asarray(contracts))


def delta_coin(contract, contracts, spot):
    """Settlement coins gained per USD that spot rises, with the contract trading at its index."""
    at_index = contract.payoff(contract.index(spot)) * contract.unit
    return contracts * contract.exponent * at_index / spot


def gamma_coin(contract, contracts, spot):
    """Change of `delta_coin` per USD that spot rises; negative for an inverse long: it is concave in coin."""
    return delta_coin(contract, contracts, spot) * (contract.exponent - 1) / spot


def delta_usd(contract, contracts, spot, equity):
    """USD gained per USD that spot rises by a position and its collateral.

    equity: collateral + cost + contracts * S, units. It counts where the settlement coin itself moves with
    spot; so the delta of an inverse short of 1x leverage is zero: a synthetic dollar.
    """
    held = equity * contract.unit if contract.coin_margined else 0.0
    return contract.coin_usd(spot) * delta_coin(contract, contracts, spot) + held


def gamma_usd(contract, contracts, spot):
    """Change of `delta_usd` per USD that spot rises; zero if inverse or linear, positive if p is 2 or -1."""
    coin_moves = 2 * delta_coin(contract, contracts, spot) if contract.coin_margined else 0.0
    return contract.coin_usd(spot) * gamma_coin(contract, contracts, spot) + coin_moves
