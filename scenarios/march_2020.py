"""12 and 13 March 2020, "Black Thursday", on BitMEX's XBTUSD."""

from dataclasses import replace
from datetime import datetime

from agents import LogNormal, NoiseTraders, Uniform
from scenarios import march_2020_facts as facts
from scenarios.crowds_of_a_crash import arbitrate, hold, quote, wait
from scenarios.scenario import scenario
from sim.engine import Unwind
from sim.index import SpotMarket
from sim.market import Market
from sim.paths import Points, Replay
from sim.venues import BITMEX

XBTUSD = replace(BITMEX, unwind=Unwind(usd_per_s=60_000.0), capacity=100.0)
"""BitMEX, with an engine that could sell within hours what was reported as liquidated in the first, and a gateway that
calm traffic does not fill; both are assumed."""


@scenario
def march_2020(
    *,
    seed,
    data="",
    hours=69.0,
    step_s=5.0,
    start=facts.START,
    bridge_volatility=1.0,
    venue=XBTUSD,
    fund_coin=facts.FUND_COIN.value,
    open_interest=int(facts.OPEN_INTEREST_CONTRACTS.value),
    longs=3_000,
    shorts=2_000,
    hedgers=400,
    dip_buyers=3_000,
    dip=Uniform(0.1, 0.5),  # noqa: B008
    bargain_hunters=1_500,
    bargain=Uniform(0.003, 0.12),  # noqa: B008
    makers=20,
    maker_coin=1_000.0,
    maker_credit=1.0,
    lean_seen=0.0,
    volatility_limit=LogNormal(median=8.0, sigma=0.5),  # noqa: B008
    arbitrageurs=40,
    arbitrage_coin=250.0,
    arbitrage_credit=1.0,
    noise=1_000,
    long_leverage=LogNormal(median=3.0, sigma=0.9, low=1.0, high=80.0),  # noqa: B008
    short_leverage=LogNormal(median=2.0, sigma=0.7, low=0.5, high=50.0),  # noqa: B008
    top_up_at=Uniform(0.02, 0.2),  # noqa: B008
    top_up=Uniform(0.0, 0.2),  # noqa: B008
    reentry=0.3,
    deposit_delay_s=3_600.0,
    transfer_s=3_600.0,
    **market,
):
    """What did the liquidations of 12 and 13 March 2020 do to the price of XBTUSD?

    Expect: with the forced closes absorbed off the book the deepest discount of the first fourteen hours is some 6
    percentage points smaller, which is nearly all of it: bids, not opinions, were what was missing.

    The index is spot as published; everything about who traded is assumed, and declared here.

    data: file of spot to replay, or several with commas between; without, some eighty published prices
    hours: from the start
    step_s: length of a step, s
    start: UTC
    bridge_volatility: between published prices, annual
    venue: rules of the exchange; the pace of its liquidation engine and its capacity are assumed
    fund_coin: insurance fund on 11 March, published
    open_interest: contracts at the start, published
    longs: number of leveraged longs, assumed
    shorts: number of leveraged shorts, assumed
    hedgers: number of holders of coin who are short about 1x and stay, assumed
    dip_buyers: number of traders in cash who go long, with leverage, once the price has fallen, assumed
    dip: fall from the high of the run at which they begin to, a fraction, assumed
    bargain_hunters: number of traders without a position who buy when the contract is cheap, assumed
    bargain: discount to the index at which they do, and at which shorts take profit, a fraction, assumed
    makers: number of market makers, assumed
    maker_coin: capital of each at the exchange, assumed
    maker_credit: coin or credit that they have elsewhere to lay off with, of their capital here, assumed
    lean_seen: share of their own leaning that they take for the market's basis, assumed
    volatility_limit: annual volatility at which a maker leaves for a while, assumed
    arbitrageurs: number of arbitrageurs, assumed
    arbitrage_coin: capital of each at the exchange, assumed
    arbitrage_credit: coin or credit, and USD, that they have elsewhere, of their capital here, assumed
    noise: number of noise traders, assumed
    long_leverage: effective leverage of the longs, idle wallet included, assumed
    short_leverage: the same of the shorts, assumed
    top_up_at: equity over value at which a leveraged trader thinks of sending more coin, assumed
    top_up: probability, a look, of then doing so, assumed
    reentry: probability of coming back after a liquidation, assumed
    deposit_delay_s: mean time fresh coin takes to arrive, assumed
    transfer_s: mean time between venues in calm times, assumed
    """
    if "path" not in market and data:
        market["path"] = Replay(files=tuple(data.split(",")), start=start, hours=hours)
    elif "path" not in market:
        market["path"] = published(start, hours, bridge_volatility)
    market = Market(
        seed=seed, hours=hours, step_s=step_s, start=start, venue=venue, fund_coin=fund_coin,
        spot=market.pop("spot", SpotMarket(replays=True)), **market,
    )  # fmt: skip
    mind = {"reentry": reentry, "deposit_delay_s": deposit_delay_s, "top_up_at": top_up_at, "top_up": top_up}
    quote(market, makers, maker_coin, maker_credit, transfer_s, lean_seen=lean_seen, volatility_limit=volatility_limit)
    NoiseTraders(market, count=noise, coin=LogNormal(2.0, 1.0))
    sides = (longs, long_leverage), (shorts, short_leverage)
    held, against = hold(market, open_interest, *sides, (hedgers, LogNormal(20.0, 1.0)), bargain, mind)
    wait(market, (dip_buyers, dip), held, (bargain_hunters, LogNormal(5.0, 1.5)), bargain, mind)
    arbitrate(market, arbitrageurs, arbitrage_coin, arbitrage_credit, transfer_s)
    market.endow(open_interest, longs=[held], shorts=against, spread=0.1)
    return market


def published(start, hours, volatility):
    """The published prices of spot as a path from `start` on, bridged with that annual volatility; ValueError if they
    end before the run does."""
    times = [(datetime.fromisoformat(at) - datetime.fromisoformat(start)).total_seconds() for at, _ in facts.SPOT]
    if 3_600.0 * hours > times[-1]:
        raise ValueError(
            f"hours must end by {facts.SPOT_END}, where the published prices do (got {hours:g} from {start}); "
            "name a file of spot with data"
        )
    return Points(times_s=tuple(times), values=tuple(price for _, price in facts.SPOT), volatility=volatility)
