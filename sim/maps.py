"""Maps, where they are asked for: what rests in the book, and where positions would be liquidated, by bins of price.

Nothing of a run depends on them. Bins are of equal width in logarithms and the same all through a run.
"""

import math
from dataclasses import dataclass

import numpy as np

from sim.ledger import RESERVED_ROWS, owed_by
from sim.margin import liquidation_price
from sim.terms import cadence

BOOK_MAP = np.dtype(
    [(name, np.float64) for name in "time_s low high".split()]
    + [(name, np.int64) for name in "bids_contracts asks_contracts".split()]
)
"""One row a moment and bin of price, from `low` to `high`, in which an order rests."""
LIQUIDATION_MAP = np.dtype(
    [(name, np.float64) for name in "time_s low high".split()]
    + [(name, np.int64) for name in "longs_contracts shorts_contracts positions".split()]
)
"""One row a moment and bin of price in which the liquidation price of a position lies."""


@dataclass(frozen=True, kw_only=True)
class Maps:
    """When maps are made, and how fine they are.

    every_s: seconds between two; inf: none is ever made
    book_bps: width of a bin of the book, basis points
    book_reach_bps: how far from the mid the book is looked at
    liquidation_bps: width of a bin of liquidation prices
    liquidation_reach_bps: how far from the mark those lie that are counted
    """

    every_s: float = math.inf
    book_bps: float = 5.0
    book_reach_bps: float = 300.0
    liquidation_bps: float = 25.0
    liquidation_reach_bps: float = 4_000.0

    def __post_init__(self):
        if not self.every_s > 0:
            raise ValueError(f"every_s must be above zero (got {self.every_s}); leave it out for no maps")
        for name in ("book_bps", "book_reach_bps", "liquidation_bps", "liquidation_reach_bps"):
            if not 0 < getattr(self, name) < 10_000:
                raise ValueError(f"{name} must lie between 0 and 10,000 (got {getattr(self, name)}); give basis points")

    def open(self, step_s):
        """The Atlas of a run whose steps have that length, s."""
        return Atlas(self, cadence(self.every_s, step_s) if self.every_s < math.inf else 0)


class Atlas:
    """The maps of one run, as they come.

    every: steps between two; 0 none
    """

    def __init__(self, rule, every):
        self.rule, self.every = rule, every
        self.books, self.liquidations = [np.zeros(0, BOOK_MAP)], [np.zeros(0, LIQUIDATION_MAP)]

    def add(self, x, venue):
        """Make both maps of the exchange `x` as it stands."""
        rule = self.rule
        if not venue.pool:
            self.books.append(book_map(x, rule.book_bps, rule.book_reach_bps))
        self.liquidations.append(liquidation_map(x, venue, rule.liquidation_bps, rule.liquidation_reach_bps))

    def tables(self):
        """{name: rows} of all maps so far, one after another."""
        made = {"book_map": self.books, "liquidation_map": self.liquidations}
        return {name: np.concatenate(parts).view(np.recarray) for name, parts in made.items()}


def book_map(x, width_bps, reach_bps):
    """Rows of BOOK_MAP: contracts that rest within `reach_bps` of the mid, reduce-only ones with them."""
    now, tick = x.now[0], x.terms[0].tick
    first = max(1, math.ceil(now.mid * (1.0 - 1e-4 * reach_bps) / tick))
    last = min(len(x.levels) - 1, math.floor(now.mid * (1.0 + 1e-4 * reach_bps) / tick))
    resting = x.levels.contracts[first : last + 1]
    ticks = first + np.flatnonzero(resting)
    contracts, bid = resting[ticks - first], ticks <= now.bid
    columns = {"bids_contracts": contracts * bid, "asks_contracts": contracts * ~bid}
    return binned(ticks * tick, width_bps, now.time_s, BOOK_MAP, columns)


def liquidation_map(x, venue, width_bps, reach_bps):
    """Rows of LIQUIDATION_MAP: open positions by the price at which they would be liquidated, funding owed included,
    within `reach_bps` of the mark; the venue's own are left out.
    """
    prices, contracts = liquidation_prices(x, venue)
    order = np.argsort(prices, kind="stable")
    order = order[np.abs(prices[order] / x.now[0].mark - 1.0) <= 1e-4 * reach_bps]
    held = contracts[order]
    columns = {
        "longs_contracts": np.maximum(held, 0),
        "shorts_contracts": np.maximum(-held, 0),
        "positions": np.ones(len(held), np.int64),
    }
    return binned(prices[order], width_bps, x.now[0].time_s, LIQUIDATION_MAP, columns)


def liquidation_prices(x, venue):
    """(positions,) price at which each open position is liquidated, and its contracts, longs positive."""
    now, rows = x.now[0], x.accounts[RESERVED_ROWS:]
    held = rows[rows.contracts != 0]
    behind = held.margin + np.where(held.cross, held.wallet, 0) - owed_by(held, now)
    rules = {"basis": venue.maintenance_on, "closing_fee": venue.closing_fee, "mark": float(now.mark)}
    prices = liquidation_price(venue.contract, held.contracts, held.cost, behind, venue.tiers, **rules)
    return np.asarray(prices), held.contracts


def binned(prices, width_bps, time_s, dtype, columns):
    """Rows of `dtype` at one moment: sums of whole columns over bins of rising prices."""
    wide = math.log1p(1e-4 * width_bps)
    bins = np.floor(np.log(prices) / wide)
    starts = np.flatnonzero(np.diff(bins, prepend=-np.inf))
    rows = np.zeros(len(starts), dtype)
    rows["time_s"] = time_s
    rows["low"], rows["high"] = np.exp(bins[starts] * wide), np.exp((bins[starts] + 1.0) * wide)
    for name, column in columns.items():
        rows[name] = np.add.reduceat(column, starts) if len(starts) else 0
    return rows
