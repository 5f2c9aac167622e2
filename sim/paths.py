"""Paths of the fundamental price: what spot would do if nobody in the run traded.

Each is a frozen dataclass with `prices(seed, steps, step_s)`, (steps + 1,) USD per coin at 0, step_s,
2 * step_s and so on. Volatilities and drifts are annual, a year being 365 days. A longer run begins as the
shorter one did, and halving the step refines the same Brownian path instead of drawing another.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim import replay
from sim.compiled import kernel
from sim.contract import positive, require
from sim.streams import generator

YEAR_S = 365 * 86_400.0
BLOCK_S = 3_600.0  # steps up to this long refine one another


def brownian(seed, name, steps, step_s):
    """(steps + 1,) standard Brownian motion: 0 at first, variance t after t seconds.

    Drawn at blocks of an hour to two, then halved again and again (Levy's construction), each halving from a
    generator of its own. So steps that differ by a power of two see the same motion.
    """
    steps = int(positive("steps", steps))
    halvings = max(0, math.ceil(math.log2(BLOCK_S / positive("step_s", step_s))))
    blocks = -(-steps // 2**halvings)
    gap_s = step_s * 2**halvings
    walk = generator(seed, name).standard_normal(blocks) * math.sqrt(gap_s)
    walk = np.append(0.0, np.cumsum(walk))
    for halving in range(halvings):
        middle = generator(seed, f"{name}/{halving}").standard_normal(len(walk) - 1) * math.sqrt(gap_s / 4)
        middle += (walk[1:] + walk[:-1]) / 2
        gap_s /= 2
        walk = np.append(np.column_stack([walk[:-1], middle]).ravel(), walk[-1])
    return walk[: steps + 1]


def non_negative(name, number):
    """ValueError unless `number` is 0 or more and finite."""
    require(0 <= number < math.inf, number, f"{name} must be 0 or more and finite", "correct it")


@dataclass(frozen=True)
class GeometricBrownian:
    """Log-returns that are normal and independent; the mean price grows as exp(drift * years)."""

    price: float = 10_000.0
    volatility: float = 0.8
    drift: float = 0.0

    def __post_init__(self):
        positive("price", self.price)
        non_negative("volatility", self.volatility)

    def prices(self, seed, steps, step_s):
        walk = brownian(seed, "fundamental", steps, step_s) / math.sqrt(YEAR_S)
        years = np.arange(steps + 1) * (step_s / YEAR_S)
        return self.price * np.exp(self.volatility * walk + (self.drift - self.volatility**2 / 2) * years)


@dataclass(frozen=True)
class JumpDiffusion(GeometricBrownian):
    """Geometric Brownian motion with jumps at Poisson times, their log-sizes normal (Merton, JFE 3, 1976).

    jumps_a_year: mean number; jump_mean, jump_deviation: of a log-size. The drift counts the jumps in: the
    mean price still grows as exp(drift * years).
    """

    jumps_a_year: float = 50.0
    jump_mean: float = -0.01
    jump_deviation: float = 0.03

    def __post_init__(self):
        super().__post_init__()
        non_negative("jumps_a_year", self.jumps_a_year)
        non_negative("jump_deviation", self.jump_deviation)

    def prices(self, seed, steps, step_s):
        smooth = super().prices(seed, steps, step_s)
        times_s = np.arange(steps + 1) * step_s
        jump_s, sizes = self.jumps(seed, times_s[-1])
        jumped = np.append(0.0, np.cumsum(sizes))[np.searchsorted(jump_s, times_s, side="right")]
        expected = self.jumps_a_year * math.expm1(self.jump_mean + self.jump_deviation**2 / 2)
        return smooth * np.exp(jumped - expected / YEAR_S * times_s)

    def jumps(self, seed, duration_s):
        """Times (seconds) and log-sizes of all jumps up to `duration_s` and some beyond."""
        mean = self.jumps_a_year * duration_s / YEAR_S
        enough = math.ceil(mean + 10 * math.sqrt(mean) + 20)  # fewer than 1 run in 1e15 would need more
        gaps = generator(seed, "fundamental/jump times").standard_exponential(enough)
        sizes = generator(seed, "fundamental/jump sizes").standard_normal(enough)
        with np.errstate(divide="ignore"):
            times_s = np.cumsum(gaps) * np.divide(YEAR_S, self.jumps_a_year)
        return times_s, self.jump_mean + self.jump_deviation * sizes


@kernel
def mean_reverting(start, keep, pushes):
    """(pushes + 1,) x with x[i + 1] = keep * x[i] + pushes[i]."""
    x = np.empty(len(pushes) + 1)
    x[0] = start
    for i in range(len(pushes)):
        x[i + 1] = keep * x[i] + pushes[i]
    return x


@dataclass(frozen=True)
class StochasticVolatility(GeometricBrownian):
    """Log-volatility is a stationary Ornstein-Uhlenbeck process (Scott, JFQA 22, 1987), not Heston's root, or the sum
    of a quick and a slow one, which is enough to look like long memory (LeBaron, Quantitative Finance 1, 2001).

    volatility:      root of the mean variance, annual
    dispersion:      standard deviation of log-volatility; with no slow part, a short return's kurtosis is
                     3 exp(4 dispersion^2)
    half_life_hours: of a deviation of log-volatility
    correlation:     of the two motions; negative: volatility rises as the price falls
    slow_dispersion: of a second, independent part of log-volatility; 0: there is none
    slow_half_life_hours: of a deviation of that part
    """

    dispersion: float = 0.4
    half_life_hours: float = 24.0
    correlation: float = -0.3
    slow_dispersion: float = 0.0
    slow_half_life_hours: float = 96.0

    def __post_init__(self):
        super().__post_init__()
        for name in ("dispersion", "slow_dispersion"):
            non_negative(name, getattr(self, name))
        for name in ("half_life_hours", "slow_half_life_hours"):
            positive(name, getattr(self, name))
        require(abs(self.correlation) <= 1, self.correlation, "correlation must lie in [-1, 1]", "correct it")

    def prices(self, seed, steps, step_s):
        pushes = np.diff(brownian(seed, "fundamental", steps, step_s))
        volatility = self.volatilities(seed, pushes, step_s)[:-1]
        years = step_s / YEAR_S
        returns = volatility * pushes / math.sqrt(YEAR_S) + (self.drift - volatility**2 / 2) * years
        return self.price * np.exp(np.append(0.0, np.cumsum(returns)))

    def volatilities(self, seed, pushes, step_s):
        """(steps + 1,) annual volatility, exact in law at every step; `pushes` are those of the price."""
        other = np.diff(brownian(seed, "fundamental/volatility", len(pushes), step_s))
        pushes = self.correlation * pushes + math.sqrt(1 - self.correlation**2) * other
        keep = 0.5 ** (step_s / (3_600.0 * self.half_life_hours))
        start = generator(seed, "fundamental/first volatility").standard_normal()
        x = mean_reverting(start, keep, pushes * math.sqrt((1 - keep**2) / step_s))
        volatility = self.volatility * np.exp(self.dispersion * x - self.dispersion**2)
        return volatility * self.slowly(seed, len(pushes), step_s) if self.slow_dispersion else volatility

    def slowly(self, seed, steps, step_s):
        """(steps + 1,) factor of volatility by its slow part, of mean square 1."""
        pushes = np.diff(brownian(seed, "fundamental/slow volatility", steps, step_s))
        keep = 0.5 ** (step_s / (3_600.0 * self.slow_half_life_hours))
        start = generator(seed, "fundamental/first slow volatility").standard_normal()
        x = mean_reverting(start, keep, pushes * math.sqrt((1 - keep**2) / step_s))
        return np.exp(self.slow_dispersion * x - self.slow_dispersion**2)


@dataclass(frozen=True)
class Points:
    """A price drawn by hand: straight in log-price between points, flat before the first and after the last.

    times_s: seconds since the start, rising; values: USD; volatility: annual, of a Brownian bridge from point
    to point (points that fall between two steps are then met up to the noise of one step).
    """

    times_s: tuple
    values: tuple
    volatility: float = 0.0

    def __post_init__(self):
        if len(self.times_s) != len(self.values) or not len(self.values):
            sizes = f"{len(self.times_s)} times, {len(self.values)} prices"
            raise ValueError(f"points must be as many times as prices (got {sizes}); complete them")
        steps = np.diff(self.times_s)
        require(steps > 0, steps, "the times of points must rise", "sort them")
        positive("prices of points", self.values)
        non_negative("volatility", self.volatility)

    def prices(self, seed, steps, step_s):
        times_s = np.arange(steps + 1) * step_s
        log_price = np.interp(times_s, self.times_s, np.log(self.values))
        if self.volatility > 0:
            walk = brownian(seed, "bridge", steps, step_s)
            inside = np.interp(np.clip(self.times_s, 0, times_s[-1]), times_s, walk)
            noise = (walk - np.interp(times_s, self.times_s, inside)) / math.sqrt(YEAR_S)
            log_price += self.volatility * noise
        return self.exactly(np.exp(log_price), step_s)

    def exactly(self, prices, step_s):
        """`prices` with the points that fall on a step put in as they are, unrounded by logarithms."""
        at = np.rint(np.divide(self.times_s, step_s)).astype(np.int64)
        met = (at * step_s == np.asarray(self.times_s)) & (0 <= at) & (at < len(prices))
        prices[at[met]] = np.asarray(self.values)[met]
        return prices


@dataclass(frozen=True)
class Replay:
    """A real series from files, in which the run begins at `start`, UTC; options as in `replay.read`.

    Bars are bridged to steps by `replay.bridge`, prices as `Points` with a noise of annual `volatility`.
    """

    files: str | tuple
    start: str = ""
    hours: float = 0.0
    column: str = ""
    volatility: float = 0.0

    def __post_init__(self):
        non_negative("hours", self.hours)
        non_negative("volatility", self.volatility)
        self.table  # noqa: B018 - what is wrong with a file is said now, not when the run starts

    @cached_property
    def table(self):
        """The rows, a `replay.Table`."""
        files = (self.files,) if isinstance(self.files, str) else tuple(self.files)
        return replay.read(files, self.start, self.hours, self.column)

    def prices(self, seed, steps, step_s):
        table, lasts_s = self.table, steps * step_s
        if lasts_s > table.covers_s + 1e-6:
            got = f"{lasts_s / 3600:g} hours of {table.covers_s / 3600:g}"
            raise ValueError(f"a run must lie within the replay (got {got}); replay more hours")
        if not table.bars:
            points = Points(table.since_ms / 1000, table.prices[:, 0], self.volatility)
            return points.prices(seed, steps, step_s)
        fine_ms, every = replay.grid(step_s, table.lasts_ms)
        needed = np.searchsorted(table.since_ms, lasts_s * 1000, side="right")
        counts = table.lasts_ms[:needed] // fine_ms
        walk = brownian(seed, "bridge", counts.sum(), fine_ms / 1000) / math.sqrt(fine_ms / 1000)
        drawn = generator(seed, "bridge/order").random((needed, 4))
        path = replay.bridge(table.prices[:needed], counts, walk, drawn)
        return np.append(path, table.prices[needed - 1, 3])[: steps * every + 1 : every]


@dataclass(frozen=True)
class Shock:
    """A lasting move of the log-price by `log_size`, begun at `at_s` and spread evenly over `over_s`."""

    at_s: float
    log_size: float
    over_s: float = 0.0

    def __post_init__(self):
        non_negative("at_s", self.at_s)
        non_negative("over_s", self.over_s)
        require(math.isfinite(self.log_size), self.log_size, "log_size must be finite", "-0.5 is about -40 %")

    def share(self, times_s):
        """How much of the move has happened at `times_s`, 0 to 1."""
        if self.over_s == 0:
            return (times_s >= self.at_s).astype(float)
        return np.clip((times_s - self.at_s) / self.over_s, 0.0, 1.0)


@dataclass(frozen=True)
class Shocked:
    """Another path, moved by shocks; a crash that recovers is two of them."""

    path: object
    shocks: tuple

    def prices(self, seed, steps, step_s):
        times_s = np.arange(steps + 1) * step_s
        moved = sum(shock.log_size * shock.share(times_s) for shock in self.shocks)
        return self.path.prices(seed, steps, step_s) * np.exp(moved)


def shocked(path, shocks):
    """`path` moved by one `Shock` or several."""
    return Shocked(path, (shocks,) if isinstance(shocks, Shock) else tuple(shocks))
