"""How far a perpetual may stand from its index before somebody with capital is paid to bring it back."""

from typing import NamedTuple


class Band(NamedTuple):
    """Premiums over the index, fractions, between which no arbitrage pays."""

    low: float
    high: float


def no_arbitrage_band(
    *, clamp=0.0005, spot_cost=0.0, perpetual_cost=0.0, usd_rate=0.0, coin_rate=0.0, interval_hours=8.0
):
    """Band of the premium in which neither side of the arbitrage earns over one funding interval.

    Who sells the contract and buys spot receives the premium less what the clamp takes off it, and pays for both legs
    and for the money in them; who does the opposite receives as much of a discount and the carry. The clamp alone keeps
    a band open at zero cost (Dai, Li and Yang, "Arbitrage in perpetual contracts", SSRN 5262988, in the form that
    practitioners quote; it leaves out the interest that is charged inside the clamp).

    clamp: of the funding rule, a fraction an interval; spot_cost, perpetual_cost: of a leg, there and back, fractions;
    rates annual
    """
    for name, cost in (("clamp", clamp), ("spot_cost", spot_cost), ("perpetual_cost", perpetual_cost)):
        if not cost >= 0.0:
            raise ValueError(f"{name} must be zero or more (got {cost})")
    carry = (usd_rate - coin_rate) * interval_hours / 8_760.0
    half = clamp + spot_cost + perpetual_cost
    return Band(low=carry - half, high=carry + half)
