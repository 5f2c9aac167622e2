"""A market of a moderate size whose spot price moves suddenly: what the stress scenarios change one thing of."""

from math import log1p

from agents import Arbitrageurs, LeveragedLongs, LeveragedShorts, LogNormal, MarketMakers, NoiseTraders
from scenarios.capital import capital
from sim.market import Market
from sim.paths import GeometricBrownian, Shock, Shocked

PRICE, VOLATILITY = 8_000.0, 0.6
HIGH = LogNormal(median=8.0, sigma=0.8, low=1.0, high=80.0)
LOW = LogNormal(median=2.0, sigma=0.6, low=0.5, high=20.0)


def shocked(
    *, seed, move, over_s=600.0, hours=1.0, at_hours=0.25, step_s=1.0, depth=1.0, loss_limit=0.25, longs=HIGH,
    shorts=LOW, open_interest_usd=20e6, others=(), **market,
):  # fmt: skip
    """A Market in which spot moves by `move`, a fraction, with the crowds of `filled`."""
    if not -1 < move < float("inf"):
        raise ValueError(f"a move of spot must be a fraction above -1 (got {move}); -0.1 is a fall of ten percent")
    shock = Shock(at_s=at_hours * 3600.0, log_size=log1p(move), over_s=over_s)
    path = Shocked(GeometricBrownian(price=PRICE, volatility=VOLATILITY), (shock,))
    market = Market(seed=seed, hours=hours, step_s=step_s, path=market.pop("path", path), **market)
    return filled(
        market, depth=depth, loss_limit=loss_limit, longs=longs, shorts=shorts, open_interest_usd=open_interest_usd,
        others=others,
    )  # fmt: skip


def filled(market, *, depth=1.0, loss_limit=0.25, longs=HIGH, shorts=LOW, open_interest_usd=20e6, others=()):
    """`market` with crowds that hold an open interest against each other.

    depth: capital of the makers, as a multiple; loss_limit: of their equity, at which they leave
    longs, shorts: effective leverage of 2,000 and 1,400 accounts, which have the capital that it asks for
    others: functions of the market that let further longs, or shorts, join: (crowds of longs, crowds of shorts), whose
        positions at their own leverage come on top
    """
    if not market.venue.pool:
        MarketMakers(market, count=20, coin=25.0 * depth, loss_limit=loss_limit)
    NoiseTraders(market, count=700, coin=0.5)
    if getattr(market.venue.contract, "p", 1.0) == 1.0:
        Arbitrageurs(market, count=7, coin=50.0, spot_coin=50.0, spot_usd_coin=50.0)
    joined = [join(market) for join in others]
    held, owed = ([crowd for pair in joined for crowd in pair[side]] for side in (0, 1))
    total = open_interest_usd + worth(held)
    coins = capital(open_interest_usd, PRICE, 2_000, longs), capital(total - worth(owed), PRICE, 1_400, shorts)
    held.append(LeveragedLongs(market, count=2_000, coin=coins[0], leverage=longs))
    owed.append(LeveragedShorts(market, count=1_400, coin=coins[1], leverage=shorts))
    market.endow(round(total / market.contract_usd), longs=held, shorts=owed, spread=0.02)
    return market


def worth(crowds):
    """What crowds hold at their leverage, USD: it comes on top of the open interest of the others."""
    return PRICE * float(sum((crowd.traits.coin * crowd.traits.leverage).sum() for crowd in crowds))
