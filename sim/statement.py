"""An account's statement: what fills, fees and payments leave it with, as the ledger of the market books them."""

import math
from typing import NamedTuple

import numpy as np

from sim.contract import average_entry, total, whole
from sim.exchange import new_exchange, with_accounts
from sim.ledger import EXCHANGE, RESERVED_ROWS, deposit, fill, new_accounts
from sim.margin import Tiers


class Statement(NamedTuple):
    """What one account has done, amounts in settlement coins.

    contracts:      of the position left open; average_entry: its price, nan if there is none
    realised_coin:  won or lost by closing, without fees
    fees_coin:      paid to the venue for fills; negative: rebates got
    paid_coin:      other payments, as funding
    net_coin:       realised less fees less payments: what the wallet has changed by
    unrealised_coin, value_coin: of the open position at the mark; nan without a mark
    equity_coin, equity_usd: the wallet and the unrealised at the mark, in the settlement coin and in USD
    """

    contracts: int
    average_entry: float
    realised_coin: float
    fees_coin: float
    paid_coin: float
    net_coin: float
    unrealised_coin: float
    value_coin: float
    equity_coin: float
    equity_usd: float


def statement(contract, events, mark=None):
    """The Statement of an account without a position after `events`, in their order.

    events: {"contracts": signed, buys positive, "price":, "fee_rate": 0 if left out} is a fill, {"pays_coin":} a
    payment, negative if received. Amounts are whole units of the contract: with face=100 and unit=1e-8 a contract is a
    lot of BitMEX's XBTUSD, rounded to the satoshi as there. ValueError for an event that is neither.
    """
    x = new_exchange(np.zeros(2, np.int64), Tiers.flat(0.0, 0.0).table(contract.unit))
    x, row, paid = with_accounts(x, new_accounts(1)), RESERVED_ROWS, 0
    for event in events:
        if set(event) == {"pays_coin"}:
            amount = round(event["pays_coin"] / contract.unit)
            deposit(x, row, -amount)
            paid += amount
        elif {"contracts", "price"} <= set(event) <= {"contracts", "price", "fee_rate"}:
            size, units = int(whole(event["contracts"])), contract.settlement(event["price"])
            total(size, units)  # refuses what would overflow
            fill(x, row, size, units, float(event.get("fee_rate", 0.0)))
        else:
            must = "an event must have contracts and price, and may have fee_rate, or have pays_coin"
            raise ValueError(f"{must} (got {', '.join(map(str, event)) or 'nothing'})")
    return stated(contract, x.accounts[row], int(x.accounts[EXCHANGE].wallet), paid, mark)


def stated(contract, account, fees, paid, mark):
    """The Statement of an account, given what it paid in whole units."""
    held, cost, net = int(account.contracts), int(account.cost), int(account.wallet)
    open_units = value = dollars = math.nan
    if mark is not None:
        open_units = cost + int(total(held, contract.settlement(mark)))
        value = abs(int(total(held, contract.settlement(mark))))
        unpriced = math.isnan(getattr(contract, "settled_usd", 1.0))
        dollars = math.nan if unpriced else float(contract.coin_usd(mark))
    units = net + fees + paid, fees, paid, net, open_units, value, net + open_units
    coins = [amount * contract.unit for amount in units]
    return Statement(held, float(average_entry(contract, held, cost)), *coins, coins[-1] * dollars)
