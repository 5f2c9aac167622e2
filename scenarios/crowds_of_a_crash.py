"""Who trades in a crash: the crowds that `march_2020` and `replay` have in common, in the order in which they join."""

from agents import Arbitrageurs, HedgedMakers, LeveragedLongs, LeveragedShorts
from scenarios.capital import QUANTILES, capital


def quote(market, count, coin, credit, transfer_s, **mind):
    """Let market makers join who lay off elsewhere.

    coin: capital of each at the exchange; credit: coin or credit elsewhere, of that; mind: further fields of theirs
    """
    HedgedMakers(
        market, count=count, coin=coin, spot_coin=credit * coin, spot_usd_coin=credit * coin, transfer_s=transfer_s,
        leverage=1.5, levels=5, depth_share=0.1, half_spread_bps=3.0, **mind,
    )  # fmt: skip


def hold(market, usd, longs, shorts, hedgers, bargain, mind):
    """Let those join who hold the open interest; returns (longs, [shorts, hedgers]), yet to be endowed.

    usd: open interest; longs, shorts: (count, effective leverage); hedgers: (count, distribution of coin), who are
    short about 1x and stay; bargain: discount at which shorts take profit; mind: further fields of both
    """
    price, (count, coin) = market.spot.first_price, hedgers
    hedged_usd = count * price * float(coin.at(QUANTILES).mean())
    wealth, leverage = capital(usd, price, *longs, sigma=1.5), longs[1]
    held = LeveragedLongs(market, count=longs[0], coin=wealth, leverage=leverage, **mind)
    owed = LeveragedShorts(
        market, count=shorts[0], coin=capital(usd - hedged_usd, price, *shorts, sigma=1.5), leverage=shorts[1],
        bargain=bargain, **mind,
    )  # fmt: skip
    hedged = LeveragedShorts(
        market, name="Hedgers", count=count, coin=coin, leverage=1.0, horizon_s=1e9, wake_s=3_600.0
    )
    return held, [owed, hedged]


def wait(market, buyers, holders, hunters, bargain, mind):
    """Let those join who have no position yet: buyers of a fall, and hunters of a discount; returns both.

    buyers: (count, fall that they wait for), else as the longs who are `holders`; hunters: (count, distribution of
    coin); bargain: discount to the index that they wait for
    """
    falls = LeveragedLongs(
        market, name="DipBuyers", count=buyers[0], coin=holders.coin, leverage=holders.leverage, dip=buyers[1], **mind
    )
    bargains = LeveragedLongs(
        market, name="BargainHunters", count=hunters[0], coin=hunters[1], leverage=2.0, entry=0.0, bargain=bargain
    )
    return falls, bargains


def arbitrate(market, count, coin, credit, transfer_s):
    """Let arbitrageurs join; coin: capital of each at the exchange; credit: coin, and USD, elsewhere, of that."""
    Arbitrageurs(
        market, count=count, coin=coin, spot_coin=credit * coin, spot_usd_coin=credit * coin, transfer_s=transfer_s
    )
