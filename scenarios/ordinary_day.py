"""An ordinary day of XBTUSD in the winter of 2019 to 2020: `calm` with the arguments that were fitted to it."""

from dataclasses import replace

from agents import LogNormal
from scenarios.calm import calm
from scenarios.scenario import defaults, scenario
from sim.index import SpotMarket, SpotVenue
from sim.paths import StochasticVolatility

POINT = {
    "volatility": 0.5235, "dispersion": 0.6694, "half_life_hours": 0.2399, "slow_dispersion": 0.3771,
    "hurdle_bps": 41.09, "bargain_bps": 89.25, "maker_skew_bps": 84.33, "long_entry": 0.06453,
    "noise_order_share": 0.4801,
}  # fmt: skip
"""Where `perpsim calibrate --fit` ended, rounded: four of the index and five of the crowds."""

VOLUMES = (("Bitstamp", 100_000.0), ("Coinbase", 250_000.0), ("Kraken", 100_000.0))
ELSEWHERE = SpotMarket(
    venues=tuple(SpotVenue(name=name, volume_coin=volume, noise_bps=5.0) for name, volume in VOLUMES)
)
"""Ten times the usual volume of coin a day: where arbitrageurs hedge are also futures and other perpetuals. With noise:
the record's index is the last trade at one exchange, in a dollar token."""

FIXED = {
    "leverage": 2.1, "longs": 4_000, "shorts": 4_000, "open_interest": 1_000_000_000,
    "horizon_s": LogNormal(median=194_400.0, sigma=1.0), "replaced_s": 3_600.0,
    "noise": 300, "noise_coin": LogNormal(median=1.7, sigma=2.0, high=500.0), "noise_lifetime_s": 10.0,
    "arbitrageurs": 337, "arbitrage_coin": 100.0, "arbitrage_pause_s": 150.0, "arbitrage_order_share": 0.002,
    "arbitrage_takes_bps": 0.0, "careful": 1.0, "patient": 1.0, "makers": 10,
    "maker_coin": 400.0, "maker_levels": 20, "maker_half_spread_bps": 1.6, "maker_takes_bps": 0.0,
    "maker_lean_seen": 0.8, "maker_memory_s": 1_800.0, "maker_wake_s": 1.0, "spot": ELSEWHERE,
}  # fmt: skip
"""Not fitted: arbitrageurs who count all costs, whose orders rest until taking pays too, and who have what it takes;
longs and shorts of a leverage at which no more are liquidated than the bands have, and who keep positions as long as
the band of volume has it; the open interest of XBTUSD at the time, 115,000 XBT of 8,500 USD; spread and depth set by
their bands; no noise trader with more than 500 XBT; makers at every step, who take most of their leaning for the
market's."""

NOISE_S = 10_000.0
"""In which a noise trader trades as much as it may hold, in few large orders or in many small ones."""

QUICK = "volatility", "dispersion", "half_life_hours"
SLOW_HALF_LIFE_HOURS = 72.0
"""Not fitted: of what clusters from day to day, of which blocks of three days say little."""


def path_of(quick, slow_dispersion):
    """Return the path of an index, {name: value} of QUICK, and the dispersion of its slow volatility."""
    slow = {"slow_dispersion": slow_dispersion, "slow_half_life_hours": SLOW_HALF_LIFE_HOURS}
    return StochasticVolatility(price=defaults(calm)["price"], correlation=0.0, **slow, **quick)


def arguments_of(point):
    """Return the arguments of `calm` for a point, {name: value} as POINT.

    Medians are `leverage` and `bargain_bps` of longs and shorts, who differ by a factor of two, and `hurdle_bps` of
    arbitrageurs, who differ by one of e.
    """
    others, own = FIXED | point, defaults(calm)
    path = path_of({name: others.pop(name) for name in QUICK}, others.pop("slow_dispersion"))
    median, low, high = others.pop("leverage"), own["long_leverage"].low, own["long_leverage"].high
    if not low <= median <= high:
        raise ValueError(f"leverage must be from {low:g} to {high:g}, the bounds of longs and shorts (got {median:g})")
    others["arbitrage_hurdle_bps"] = LogNormal(median=others.pop("hurdle_bps"), sigma=1.0)
    others["noise_wake_s"] = NOISE_S * others["noise_order_share"]
    others["bargain"] = LogNormal(median=1e-4 * others.pop("bargain_bps"), sigma=0.7)
    leverage = {each: replace(own[each], median=median) for each in ("long_leverage", "short_leverage")}
    return others | leverage | {"path": path}


CALIBRATED = arguments_of(POINT)
"""As `calm(seed=..., **CALIBRATED)`; `perpsim calibrate` says what they give, in steps of ten seconds."""


@scenario
def ordinary_day(
    *,
    seed,
    hours=24.0,
    step_s=10.0,
    volatility=POINT["volatility"],
    leverage=FIXED["leverage"],
    makers=FIXED["makers"],
    arbitrageurs=FIXED["arbitrageurs"],
    replaced_s=FIXED["replaced_s"],
    **market,
):
    """How close do arbitrageurs hold a perpetual to its index on an ordinary day of XBTUSD?

    Expect: within about 7 basis points, root mean square; without them it strays 4 further, most on days when the
    index runs.

    volatility: of spot, annual, root mean square
    leverage: median of longs and of shorts, idle wallet included
    makers: number of market makers
    arbitrageurs: number of arbitrageurs
    replaced_s: mean time after which a long or short without a position is replaced by a newcomer, s
    """
    own = {"volatility": volatility, "leverage": leverage, "replaced_s": replaced_s}
    crowds = {"makers": makers, "arbitrageurs": arbitrageurs}
    return calm(seed=seed, hours=hours, step_s=step_s, **arguments_of(POINT | own) | crowds | market)
