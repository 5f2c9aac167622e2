"""Margin: what a position must be backed by, and the prices at which it no longer is.

A position is (contracts, cost, collateral) in whole settlement units; its equity is collateral + cost +
contracts * S. Maintenance is rate * value - deduction, so within a tier everything is linear in S and every
price below has a closed form. Conventions are those of `sim.contract`.
"""

from dataclasses import dataclass

import numpy as np

from sim.contract import notional, positive, require, total, whole

BASES = ("entry", "mark")


@dataclass(frozen=True)
class Tiers:
    """Margin rates that rise with the coin value of a position.

    rows: (limit_coin, maintenance_rate, initial_rate, deduction_coin) of each tier. A tier holds the values
    above the limit before it, up to and including its own; the last limit is inf. Maintenance is the tier's
    rate on the whole value, less the deduction; initial margin is the tier's rate on the whole value.
    """

    rows: tuple

    def __post_init__(self):
        rows = np.asarray(self.rows, dtype=float)
        if rows.ndim != 2 or rows.shape[1] != 4:
            raise ValueError(f"rows must hold four numbers each (got {self.rows}); see Tiers.flat")
        limits, maintenance, initial, deductions = rows.T
        require(limits >= 0, limits, "limits must be 0 or more", "leave out what is missing")
        require(np.diff(limits) > 0, limits[1:], "limits must rise", "sort the tiers")
        require(limits[-1] == np.inf, limits[-1], "the last limit must be inf", "leave the last tier open")
        require(np.diff(rows[:, 1:3], axis=0) >= 0, rows[1:, 1:3], "rates must not fall", "sort the tiers")
        lawful = (0 <= maintenance) & (maintenance < 1) & (maintenance <= initial) & (initial <= 1)
        must = "maintenance_rate must lie in [0, 1), and initial_rate between it and 1,"
        require(lawful, maintenance, must, "give fractions")
        lawful = (deductions >= 0) & np.isfinite(deductions)
        require(lawful, deductions, "deductions must be 0 or more", "see Tiers.marginal")
        object.__setattr__(self, "rows", tuple(map(tuple, rows.tolist())))

    @classmethod
    def flat(cls, maintenance, initial):
        """One tier for all sizes."""
        return cls([(np.inf, maintenance, initial, 0.0)])

    @classmethod
    def steps(cls, first, step, count, maintenance, initial, each):
        """`count` tiers that end at first, first + step, ...; each adds `each` to both rates (BitMEX).

        With first = 0 it is a rate that grows in proportion to size (Deribit), exact at multiples of `step`
        and rounded up to the next one in between.
        """
        n = np.arange(count)
        limits = np.append(first + step * n[:-1], np.inf)
        return cls(np.column_stack([limits, maintenance + each * n, initial + each * n, 0.0 * n]))

    @classmethod
    def marginal(cls, limits, maintenance, initial):
        """Tiers whose maintenance rate applies to the part of the value inside the tier (Binance, Bybit).

        The deductions ("cum") follow: d_n = d_(n-1) + limit_(n-1) * (maintenance_n - maintenance_(n-1)).
        """
        rises = np.asarray(limits[:-1]) * np.diff(maintenance)
        return cls(np.column_stack([limits, maintenance, initial, np.append(0.0, np.cumsum(rises))]))

    def table(self, unit):
        """Float64 (tiers, 4): the rows, with limit and deduction in units of `unit` coin."""
        return np.array(self.rows) / [unit, 1.0, 1.0, unit]

    def at(self, value_coin):
        """(maintenance_rate, initial_rate, deduction_coin) of positions worth `value_coin`."""
        value_coin = np.asarray(value_coin, dtype=float)
        require(value_coin >= 0, value_coin, "value_coin must be 0 or more", "leave out what is missing")
        limits, *columns = np.array(self.rows).T
        tier = np.searchsorted(limits, value_coin)
        return tuple(column[tier] for column in columns)


def isolated(contract, contracts, entry, leverage):
    """(cost, collateral) of a position opened at `entry`, backed by 1/leverage of its value.

    Both are whole and in the order of the functions below: bankruptcy_price(contract, q, *isolated(...)).
    """
    settlement = contract.settlement(entry)
    behind_one = np.floor(np.abs(settlement) / positive("leverage", leverage) + 0.5).astype(np.int64)
    return -total(contracts, settlement), total(np.abs(contracts), behind_one)


def equity(contract, contracts, cost, collateral, mark):
    """What a position and its collateral are worth at `mark`, whole units."""
    return collateral + cost + total(contracts, contract.settlement(mark))


def initial_margin(contract, contracts, price, tiers, leverage=np.inf):
    """Units needed to open at `price`: the value over `leverage`, or at the tier's initial rate if more."""
    value = notional(contract, contracts, price)
    _, rate, _ = tiers.at(value * contract.unit)
    leverage = np.asarray(leverage, dtype=float)
    require(leverage > 0, leverage, "leverage must be positive", "leave it out for the tier's own")
    return value * np.maximum(rate, 1 / leverage)


def maintenance_margin(contract, contracts, cost, mark, tiers, *, basis="mark", closing_fee=0.0):
    """Units that equity must not fall below, not rounded.

    The tier is that of the value at the mark. basis: what its rate is charged on, "entry" for the value at
    entry (BitMEX, Bybit until 2025), "mark" for the value at the mark (Kraken, OKX, Binance COIN-M).
    closing_fee: added to the rate by venues that keep the fee of closing aside.
    """
    value = notional(contract, contracts, mark)
    rate, _, deduction_coin = tiers.at(value * contract.unit)
    charged = np.abs(cost) if _on_entry(basis) else value
    return _fraction(rate + closing_fee) * charged - deduction_coin / contract.unit


def bankruptcy_price(contract, contracts, cost, collateral, *, closing_fee=0.0):
    """The price at which equity, less the fee of closing there, is zero.

    `inf` for a short that can never go bankrupt, 0.0 for a long that never can, nan where flat.
    """
    room = np.add(collateral, cost)
    return _reached(contract, _root(contract, _held(contracts), room, _fraction(closing_fee)))


def liquidation_price(contract, contracts, cost, collateral, tiers, *, basis="mark", closing_fee=0.0, mark=None):
    """The price beyond which equity no longer covers maintenance, going from `mark` against the position.

    There the two are equal, or a tier begins that asks for more than the equity. `inf` for a short that can
    never be liquidated, 0.0 for a long that never can, nan where flat. basis, closing_fee: as in
    `maintenance_margin`. mark: by default the entry; it says which tiers lie ahead, which matters where a
    collateral is enough for a small value and too little for a larger one. A position that fails at `mark`
    already gets a price on the other side of it.
    """
    value = np.abs(cost) if mark is None else notional(contract, contracts, mark)
    contracts, cost, collateral, value = (
        x[..., np.newaxis] for x in np.broadcast_arrays(_held(contracts), cost, collateral, value)
    )
    limits, rates, _, deductions = tiers.table(contract.unit).T
    rates = _fraction(rates + closing_fee)
    by_entry = _on_entry(basis)
    room = collateral + cost + deductions - (rates * np.abs(cost) if by_entry else 0.0)
    root = _root(contract, contracts, room, 0.0 if by_entry else rates)
    return _reached(contract, _first(root, contracts, contract.sign, limits, np.searchsorted(limits, value)))


def _on_entry(basis):
    """Whether maintenance is charged on the value at entry."""
    if basis not in BASES:
        raise ValueError(f"basis must be one of {BASES} (got {basis!r}); say what maintenance is charged on")
    return basis == "entry"


def _fraction(rate):
    """`rate`, which at 1 or more would take all that a position is worth."""
    lawful = np.less_equal(0, rate) & np.less(rate, 1)
    require(lawful, rate, "closing_fee, with the maintenance rate, must lie in [0, 1)", "give a fraction")
    return rate


def _held(contracts):
    """`contracts` as floats, nan where flat, so that what follows is nan there too."""
    return np.where(whole(contracts) == 0, np.nan, contracts)


def _root(contract, contracts, room, rate):
    """S at which room + contracts * S equals `rate` on the value of the position."""
    require(np.isfinite(room), room, "cost and collateral must be finite", "leave out what is missing")
    return -room / (contracts - contract.sign * rate * np.abs(contracts))


def _first(root, contracts, sign, limits, start):
    """The first S at which a position fails, given S at which it fails by the rules of each tier.

    root: (..., tiers); contracts, start: (..., 1), start the tier where the position stands. It walks along
    side * S, which falls as it loses, through stretches from `near` to `far`, a tier each.
    """
    side, tier = np.sign(contracts), np.arange(len(limits))
    shrinks = side * sign  # 1: its value shrinks as it loses, so it walks down the tiers; -1: up
    ends = shrinks * np.append(0.0, limits) / np.abs(contracts)
    far, near = np.minimum(ends[..., :-1], ends[..., 1:]), np.maximum(ends[..., :-1], ends[..., 1:])
    fails = (shrinks * (tier - start) <= 0) & (side * root > far)
    return side[..., 0] * np.where(fails, np.minimum(side * root, near), -np.inf).max(axis=-1)


def _reached(contract, settlement):
    """The price of S; where S lies beyond all prices, the end of them on that side, 0.0 or `inf`."""
    price = contract.price(settlement)
    end = np.inf if contract.sign < 0 else 0.0
    return np.where(np.isnan(price) & ~np.isnan(settlement), end, price)[()]
