"""The markets that are timed, frozen: every number that decides how much happens is written here.

Do not tune them. A change makes a new market with a new name, so that numbers of two dates can be compared.
"""

from dataclasses import dataclass
from typing import Any

from agents import (
    CROWDS,
    Arbitrageurs,
    CrossVenueArbitrageurs,
    Crowd,
    LeveragedLongs,
    LeveragedShorts,
    LogNormal,
    MarketMakers,
    NoiseTraders,
)
from sim.market import Market
from sim.paths import GeometricBrownian
from sim.venues import BITMEX

PATH = GeometricBrownian(price=8_000.0, volatility=2.0)
START = "2020-01-01T03:30"  # BitMEX pays funding at 04:00, so an hour from here holds a payment


@dataclass(kw_only=True, eq=False)
class Sleepers(Crowd):
    """Accounts that hold a position and never wake."""

    leverage: Any = 1.5
    wake_s: Any = float("inf")


def five_crowds(*, seed=1, accounts=10_000, sleepers=0, pace=1.0, lifetime_s=300.0, hours=1.25, path=PATH, **market):
    """The five crowds of `agents` on BitMEX's XBTUSD, steps of a second, funding, liquidation and recording on.

    Of 10,000 accounts 20 are makers, 80 arbitrageurs, 5,900 noise traders, 2,000 longs and 2,000 shorts; other
    numbers of accounts keep the proportions and the messages a second. sleepers: accounts beside them, half long
    and half short, that hold positions and never wake. pace: how often everybody looks, over what is usual. lifetime_s:
    of the orders of noise traders that rest.
    """
    scale = accounts / 10_000
    looks = scale / pace
    market = Market(seed=seed, venue=BITMEX, hours=hours, step_s=1.0, start=START, path=path, **market)
    count = {name: round(share * scale) for name, share in (("noise", 5_900), ("held", 2_000), ("spot", 80))}
    MarketMakers(
        market, count=max(20, round(20 * scale)), coin=500.0 / scale, leverage=5.0, half_spread_bps=2.0, levels=3,
        depth_share=0.3, skew_bps=10.0, wake_s=2.0 * looks, volatility_limit=8.0, usual_volatility=0.8,
    )  # fmt: skip
    NoiseTraders(
        market, count=count["noise"], coin=LogNormal(2.0 / scale, 1.0), leverage=3.0, order_share=0.05,
        market_share=0.3, distance_bps=15.0, lifetime_s=lifetime_s, wake_s=60.0 * looks,
    )  # fmt: skip
    common = dict(stop_loss=0.02, horizon_s=4 * 3600.0, entry=0.05, wake_s=300.0 * looks, reentry=0.3, top_up=0.1)
    held = LeveragedLongs(
        market, count=count["held"], coin=LogNormal(1.0 / scale, 1.0), leverage=LogNormal(20.0, 0.8, 1.0, 90.0),
        **common,
    )  # fmt: skip
    owed = LeveragedShorts(
        market, count=count["held"], coin=LogNormal(1.0 / scale, 1.0), leverage=LogNormal(20.0, 0.8, 1.0, 90.0),
        **common,
    )  # fmt: skip
    Arbitrageurs(
        market, count=count["spot"], coin=50.0 / scale, spot_coin=50.0 / scale, spot_usd_coin=50.0 / scale,
        leverage=3.0, most_leverage=8.0, order_share=0.1, hurdle_bps=10.0, transfer_s=1800.0, wake_s=15.0 * looks,
    )  # fmt: skip
    market.endow(60_000_000, longs=[held], shorts=[owed], spread=0.02)
    if sleepers:
        add_sleepers(market, sleepers)
    return market


def every_crowd(*, others=100, **market):
    """The five crowds, and so many accounts of every other crowd of `agents` that one exchange can have, as each is by
    default."""
    market = five_crowds(**market)
    present = {type(crowd) for crowd in market.crowds}
    for kind in CROWDS:
        if kind not in present and kind is not CrossVenueArbitrageurs:
            kind(market, count=others)
    return market


def busy_noise(*, accounts, order_share=0.02, market_share=0.15, distance_bps=15.0, seed=1):
    """Noise traders alone, each of whom looks in every step of a second; their orders rest for one step."""
    market = Market(seed=seed, venue=BITMEX, hours=1.0, step_s=1.0, start=START)
    NoiseTraders(
        market, count=accounts, coin=10.0, leverage=3.0, order_share=order_share, market_share=market_share,
        distance_bps=distance_bps, lifetime_s=1.0, wake_s=1e-6,
    )  # fmt: skip
    return market


def add_sleepers(market, count):
    """Let `count` more accounts hold positions, longs against shorts, and never wake."""
    longs = Sleepers(market, count=count // 2, coin=LogNormal(1.0, 1.0), name="LongSleepers")
    shorts = Sleepers(market, count=count - count // 2, coin=LogNormal(1.0, 1.0), name="ShortSleepers")
    market.endow(8_000 * count, longs=[longs], shorts=[shorts], spread=0.02)
