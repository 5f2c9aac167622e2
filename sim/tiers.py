"""Margin tiers of the venues, each table as of the date it was published.

Limits are settlement coin, or contracts where a table says so. What a source leaves out is said; "from memory" marks
what no source that was read confirms.
"""

from dataclasses import dataclass
from math import inf

import numpy as np

from sim.contract import require
from sim.margin import Tiers

BITMEX_2020 = Tiers.steps(200.0, 100.0, 9, 0.005, 0.01, 0.005)
"""BitMEX XBTUSD, March 2020: base risk limit 200 XBT, every further 100 XBT adds 0.5 % to both rates.
Source: BitMEX, risk limits. Charged on the value at entry. It ends at nine steps, where the last rate holds on."""

BITMEX_2024 = Tiers.steps(200.0, 150.0, 9, 0.005, 0.01, 0.005)
"""BitMEX XBTUSD since 31 August 2021: the step is 150 XBT. Source: BitMEX, risk limits examples; its instrument page
of 24 November 2024. It ends at nine steps, where the last rate holds on."""

DERIBIT_2019 = Tiers.sloped(maintenance=0.00525, initial=0.01, slope=0.00005)
"""Deribit BTC-PERPETUAL before 11 January 2022: 0.525 % and 1 %, plus 0.005 % for every BTC of the position.
Source: Deribit, release notes of 11 January 2022, which give the rates before and after."""

DERIBIT = Tiers.sloped(maintenance=0.01, initial=0.02, slope=0.00005)
"""Deribit BTC-PERPETUAL since 11 January 2022: 1 % and 2 %, plus 0.005 % for every BTC of the position.
Sources: Deribit, release notes of 11 January 2022; linear perpetual, margin examples (BTC column)."""

BINANCE_RATES = 0.004, 0.005, 0.01, 0.025, 0.05, 0.1, 0.125, 0.15, 0.25
BINANCE_INITIAL = 1 / 125, 1 / 100, 1 / 50, 1 / 20, 1 / 10, 1 / 5, 1 / 4, 1 / 3, 1 / 2

BINANCE_2021 = Tiers.marginal((5, 10, 20, 50, 100, 200, 400, inf), BINANCE_RATES[:8], BINANCE_INITIAL[:8])
"""Binance COIN-M BTCUSD, 2021: 5 BTC at 125x, 10 at 100x, 20 at 50x, 50 at 20x, 100 at 10x, 200 at 5x, 400 at 4x.
The deduction at 300 BTC is 11.605. Source: Binance, leverage and margin of COIN-M futures. What comes after 400 BTC is
cut off in the copy that was read: 15 % here, for all sizes."""

BINANCE_2020 = Tiers.marginal((10, 20, 30, 50, 100, 200, 400, 1000, inf), BINANCE_RATES, BINANCE_INITIAL)
"""Binance COIN-M BTCUSD, the other copy (11 June 2020): 10, 20, 30, 50, 100, 200, 400 and 1,000 BTC, 2x and less
beyond. The deduction is 1.81 from 50 BTC and 11.81 at 300. Sources: Binance, leverage and margin of COIN-M futures;
liquidation price of COIN-M futures."""

BYBIT_2020 = Tiers.steps(150.0, 150.0, 10, 0.005, 0.01, 0.005)
"""Bybit BTCUSD until 2025: 0.5 % up to 150 BTC, every further 150 BTC adds 0.5 % to both rates, on the whole value at
entry. Source: Bybit, risk limit of inverse contracts, for the base rate; base and step of 150 BTC are from memory."""

BYBIT = Tiers.marginal(
    (*(150.0 * n for n in range(1, 10)), inf), np.arange(1, 11) * 0.005, 0.005 + np.arange(1, 11) * 0.005
)
"""Bybit BTCUSD, unified account: the same tiers, each rate on the part of the value inside it.
Source: Bybit, liquidation price under isolated mode (deduction) and margin parameters; the steps are from memory."""

OKX_EARLY_2019 = Tiers.whole((19_999, 29_999, inf), (0.01, 0.01, 0.015), (1 / 40, 1 / 30, 1 / 20), "contracts")
"""OKX BTC-USD-SWAP before May 2019, tiers of contracts of 100 USD: up to 19,999 at 1 % and 40x, up to 29,999 at 1 % and
30x. Source: OKEx, notes shown before trading. The last row is a guess, from memory: the page was cut before it."""

_OKX_LIMITS = (999, 9_999, 14_999, 24_999, 49_999, 74_999, 99_999, *range(109_999, 1_900_000, 10_000))
_OKX_RATES = 0.005 * np.arange(1, len(_OKX_LIMITS) + 1)
_OKX_LEVERAGE = np.append([100, 50, 30, 20, 15, 10, 9, 8, 8, 8], np.maximum(0.4 / _OKX_RATES[10:], 1.0))

OKX_2019 = Tiers.whole((*_OKX_LIMITS[:-1], inf), _OKX_RATES, 1 / _OKX_LEVERAGE, "contracts")
"""OKX BTC-USD-SWAP since 31 May 2019, tiers of contracts of 100 USD: 0.5 % and 100x up to 999, 1 % and 50x up to 9,999,
then 0.5 points more at each tier, to 93.5 %. Source: OKX, adjustment of the tiered maintenance margin ratio schedule,
28 May 2019. It prints leverages for the first ten tiers; those beyond are 0.4 / rate here, a guess that goes on so."""

KRAKEN_2019 = Tiers.whole(
    (500_000, 1_000_000, 3_000_000, inf), (0.01, 0.02, 0.03, 0.05), (0.02, 0.04, 0.06, 0.1), "contracts"
)
"""Kraken PI_XBTUSD, March 2019, tiers of contracts of 1 USD. Source: Kraken, margin schedule of 5 March 2019."""

KRAKEN = Tiers.whole(
    (500_000, 1_000_000, 3_000_000, 6_000_000, 12_000_000, 20_000_000, 50_000_000, inf),
    (0.01, 0.02, 0.03, 0.05, 0.075, 0.125, 0.15, 0.2),
    (0.02, 0.04, 0.06, 0.1, 0.15, 0.25, 0.3, 0.4),
    "contracts",
)
"""Kraken PI_XBTUSD, 2024, tiers of contracts of 1 USD, at most 75 million. Source: Kraken, inverse futures margin
schedule, which says that rates are charged on the value at entry; its own worked example fits the mark value only, and
its documentation was changed to the mark price."""


def halved(limits_usd, leverages):
    """Tiers whose maintenance rate is half the initial rate at the highest leverage of each, and does not jump.

    limits_usd: where each tier ends, the last inf; leverages: the highest in each. Source: Hyperliquid, margin tiers.
    """
    leverages = np.asarray(leverages, dtype=float)
    return Tiers.marginal(limits_usd, 0.5 / leverages, 1 / leverages)


HYPERLIQUID = halved((150e6, inf), (40, 20))
"""Hyperliquid BTC: 40x up to 150 million USD, 20x beyond. Source: Hyperliquid, margin tiers (mainnet)."""


@dataclass(frozen=True, kw_only=True)
class LiquidityTier:
    """Margin of a dYdX v4 market: one rate for all sizes, which rises with the open interest of all traders.

    initial: the rate while open interest is small; maintenance_share: of it that is maintenance, which does not rise;
    lower_usd, upper_usd: open interest between which the initial rate grows in a straight line to 100 %; 0 for never.
    Source: dYdX v4, perpetuals module, liquidity tiers.
    """

    initial: float
    maintenance_share: float
    lower_usd: float = 0.0
    upper_usd: float = 0.0

    def __post_init__(self):
        for name in ("initial", "maintenance_share"):
            require(0 < getattr(self, name) <= 1, getattr(self, name), f"{name} must lie in (0, 1]", "give a fraction")
        require(
            0 <= self.lower_usd <= self.upper_usd, self.lower_usd, "lower_usd must lie in [0, upper_usd]", "sort them"
        )

    @property
    def maintenance_rate(self):
        """Maintenance rate at any open interest."""
        return self.initial * self.maintenance_share

    def initial_rate(self, open_interest_usd):
        """Initial rate while the market's open interest is worth so much."""
        interest = np.asarray(open_interest_usd, dtype=float)
        require(interest >= 0, interest, "open_interest_usd must be 0 or more", "leave out what is missing")
        if self.upper_usd == 0:
            return np.full_like(interest, self.initial)[()]
        room = self.upper_usd - self.lower_usd
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(interest >= self.upper_usd, 1.0, (interest - self.lower_usd) / room)
        return (self.initial + np.clip(share, 0.0, 1.0) * (1 - self.initial))[()]

    def tiers(self, open_interest_usd=0.0):
        """The Tiers of the market while its open interest is worth so much."""
        return Tiers.flat(self.maintenance_rate, float(self.initial_rate(open_interest_usd)))


DYDX_LARGE = LiquidityTier(initial=0.02, maintenance_share=0.6)
DYDX_SMALL = LiquidityTier(initial=0.1, maintenance_share=0.5, lower_usd=20e6, upper_usd=50e6)
DYDX_LONG_TAIL = LiquidityTier(initial=0.2, maintenance_share=0.5, lower_usd=5e6, upper_usd=10e6)
DYDX_SAFETY = LiquidityTier(initial=1.0, maintenance_share=0.2, lower_usd=2e6, upper_usd=5e6)
DYDX_ISOLATED = LiquidityTier(initial=0.05, maintenance_share=0.6, lower_usd=0.5e6, upper_usd=1e6)
"""dYdX v4, genesis of commit 84d4664b: the rates, and the caps of "Small". The names of the tiers, and the caps of
long-tail, safety and isolated markets, are from memory."""

SYNTHETIX = Tiers.sloped(maintenance=0.011, initial=1 / 55, slope=1e-6, counted="contracts")
"""Synthetix perps v2 sETH in tiers, for contracts of 1 ETH: buffer 0.75 % and flagger's fee 0.35 %, plus a premium of
1 / 1,000,000 for every ETH; initial 55x. The fee's bounds and the keeper's fee in dollars are left out, see
`sim.pool_solvency.synthetix_margin`. Sources: Synthetix, PerpsV2MarketBase; settings of mainnet-ovm."""

PERPETUAL_PROTOCOL = Tiers.flat(maintenance=0.0625, initial=0.1)
"""Perpetual Protocol v1: 10x to open, 6.25 % to keep. Source: its perpetual contract specs."""

GMX = Tiers.flat(maintenance=0.01, initial=0.01)
"""GMX v2: collateral must stay above 1 % of the position's size at entry. Source: gmx-synthetics, base market
configuration (minCollateralFactor) and isPositionLiquidatable."""

DRIFT = Tiers.flat(maintenance=0.05, initial=0.1)
"""Drift v2 SOL-PERP: 10 % to open, 5 % to keep. Source: Drift gateway, example answer of its markets endpoint. Its
premium for size (imf_factor) is not in it."""
