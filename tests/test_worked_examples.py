"""Numbers printed by venues, their help pages and other simulators, as contracts and margins compute them.

They are rows of `worked_examples.csv` in the reference folder beside the repository. Where that is missing,
the tests here are skipped; test_contract and test_margin hold the most important ones without it.
"""

import csv
import json
import math
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

NEED_MORE = {
    "bmx-pnl-08": "a day's sum of profits, fees and funding: the ledger",
    "ok-mgn-01": "tiers counted in contracts, not in coin",
    "ok-liq-01": "a position cut down to a lower tier: a liquidation policy",
    "dr-liq-02": "as much sold as restores the margin ratio: a liquidation policy",
    "dy-bk-02": "one bankruptcy shared among positions in several markets",
    "dy-bk-03": "one bankruptcy shared among positions in several markets",
    "dy-liq-01": "fillable price: a liquidation policy",
    "dy-liq-03": "fillable price: a liquidation policy",
    "dy-liq-04": "fillable price of one of several positions: a liquidation policy",
    "sx-liq-01": "liquidation premium on the skew of a pool",
    "pp-mgn-01": "margin ratio at the price of a virtual pool",
    "pp-liq-02": "closing against a virtual pool",
}
"""Rows of these topics that contracts and margins alone cannot answer, and what they are about."""

SIDE = {"long": 1, "short": -1}
BOTH = np.array([1, -1])  # long, short
BINANCE_RATES = 0.004, 0.005, 0.01, 0.025, 0.05, 0.1, 0.125, 0.15, 0.25
BINANCE_LEVERAGES = 125, 100, 50, 20, 10, 5, 4, 3, 2


def inverse(contracts, price, face=1.0):
    """An inverse contract whose unit is 1e-18 of this position: no published digit sees its rounding."""
    return Inverse(face=face, unit=1e-18 * contracts * face / price, tick=price / 100, highest=10 * price)


def linear(contracts, price, face=1.0):
    """A linear contract, as fine."""
    return Linear(face=face, unit=1e-18 * contracts * face * price, tick=price / 100, highest=10 * price)


def won(side, contracts, entry, exit):
    """Coins that 1 USD inverse contracts win, as a single one of their size: it is rounded once."""
    return pnl_coin(inverse(1, entry, face=contracts), SIDE[side], entry, exit)


def worth(contracts, price):
    """Coins that 1 USD contracts are worth."""
    contract = inverse(1, 1.0)
    return notional(contract, contracts, price) * contract.unit


def flat(maintenance, deduction=0.0):
    """One tier; its initial rate does not bind."""
    return Tiers([(math.inf, maintenance, maintenance, deduction)])


def initial(contracts, price, leverage=math.inf, rate=0.0):
    """Initial margin of an inverse position of 1 USD contracts, coins."""
    contract, tiers = inverse(1, price), Tiers.flat(maintenance=0.0, initial=rate)
    return initial_margin(contract, contracts, price, tiers, leverage) * contract.unit


def maintenance(contract, contracts, mark, rate, deduction=0.0, **rules):
    """Maintenance margin of a position that was opened at the mark, coins."""
    cost = -total(contracts, contract.settlement(mark))
    return maintenance_margin(contract, contracts, cost, mark, flat(rate, deduction), **rules) * contract.unit


def backed(contract, contracts, entry, coin):
    """A position opened at `entry` with `coin` behind it: the first four arguments of its prices."""
    return contract, contracts, -total(contracts, contract.settlement(entry)), round(coin / contract.unit)


def levered(contract, contracts, entry, leverage):
    """A position opened at `entry` with 1/leverage of its value behind it, likewise."""
    return contract, contracts, *isolated(contract, contracts, entry, leverage)


def entry_of_fills(x, side):
    """Average entry of inverse fills (contracts, price)."""
    size = sum(q for q, _ in x.fills)
    contract = inverse(size, x.fills[0][1])
    cost = -sum(total(side * q, contract.settlement(p)) for q, p in x.fills)
    return average_entry(contract, side * size, cost)


def bitmex(x):
    """Rates of the row's risk limits at its position: maintenance, initial."""
    steps = {"first": x.base_limit, "step": x.step, "count": 9, "each": 0.005}
    return Tiers.steps(maintenance=x.base_mm, initial=x.base_im, **steps).at(x.position_xbt)[:2]


def deribit(x):
    """Rates that grow by the row's slope, exact at each of its positions: maintenance, initial."""
    slope = {"first": 0, "step": 25, "count": 20, "each": 25 * x.slope_per_btc}
    return Tiers.steps(maintenance=0.01, initial=0.02, **slope).at(x.position_btc)[:2]


def binance(*limits):
    """COIN-M BTCUSD brackets that end at `limits`, and are open beyond."""
    count = len(limits) + 1
    initial = [1 / leverage for leverage in BINANCE_LEVERAGES[:count]]
    return Tiers.marginal([*limits, math.inf], BINANCE_RATES[:count], initial)


BINANCE_2021 = binance(5, 10, 20, 50, 100, 200, 400)
BINANCE_OTHER = binance(10, 20, 30, 50, 100, 200, 400, 1000)


def largest(tiers, leverages):
    """Largest positions that the leverages allow, nan where the bracket is open."""
    limits = [max(row[0] for row in tiers.rows if row[2] <= 1 / leverage) for leverage in leverages]
    return np.where(np.isinf(limits), np.nan, limits)


def bybit_deduction(x):
    """The next tier's deduction; one tier of rate zero stands for all that led to the last one's."""
    rates = 0.0, x.tier19["mmr"], x.tier20_mmr
    limits = x.tier19["ded"] / x.tier19["mmr"], x.tier19["limit"], math.inf
    return Tiers.marginal(limits, rates, rates).at(2 * x.tier19["limit"])[2]


def bitmex_cross(x):
    """Linear cross margin: everything in the wallet backs the position."""
    contract, tiers = linear(x.contracts, x.entry), flat(x.mm_rate)
    position = backed(contract, x.contracts, x.entry, x.wallet)
    return {
        "im": initial_margin(contract, x.contracts, x.entry, tiers, x.lev) * contract.unit,
        "mm": maintenance(contract, x.contracts, x.entry, x.mm_rate, basis="entry"),
        "bankruptcy": bankruptcy_price(*position),
        "liq_price": liquidation_price(*position, tiers, basis="entry"),
    }


def binance_isolated(x):
    """Linear, in contracts of a thousandth of a coin."""
    size = round(x.qty * 1000)
    position = backed(linear(size, x.entry, face=0.001), size, x.entry, x.wallet)
    return {"liq_price": liquidation_price(*position, flat(x.mmr, x.cum))}


def binance_cross(x):
    """As isolated, where the other position adds its profit to the wallet and keeps its maintenance aside."""
    other = SimpleNamespace(**x.other)
    size = round(other.qty * 1000)
    contract = linear(size, other.entry, face=0.001)
    aside = maintenance(contract, size, other.mark, other.mmr, other.cum)
    wallet = x.wallet + pnl_coin(contract, size, other.entry, other.mark) - aside
    return binance_isolated(SimpleNamespace(**x.contract1, wallet=wallet))


def gate(x):
    """Gate and OKX keep the taker fee of closing aside."""
    position = levered(linear(x.qty, x.entry), BOTH, x.entry, np.array(x.lev)[:, np.newaxis])
    prices = liquidation_price(*position, flat(x.mmr), closing_fee=x.taker)
    return dict(zip(SIDE, prices.T, strict=True))


def hyperliquid(x):
    """Margin available is what equity exceeds maintenance by."""
    contract, rate = linear(x.size, x.price), 1 / x.maintenance_leverage
    backing = x.margin_available + maintenance(contract, x.size, x.price, rate)
    return {"liq_price": liquidation_price(*backed(contract, x.size, x.price, backing), flat(rate))}


def kucoin(x):
    """A 1x short; KuCoin prints 1,000,000 for every price beyond it."""
    contract = inverse(x.qty, x.entry)
    position = levered(contract, -x.qty, x.entry, 1)
    return {
        "pos_cost": worth(x.qty, x.entry),
        "mark_value": worth(x.qty, x.mark),
        "upnl": won("short", x.qty, x.entry, x.mark),
        "pos_maint": maintenance(contract, -x.qty, x.entry, x.mm_rate, basis="entry") + x.pos_comm,
        "liq_price": min(liquidation_price(*position, flat(x.mm_rate), basis="entry"), 1e6),
        "bankruptcy": min(bankruptcy_price(*position), 1e6),
    }


def bybit_isolated(x, **rules):
    """(long, short) liquidation prices at the row's leverage."""
    position = levered(inverse(1, x.entry), BOTH, x.entry, x.lev)
    return dict(zip(SIDE, liquidation_price(*position, flat(x.mm_rate), **rules), strict=True))


def bybit_linear(x):
    """Linear isolated margin, maintenance on the value at entry."""
    contract = linear(x.size, x.entry)
    position = levered(contract, x.size, x.entry, x.lev)
    return {
        "im": position[3] * contract.unit,
        "mm": maintenance(contract, x.size, x.entry, x.mm_rate, basis="entry"),
        "liq_price": liquidation_price(*position, flat(x.mm_rate), basis="entry"),
    }


def kraken(x):
    """Inverse, maintenance on the value at the mark."""
    position = backed(inverse(x.contracts, x.entry), x.contracts, x.entry, x.margin_btc)
    liquidated, bankrupt = liquidation_price(*position, flat(x.mm_rate)), bankruptcy_price(*position)
    return {"liq_price": liquidated, "bankruptcy": bankrupt}


def bybit_cross(x):
    """Inverse, with the taker fee of closing set aside."""
    position = backed(inverse(x.contracts, x.entry), x.contracts, x.entry, x.balance_btc)
    return {"bankruptcy": bankruptcy_price(*position, closing_fee=x.taker_fee)}


def bybit_linear_cross(x):
    """Linear: margin and wallet both back the position."""
    position = backed(linear(x.size, x.entry), x.size, x.entry, x.position_margin + x.wallet)
    return {"bankruptcy": bankruptcy_price(*position)}


def bankrupt_long(x):
    return {"bankruptcy": bankruptcy_price(*levered(inverse(1, x.entry), 1, x.entry, x.lev))}


def coin_m(x, side):
    """Liquidation price of COIN-M contracts of 100 USD."""
    contract = inverse(x.contracts, x.entry, face=x.contract_usd)
    position = backed(contract, SIDE[side] * x.contracts, x.entry, x.wallet_btc)
    return liquidation_price(*position, flat(x.mmr, x.cum))


ANSWERS = {
    "bmx-pnl-02": lambda x: {
        "net_pnl_xbt": won(x.side, x.contracts, x.entry, x.exit) - x.funding_paid_xbt,
    },
    "bmx-pnl-04": lambda x: {"realised_xbt": won(x.side, x.contracts_closed, x.entry, x.exit)},
    "bmx-pnl-05": lambda x: {"realised_xbt": won(x.side, x.contracts_closed, x.entry, x.exit)},
    "bmx-pnl-07": lambda x: {
        "pnl_xbt": pnl_coin(Inverse(face=x.lot_size, unit=1e-8, tick=2.0), x.lots, x.entry, x.exit),
    },
    "bmx-pnl-09": lambda x: {"pnl_xbt": won(x.side, x.contracts, x.entry, x.exit)},
    "bmx-pnl-10": lambda x: {"pnl_xbt": won(x.side, x.contracts, x.entry, x.exits)},
    "bn-pnl-01": lambda x: {
        "btc_entry": worth(x.usd_notional, x.entry),
        "btc_exit": worth(x.usd_notional, x.exit),
        "pnl_btc": won(x.side, x.usd_notional, x.entry, x.exit),
    },
    "bx-pnl-01": lambda x: {
        "pnl_ratio": [won(side, x.size_btc * a, a, b) / x.margin_btc for side, a, b in x.cases],
    },
    "by-pnl-01": lambda x: {"pnl_btc": won(x.side, x.contracts, x.entry, x.last)},
    "de-pnl-01": lambda x: {
        "pnl_btc": won(x.side, x.usd, x.entry, x.exit),
        "pnl_usd_at_exit": won(x.side, x.usd, x.entry, x.exit) * x.exit,
    },
    "kr-pnl-02": lambda x: {"pnl_eth": won(x.side, x.contracts, x.entry, x.exit)},
    "kr-pnl-03": lambda x: {"pnl_ltc": won(x.side, x.contracts, x.entry, x.exit)},
    "kr-pnl-04": lambda x: {"pnl_xrp": won(x.side, x.contracts, x.entry, x.exit)},
    "lf-pnl-01": lambda x: {"pnl_btc": won(x.side, x.contracts, x.entry, x.marks)},
    "nt-fee-01": lambda x: {
        "taker_fee_btc": worth(x.contracts, x.price) * x.taker,
        "maker_fee_btc": worth(x.contracts, x.price) * x.maker,
    },
    "nt-pnl-01": lambda x: {
        "pnl_btc": won(x.side, x.contracts, x.entry, x.mark),
        "fee_btc": worth(x.contracts, x.entry) * x.taker_fee,
        "notional_btc": worth(x.contracts, x.mark),
    },
    "nt-pnl-02": lambda x: {
        "pnl_eth": won(x.side, x.contracts, x.entry, x.mark),
        "notional_eth": worth(x.contracts, x.mark),
    },
    "nt-pnl-05": lambda x: {
        "pnl_btc": won(x.side, x.contracts, x.entry, x.mark),
        "notional_btc": worth(x.contracts, x.mark),
    },
    "bmx-avg-02": lambda x: {"avg_entry_usd": entry_of_fills(x, SIDE[x.side])},
    "by-avg-02": lambda x: {
        "total_value_btc": sum(worth(q, p) for q, p in x.fills),
        "avg_entry": entry_of_fills(x, side=1),
    },
    "bmx-mgn-01": lambda x: {
        "mm_rate": bitmex(x)[0],
        "im_rate": bitmex(x)[1],
        "mm_xbt": maintenance(inverse(x.position_xbt, 1.0), x.position_xbt, 1.0, bitmex(x)[0]),
    },
    "bmx-mgn-02": lambda x: {"mm_rate": bitmex(x)[0], "im_rate": bitmex(x)[1]},
    "bmx-mgn-04": lambda x: {
        "contracts": x.notional_xbt / worth(1, x.price),
        "im_xbt": initial(x.notional_xbt * x.price, x.price, x.leverage),
    },
    "bmx-val-01": lambda x: {
        "open_value_satoshi": -total(
            x.open_interest_contracts // x.lot_size,
            Inverse(face=x.lot_size, unit=1e-8, tick=2.0).settlement(x.mark),
        ),
    },
    "bn-mgn-01": lambda x: {"cum_n": BINANCE_OTHER.at(x.bracket_floor_btc + 1)[2]},
    "bn-mgn-03": lambda x: {
        "mmr": BINANCE_OTHER.at(x.position_btc)[0],
        "cum_old": BINANCE_OTHER.at(x.position_btc)[2],
        "cum_new": BINANCE_2021.at(x.position_btc)[2],
    },
    "bn-mgn-04": lambda x: {
        "max_position_btc_2021": largest(BINANCE_2021, x.lev),
        "max_position_btc_other_version": largest(BINANCE_OTHER, x.lev),
    },
    "by-mgn-01": lambda x: {"im_btc": initial(x.contracts, x.price, x.lev)},
    "by-mgn-02": lambda x: {
        "position_value_btc": worth(x.contracts, x.entry),
        "im_btc": initial(x.contracts, x.entry, x.lev),
    },
    "by-mgn-04": lambda x: {"ded20": bybit_deduction(x)},
    "de-mgn-01": lambda x: {
        "im_rate": deribit(x)[1],
        "im_btc": [initial(q, 1.0, rate=rate) for q, rate in zip(x.position_btc, deribit(x)[1], strict=True)],
    },
    "de-mgn-02": lambda x: {
        "mm_rate": deribit(x)[0],
        "mm_btc": [
            maintenance(inverse(max(x.position_btc), 1.0), q, 1.0, rate)
            for q, rate in zip(x.position_btc, deribit(x)[0], strict=True)
        ],
    },
    "ht-mgn-01": lambda x: {"margin_btc": initial(x.lots * x.face_usd, x.price, x.lev)},
    "kr-mgn-01": lambda x: {
        "value_btc": worth(x.contracts, x.price),
        "im_btc": initial(x.contracts, x.price, rate=x.im),
        "mm_btc": maintenance(inverse(x.contracts, x.price), x.contracts, x.price, x.mm),
    },
    "nt-mgn-01": lambda x: {
        "im_btc": initial(x.contracts, x.price, rate=x.im_rate),
        "mm_btc": maintenance(inverse(x.contracts, x.price), x.contracts, x.price, x.mm_rate),
    },
    "bmx-bk-02": bankrupt_long,
    "by-bk-01": bybit_cross,
    "by-bk-03": bybit_linear_cross,
    "ku-bk-01": bankrupt_long,
    "bmx-liq-01": bitmex_cross,
    "bn-liq-01": lambda x: {"long": coin_m(x, "long"), "short": coin_m(x, "short")},
    "bn-liq-03": binance_isolated,
    "bn-liq-04": binance_cross,
    "bn-liq-05": binance_cross,
    "by-liq-02": lambda x: {
        "liq_price": x.tick * math.ceil(bybit_isolated(x, basis="entry")[x.side] / x.tick),  # up to the tick
    },
    "by-liq-03": lambda x: bybit_isolated(x, basis="entry"),
    "by-liq-04": lambda x: bybit_isolated(x, basis="entry"),
    "by-liq-05": lambda x: bybit_isolated(x, basis="mark"),
    "by-liq-06": bybit_linear,
    "ft-liq-02": gate,
    "hl-liq-01": hyperliquid,
    "kr-liq-01": kraken,
    "ku-liq-01": kucoin,
}
"""Row -> function of its inputs that answers what the row expects."""


@pytest.fixture(scope="module")
def rows():
    """Rows of the file by id."""
    if not FILE.exists():
        pytest.skip(f"the published examples are not there: no {FILE.name} in ../shared/reference")
    with FILE.open(newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("row_id", ANSWERS)
def test_a_published_example_is_reproduced_within_its_tolerance(rows, row_id):
    row = rows[row_id]
    answer = ANSWERS[row_id](SimpleNamespace(**json.loads(row["inputs"])))
    expected = json.loads(row["expected"])
    tolerance = 1e-12 if row["tolerance"] == "exact" else float(row["tolerance"])
    assert answer.keys() == expected.keys()
    for key, number in expected.items():
        number = np.array(number, dtype=float)  # null, a number that the stored page lacks, is nan
        np.testing.assert_allclose(answer[key], number, rtol=0, atol=tolerance, err_msg=key)


def test_every_row_of_these_topics_is_answered_or_says_what_it_needs(rows):
    wanted = {row_id for row_id, row in rows.items() if row["topic"] in TOPICS}
    assert ANSWERS.keys() | NEED_MORE.keys() == wanted
    assert not ANSWERS.keys() & NEED_MORE.keys()
