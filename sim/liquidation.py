"""Liquidation: how much of a position is closed, at which limit price, and who gets what is left.

A venue's style is a `Liquidation`, plain numbers that a kernel can take; the functions say the same of one position.
A position is (contracts, cost, collateral) in whole settlement units, as in `sim.margin`; amounts to close are counts
of contracts, 0 or more. What single venues publish of it is in `sim.solvency`.
"""

from dataclasses import dataclass, replace
from math import ceil, floor, inf

import numpy as np

from sim.contract import notional, require
from sim.margin import bankruptcy_price, equity, maintenance_margin

STYLES = ("takeover", "ladder", "slice", "target")
LIMITS = ("bankruptcy", "fillable", "market")
RESIDUALS = ("fund", "trader")
_RANGES = (
    ("tiers_down", 1, inf),
    ("whole_below", 1, inf),
    ("slice_contracts", 0, inf),
    ("slice_fraction", 0, 1),
    ("slices_per_s", 0, inf),
    ("slice_from_coin", 0, inf),
    ("target", 1, 1e6),
    ("spread", 0, 1e6),
    ("adjustment", 0, 1e6),
    ("fee_rate", 0, 1),
    ("closer_rate", 0, 1),
    ("takeover_below", 0, 1),
)


@dataclass(frozen=True, kw_only=True)
class Liquidation:
    """How a venue closes a position that no longer covers its maintenance margin.

    style:          "takeover"  the engine takes all of it, margin and all
                    "ladder"    one order of its own cuts it to a lower tier; in tiers below `whole_below`, takeover
                    "slice"     order after order of its own, until it covers its maintenance; a slice may be all of it
                    "target"    one order of its own, for as much as makes equity `target` times maintenance
    tiers_down:     tiers that a ladder's order descends; inf: to the lowest
    whole_below:    the lowest tier (1, 2, ...) that a ladder cuts; positions in tiers below it are closed whole
    slice_contracts, slice_fraction: the size of a slice, contracts or share of the position (the smaller)
    slices_per_s:   slices sent in a second
    slice_from_coin: value of a position from which it is sliced at all; a smaller one is closed whole
    target:         equity over maintenance aimed at; at least 1
    limit:          limit of the orders: "bankruptcy" price, "fillable" price (`fillable_price`), or "market"
    spread, adjustment: of the fillable price
    fee_rate:       of the closed value to the fund, at most the equity that is left
    closer_rate:    likewise, and before the fund, to whoever closes, where that is not the venue
    residual:       who keeps the equity that is left: "fund" or "trader"
    takeover_below: share of maintenance below which the engine, or the backstop vault, takes what an order left of
                    the position: 1 at once, 0 only when it is bankrupt
    backstop_keeps_margin: whether what takes over keeps the margin; else it goes back to the trader
    """

    style: str = "takeover"
    tiers_down: float = 1
    whole_below: int = 2
    slice_contracts: float = inf
    slice_fraction: float = 1.0
    slices_per_s: float = inf
    slice_from_coin: float = 0.0
    target: float = 1.0
    limit: str = "bankruptcy"
    spread: float = 1.5
    adjustment: float = 1.0
    fee_rate: float = 0.0
    closer_rate: float = 0.0
    residual: str = "fund"
    takeover_below: float = 1.0
    backstop_keeps_margin: bool = True

    def __post_init__(self):
        for name, known in (("style", STYLES), ("limit", LIMITS), ("residual", RESIDUALS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {known} (got {getattr(self, name)!r}); see Liquidation")
        for name, low, high in _RANGES:
            number = getattr(self, name)
            require(low <= number <= high, number, f"{name} must lie in [{low}, {high}]", "correct it")
        if not (self.slice_contracts > 0 and self.slice_fraction > 0 and self.slices_per_s > 0):
            raise ValueError(f"slices must be larger and more frequent than 0 (got {self}); leave them out for none")
        if not isinstance(self.backstop_keeps_margin, bool):
            raise ValueError(f"backstop_keeps_margin must be True or False (got {self.backstop_keeps_margin!r})")

    @property
    def whole(self):
        """Whether the engine takes over at once what no order that is filled whole or not at all has saved."""
        fills_whole = self.style == "ladder" and self.limit == "bankruptcy"
        return self.takeover_below >= 1 and (self.style == "takeover" or fills_whole)

    def write(self, terms, step_s):
        """Fill a record of terms with these numbers, for steps of `step_s` seconds.

        Fields of the record: liquidation_style, liquidation_limit and residual_to_trader (places in STYLES, LIMITS,
        RESIDUALS), liquidation_fee, closer_fee, takeover_below, backstop_keeps_margin, tiers_down, whole_below,
        slice_contracts, slice_fraction, slices_a_step, slice_from_units, target, spread, adjustment. An endless number
        is written as 2 ** 62.
        """
        terms.liquidation_style, terms.liquidation_limit = STYLES.index(self.style), LIMITS.index(self.limit)
        terms.residual_to_trader = RESIDUALS.index(self.residual)
        terms.liquidation_fee, terms.closer_fee = self.fee_rate, self.closer_rate
        terms.takeover_below, terms.backstop_keeps_margin = self.takeover_below, self.backstop_keeps_margin
        terms.tiers_down, terms.whole_below = min(self.tiers_down, 2.0**62), self.whole_below
        terms.slice_contracts, terms.slice_fraction = min(self.slice_contracts, 2.0**62), self.slice_fraction
        terms.slices_a_step = min(self.slices_per_s * step_s, 2.0**62)
        terms.slice_from_units = self.slice_from_coin / terms.unit
        terms.target, terms.spread, terms.adjustment = self.target, self.spread, self.adjustment

    def to_close(self, contract, contracts, cost, collateral, mark, tiers, *, elapsed_s=1.0, **rules):
        """Contracts that the venue tries to close of a position that fails at `mark`, in `elapsed_s` seconds.

        rules: basis and closing_fee, as in `sim.margin.maintenance_margin`. A position that stands is left alone, and
        one below `takeover_below` is taken whole.
        """
        position = contract, contracts, cost, collateral
        share = maintenance_cover(*position, mark, tiers, **rules)
        size = abs(int(contracts))
        if share >= 1 or size == 0:
            return 0
        if self.style == "takeover" or share < self.takeover_below < 1 or share <= 0:
            return size
        if self.style == "ladder":
            return to_lower_tier(contract, contracts, mark, tiers, down=self.tiers_down, whole_below=self.whole_below)
        rules |= {"fee_rate": self.fee_rate + self.closer_rate}
        if self.style == "target":
            return to_target(*position, mark, tiers, target=self.target, **rules)
        if notional(contract, size, mark) * contract.unit <= self.slice_from_coin:
            return size
        slice_contracts = max(1, floor(min(self.slice_contracts, ceil(size * self.slice_fraction))))
        most = min(self.slices_per_s * elapsed_s, 2.0**62)
        return sliced(*position, mark, tiers, slice_contracts=slice_contracts, most=max(1, floor(most)), **rules)

    def limit_price(self, contract, contracts, cost, collateral, mark, tiers, **rules):
        """The worst price at which the venue's order may close; 0.0 for a sale, inf for a purchase, at market.

        rules: as in `to_close`.
        """
        if self.limit == "market":
            return 0.0 if contracts > 0 else inf
        if self.limit == "bankruptcy":
            return bankruptcy_price(contract, contracts, cost, collateral)
        fill = {"spread": self.spread, "adjustment": self.adjustment}
        return fillable_price(contract, contracts, cost, collateral, mark, tiers, **fill, **rules)

    def split(self, contract, contracts, cost, collateral, price):
        """Who gets what when the whole position is closed at `price`: `settled` with this venue's rates."""
        rates = {"fee_rate": self.fee_rate, "closer_rate": self.closer_rate, "residual": self.residual}
        return settled(contract, contracts, cost, collateral, price, **rates)


def maintenance_cover(contract, contracts, cost, collateral, mark, tiers, **rules):
    """Equity over maintenance at `mark`: below 1 a position is liquidated, at 0 it is bankrupt; inf where flat.

    rules: basis and closing_fee, as in `sim.margin.maintenance_margin`.
    """
    left = equity(contract, contracts, cost, collateral, mark)
    asked = maintenance_margin(contract, contracts, cost, mark, tiers, **rules)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(asked > 0, np.divide(left, asked), np.where(np.less(left, 0), -inf, inf))[()]


def to_target(contract, contracts, cost, collateral, mark, tiers, *, target=1.0, price=None, fee_rate=0.0, **rules):
    """The fewest contracts to close so that the rest is backed by `target` times its maintenance at `mark`.

    price: at which they are closed, by default the mark; fee_rate: of their value at it, paid by the position. All of
    them if nothing less is enough; 0 if none need be. rules: basis and closing_fee, as in `sim.margin`. Where a tier
    ends on the way, what is asked of the rest may fall at once. Source: Binance, liquidation protocols (one order
    that leaves the user margin compliant after the fee); the closed form within a tier is Drift's (`sim.solvency`).
    """
    size = abs(int(contracts))
    price = mark if price is None else price

    def enough(closed):
        rest = after_closing(contract, contracts, cost, collateral, closed, price, fee_rate)
        left = rest[2] + rest[1] + rest[0] * contract.settlement(mark)
        return left >= target * maintenance_margin(contract, rest[0], rest[1], mark, tiers, **rules)

    fewest = 0
    for most in (*_tier_ends(contract, contracts, mark, tiers), size):
        if fewest >= size:
            break
        if enough(fewest):
            return fewest
        last = min(most - 1, size - 1)
        if last > fewest and enough(last):
            return _first(enough, fewest, last)
        fewest = max(most, fewest)
    return size


def after_closing(contract, contracts, cost, collateral, closed, price, fee_rate=0.0):
    """(contracts, cost, collateral) of what is left when `closed` contracts are closed at `price`; the shares are not
    rounded.

    What the closed part won or lost, and the fee, change the collateral.
    """
    side = 1 if contracts > 0 else -1
    share = cost * (closed / abs(contracts)) if contracts else 0.0
    fee = fee_rate * closed * contract.value(price)
    return (
        contracts - side * closed,
        cost - share,
        collateral + share + side * closed * contract.settlement(price) - fee,
    )


def _tier_ends(contract, contracts, mark, tiers):
    """How many contracts must be closed to enter each lower tier, the nearest first."""
    one = tiers.size(contract, 1, mark)
    limits = np.array(tiers.rows)[:-1, 0]
    ends = [abs(int(contracts)) - floor(limit / one) for limit in limits[::-1]]
    return [end for end in ends if end > 0]


def _first(enough, low, high):
    """The first whole number in (low, high] that is enough, where `low` is not and `high` is."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def to_lower_tier(contract, contracts, mark, tiers, *, down=1, whole_below=2):
    """Contracts to close so that the rest lies `down` tiers lower at `mark`; all, in tiers below `whole_below`.

    Tiers are counted from 1; a position that would have to leave the lowest is cut to its limit. Sources: BitMEX,
    liquidation process (one fill-or-kill order down to a lower risk limit); OKX, forced partial liquidation (two
    tiers down, or to tier 1, from tier 3 up).
    """
    limits = np.array(tiers.rows)[:, 0]
    most = np.floor(limits / tiers.size(contract, 1, mark))
    most[:-1] -= tiers.size(contract, most[:-1], mark) > limits[:-1]  # where the division was rounded up
    return cut_to_tier(contracts, most, down=down, whole_below=whole_below)


def cut_to_tier(contracts, limits, *, down=1, whole_below=2):
    """`to_lower_tier` where `limits` are the largest positions of each tier in contracts, the last may be inf.

    Source: OKX, forced partial or full liquidation: 15,000 swaps in tier 3 are cut to the 2,000 of tier 1.
    """
    size, limits = abs(int(contracts)), np.asarray(limits, dtype=float)
    require(np.diff(limits) >= 0, limits[1:], "limits must not fall", "sort the tiers")
    tier = int(np.searchsorted(limits, size)) + 1
    if tier < max(whole_below, 2):
        return size
    return size - floor(limits[int(max(tier - down, 1)) - 1])


def sliced(contract, contracts, cost, collateral, mark, tiers, *, slice_contracts, most=2**62, **rules):
    """Contracts closed slice by slice until the rest covers its maintenance at `mark`, in at most `most` slices.

    Each slice trades at the mark unless `price` and `fee_rate` say otherwise, as in `to_target`. Source: Deribit, auto
    liquidation: 1 contract a step (2016), 10 contracts 25 times a second, 200 contracts 20 times a second.
    """
    needed = to_target(contract, contracts, cost, collateral, mark, tiers, **rules)
    return min(abs(int(contracts)), slice_contracts * min(most, ceil(needed / slice_contracts)))


def fillable_price(
    contract, contracts, cost, collateral, mark, tiers, *, spread=1.5, adjustment=1.0, closing_fee=0.0, **rules
):
    """The worst price that a liquidation order may trade at: further from the mark the less margin is left.

    At the mark while equity covers maintenance, and `spread` times the maintenance of a contract beyond it when no
    equity is left; not at the bankruptcy price, which may be nearer or further. Source: dYdX v4, fillable price.
    """
    maintenance = maintenance_margin(contract, contracts, cost, mark, tiers, closing_fee=closing_fee, **rules)
    cover = equity(contract, contracts, cost, collateral, mark) / maintenance
    rating = np.clip(adjustment * (1 - cover), 0.0, 1.0)
    at = contract.payoff(mark) - rating * spread * maintenance / np.asarray(contracts)
    price = contract.price(at)
    return np.where(np.isnan(price), inf if contract.sign < 0 else 0.0, price)[()]


def settled(contract, contracts, cost, collateral, price, *, fee_rate=0.0, closer_rate=0.0, residual="fund"):
    """Coin that the closer, the fund and the trader get when a position is closed whole at `price`; a dict.

    The closer's share and then the fund's fee are rates of the closed value, at most the equity that is left; the
    rest is the fund's or the trader's. Beyond bankruptcy the fund pays: its share is negative. The three add up to the
    equity. Sources: BitMEX (all to the fund), Kraken (all to the trader), Binance and dYdX v4 (a fee to the fund).
    """
    if residual not in RESIDUALS:
        raise ValueError(f"residual must be one of {RESIDUALS} (got {residual!r}); say who keeps what is left")
    value = notional(contract, contracts, price) * contract.unit
    left = equity(contract, contracts, cost, collateral, price) * contract.unit
    purse = np.maximum(left, 0.0)
    closer = np.minimum(closer_rate * value, purse)
    fee = np.minimum(fee_rate * value, purse - closer)
    trader = purse - closer - fee if residual == "trader" else 0.0 * purse
    return {"closer_coin": closer, "fund_coin": left - closer - trader, "trader_coin": trader}


TAKEOVER = Liquidation()
"""The engine takes the whole position at once and keeps what it saves. Source: BitMEX, liquidation, lowest risk limit;
KuCoin and Bybit likewise."""

BITMEX_LADDER = Liquidation(style="ladder")
"""One fill-or-kill order down to the next lower risk limit, at no worse than the bankruptcy price; if it is not filled,
or the rest still fails, the engine takes all; what is saved goes to the fund. Source: BitMEX, liquidation process."""

BYBIT_LADDER = Liquidation(style="ladder", tiers_down=inf)
"""Risk limits are reduced to the lowest possible, else the engine takes the position at its bankruptcy price. Source:
Bybit, risk limit and liquidation process of inverse contracts, which do not say how many tiers an order descends: all
of them here, from memory."""

DERIBIT_SLICES = Liquidation(
    style="slice",
    slice_contracts=200,
    slices_per_s=20,
    limit="market",
    fee_rate=0.0075,
    residual="trader",
    takeover_below=0.0,
)
"""Market orders of up to 200 contracts of 10 USD, 20 a second, until the maintenance margin is below equity again;
0.75 % of what is closed goes to the fund, which pays for an account below zero; the trader keeps the rest. Sources:
Deribit, auto liquidation; insurance fund; release notes of 11 January 2022."""

DERIBIT_2018 = replace(DERIBIT_SLICES, slice_contracts=10, slices_per_s=25, fee_rate=0.005)
"""The older page: 10 contracts, 25 times a second; the fee was 0.5 % until 11 January 2022."""

DERIBIT_2016 = replace(DERIBIT_2018, slice_contracts=1)
"""The oldest: 1 contract at a time; how many a second is from memory. Source: Deribit, futures leverage and margin."""

BINANCE_TARGET = Liquidation(style="target", fee_rate=0.003, residual="trader")
"""One immediate-or-cancel order that leaves the rest with enough margin after its losses and the fee on what was
closed; a position that cannot be saved is closed at its bankruptcy price and taken over by the fund. Source: Binance,
liquidation protocols. The clearance fee differs between contracts: 0.3 % here, from memory."""

OKX_LADDER = Liquidation(style="ladder", tiers_down=2, whole_below=3, limit="market", fee_rate=0.0005)
"""From tier 3 up, two tiers down at a time at a price a little better than the market, again until the margin ratio is
above maintenance and liquidation fee; in tiers 1 and 2 the whole position is taken over at its bankruptcy price, and
what is saved goes to the fund. Sources: OKX, forced partial reduction of coin-margined swaps; forced partial or full
liquidation. The fee is the taker's."""

OKX_2019 = replace(OKX_LADDER, tiers_down=inf)
"""The page of 2019: from tier 3 up straight to tier 1. Source: OKX, forced partial or full liquidation."""

KRAKEN_EPP = Liquidation(style="slice", residual="trader")
"""An immediate-or-cancel order for the whole position at its bankruptcy price; the trader keeps what is saved; what is
not filled is assigned to liquidity providers, then closed against opposite traders. Source: Kraken, equity protection
process, single-collateral."""

HYPERLIQUID_BACKSTOP = Liquidation(
    style="slice",
    slice_fraction=0.2,
    slices_per_s=1 / 30,
    slice_from_coin=100_000.0,
    limit="market",
    residual="trader",
    takeover_below=2 / 3,
)
"""Market orders to the book: the whole position, or 20 % of one above 100,000 USD and the rest 30 s later; the trader
keeps what is saved. Once equity is below two thirds of maintenance the liquidator vault takes the position and its
margin. Sources: Hyperliquid, liquidations; the first slice and its pause, copies of its documentation. There the second
order is for all that is left; here every slice is 20 %."""

DYDX_FILLABLE = Liquidation(style="slice", limit="fillable", fee_rate=0.015, residual="trader", takeover_below=0.0)
"""One order for the position at no worse than the fillable price; up to 1.5 % of the fill goes to the fund, which pays
for fills beyond the bankruptcy price; the trader keeps the rest; deleveraging if it is not filled. Source: dYdX v4,
clob module; genesis of commit 84d4664b (spread 1.5, adjustment 1). Limits per block are left out."""

DRIFT_TARGET = Liquidation(
    style="target", target=1.02, limit="market", fee_rate=0.005, closer_rate=0.01, residual="trader", takeover_below=0.0
)
"""A liquidator takes over, at the oracle price less its fee, as much as lifts equity to maintenance and a buffer; the
fund gets its own fee. Source: Drift v2, liquidation math (`sim.solvency.drift_base`). Buffer and fees differ between
markets: 2 %, 1 % and 0.5 % here, from memory. The pace over 150 slots is left out."""

SYNTHETIX_FLAG = Liquidation(style="slice", limit="market", closer_rate=0.0035)
"""The whole position is closed at the oracle price; flagger and keeper get their fees and the pool the rest of the
margin. Source: Synthetix, PerpsV2MarketBase (`sim.pool_solvency.synthetix_margin`)."""

GMX_CLOSE = Liquidation(style="slice", limit="market", fee_rate=0.0006, residual="trader")
"""A keeper closes the whole position against the pool; the fees are the pool's and the trader keeps what is left.
Sources: gmx-synthetics, isPositionLiquidatable and base market configuration
(`sim.pool_solvency.gmx_liquidation_price`)."""

PERPETUAL_PROTOCOL_QUARTER = Liquidation(
    style="slice",
    slice_fraction=0.25,
    slices_per_s=0.2,
    limit="market",
    fee_rate=0.0125,
    closer_rate=0.0125,
    residual="fund",
    takeover_below=0.4,
)
"""A quarter of the position is closed against the pool while the margin ratio is above the fee of 2.5 %, which is 0.4
of the maintenance of 6.25 %; below it all. Half the fee is the liquidator's, half the fund's, and of a whole close
the fund gets all that is left. Sources: Perpetual Protocol v1, ClearingHouse; perpetual contract specs
(`sim.pool_solvency.perp_liquidation`). One call a block of 5 s is from memory."""
