"""Venues as they published themselves. Change a part for an experiment: `replace(BITMEX, mark=LastPrice())`.

Six coin-margined on a book: BITMEX, DERIBIT, BINANCE, BYBIT, OKX, KRAKEN. Six margined in USD: HYPERLIQUID, DYDX and
DRIFT on a book, SYNTHETIX, GMX and PERPETUAL on a pool. Older rules carry their year. Each rule cites its source and
its date where it is defined; here stands what only the bundle says. All trade bitcoin, so that one scenario runs on
each.

How fast an engine sells what it took over is published nowhere: `Unwind` has one assumption for all of them.
"""

from dataclasses import replace

from sim.composite_mark import (
    BINANCE_MARK,
    BINANCE_MARK_2020,
    BYBIT_MARK,
    DERIBIT_MARK,
    HYPERLIQUID_MARK,
    KRAKEN_MARK,
    OKX_MARK,
)
from sim.continuous_funding import DeadBand
from sim.contract import Inverse, Linear, Power
from sim.deleverage import AutoDeleverage
from sim.engine import Unwind
from sim.funding import HOURLY, ClampedPremium
from sim.index_rules import (
    BINANCE_INDEX,
    BYBIT_INDEX,
    DERIBIT_INDEX,
    HYPERLIQUID_INDEX,
    KRAKEN_INDEX,
    OKX_INDEX,
    ORACLE_INDEX,
)
from sim.insurance import DrawLimit
from sim.liquidation import (
    BINANCE_TARGET,
    BITMEX_LADDER,
    BYBIT_LADDER,
    DERIBIT_SLICES,
    DRIFT_TARGET,
    DYDX_FILLABLE,
    GMX_CLOSE,
    HYPERLIQUID_BACKSTOP,
    KRAKEN_EPP,
    OKX_LADDER,
    PERPETUAL_PROTOCOL_QUARTER,
    SYNTHETIX_FLAG,
)
from sim.margin import Tiers
from sim.oracle_mark import DRIFT_MARK, DYDX_MARK, GMX_MARK, PERPETUAL_MARK, SYNTHETIX_MARK
from sim.pool_rules import ImpactPool, SkewPool, VirtualAmm
from sim.skew_funding import AdaptiveImbalance, VelocityOfSkew
from sim.socialise import DailyLoss, PoolPays, SpreadLoss
from sim.tiers import (
    BINANCE_2021,
    BITMEX_2020,
    BITMEX_2024,
    BYBIT_2020,
    DYDX_LARGE,
    OKX_2019,
    PERPETUAL_PROTOCOL,
)
from sim.tiers import BYBIT as BYBIT_TIERS
from sim.tiers import DERIBIT as DERIBIT_TIERS
from sim.tiers import (
    DRIFT as DRIFT_TIERS,
)
from sim.tiers import (
    GMX as GMX_TIERS,
)
from sim.tiers import (
    HYPERLIQUID as HYPERLIQUID_TIERS,
)
from sim.tiers import (
    KRAKEN as KRAKEN_TIERS,
)
from sim.twap_funding import CappedGap, PoolPremium
from sim.venue import Venue
from sim.voted_funding import VotedPremium

EIGHT_HOURLY = dict(stamps_utc_hours=(0.0, 8.0, 16.0), against="index", change_cap=float("inf"), lag=0)
HOUR = dict(interval_hours=1.0, stamps_utc_hours=HOURLY, against="index", change_cap=float("inf"))
AT_ONCE = Unwind(rests=False, rest_s=0.0)
_BTC = Linear(name="BTC-USD", face=0.0001, unit=1e-9, coin="USD")

BITMEX = Venue(
    name="BitMEX XBTUSD, March 2020",
    contract=Inverse(name="XBTUSD"),
    tiers=BITMEX_2020,
    maintenance_on="entry",
    closing_fee=0.00075,
    maker_fee=-0.00025,
    taker_fee=0.00075,
    netting="net",
    liquidation=BITMEX_LADDER,
)
"""BitMEX's XBTUSD as of 12 March 2020: 1 USD a contract, tick 0.5, fees -0.025 % and 0.075 %, 100x, maintenance 0.5
% of entry value plus the taker fee. Sources: BitMEX's perpetual guide, risk-limit and fair-price pages."""

BITMEX_NOW = replace(
    BITMEX,
    name="BitMEX XBTUSD, 2024",
    contract=Inverse(name="XBTUSD", tick=0.1),
    tiers=BITMEX_2024,
    closing_fee=0.0005,
    maker_fee=0.0005,
    taker_fee=0.0005,
    most_contracts=10_000_000,
)
"""As of 24 November 2024: tick 0.1, both fees 0.05 %, risk limit 200 XBT and steps of 150. Source: its instrument
page. It prints the largest order, 10 million contracts, which is here the largest position."""

DERIBIT = Venue(
    name="Deribit BTC-PERPETUAL, 2024",
    contract=Inverse(name="BTC-PERPETUAL", face=10.0, unit=1e-11),
    tiers=DERIBIT_TIERS,
    maker_fee=0.0,
    taker_fee=0.0005,
    max_leverage=50.0,
    liquidation=DERIBIT_SLICES,
    unwind=AT_ONCE,
    loss=DailyLoss(),
    mark=DERIBIT_MARK,
    index=DERIBIT_INDEX,
    funding=DeadBand(),
    impact_coin=1.0,
)
"""10 USD a contract, tick 0.5, fees 0 and 0.05 %, 50x; slices to the market, no deleveraging, losses beyond the fund
shared by the day's winners. Sources: Deribit's instrument page and support articles. The depth of 1 BTC is from a
copy."""

DERIBIT_WIDE = replace(DERIBIT, name="Deribit, dead band of 0.05 %", funding=DeadBand(dead_band=0.0005))
"""With the dead band of its older documentation, which a copy of its rules at Bit.com still has."""

BINANCE = Venue(
    name="Binance COIN-M BTCUSD_PERP, 2021",
    contract=Inverse(name="BTCUSD_PERP", face=100.0, tick=0.1, unit=1e-10),
    tiers=BINANCE_2021,
    maker_fee=0.0002,
    taker_fee=0.0005,
    max_leverage=125.0,
    netting="worst",
    liquidation=BINANCE_TARGET,
    loss=AutoDeleverage(rank="binance"),
    mark=BINANCE_MARK,
    index=BINANCE_INDEX,
    funding=ClampedPremium(weights="linear", cap=0.003, sample_s=5.0, **EIGHT_HOURLY),
)
"""100 USD a contract, fees 0.02 % and 0.05 %, 125x. Sources: Binance's support pages; fees as third parties have them.
Tick, weights of the premium and the cap of 0.3 % are from memory."""

BINANCE_SLOW = replace(BINANCE, name="Binance, 30-minute mark", mark=BINANCE_MARK_2020)
"""With the moving average of half an hour, each minute, that an older copy of its mark-price page has."""

BYBIT = Venue(
    name="Bybit BTCUSD, 2026",
    contract=Inverse(name="BTCUSD"),
    tiers=BYBIT_TIERS,
    maker_fee=0.0002,
    taker_fee=0.00055,
    liquidation=BYBIT_LADDER,
    loss=AutoDeleverage(rank="bybit"),
    mark=BYBIT_MARK,
    index=BYBIT_INDEX,
    funding=ClampedPremium(weights="linear", cap=float("inf"), **EIGHT_HOURLY),
)
"""1 USD a contract, tick 0.5, 100x; maintenance on the value at the mark, as its page of 27 May 2026 says. Sources:
Bybit's help centre and instrument page. Fees are from memory."""

BYBIT_ENTRY = replace(BYBIT, name="Bybit, maintenance on entry value, 2024", tiers=BYBIT_2020, maintenance_on="entry")
"""As its pages up to 2025: maintenance on the value at entry, whole-position tiers."""

OKX = Venue(
    name="OKX BTC-USD-SWAP, 2019 to 2024",
    contract=Inverse(name="BTC-USD-SWAP", face=100.0, tick=0.1, unit=1e-10),
    tiers=OKX_2019,
    closing_fee=0.0005,
    maker_fee=0.0002,
    taker_fee=0.0005,
    netting="sum",
    liquidation=OKX_LADDER,
    loss=AutoDeleverage(rank="okx", price="mark"),
    draw_limit=DrawLimit(),
    mark=OKX_MARK,
    index=OKX_INDEX,
    funding=ClampedPremium(price="mid", interest=0.0, damper=0.0, cap=0.00375, **EIGHT_HOURLY),
)
"""100 USD a contract, tick 0.1, 100x, tiers of contracts; deleverages at the mark once the fund fell 30 % from its
peak. Sources: OKX's help pages and instrument page. Fees are from memory."""

KRAKEN = Venue(
    name="Kraken PI_XBTUSD, 2024",
    contract=Inverse(name="PI_XBTUSD"),
    tiers=KRAKEN_TIERS,
    maker_fee=0.0002,
    taker_fee=0.0005,
    max_leverage=50.0,
    liquidation=KRAKEN_EPP,
    unwind=Unwind(pays=False, rests=True, rest_s=0.0),
    loss=AutoDeleverage(rank="bybit"),
    mark=KRAKEN_MARK,
    index=KRAKEN_INDEX,
    funding=ClampedPremium(
        price="impact mid",
        interest=0.0,
        damper=0.0,
        divisor=24.0,
        cap=0.0025,
        lag=1,
        accrual_s=60.0,
        valued_at="index",
        rate_at_start=0.0,
        **HOUR,
    ),
    impact_coin=0.1,
    most_contracts=75_000_000,
)
"""1 USD a contract, tick 0.5, 50x; equity protection: the trader keeps what is saved, no fund pays, and what the
book does not take is unwound with opposite traders at the bankruptcy price. Sources: Kraken's support pages and
instrument page. How it orders those traders is not published: by return and leverage here. Its impact notional is
1,000 USD there, a tenth of a coin here; fees and the mark are from memory."""

HYPERLIQUID = Venue(
    name="Hyperliquid BTC, 2025",
    contract=replace(_BTC, tick=1.0),
    tiers=HYPERLIQUID_TIERS,
    maker_fee=0.00015,
    taker_fee=0.00045,
    max_leverage=40.0,
    liquidation=HYPERLIQUID_BACKSTOP,
    unwind=AT_ONCE,
    loss=AutoDeleverage(rank="hyperliquid", price="mark"),
    mark=HYPERLIQUID_MARK,
    index=HYPERLIQUID_INDEX,
    funding=ClampedPremium(
        sample_s=5.0, divisor=8.0, cap=0.04, lag=0, valued_at="index", rate_at_start=0.0000125, **HOUR
    ),
    impact_coin=20_000.0,
)
"""40x, margined in USD. Sources: its documentation. The insurance fund of a run stands for its liquidator vault;
prices of other venues' perpetuals, which its mark reads, do not exist here. Fees are from memory."""

DYDX = Venue(
    name="dYdX v4 BTC-USD, commit 84d4664b",
    contract=replace(_BTC, tick=1.0),
    tiers=DYDX_LARGE.tiers(),
    maker_fee=0.0001,
    taker_fee=0.0005,
    max_leverage=50.0,
    liquidation=DYDX_FILLABLE,
    unwind=AT_ONCE,
    loss=AutoDeleverage(rank="random start"),
    mark=DYDX_MARK,
    index=ORACLE_INDEX,
    funding=VotedPremium(),
    impact_coin=25_000.0,
)
"""2 % initial, 1.2 % maintenance, at the oracle's price; fillable price, then deleveraging at the bankruptcy price
from a random account on. The impact notional is 500 USDC over the initial rate. Source: its code. Fees are from
memory."""

DRIFT = Venue(
    name="Drift v2, commit 0ae3e3b1",
    contract=_BTC,
    tiers=DRIFT_TIERS,
    maker_fee=-0.00002,
    taker_fee=0.001,
    max_leverage=10.0,
    netting="worst",
    liquidation=DRIFT_TARGET,
    unwind=AT_ONCE,
    loss=SpreadLoss(),
    mark=DRIFT_MARK,
    index=ORACLE_INDEX,
    funding=replace(CappedGap(), counterparty="fund"),
    impact_coin=25_000.0,
)
"""10 % initial, 5 % maintenance, at the oracle's price; losses beyond the fund are spread over all contracts. Its
own AMM is left out: makers quote the book, and the fund stands for its fee pool. Source: its code. Fees are from
memory."""

SYNTHETIX = Venue(
    name="Synthetix perps v2",
    contract=_BTC,
    tiers=Tiers.flat(0.011, 1 / 55),
    maker_fee=0.0002,
    taker_fee=0.0006,
    max_leverage=55.0,
    liquidation=SYNTHETIX_FLAG,
    unwind=AT_ONCE,
    loss=PoolPays(),
    mark=SYNTHETIX_MARK,
    index=ORACLE_INDEX,
    funding=VelocityOfSkew(skew_scale=100_000.0 / 0.0001, max_velocity=9.0),
    pool=SkewPool(skew_scale=100_000.0),
    impact_coin=25_000.0,
)
"""Trades with the pool at the oracle's price and a premium for skew; the funding rate's velocity is the skew. Rates
are those of its ether market (buffer 0.75 %, flagger's fee 0.35 %), without the premium on size. Source: its
contracts. The scale of bitcoin's market, 100,000 coins, and fees are from memory; the pool pays what margins do not."""

GMX = Venue(
    name="GMX v2",
    contract=_BTC,
    tiers=GMX_TIERS,
    maintenance_on="entry",
    maker_fee=0.0004,
    taker_fee=0.0006,
    liquidation=GMX_CLOSE,
    unwind=AT_ONCE,
    loss=PoolPays(),
    mark=GMX_MARK,
    index=ORACLE_INDEX,
    funding=AdaptiveImbalance(),
    pool=ImpactPool(factor=2e-10, impact_pool_usd=100_000.0),
    impact_coin=25_000.0,
)
"""Trades with the pool at the oracle's price and a charge for imbalance; the larger side pays the smaller. Sources:
its README and code. The impact factor differs between markets: assumed here, so that 5 million USD move the price by
0.2 %; so are the fees."""

PERPETUAL = Venue(
    name="Perpetual Protocol v1",
    contract=_BTC,
    tiers=PERPETUAL_PROTOCOL,
    maker_fee=0.001,
    taker_fee=0.001,
    max_leverage=10.0,
    liquidation=PERPETUAL_PROTOCOL_QUARTER,
    unwind=AT_ONCE,
    loss=PoolPays(),
    mark=PERPETUAL_MARK,
    funding=PoolPremium(),
    pool=VirtualAmm(depth_coin=50e6),
    impact_coin=25_000.0,
)
"""Trades with a virtual pool whose price nobody but traders moves. Sources: its contracts and specifications. The
depth, 50 million USD, is assumed; margin is at the pool's price, not at the kinder of that and its average.
Its fee of 0.1 % is from memory."""

LINEAR = replace(
    BITMEX,
    name="BitMEX's rules on a linear contract",
    contract=Linear(name="BTCUSD linear", face=0.0001, unit=1e-9, coin="USD"),
    tiers=Tiers.flat(0.005, 0.01),
    impact_coin=80_000.0,
)
"""The same rules on a contract of 0.0001 BTC margined in USD: what is left of a result that the inverse payoff made."""

POWER = replace(
    BITMEX,
    name="BitMEX's rules on spot to the power -1",
    contract=Power(name="BTC^-1", p=-1.0, scale=1e8, face=0.0001, unit=1e-9, coin="USD"),
    tiers=Tiers.flat(0.005, 0.01),
    impact_coin=80_000.0,
)
"""The same rules on an instrument of negative exposure: quotes 1e8 / spot, so its longs gain as spot falls."""

REAL = (BITMEX, DERIBIT, BINANCE, BYBIT, OKX, KRAKEN, HYPERLIQUID, DYDX, DRIFT, SYNTHETIX, GMX, PERPETUAL)
"""The twelve of them, as they are compared."""
