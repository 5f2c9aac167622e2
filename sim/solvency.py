"""What venues publish of a position's margin and of its end, in their own words and in plain numbers.

Margin ratios, liquidation and bankruptcy prices and the amounts and fees of a liquidation, coins and USD unrounded
unless a tick is given. What all venues share is in `sim.margin` and `sim.liquidation`, on which these build where the
venue's arithmetic is the common one; venues without a book are in `sim.pool_solvency`.
"""

from dataclasses import replace

import numpy as np

from sim.contract import notional, pnl_coin, positive, require
from sim.margin import Tiers, bankruptcy_price, liquidation_price, maintenance_margin


def position_risk(
    contract,
    contracts,
    entry,
    *,
    mark=None,
    leverage=np.inf,
    margin_coin=None,
    initial_rate=0.0,
    maintenance_rate=0.0,
    deduction_coin=0.0,
    basis="mark",
    closing_fee=0.0,
    fee_at="mark",
    aside_coin=0.0,
    tick=None,
    highest=np.inf,
):
    """Margins and prices of a position opened at `entry`, in one tier; a dict.

    Keys: value_coin, initial_coin, maintenance_coin at the entry; mark_value_coin, profit_coin at `mark`, by default
    the entry; bankruptcy_price, liquidation_price.
    margin_coin:  what backs it, by default its initial margin: its value over `leverage`, or at initial_rate if more
    basis:        as in `sim.margin.maintenance_margin`
    closing_fee:  rate of the fee of closing, which is kept aside: fee_at "mark" of the value at the mark, like the
                  maintenance (Gate, OKX), "bankruptcy" of that at the bankruptcy price, once for all (Bybit, Phemex)
    aside_coin:   what the margin must cover besides: a fee that is known in coin, or other positions (`kept_aside`)
    tick:         prices are rounded up to it, for either side, as Bybit prints them
    highest:      what is printed for higher prices and for inf: KuCoin's 1,000,000. There a 1x short is never bankrupt
                  but has a liquidation price, of millions, where maintenance is on the value at entry
    """
    value = notional(contract, contracts, entry)
    initial = value * np.maximum(initial_rate, 1 / np.asarray(leverage, dtype=float))
    margin = initial if margin_coin is None else np.asarray(margin_coin, dtype=float) / contract.unit
    tiers = Tiers([(np.inf, maintenance_rate, max(maintenance_rate, initial_rate), deduction_coin)])
    if fee_at not in ("mark", "bankruptcy"):
        raise ValueError(f"fee_at must be 'mark' or 'bankruptcy' (got {fee_at!r}); say where the fee is reckoned")
    cost = -contracts * contract.payoff(entry)
    bankrupt = bankruptcy_price(contract, contracts, cost, margin, closing_fee=closing_fee)
    aside, rate = np.asarray(aside_coin, dtype=float) / contract.unit, closing_fee
    if fee_at == "bankruptcy" and closing_fee:
        aside, rate = aside + closing_fee * _value_at(contract, contracts, bankrupt), 0.0
    rules = {"basis": basis, "closing_fee": rate}
    liquidated = liquidation_price(contract, contracts, cost, margin - aside, tiers, **rules)
    asked = maintenance_margin(contract, contracts, cost, entry, tiers, **rules)
    mark = entry if mark is None else mark
    return {
        "value_coin": value * contract.unit,
        "initial_coin": initial * contract.unit,
        "maintenance_coin": (asked + aside) * contract.unit,
        "mark_value_coin": notional(contract, contracts, mark) * contract.unit,
        "profit_coin": pnl_coin(contract, contracts, entry, mark),
        "bankruptcy_price": as_printed(bankrupt, tick, highest),
        "liquidation_price": as_printed(liquidated, tick, highest),
    }


def _value_at(contract, contracts, price):
    """Value in units at a price that may be 0.0 or inf, where nothing is left of it."""
    real = (np.asarray(price) > 0) & np.isfinite(price)
    return np.where(real, notional(contract, contracts, np.where(real, price, 1.0)), 0.0)


def as_printed(price, tick=None, highest=np.inf):
    """A price as a venue prints it: rounded up to the tick, and no higher than `highest`."""
    price = np.minimum(price, highest)
    return price if tick is None else np.ceil(price / tick - 1e-9) * tick


def kept_aside(contract, positions):
    """Coin that other positions of a cross account need: their maintenance less their profit; negative if they help.

    positions: dicts with contracts, entry, mark, maintenance_rate, deduction_coin (0 if left out) and face (that of
    `contract` if left out). Source: Binance, liquidation price: TMM less UPNL of all other contracts.
    """
    needed = 0.0
    for position in positions:
        other = replace(contract, face=position.get("face", contract.face))
        size, entry, mark = (position[key] for key in ("contracts", "entry", "mark"))
        value = notional(other, size, mark) * other.unit
        profit = size * (other.payoff(mark) - other.payoff(entry)) * other.unit
        needed += value * position["maintenance_rate"] - position.get("deduction_coin", 0.0) - profit
    return needed


def cross_liquidation_price(
    contract, contracts, entry, *, wallet_coin, maintenance_rate, deduction_coin=0.0, others=(), **rules
):
    """Liquidation price of one position of a cross account, the others held at their marks.

    others: as in `kept_aside`; rules: as in `position_risk`. Source: Binance, liquidation price of USD-M and COIN-M
    futures under cross margin.
    """
    rules |= {"maintenance_rate": maintenance_rate, "deduction_coin": deduction_coin}
    rules |= {"margin_coin": wallet_coin, "aside_coin": rules.get("aside_coin", 0.0) + kept_aside(contract, others)}
    return position_risk(contract, contracts, entry, **rules)["liquidation_price"]


def bitmex_average_entry(fills, lot=100, satoshi=1e-8):
    """Average entry price of XBTUSD as BitMEX reckons it: lots in whole satoshis, for longs rounded down.

    fills: (contracts, price) of one side, sales negative; for shorts a lot is rounded to the nearest satoshi.
    Source: BitMEX, how average entry price is calculated.
    """
    contracts, prices = np.asarray(fills, dtype=float).T
    require(np.all(contracts > 0) or np.all(contracts < 0), contracts, "fills must be of one side", "close first")
    worth = lot / positive("price", prices) / satoshi
    worth = np.floor(worth + 1e-6) if contracts[0] > 0 else np.floor(worth + 0.5)
    return lot * contracts.sum() / (worth * satoshi * contracts).sum()


def bitmex_support_price(
    entry, leverage, side, *, funding_rate=0.0, maintenance=0.005, taker_fee=0.00075, form="ratio"
):
    """Liquidation price of XBTUSD in one of two forms that BitMEX's support gave out, which are not equal.

    form: "ratio"  E / (1 + s (IM - MM)), IM = 1 / L + 2 fees, MM = maintenance + fee + funding rate
          "sum"    E / (1 + s IM) + s E (MM + s funding rate), IM = 1 / L - 2 fees, MM = maintenance - fee
    side: s, 1 long, -1 short. Take neither for better than a dollar: `sim.margin.liquidation_price` is the rule.
    Sources: a trader's post of October 2019 quoting the support; nottug/bitmex_utils, whose text and code differ in MM.
    """
    entry, start = positive("entry", entry), 1 / positive("leverage", leverage)
    if form == "ratio":
        asked = maintenance + taker_fee + funding_rate
        return entry / (1 + side * (start + 2 * taker_fee - asked))
    if form != "sum":
        raise ValueError(f"form must be 'ratio' or 'sum' (got {form!r}); see the two")
    bankrupt = entry / (1 + side * (start - 2 * taker_fee))
    return bankrupt + side * entry * (maintenance - taker_fee + side * funding_rate)


def okx_margin_ratio(contract, contracts, entry, mark, margin_coin):
    """Margin and profit over the value at the mark; liquidated at the tier's maintenance rate plus the taker's fee.

    Source: OKX, coin-margined swaps under fixed margin.
    """
    profit = contracts * (contract.payoff(mark) - contract.payoff(entry)) * contract.unit
    return (margin_coin + profit) / (notional(contract, contracts, mark) * contract.unit)


def htx_margin_ratio(equity_coin, used_margin_coin, adjustment_factor):
    """Equity over used margin, less the adjustment factor; liquidated at 0 or below.

    used_margin_coin: of the position, its value at the last price over leverage, and frozen for orders. So maintenance
    is at the rate adjustment_factor / leverage on that value. Source: HTX, partial liquidation of coin-margined swaps.
    """
    return equity_coin / positive("used_margin_coin", used_margin_coin) - adjustment_factor


def hyperliquid_liquidation_price(price, side, margin_available, size, maintenance_leverage):
    """Price at which a position is liquidated, from what it has above its maintenance at `price`.

    side: 1 long, -1 short; margin_available: account value (or isolated margin) less maintenance; size: coin, positive;
    maintenance_leverage: one over the maintenance rate. Source: Hyperliquid, liquidations.
    """
    rate = 1 / positive("maintenance_leverage", maintenance_leverage)
    return price - side * margin_available / positive("size", size) / (1 - rate * side)


def hyperliquid_backstop(equity, maintenance):
    """Whether the liquidator vault takes over: equity below two thirds of maintenance. Source: Hyperliquid."""
    return np.less(equity, np.multiply(maintenance, 2 / 3))


def dydx_account(positions, oracle, quote_balance, maintenance_rate):
    """(net collateral, maintenance requirement, {market: value}, {market: maintenance}) of a dYdX v4 subaccount.

    positions, oracle: {market: signed coin}, {market: USD}; maintenance_rate: one for all, or {market: rate}.
    """
    rates = maintenance_rate if isinstance(maintenance_rate, dict) else dict.fromkeys(positions, maintenance_rate)
    values = {market: size * oracle[market] for market, size in positions.items()}
    asked = {market: abs(value) * rates[market] for market, value in values.items()}
    return np.asarray(quote_balance, dtype=float) + sum(values.values()), sum(asked.values()), values, asked


def dydx_fillable_price(
    positions, oracle, quote_balance, maintenance_rate, close, *, bankruptcy_adjustment=1.0, spread_to_maintenance=1.5
):
    """The worst price at which the position in market `close` may be closed: (PNNV - ABR * SMMR * PMMR) / PS.

    ABR = BA (1 - TNC / TMMR), between 0 and 1. Arguments: as in `dydx_account`. Source: dYdX v4, clob keeper,
    GetFillablePrice.
    """
    collateral, required, values, asked = dydx_account(positions, oracle, quote_balance, maintenance_rate)
    rating = np.clip(bankruptcy_adjustment * (1 - collateral / positive("maintenance", required)), 0.0, 1.0)
    return (values[close] - rating * spread_to_maintenance * asked[close]) / positions[close]


def dydx_bankruptcy_quote(positions, oracle, quote_balance, maintenance_rate, close, size=None):
    """USD that closing `size` coin of market `close` must bring in (negative: may cost) to leave nobody a loss.

    -DNNV - TNC |DMMR| / TMMR: each position bears its maintenance's share of the net collateral. size: signed as the
    position, by default all of it. Source: dYdX v4, clob keeper, GetBankruptcyPriceInQuoteQuantums.
    """
    collateral, required, values, asked = dydx_account(positions, oracle, quote_balance, maintenance_rate)
    part = 1.0 if size is None else size / positions[close]
    require(0 < part <= 1, size, "size must be a part of the position", "close no more than there is")
    return part * (values[close] - collateral * asked[close] / positive("maintenance", required))


def drift_base(shortage, margin_ratio, oracle, *, liquidator_fee=0.0, fund_fee=0.0, quote_oracle=1.0):
    """Base to transfer so that a margin shortage is covered; inf where no transfer helps.

    shortage: USD of requirement (with its buffer) above collateral; fees: rates of the transferred value, to the
    liquidator and to the insurance fund. The fund's part is not scaled by the quote's own price, as in the code.
    Source: Drift v2, calculate_base_asset_amount_to_cover_margin_shortage.
    """
    oracle, quote = np.asarray(oracle, dtype=float), np.asarray(quote_oracle, dtype=float)
    freed = oracle * quote * (np.asarray(margin_ratio, dtype=float) - liquidator_fee) - oracle * fund_fee
    with np.errstate(divide="ignore"):
        return np.where(freed > 0, shortage / freed, np.inf)[()]


def drift_fund_fee(shortage, base, margin_ratio, oracle, *, liquidator_fee, most, quote_oracle=1.0):
    """Rate the insurance fund may charge so that closing the whole position still covers the shortage.

    most: the market's own rate; 0 at least. Source: Drift v2, calculate_perp_if_fee.
    """
    left = np.asarray(margin_ratio) - liquidator_fee
    return np.minimum(most, np.maximum(left - shortage / (np.abs(base) * oracle * quote_oracle), 0.0))


def drift_freed(shortage, freed, slots, *, first_share=0.1, duration_slots=150):
    """Share of a margin shortage that may be covered now: liquidation is spread over `duration_slots`.

    freed: USD of margin freed since the liquidation began, `slots` ago. Defaults are from memory. Source: Drift v2,
    calculate_max_pct_to_liquidate.
    """
    share = np.minimum(np.divide(slots, duration_slots) + first_share, 1.0)
    return np.maximum((shortage + freed) * share - freed, 0.0) / positive("shortage", shortage)
