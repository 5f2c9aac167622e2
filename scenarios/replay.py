"""Any window of any real series of spot, on any venue."""

from dataclasses import replace

import numpy as np

from agents import LogNormal, NoiseTraders, Uniform
from scenarios.crowds_of_a_crash import arbitrate, hold, quote, wait
from scenarios.price_level import at_prices
from scenarios.scenario import scenario
from sim.index import SpotMarket
from sim.market import Market
from sim.paths import Replay
from sim.pool_rules import VirtualAmm
from sim.terms import whole_steps
from sim.venues import BITMEX

STEPS_S = (48.0, 5.0), (240.0, 15.0), (float("inf"), 60.0)
"""Runs of up to so many hours have steps of so many seconds, unless asked."""

SHARES = {"longs": 0.27, "shorts": 0.18, "hedgers": 0.04, "dip": 0.27, "hunters": 0.14, "noise": 0.1}
"""Of all accounts, those that each crowd has: as in `march_2020`."""

MAKERS, ARBITRAGEURS = 20, 40
ROUNDS = 20  # of leverage, and of the capital that it asks for
DEPTH = 4.0  # of a virtual pool, over the open interest: within 1 % it takes as much as the books here


@scenario
def replay(
    *,
    seed,
    data="",
    column="",
    start="",
    hours=0.0,
    step_s=0.0,
    venue=BITMEX,
    open_interest_usd=500e6,
    open_interest_contracts=0,
    accounts=10_000,
    long_leverage=LogNormal(median=3.0, sigma=0.9, low=1.0, high=80.0),  # noqa: B008
    short_leverage=LogNormal(median=2.0, sigma=0.7, low=0.5, high=50.0),  # noqa: B008
    hedged=0.125,
    dip=Uniform(0.1, 0.5),  # noqa: B008
    bargain=Uniform(0.003, 0.12),  # noqa: B008
    bargain_capital=0.22,
    maker_capital=0.19,
    maker_credit=1.0,
    arbitrage_capital=0.095,
    arbitrage_credit=1.0,
    noise_capital=0.03,
    fund_share=0.1,
    engine_share=0.25,
    spot_volume=0.42,
    reentry=0.3,
    top_up_at=Uniform(0.02, 0.2),  # noqa: B008
    top_up=Uniform(0.0, 0.2),  # noqa: B008
    transfer_s=3_600.0,
    **market,
):
    """What would leveraged traders, and their liquidations, have made of any fall or rise, on any venue?

    Expect: with forced closes absorbed at the mark the deepest discount of a fall by three tenths within three hours
    is 3 to 4 percentage points smaller, half of one instead of 4: nearly all of it is the impact of liquidations.

    The index is spot as it was. Who trades is that of `march_2020`, in proportion to the open interest, and is fitted
    to no other day. Capitals and the like below are shares of the open interest at the start.

    data: file of spot to replay, bars or prices, .csv or .parquet, or several with commas between
    column: name of a column of prices, or prefix of those of bars; without, `price`, or open high low close
    start: UTC, the stamp of a row; without, the first
    hours: from the start; 0 all there are
    step_s: length of a step, s; 0: 5 up to two days, 15 up to ten, 60 for longer; a bar of fewer than four steps shows
        its open and close alone
    venue: rules of the exchange; for a coin below 3,000 USD, sizes in coin move by a power of ten
    open_interest_usd: at the start, USD
    open_interest_contracts: at the start, instead
    accounts: number of all but 20 market makers and 40 arbitrageurs
    long_leverage: effective leverage of the longs, idle wallet included; at most 80 % of the venue's
    short_leverage: the same of the shorts
    hedged: open interest of holders of coin who are short about 1x and stay
    dip: fall from the high of the run at which traders in cash go long, a fraction
    bargain: discount to the index at which some buy who have no position, and shorts take profit, a fraction
    bargain_capital: of those who do
    maker_capital: of the market makers at the exchange
    maker_credit: coin or credit that they have elsewhere, of their capital here
    arbitrage_capital: of the arbitrageurs at the exchange
    arbitrage_credit: coin or credit, and USD, that they have elsewhere, of their capital here
    noise_capital: of the noise traders
    fund_share: insurance fund
    engine_share: what the liquidation engine sells in an hour at most; 0 leaves it to the venue
    spot_volume: traded at spot in a day
    reentry: probability of coming back after a liquidation
    top_up_at: equity over value at which a leveraged trader thinks of sending more coin
    top_up: probability, a look, of then doing so
    transfer_s: mean time between venues in calm times, s
    """
    path, hours, start = window(market, data, column, start, hours)
    step_s = step_s or next(step for longest, step in STEPS_S if hours <= longest)
    prices = path.prices(seed, whole_steps(hours, step_s), step_s)
    first, highest = float(prices[0]), float(prices.max())
    usd = open_interest_contracts * worth_usd(venue.contract, first) or open_interest_usd
    venue = at_prices(venue, first, highest, usd)
    coin, most = usd / first, 0.8 * venue.max_leverage
    market = Market(
        **{"fund_coin": fund_share * coin, "spot": spot_of(spot_volume * coin)} | market, seed=seed, path=path,
        hours=hours, start=start, step_s=step_s, venue=sized(venue, usd, engine_share),
    )  # fmt: skip
    count = {name: round(share * accounts) for name, share in SHARES.items()}
    mind = {"reentry": reentry, "top_up_at": top_up_at, "top_up": top_up, "deposit_delay_s": 3_600.0}
    sides = (count["longs"], within(long_leverage, most)), (count["shorts"], within(short_leverage, most))
    quote(
        market, MAKERS * (market.venue.pool is None), maker_capital * coin / MAKERS, maker_credit, transfer_s,
        lean_seen=0.0, volatility_limit=LogNormal(median=8.0, sigma=0.5),
    )  # fmt: skip
    NoiseTraders(market, count=count["noise"], coin=spread(noise_capital * coin, count["noise"], 1.0))
    hedgers = count["hedgers"], spread(hedged * coin, count["hedgers"], 1.0)
    held, against = hold(market, usd, *sides, hedgers, bargain, mind)
    hunters = count["hunters"], spread(bargain_capital * coin, count["hunters"], 1.5)
    waiting = wait(market, (count["dip"], dip), held, hunters, bargain, mind)
    for crowd, worth in ((held, usd), (against[0], (1.0 - hedged) * usd), *((each, 0.0) for each in waiting)):
        keep_to_tiers(market, crowd, worth)
    arbitrate(market, ARBITRAGEURS, arbitrage_capital * coin / ARBITRAGEURS, arbitrage_credit, transfer_s)
    market.endow(round(usd / market.contract_usd), longs=[held], shorts=against, spread=0.1)
    return market


def window(market, data, column, start, hours):
    """(path, hours, start) of the replay; `market` may bring a path of its own instead of `data`."""
    path = market.pop("path", None)
    if path and hours:
        return path, hours, start or "2020-01-01T00:00"
    if path or not data:
        raise ValueError(f"data must name a file of spot (got {data!r}); add data=FILE, or a path and its hours")
    path = Replay(files=tuple(data.split(",")), start=start, hours=hours, column=column)
    return path, hours or path.table.covers_s / 3_600.0, start or str(path.table.stamps[0])


def worth_usd(contract, price):
    """What a contract is worth when spot trades at `price`, USD."""
    return float(contract.value(price)) * contract.unit * (price if contract.coin_margined else 1.0)


def sized(venue, usd, engine_share):
    """`venue` for an open interest of `usd`: an engine of that pace, and a virtual pool at least so deep."""
    if engine_share:
        venue = replace(venue, unwind=replace(venue.unwind, usd_per_s=engine_share * usd / 3_600.0))
    if isinstance(venue.pool, VirtualAmm) and not venue.contract.coin_margined:
        venue = replace(venue, pool=replace(venue.pool, depth_coin=max(DEPTH * usd, venue.pool.depth_coin)))
    return venue


def spot_of(volume_coin):
    """Spot that is replayed, of so much volume a day."""
    usual = SpotMarket(replays=True)
    part = volume_coin / sum(venue.volume_coin for venue in usual.venues)
    return replace(usual, venues=tuple(replace(each, volume_coin=part * each.volume_coin) for each in usual.venues))


def within(leverage, most):
    """A distribution of leverage whose bound is at most `most`; anything else as it is."""
    return replace(leverage, high=min(leverage.high, most)) if hasattr(leverage, "high") else leverage


def keep_to_tiers(market, crowd, usd=0.0):
    """Cut drawn leverage to four fifths of what the venue grants to positions of that size, so that nobody fails at the
    first mark; and let all accounts bring as much more as they then need to hold `usd` between them.
    """
    traits, tiers, price = crowd.traits, market.venue.tiers, market.spot.first_price
    leverage, times = np.array(traits.leverage), 1.0
    for _ in range(ROUNDS):
        contracts = times * traits.coin * leverage * price / market.contract_usd
        asked = tiers.margin(tiers.size(market.venue.contract, contracts, price))["initial_rate"]
        leverage = np.minimum(leverage, 0.8 / asked)
        times = max(1.0, usd / (traits.coin * leverage * price).sum())
    if traits.leverage.flags.writeable:
        traits.leverage[:] = leverage
        rows = market.exchange.accounts[crowd.first : crowd.first + crowd.count]
        rows.wallet = rows.deposits = np.rint(times * rows.wallet).astype(np.int64)


def spread(coin, count, sigma):
    """Log-normal coin of `count` accounts that have `coin` between them, on average."""
    return LogNormal(median=float(coin / max(count, 1) * np.exp(-(sigma**2) / 2)), sigma=sigma)
