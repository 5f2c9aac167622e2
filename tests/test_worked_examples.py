"""Numbers that venues, their help pages and other simulators print, computed by `sim.contract` and `sim.margin`.

The rows come from `worked_examples.csv` of the reference folder beside the repository; where that is missing the
tests here are skipped, and the most important of its numbers are held by test_contract and test_margin.
"""

import csv
import json
from math import ceil, inf
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sim.contract import Inverse, Linear, average_entry, notional, pnl_coin, total
from sim.margin import (
    Tiers,
    bankruptcy_price,
    initial_margin,
    isolated,
    liquidation_price,
    maintenance_margin,
)

FILE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "worked_examples.csv"
TOPICS = {"pnl", "avg_entry", "margin", "bankruptcy", "liq_price"}
SIDE = {"long": 1, "short": -1}

WAITING = {
    "bmx-pnl-08": "sums a day of profits, fees and funding, which the ledger books",
    "ok-mgn-01": "OKX counts its tiers in contracts, not in coin",
    "ok-liq-01": "OKX cuts a position down to a lower tier before it takes it over: a liquidation policy",
    "dy-bk-02": "dYdX shares the bankruptcy of an account among its positions in several markets",
    "dy-bk-03": "dYdX shares the bankruptcy of an account among its positions in several markets",
    "dy-liq-01": "dYdX's fillable price is a liquidation policy",
    "dy-liq-03": "dYdX's fillable price is a liquidation policy",
    "dy-liq-04": "dYdX's fillable price is a liquidation policy",
    "dr-liq-02": "Drift liquidates just enough to restore its margin ratio: a liquidation policy",
    "sx-liq-01": "Synthetix adds a premium for the skew of its pool",
    "pp-mgn-01": "Perpetual Protocol's margin ratio is taken at the price of its pool",
    "pp-liq-02": "Perpetual Protocol closes against its pool",
}
"""Rows of these topics that need parts not built here, with the reason."""

CHECKS = {}
"""Row id -> function of the row's inputs that returns the values of its `expected` column."""


def check(*ids):
    """Decorator that registers a function as the check of these rows."""

    def register(function):
        CHECKS.update(dict.fromkeys(ids, function))
        return function

    return register


def inverse(price, face=1.0):
    """An inverse contract around `price`, in units so fine that no published digit sees the rounding."""
    return Inverse(face=face, unit=1e-13 * face / price, tick=price / 100, highest=10 * price)


def linear(face=1.0):
    """A linear contract of `face` coin in very fine units."""
    return Linear(face=face, unit=1e-9 * face)


def won(side, contracts, entry, exit):
    """Coins won by an inverse position of 1 USD contracts."""
    return pnl_coin(inverse(entry), SIDE[side] * contracts, entry, exit)


def coins(contracts, price):
    """Coin value of 1 USD contracts."""
    contract = inverse(price)
    return notional(contract, contracts, price) * contract.unit


def initial_coin(contract, contracts, price, tiers, leverage=inf):
    return initial_margin(contract, contracts, price, tiers, leverage) * contract.unit


def maintenance_coin(contract, contracts, entry, mark, tiers, **rules):
    cost = -total(contracts, contract.settlement(entry))
    return maintenance_margin(contract, contracts, cost, mark, tiers, **rules) * contract.unit


def backed(contract, contracts, entry, coin):
    """A position opened at `entry` with `coin` behind it, as the prices want it."""
    return contract, contracts, -total(contracts, contract.settlement(entry)), round(coin / contract.unit)


def levered(contract, contracts, entry, leverage):
    """A position opened at `entry` with 1/leverage of its value behind it, as the prices want it."""
    return contract, contracts, *isolated(contract, contracts, entry, leverage)


def flat(maintenance, deduction=0.0):
    return Tiers([(inf, maintenance, max(maintenance, 0.01), deduction)])


@check("bmx-pnl-02")
def pnl_after_funding(x):
    return {"net_pnl_xbt": won(x.side, x.contracts, x.entry, x.exit) - x.funding_paid_xbt}


@check("bmx-pnl-04", "bmx-pnl-05")
def part_closed(x):
    return {"realised_xbt": won(x.side, x.contracts_closed, x.entry, x.exit)}


@check("bmx-pnl-07")
def pnl_in_whole_satoshis_a_lot(x):
    lots = Inverse(face=x.lot_size, unit=1e-8, tick=1.0)
    return {"pnl_xbt": pnl_coin(lots, SIDE[x.side] * x.lots, x.entry, x.exit)}


@check("bmx-pnl-09", "bmx-pnl-10", "kr-pnl-02", "kr-pnl-03", "kr-pnl-04", "by-pnl-01", "lf-pnl-01", "nt-pnl-05")
@check("nt-pnl-02")
def pnl_and_notional(x):
    """The pnl under whatever name the row has for it, and the notional where it gives one."""
    exit = next(vars(x)[name] for name in ("exit", "exits", "last", "mark", "marks") if name in vars(x))
    pnl = won(x.side, x.contracts, x.entry, exit)
    worth = coins(x.contracts, exit)
    return dict.fromkeys(("pnl_xbt", "pnl_btc", "pnl_eth", "pnl_ltc", "pnl_xrp"), pnl) | dict.fromkeys(
        ("notional_btc", "notional_eth"), worth
    )
