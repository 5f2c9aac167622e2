"""The fit: a few free parameters of `calm`, first those of its index alone, then those of its crowds."""

import json
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import qmc

from agents import LogNormal
from analysis.calibration.bands import BANDS
from analysis.calibration.blocks import BAR_S, BARS, Blocks
from analysis.calibration.moments import simulated
from analysis.calibration.targets import TARGETS
from scenarios.calm import calm
from scenarios.scenario import defaults, text
from sim.index import SpotMarket, SpotVenue
from sim.paths import StochasticVolatility

VOLUMES = (("Bitstamp", 100_000.0), ("Coinbase", 250_000.0), ("Kraken", 100_000.0))
ELSEWHERE = SpotMarket(
    venues=tuple(SpotVenue(name=name, volume_coin=volume, noise_bps=5.0) for name, volume in VOLUMES)
)
"""Ten times the usual volume of coin a day: where arbitrageurs hedge are also futures and other perpetuals. With noise:
the record's index is the last trade at one exchange, in a dollar token."""

SEEDS = range(4)
"""Of the fit, the same at every point."""
STEP = 0.1
"""Of a derivative, in a parameter's whole range."""
DESIGN_SEED = 1
BAND_ERROR = 0.25
"""Of a band's width: how far outside costs as much as a point one standard error off."""


class Found(NamedTuple):
    """Where a search ended: {name: value}, and (moments, parameters) slopes of the moments there."""

    point: dict
    slopes: np.ndarray


class Parameter(NamedTuple):
    """A free parameter of `calm` and its bounds; searched by its logarithm, or as it is if `low` is 0."""

    name: str
    low: float
    high: float
    start: float
    whole: bool = False

    def value(self, unit):
        """Return the value at `unit`, 0 at the low bound and 1 at the high one."""
        log = self.low > 0.0
        value = self.low * (self.high / self.low) ** unit if log else self.low + unit * (self.high - self.low)
        return round(value) if self.whole else float(value)

    @property
    def unit(self):
        """Where the search starts."""
        if self.low > 0.0:
            return np.log(self.start / self.low) / np.log(self.high / self.low)
        return (self.start - self.low) / (self.high - self.low)


INDEX = (
    Parameter("volatility", 0.3, 1.0, 0.55),
    Parameter("dispersion", 0.2, 1.2, 0.6),
    Parameter("half_life_hours", 0.05, 24.0, 0.15),
)
SLOW = {"slow_dispersion": 0.45, "slow_half_life_hours": 72.0}
"""Not fitted: what clusters from day to day, of which blocks of three days say little; set by its band."""
CROWDS = (
    Parameter("leverage", 2.0, 4.5, 2.76),
    Parameter("hurdle_bps", 5.0, 25.0, 11.0),
    Parameter("bargain_bps", 50.0, 300.0, 100.0),
    Parameter("maker_skew_bps", 50.0, 200.0, 110.0),
    Parameter("maker_lean_seen", 0.0, 0.8, 0.4),
)
"""Medians: `leverage` and `bargain_bps` of longs and shorts, who differ by a factor of two, and `hurdle_bps` of
arbitrageurs, who differ by one of e."""
FIXED = {
    "longs": 4_000, "shorts": 4_000, "open_interest": 1_000_000_000, "noise": 300,
    "noise_coin": LogNormal(median=0.85, sigma=2.0), "noise_wake_s": 1_000.0, "noise_lifetime_s": 10.0,
    "arbitrageurs": 337, "arbitrage_coin": 100.0, "arbitrage_pause_s": 150.0, "arbitrage_order_share": 0.002,
    "careful": 1.0, "patient": 1.0, "makers": 10, "maker_coin": 400.0, "maker_levels": 20, "maker_half_spread_bps": 1.5,
    "maker_takes_bps": 0.0, "maker_memory_s": 1_800.0, "maker_wake_s": 1.0, "spot": ELSEWHERE,
}  # fmt: skip
"""Not fitted: arbitrageurs who count all costs, whose orders rest and who have what it takes; the open interest of
XBTUSD at the time, 115,000 XBT of 8,500 USD; noise, spread and depth set by the bands; makers at every step."""


def arguments_of(point):
    """Return the arguments of `calm` for a point, {name: value}: an index of its own, and some by their medians."""
    index, own = {each.name: point[each.name] for each in INDEX}, defaults(calm)
    medians = "leverage", "hurdle_bps", "bargain_bps"
    others = {name: value for name, value in point.items() if name not in {*index, *medians}}
    others["arbitrage_hurdle_bps"] = LogNormal(median=point["hurdle_bps"], sigma=1.0)
    others["bargain"] = LogNormal(median=1e-4 * point["bargain_bps"], sigma=0.7)
    leverage = {each: replace(own[each], median=point["leverage"]) for each in ("long_leverage", "short_leverage")}
    path = StochasticVolatility(price=own["price"], correlation=0.0, **SLOW, **index)
    return FIXED | others | leverage | {"path": path}


def named(parameters, units):
    """Return {name: value} of a point of the unit cube."""
    return {each.name: each.value(unit) for each, unit in zip(parameters, units, strict=True)}


def least(parameters, residuals, most):
    """Return the Found where the squares of `residuals({name: value})` add up to least, by so many calls.

    Its slopes are of the residuals, in a parameter's whole range.
    """
    start = [each.unit for each in parameters]
    found = least_squares(
        lambda units: residuals(named(parameters, units)), start, bounds=(0.0, 1.0), method="trf",
        jac=lambda units: slopes(lambda at: residuals(named(parameters, at)), units), max_nfev=most, x_scale=1.0,
    )  # fmt: skip
    return Found(named(parameters, found.x), found.jac)


def slopes(function, units):
    """Return (residuals, parameters) slopes by steps of STEP, inwards where a bound is near."""
    here, columns = function(units), []
    for number, unit in enumerate(units):
        step = STEP if unit + STEP <= 1.0 else -STEP
        columns.append((function(units + step * np.eye(len(units))[number]) - here) / step)
    return np.column_stack(columns)


def index_blocks(arguments, seeds, step_s=60.0):
    """Return Blocks of an index alone, the contract at its price."""
    path, every = StochasticVolatility(price=8_000.0, correlation=0.0, **SLOW, **arguments), round(BAR_S / step_s)
    prices = np.array([path.prices(seed, BARS * every, step_s)[every::every] for seed in seeds])
    return Blocks(prices, prices, np.zeros((len(prices), 1)))


def fitted_index(observed, seeds=range(200)):
    """Return the Found path whose moments are nearest to the `inherited` ones of the record."""
    chosen = np.flatnonzero(inherited())

    def residuals(arguments):
        blocks = index_blocks(arguments, seeds)
        values = np.array([TARGETS[number].measure(blocks) for number in chosen])
        return (values - observed.values[chosen]) / observed.errors[chosen]

    found = least(INDEX, residuals, 40)
    return Found(found.point, found.slopes * observed.errors[chosen][:, None])


def inherited():
    """Return (targets,) whether each is the index's own."""
    return np.array([each.origin == "inherited" for each in TARGETS])


def fitted_crowds(observed, path, folder, points, say=print, seeds=SEEDS):
    """Return the Found crowds nearest to the other targets and inside the bands.

    A market amplifies any change of its arguments to other draws altogether, so that differences of single runs are
    noise. `calm` is run at points of a Latin hypercube instead; each moment is a quadratic of each parameter, by least
    squares over all points; and the search is on these.

    observed: Moments of the record, in the order of TARGETS; path: of the index; folder: in which every evaluation is
    kept, so that the same fit goes on where it was stopped; points: of the hypercube
    """
    kept = Kept(Path(folder) / "evaluations.jsonl", say)
    units = qmc.LatinHypercube(len(CROWDS), rng=DESIGN_SEED).random(points)
    found = [kept.measured(tuple(seeds), path | named(CROWDS, each)) for each in units]
    surface = np.linalg.lstsq(terms(units), np.array(found), rcond=None)[0]
    chosen = ~inherited()
    weights = observed.errors[chosen] * np.sqrt(1.0 + observed.blocks / len(seeds))

    def residuals(at):
        values, bands = np.split((terms(at[None]) @ surface)[0], [len(TARGETS)])
        distances = (values - observed.values)[chosen] / weights
        return np.append(distances, [outside(each, value) for each, value in zip(BANDS, bands, strict=True)])

    start = min(units, key=lambda at: float(np.sum(residuals(at) ** 2)))
    ended = least_squares(residuals, start, bounds=(0.0, 1.0), max_nfev=1_000)
    return Found(named(CROWDS, ended.x), ended.jac[: chosen.sum()] * weights[:, None])


def terms(units):
    """Return (points, 1 + 2 * parameters) of a surface that is quadratic in each parameter: 1, units and squares."""
    return np.hstack([np.ones((len(units), 1)), units, units**2])


def fitted(observed, folder, points, say=print):
    """Return the Found of index and crowds together, slopes of all TARGETS; what the crowds' parameters do to the index
    is left out, and so is what the index's do to the rest: each part was fitted to its own."""
    index = fitted_index(observed)
    crowds = fitted_crowds(observed, index.point, folder, points, say)
    slopes = np.zeros((len(TARGETS), len(INDEX) + len(CROWDS)))
    slopes[np.ix_(inherited(), range(len(INDEX)))] = index.slopes
    slopes[np.ix_(~inherited(), range(len(INDEX), len(INDEX) + len(CROWDS)))] = crowds.slopes
    return Found(index.point | crowds.point, slopes)


def outside(band, value):
    """Return how far a value is outside a band, in BAND_ERROR of its width; 0 inside."""
    return (max(value - band.high, 0.0) - max(band.low - value, 0.0)) / (BAND_ERROR * (band.high - band.low))


class Kept:
    """Evaluations in a file, a line each, of which none is made twice."""

    def __init__(self, path, say):
        self.path, self.say, self.known = path, say, {}
        for line in path.read_text().splitlines() if path.exists() else []:
            each = json.loads(line)
            self.known[each["key"]] = each

    def measured(self, seeds, point):
        """Return the values of TARGETS, then of BANDS, that `calm` has at a point of the search, {name: value}."""
        key = json.dumps([list(seeds), {name: text(value) for name, value in arguments_of(point).items()}])
        if key not in self.known:
            made = simulated(seeds, arguments_of(point))
            bands = [made.band(band) for band in BANDS]
            each = {"key": key, "values": [made.target(target) for target in TARGETS], "bands": bands}
            with self.path.open("a") as file:
                file.write(json.dumps(each) + "\n")
            self.known[key] = each
            self.say(f"{len(self.known)}: {point}")
        return self.known[key]["values"] + self.known[key]["bands"]
