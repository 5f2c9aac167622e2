"""Who trades: crowds of accounts and the distributions their parameters are drawn from.

`CROWDS` are the crowds that a promise of `tests/test_crowds.py` is held to; a new one is tested by being listed.
"""

from agents.arbitrage import Arbitrageurs
from agents.backstop import BackstopProviders
from agents.chartists import Chartists
from agents.cross_exchange import CrossVenueArbitrageurs
from agents.cross_venue import SpotArbitrageurs
from agents.crowd import Crowd
from agents.deserters import Deserters
from agents.distributions import Choice, Exponential, Listed, LogNormal, Pareto, Uniform
from agents.harvesters import FundingHarvesters
from agents.hedged_makers import HedgedMakers
from agents.inventory_makers import InventoryMakers
from agents.leveraged import LeveragedLongs, LeveragedShorts
from agents.makers import MarketMakers
from agents.manipulator import Manipulator
from agents.mean_reversion import MeanReverters
from agents.noise import NoiseTraders
from agents.panic import PanicSellers
from agents.retail import Retail
from agents.sizing import FixedFraction, FractionalKelly, RiskPerStop, VolatilityTarget
from agents.synthetic_dollar import DollarMinters
from agents.trend import Breakouts, TrendFollowers
from agents.whales import Whales

CROWDS = (
    Arbitrageurs,
    BackstopProviders,
    Breakouts,
    Chartists,
    CrossVenueArbitrageurs,
    Deserters,
    DollarMinters,
    FundingHarvesters,
    HedgedMakers,
    InventoryMakers,
    LeveragedLongs,
    LeveragedShorts,
    Manipulator,
    MarketMakers,
    MeanReverters,
    NoiseTraders,
    PanicSellers,
    Retail,
    SpotArbitrageurs,
    TrendFollowers,
    Whales,
)

__all__ = [
    "CROWDS",
    "Arbitrageurs",
    "BackstopProviders",
    "Breakouts",
    "Chartists",
    "Choice",
    "CrossVenueArbitrageurs",
    "Crowd",
    "Deserters",
    "DollarMinters",
    "Exponential",
    "FixedFraction",
    "FractionalKelly",
    "FundingHarvesters",
    "HedgedMakers",
    "InventoryMakers",
    "LeveragedLongs",
    "LeveragedShorts",
    "Listed",
    "LogNormal",
    "Manipulator",
    "MarketMakers",
    "MeanReverters",
    "NoiseTraders",
    "PanicSellers",
    "Pareto",
    "Retail",
    "RiskPerStop",
    "SpotArbitrageurs",
    "TrendFollowers",
    "Uniform",
    "VolatilityTarget",
    "Whales",
]
