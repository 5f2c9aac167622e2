"""Margin: what a position must be backed by, and the prices at which it no longer is.

A position is (contracts, cost, collateral) in whole settlement units; its equity is collateral + cost +
contracts * S. Maintenance is rate * value - deduction, so within a tier everything is linear in S and every
price below has a closed form. Conventions are those of `sim.contract`.
"""

from dataclasses import dataclass

import numpy as np

from sim.contract import notional, positive, require, total, whole

BASES = ("entry", "mark")
COUNTED = ("coin", "contracts")
NETTINGS = ("sum", "larger", "net", "worst")
CHORDS, RISEN = 64, 0.1  # tiers of the table of a sloped rate, which end where the rate has risen by so much


@dataclass(frozen=True)
class Tiers:
    """Margin rates that rise with the size of a position.

    rows:    (limit, maintenance_rate, initial_rate, deduction_coin) of each tier. A tier holds the sizes above
             the limit before it, up to and including its own; the last limit is inf. Maintenance is the tier's
             rate on the whole value, less the deduction; initial margin is the tier's rate on the whole value.
    counted: what a size is: "coin", the value in settlement coin (at the mark for a position that is held), or
             "contracts", whose tiers do not change with the price (OKX, Kraken).
    slope:   added to both rates for every coin or contract of size, where there is one row (Deribit).
    """

    rows: tuple
    counted: str = "coin"
    slope: float = 0.0

    def __post_init__(self):
        if self.counted not in COUNTED:
            raise ValueError(f"counted must be one of {COUNTED} (got {self.counted!r}); say what the limits are")
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
        lawful = self.slope == 0 or (0 < self.slope < np.inf and len(rows) == 1)
        require(lawful, self.slope, "slope must be 0, or positive with one row", "leave out the other rows")
        object.__setattr__(self, "rows", tuple(map(tuple, rows.tolist())))

    @classmethod
    def flat(cls, maintenance, initial):
        """One tier for all sizes."""
        return cls([(np.inf, maintenance, initial, 0.0)])

    @classmethod
    def sloped(cls, maintenance, initial, slope, counted="coin"):
        """Rates that grow in proportion to size, exactly: maintenance + slope * size, initial + slope * size."""
        return cls([(np.inf, maintenance, initial, 0.0)], counted, slope)

    @classmethod
    def whole(cls, limits, maintenance, initial, counted="coin"):
        """Tiers whose rate applies to the whole position, whatever the steps between them (OKX, Kraken)."""
        return cls(np.column_stack([limits, maintenance, initial, np.zeros(len(limits))]), counted)

    @classmethod
    def steps(cls, first, step, count, maintenance, initial, each):
        """`count` tiers that end at first, first + step, ...; each adds `each` to both rates (BitMEX).

        With first = 0 it is a rate that grows in proportion to size, exact at multiples of `step` and rounded
        up to the next one in between; `Tiers.sloped` is exact everywhere.
        """
        n = np.arange(count)
        limits = np.append(first + step * n[:-1], np.inf)
        return cls(np.column_stack([limits, maintenance + each * n, initial + each * n, 0.0 * n]))

    @classmethod
    def marginal(cls, limits, maintenance, initial):
        """Tiers whose maintenance rate applies to the part of the value inside the tier (Binance, Bybit).

        The deductions ("cum") follow: d_n = d_(n-1) + limit_(n-1) * (maintenance_n - maintenance_(n-1)).
        """
        deductions = [0.0]
        for floor, before, rate in zip(limits[:-1], maintenance[:-1], maintenance[1:], strict=True):
            deductions.append(next_deduction(floor, rate, before, deductions[-1]))
        return cls(np.column_stack([limits, maintenance, initial, deductions]))

    def table(self, unit):
        """Float64 (tiers, 4): the rows, with limit and deduction in units of `unit` coin; a limit counted in
        contracts stays as it is.

        Of a slope the table holds chords, never below what is asked up to where the rate has risen by 10 points
        (2,000 coin on Deribit), and above it by at most 0.0025 % of the value; limits in contracts get steps.
        """
        rows = self._chords() if self.slope else np.array(self.rows)
        return rows / [unit if self.counted == "coin" else 1.0, 1.0, 1.0, unit]

    def _chords(self):
        """Rows that stand for the slope: narrow where positions are small."""
        _, maintenance, initial, deduction = self.rows[0]
        ends = RISEN / self.slope * np.append((np.arange(CHORDS + 1) / CHORDS) ** 2, 4.0)
        low, high = ends[:-1], ends[1:]
        marginal = self.counted == "coin"
        rate = maintenance + self.slope * (high + low if marginal else high)
        deductions = deduction + (self.slope * low * high if marginal else 0.0 * high)
        limits = np.append(high[:-1], np.inf)
        return np.column_stack([limits, rate, np.minimum(initial + self.slope * high, 1.0), deductions])

    def size(self, contract, contracts, price):
        """What the tiers count of a position: its value at `price` in coin, or its contracts."""
        if self.counted == "contracts":
            return np.abs(contracts)
        return notional(contract, contracts, price) * contract.unit

    def at(self, value_coin):
        """(maintenance_rate, initial_rate, deduction_coin) of positions worth `value_coin`, or of so many contracts
        where those are counted."""
        value_coin = np.asarray(value_coin, dtype=float)
        require(value_coin >= 0, value_coin, "value_coin must be 0 or more", "leave out what is missing")
        limits, maintenance, initial, deductions = np.array(self.rows).T
        tier = np.searchsorted(limits, value_coin)
        grown = self.slope * value_coin if self.slope else 0.0
        return maintenance[tier] + grown, np.minimum(initial[tier] + grown, 1.0), deductions[tier]

    def margin(self, size):
        """What is asked of positions of `size` coin, or contracts where those are counted; a dict.

        tier (the lowest is 1), maintenance_rate, initial_rate, deduction_coin, max_leverage; and where coin is
        counted maintenance_coin and initial_coin.
        """
        maintenance, initial, deduction = self.at(size)
        asked = {
            "tier": np.searchsorted(np.array(self.rows)[:, 0], size) + 1,
            "maintenance_rate": maintenance,
            "initial_rate": initial,
            "deduction_coin": deduction,
            "max_leverage": 1 / initial,
        }
        if self.counted == "coin":
            asked["maintenance_coin"] = maintenance * np.asarray(size) - deduction
            asked["initial_coin"] = initial * np.asarray(size)
        return asked

    def largest(self, leverage):
        """The largest size at which `leverage` is allowed; inf where there is no limit, nan where it never is."""
        limits, _, initial, _ = np.array(self.rows).T
        leverage = positive("leverage", leverage)
        if self.slope:
            size = (1 / leverage - initial[0]) / self.slope
            return np.where(size >= 0, size, np.nan)[()]
        allowed = initial <= (1 / leverage)[..., np.newaxis] * (1 + 1e-9)
        last = allowed.sum(axis=-1)
        return np.where(last > 0, limits[np.maximum(last, 1) - 1], np.nan)[()]


def next_deduction(floor, rate, rate_before, deduction_before):
    """What a marginal tier deducts from its rate on the whole value, so that maintenance does not jump at `floor`.

    Source: Binance, maintenance amount of a bracket; Bybit, maintenance margin deduction; Hyperliquid, margin tiers.
    """
    return deduction_before + floor * (rate - rate_before)


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
    _, rate, _ = tiers.at(tiers.size(contract, contracts, price))
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
    rate, _, deduction_coin = tiers.at(tiers.size(contract, contracts, mark))
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
    by_entry = _on_entry(basis)
    value = np.abs(cost) if mark is None else notional(contract, contracts, mark)
    if tiers.slope and tiers.counted == "coin":
        require(not by_entry, basis, "basis must be 'mark' where rates have a slope", "leave it out")
        return _sloped(contract, contracts, np.add(collateral, cost), value, tiers, closing_fee)
    if tiers.counted == "contracts":
        rate, _, deduction = tiers.at(np.abs(whole(contracts)))
        tiers = Tiers.flat(0.0, 1.0)
        closing_fee, collateral = closing_fee + rate, collateral + deduction / contract.unit
    contracts, cost, collateral, value, closing_fee = (
        x[..., np.newaxis] for x in np.broadcast_arrays(_held(contracts), cost, collateral, value, closing_fee)
    )
    limits, rates, _, deductions = tiers.table(contract.unit).T
    rates = _fraction(rates + closing_fee)
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


def _sloped(contract, contracts, fixed, value, tiers, closing_fee):
    """`liquidation_price` where the maintenance rate grows with the value itself: a square root."""
    _, rate, _, deduction = tiers.rows[0]
    rate, slope = _fraction(rate + closing_fee), tiers.slope * contract.unit
    held = _held(contracts)
    wins = np.sign(held) * contract.sign  # 1: it is worth more as it wins; -1: as it loses
    room = fixed + deduction / contract.unit
    require(np.isfinite(room), room, "cost and collateral must be finite", "leave out what is missing")
    lever = 1 - wins * rate
    square = lever**2 + 4 * slope * room
    root = np.sqrt(np.maximum(square, 0.0))
    at = np.maximum(-wins * 2 * room / (lever + root), 0.0)  # value where equity equals maintenance
    price = _reached(contract, contract.sign * np.where(np.isnan(held), np.nan, at) / np.abs(held))
    hopeless = (wins > 0) & ((square < 0) | (value > (lever + root) / (2 * slope)))
    return np.where(hopeless, np.where(held > 0, np.inf, 0.0), price)[()]


def _reached(contract, settlement):
    """The price of S; where S lies beyond all prices, the end of them on that side, 0.0 or `inf`."""
    price = contract.price(settlement)
    end = np.inf if contract.sign < 0 else 0.0
    return np.where(np.isnan(price) & ~np.isnan(settlement), end, price)[()]


def order_value(netting, position, position_value, bids, bids_value, asks, asks_value):
    """Value on which initial margin is reserved for resting orders, besides that of the position.

    position: contracts, signed; bids, asks: contracts that rest on each side, 0 or more; the values are theirs, all
    in one unit, positive. netting, where the part of a side that only closes the position is always free:
    "sum":    every order reserves (Deribit 2016, OKX 2019, HTX)
    "larger": the larger side does (Bybit)
    "net":    the asks do, and the bids as far as they outnumber them (BitMEX, exchange guide, initial margin)
    "worst":  what the position would be worth with one side filled and the other not, if that is more than it is
              (Binance, Drift); an order that turns the position round reserves for what it opens less what it frees.
    """
    if netting not in NETTINGS:
        raise ValueError(f"netting must be one of {NETTINGS} (got {netting!r}); say how sides offset each other")
    signed = np.sign(position) * np.asarray(position_value, dtype=float)
    if netting == "worst":
        filled = np.maximum(np.abs(signed + bids_value), np.abs(signed - np.asarray(asks_value)))
        return np.maximum(filled - np.abs(signed), 0.0)
    opened, bids_value = _opening(bids, bids_value, -np.asarray(position))
    sold, asks_value = _opening(asks, asks_value, np.asarray(position))
    if netting == "larger":
        return np.maximum(bids_value, asks_value)
    if netting == "net":
        bids_value = bids_value * np.maximum(opened - sold, 0.0) / np.maximum(opened, 1)
    return bids_value + asks_value


def _opening(contracts, value, closing):
    """What is left of a side of orders, contracts and value, when the first `closing` of them only close."""
    left = np.maximum(np.asarray(contracts, dtype=float) - np.maximum(closing, 0), 0.0)
    return left, value * left / np.maximum(contracts, 1)


def order_cost(contract, contracts, price, *, leverage, taker_fee=0.0):
    """Coin an order ties up before it fills: initial margin, the fee to open, the fee to close at bankruptcy; a dict.

    contracts: signed, buys positive. Source: Bybit, order cost of inverse and of linear contracts.
    """
    value = notional(contract, contracts, price) * contract.unit
    initial = value / positive("leverage", leverage)
    closing = (value + np.sign(contracts) * -contract.sign * initial) * taker_fee
    parts = {"initial_coin": initial, "open_fee_coin": value * taker_fee, "close_fee_coin": closing}
    return parts | {"cost_coin": sum(parts.values())}


def open_loss(contract, contracts, price, mark):
    """Coin an order would be under water the moment it filled at `price`; reserved with its initial margin.

    contracts: signed, buys positive. Source: Binance, cost required to open a position.
    """
    lost = np.asarray(contracts) * (contract.payoff(price) - contract.payoff(mark))
    return np.maximum(lost, 0.0) * contract.unit
