"""Margin and liquidation where there is no book: Synthetix perps v2, Perpetual Protocol v1, GMX v2.

Linear contracts in plain numbers: coin and USD, sizes signed, longs positive. Pools are given as their reserves.
"""

import numpy as np

from sim.contract import positive, require


def synthetix_premium(size, price, skew_scale, multiplier=1.0):
    """USD charged on top for liquidating `size` coin: |size| / skew_scale of its value, times the multiplier.

    Source: Synthetix, PerpsV2MarketBase, _liquidationPremium.
    """
    return np.abs(size) / positive("skew_scale", skew_scale) * np.abs(size) * price * multiplier


def synthetix_margin(
    size,
    price,
    *,
    buffer=0.0075,
    fee=0.0035,
    least_fee=0.0,
    most_fee=np.inf,
    keeper_fee=0.0,
    skew_scale=1e6,
    multiplier=1.0,
):
    """Liquidation margin of `size` coin at `price`, USD; a dict.

    flag_fee: `fee` of the value, between least_fee and most_fee; margin: buffer, flag_fee and keeper_fee; premium,
    which the remaining margin must cover besides; threshold: margin and premium. The bounds and the keeper's fee are
    settings that were not recovered. Source: Synthetix, PerpsV2MarketBase, _liquidationMargin and _canLiquidate.
    """
    value = np.abs(size) * price
    flag = np.maximum(np.minimum(value * fee, most_fee), least_fee)
    margin = value * buffer + flag + keeper_fee
    premium = synthetix_premium(size, price, skew_scale, multiplier)
    return {"flag_fee": flag, "margin": margin, "premium": premium, "threshold": margin + premium}


def perp_value(size, quote, base):
    """USD that closing `size` base against constant-product reserves brings in (long) or costs (short).

    Source: Perpetual Protocol v1, Amm, getOutputPrice; without its rounding by one unit (`sim.pool`).
    """
    after = base + np.asarray(size, dtype=float)
    require(after > 0, size, "size must leave base in the pool", "close less")
    return np.abs(quote - quote * base / after)


def perp_margin_ratio(margin, size, open_notional, quote, base, *, twap_value=None, funding=0.0):
    """(margin + profit - funding) / value of a position, at the price of the pool or its average: the better profit.

    size: base, signed; open_notional: USD it was opened for; quote, base: reserves; twap_value: what closing it would
    have brought on average over the window, if known. Source: Perpetual Protocol v1, ClearingHouse, getMarginRatio.
    """
    side, value = np.sign(size), perp_value(size, quote, base)
    if twap_value is not None:
        value = np.where(side * (np.asarray(twap_value) - value) > 0, twap_value, value)[()]
    return (margin + side * (value - open_notional) - funding) / value


def perp_liquidation(margin, size, open_notional, quote, base, *, fee=0.025, partial=0.25, funding=0.0):
    """What liquidating a position against the pool does; a dict, USD and base.

    While the margin ratio at the pool's price is above `fee`, `partial` of it is closed, and half of the fee goes to
    the liquidator and half to the fund. Else all of it: the liquidator gets half the fee, the fund what margin is left,
    or pays the bad debt. Keys: closed_base, close_notional, realized_pnl, bad_debt, liquidator_fee, fund_coin, and what
    is left: size, margin, open_notional. Source: Perpetual Protocol v1, ClearingHouse, liquidate.
    """
    side, whole = np.sign(size), perp_value(size, quote, base)
    profit = side * (whole - open_notional)
    if 0 < partial < 1 and perp_margin_ratio(margin, size, open_notional, quote, base, funding=funding) > fee:
        notional, penalty = perp_value(size * partial, quote, base), fee * perp_value(size * partial, quote, base)
        left = margin + profit * partial - funding
        rest = {
            "size": size * (1 - partial),
            "margin": max(left, 0.0) - penalty,
            "open_notional": whole - notional - side * profit * (1 - partial),
        }
        return {
            "closed_base": size * partial,
            "close_notional": notional,
            "realized_pnl": profit * partial,
            "bad_debt": max(-left, 0.0),
            "liquidator_fee": penalty / 2,
            "fund_coin": penalty / 2,
        } | rest
    left, reward = margin + profit - funding, fee * whole / 2
    return {
        "closed_base": size,
        "close_notional": whole,
        "realized_pnl": profit,
        "bad_debt": max(-left, 0.0),
        "liquidator_fee": reward,
        "fund_coin": left - reward,
        "size": 0.0,
        "margin": 0.0,
        "open_notional": 0.0,
    }


def gmx_remaining(
    size_usd,
    size_coin,
    collateral_usd,
    price,
    side,
    *,
    fees_usd=0.0,
    impact_usd=0.0,
    most_impact=0.005,
    factor=0.01,
    least_usd=1.0,
):
    """Collateral that a GMX v2 position has left at `price`, and whether it is liquidated; a dict.

    size_usd: at entry; size_coin: what it bought; impact_usd: price impact of closing it, of which a gain does not
    count and a loss counts up to most_impact of size_usd; factor: of size_usd that must remain, and least_usd.
    Keys: profit, remaining, required, liquidated. Source: gmx-synthetics, isPositionLiquidatable; the defaults of
    most_impact and least_usd are from memory.
    """
    profit = side * (size_coin * np.asarray(price, dtype=float) - size_usd)
    impact = np.clip(impact_usd, -most_impact * size_usd, 0.0)
    remaining = collateral_usd + profit + impact - fees_usd
    required = max(factor * size_usd, least_usd)
    return {
        "profit": profit,
        "remaining": remaining,
        "required": required,
        "liquidated": (remaining < required) | (remaining <= 0),
    }


def gmx_liquidation_price(size_usd, size_coin, collateral_usd, side, **rules):
    """Price beyond which `gmx_remaining` says that a position is liquidated; 0 for a long that never is."""
    now = gmx_remaining(size_usd, size_coin, collateral_usd, size_usd / size_coin, side, **rules)
    price = (size_usd - side * (now["remaining"] - now["profit"] - now["required"])) / size_coin
    return np.maximum(price, 0.0)
