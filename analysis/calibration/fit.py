"""The fit: a few free parameters of `calm`, first those of its index alone, then those of its crowds."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, least_squares
from scipy.stats import qmc

from analysis.calibration.bands import BANDS
from analysis.calibration.blocks import BAR_S, BARS, Blocks, log_volatility
from analysis.calibration.moments import simulated
from analysis.calibration.targets import TARGETS
from scenarios.ordinary_day import ELSEWHERE, arguments_of, path_of
from scenarios.scenario import text
from sim.streams import generator

SEEDS = range(1_000, 1_032)
"""Of the fit: each point of the crowds has its share of them, all points together have each as often, and its end has
all."""
POINTS, SHARE = 32, 4
"""Of the hypercube, and runs at each."""
ROUNDS = 3
"""In which the surface is searched and then moved to what all seeds gave there."""
INDEX_SEEDS = range(400)
STEP = 0.1
"""Of a derivative, in a parameter's whole range."""
DESIGN_SEED = 1
BAND_ERROR = 0.05
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
CROWDS = (
    Parameter("hurdle_bps", 15.0, 60.0, 30.0),
    Parameter("bargain_bps", 60.0, 240.0, 120.0),
    Parameter("maker_skew_bps", 50.0, 120.0, 80.0),
    Parameter("long_entry", 0.05, 0.12, 0.07),
    Parameter("noise_order_share", 0.25, 0.75, 0.45),
)


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


def index_blocks(arguments, seeds, step_s=60.0, slow_dispersion=0.35):
    """Return Blocks of an index alone, with the noise of its venues, the contract at its price."""
    path, every = path_of(arguments, slow_dispersion), round(BAR_S / step_s)
    prices = np.array([path.prices(seed, BARS * every, step_s)[every::every] * noise(seed) for seed in seeds])
    return Blocks(prices, prices, np.zeros((len(prices), 1)))


def noise(seed):
    """Return (BARS,) what the venues' own noise, gone within a minute, makes of an index, relative."""
    venues = ELSEWHERE.venues
    weights = np.array([each.weight for each in venues]) / sum(each.weight for each in venues)
    deviation = 1e-4 * np.linalg.norm(weights * [each.noise_bps for each in venues])
    return 1.0 + deviation * generator(seed, "calibration/noise").standard_normal(BARS)


def fitted_slow(scatter, seeds=INDEX_SEEDS):
    """Return the slow dispersion with which volatility differs from block to block as in the record.

    scatter: of the record, as `blocks.scatter`; the quick part of volatility, gone within the hour, hardly moves it
    """
    start = {each.name: each.start for each in INDEX}

    def beyond(slow_dispersion):
        prices = index_blocks(start, seeds, BAR_S, slow_dispersion).index
        return float(np.std(log_volatility(prices), ddof=1)) - scatter

    return brentq(beyond, 0.05, 1.0, xtol=1e-4)


def fitted_index(observed, slow_dispersion, seeds=INDEX_SEEDS):
    """Return the Found path whose moments are nearest to the `inherited` ones of the record."""
    chosen = np.flatnonzero(inherited())

    def residuals(arguments):
        blocks = index_blocks(arguments, seeds, slow_dispersion=slow_dispersion)
        values = np.array([TARGETS[number].measure(blocks) for number in chosen])
        return (values - observed.values[chosen]) / observed.errors[chosen]

    found = least(INDEX, residuals, 40)
    return Found(found.point, found.slopes * observed.errors[chosen][:, None])


def inherited():
    """Return (targets,) whether each is the index's own."""
    return np.array([each.origin == "inherited" for each in TARGETS])


def fitted_crowds(observed, path, folder, points, say=print, each=map):
    """Return the Found crowds nearest to the other targets and inside the bands.

    A market amplifies any change of its arguments to other draws altogether, so that differences of single runs are
    noise. `calm` is run at points of a Latin hypercube instead; each moment is a quadratic of each parameter, by least
    squares over all points; and the search is on these, from every point. Neighbouring points have other seeds, so that
    what the index happens to do in a few of them is not taken for what the market does; what it did in those of a point
    is taken out, a constant for each share of the seeds. Moments of few runs are not those of many, so ROUNDS times all
    seeds are run at the least of the surface, which is then moved to what they gave; the best of these is the end.

    observed: Moments of the record, in the order of TARGETS; path: of the index, with its slow dispersion; folder: in
    which every evaluation is kept, so that the same fit goes on where it was stopped; points: of the hypercube; each:
    maps a function to runs, as `map` does
    """
    kept = Kept(Path(folder) / "evaluations.jsonl", say, each)
    units = qmc.LatinHypercube(len(CROWDS), rng=DESIGN_SEED).random(points)
    shares = np.arange(points) % (len(SEEDS) // SHARE)
    seeds = [SEEDS[share * SHARE :][:SHARE] for share in shares]
    found = np.array([kept.measured(own, path | named(CROWDS, at)) for own, at in zip(seeds, units, strict=True)])
    own = np.eye(shares.max() + 1)[shares]
    design = np.hstack([terms(units), own[:, 1:] - own[:, :1]])
    surface = np.linalg.lstsq(design, found, rcond=None)[0][: 1 + 2 * len(CROWDS)]
    chosen = ~inherited()
    weights = observed.errors[chosen] * np.sqrt(1.0 + observed.blocks / len(SEEDS))

    def distances(values):
        values, bands = np.split(values, [len(TARGETS)])
        away = (values - observed.values)[chosen] / weights
        return np.append(away, [outside(each, value) for each, value in zip(BANDS, bands, strict=True)])

    def at_least(moved):
        ways = [
            least_squares(lambda at: distances((terms(at[None]) @ surface)[0] + moved), start, bounds=(0.0, 1.0))
            for start in units
        ]
        return min(ways, key=lambda way: way.cost)

    moved, ends = 0.0, []
    for _ in range(ROUNDS):
        way = at_least(moved)
        values = np.array(kept.measured(SEEDS, path | named(CROWDS, way.x)))
        say(f"there all seeds are {np.sum(distances(values) ** 2):.4g} off, the surface {2.0 * way.cost:.4g}")
        ends.append((np.sum(distances(values) ** 2), way))
        moved = values - (terms(way.x[None]) @ surface)[0]
    _, way = min(ends, key=lambda end: end[0])
    return Found(named(CROWDS, way.x), way.jac[: chosen.sum()] * weights[:, None])


def terms(units):
    """Return (points, 1 + 2 * parameters) of a surface that is quadratic in each parameter: 1, units and squares."""
    return np.hstack([np.ones((len(units), 1)), units, units**2])


def fitted(observed, scatter, folder, points, say=print, each=map):
    """Return the Found of index and crowds together, slopes of all TARGETS; what the crowds' parameters do to the index
    is left out, and so is what the index's do to the rest: each part was fitted to its own. The slow dispersion was
    fitted to none of them, but to `scatter` of a longer record."""
    slow = fitted_slow(scatter)
    index = fitted_index(observed, slow)
    path = index.point | {"slow_dispersion": slow}
    crowds = fitted_crowds(observed, path, folder, points, say, each)
    slopes = np.zeros((len(TARGETS), len(INDEX) + len(CROWDS)))
    slopes[np.ix_(inherited(), range(len(INDEX)))] = index.slopes
    slopes[np.ix_(~inherited(), range(len(INDEX), len(INDEX) + len(CROWDS)))] = crowds.slopes
    return Found(path | crowds.point, slopes)


def outside(band, value):
    """Return how far a value is outside a band, in BAND_ERROR of its width; 0 inside."""
    return (max(value - band.high, 0.0) - max(band.low - value, 0.0)) / (BAND_ERROR * (band.high - band.low))


class Kept:
    """Evaluations in a file, a line each, of which none is made twice."""

    def __init__(self, path, say, each=map):
        self.path, self.say, self.each, self.known = path, say, each, {}
        for line in path.read_text().splitlines() if path.exists() else []:
            known = json.loads(line)
            self.known[known["key"]] = known

    def measured(self, seeds, point):
        """Return the values of TARGETS, then of BANDS, that `calm` has at a point of the search, {name: value}."""
        key = json.dumps([list(seeds), {name: text(value) for name, value in arguments_of(point).items()}])
        if key not in self.known:
            made = simulated(seeds, arguments_of(point), self.each)
            bands = [made.band(band) for band in BANDS]
            known = {"key": key, "values": [made.target(target) for target in TARGETS], "bands": bands}
            with self.path.open("a") as file:
                file.write(json.dumps(known) + "\n")
            self.known[key] = known
            self.say(f"{len(self.known)}: {point}")
        return self.known[key]["values"] + self.known[key]["bands"]
