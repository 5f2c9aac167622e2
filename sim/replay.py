"""Real series as paths: bars or prices read from CSV or Parquet, checked, joined, and bridged to steps.

A file has a column `ts_utc` (bars stamped at their open) and either `open high low close` or a column of
prices; one called `close_x2` holds twice the close. What is missing or wrong is refused with its row, nothing
is filled in. Only an open outside [low, high] is accepted: BitMEX opens a bar at the close of the one before.
"""

import math
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from sim.compiled import kernel
from sim.contract import require
from sim.spelling import unknown

BAR = ("open", "high", "low", "close")
SCALES = (("_x100", 100.0), ("_x2", 2.0), ("", 1.0))
READERS = {"csv": pyarrow.csv.read_csv, "parquet": pyarrow.parquet.read_table}
TIME = "a UTC time such as 2020-03-12T00:00"


class Table(NamedTuple):
    """Rows of one file, or of several joined.

    stamps: (rows,) datetime64[ms], UTC; lasts_ms: (rows,) how long each row holds
    prices: (rows, 4) open, high, low, close of bars, or (rows, 1) prices at the stamps
    """

    stamps: np.ndarray
    lasts_ms: np.ndarray
    prices: np.ndarray

    @property
    def bars(self):
        """Whether the rows are bars."""
        return self.prices.shape[1] == len(BAR)

    @property
    def since_ms(self):
        """(rows,) milliseconds since the first row."""
        return (self.stamps - self.stamps[0]).astype(np.int64)

    @property
    def covers_s(self):
        """Seconds for which there are prices."""
        return (self.since_ms[-1] + self.bars * self.lasts_ms[-1]) / 1000

    def rows(self, first, last):
        """The rows from `first` up to and without `last`."""
        return Table(*(column[first:last] for column in self))


def read(files, start="", hours=0.0, column=""):
    """The rows that `hours` from `start` need, as one Table.

    files:  of several, each is used until it ends or has a gap; the next takes over at its last row that is
            not later than that
    start:  stamp of a row, UTC; default the first
    hours:  0 for all there are
    column: name of a column of prices, or prefix of those of bars ("spot" for spot_open and so on)
    """
    tables = [load(file, column) for file in files]
    if len({table.bars for table in tables}) > 1:
        raise ValueError(f"files to be joined must all hold bars or all prices (got {', '.join(files)})")
    at = instant(start) if start else tables[0].stamps[0]
    end = at + np.timedelta64(round(hours * 3_600_000), "ms") if hours else None
    pieces = []
    for file, table, following in zip(files, tables, [*tables[1:], None], strict=True):
        piece, at = window(table, file, at, end, following)
        pieces.append(piece)
        if at is None:
            break
    return Table(*map(np.concatenate, zip(*pieces, strict=True)))


def instant(start):
    """`start` as a datetime64[ms]."""
    try:
        return np.datetime64(start, "ms")
    except ValueError:
        raise ValueError(f"start must be {TIME} (got {start!r}); correct it") from None


def window(table, file, at, end, following):
    """The rows of `table` from stamp `at` to `end`, and the stamp where `following` takes over, or None."""
    first = np.searchsorted(table.stamps, at)
    if first == len(table.stamps) or table.stamps[first] != at:
        span = f"{table.stamps[0]} to {table.stamps[-1]}"
        raise ValueError(f"start must be the stamp of a row of {file}, {span} (got {at}); choose another")
    lasts = table.lasts_ms[0].astype("timedelta64[ms]")
    breaks = first + 1 + np.flatnonzero(np.diff(table.stamps[first:]) != lasts)
    last = breaks[0] if len(breaks) else len(table.stamps)
    until = table.stamps[last - 1] + lasts
    if end is not None and not table.bars:
        end = end + lasts  # prices are needed up to and with the end
    if end is not None and end <= until:
        last, until = np.searchsorted(table.stamps, end), None
    elif following is not None:
        until = following.stamps[max(0, np.searchsorted(following.stamps, until, side="right") - 1)]
        last = np.searchsorted(table.stamps, until)
        if last == first or table.stamps[last - 1] + lasts != until:
            raise ValueError(f"the file after {file} must go on where it ends (got {until}); use another")
    elif len(breaks):
        refuse_gap(table, file, last)
    elif end is not None:
        raise ValueError(f"{file} must reach {end} (got: it ends at {until}); ask for fewer hours")
    piece = table.rows(first, last)
    check(piece, file, first)
    return piece, until if following is not None else None


def refuse_gap(table, file, row):
    """Raise ValueError: `row` does not follow upon the one before."""
    expected = table.lasts_ms[0] / 1000
    got = f"{(table.stamps[row] - table.stamps[row - 1]).astype(np.int64) / 1000:g} s, {table.stamps[row]}"
    must = f"row {row + 1} must come {expected:g} s after the row before"
    raise ValueError(f"{file}: {must} (got {got}); choose a window without gaps")


def check(piece, file, first):
    """Raise ValueError, with its row, for a price that cannot be."""
    for column, name in enumerate(BAR if piece.bars else ("price",)):
        price = piece.prices[:, column]
        refuse(~((price > 0) & np.isfinite(price)), price, f"{name} must be positive", file, first)
    if piece.bars:
        _, high, low, close = piece.prices.T
        refuse(high < low, high, "high must be at least low", file, first)
        refuse((close < low) | (close > high), close, "close must lie between low and high", file, first)


def refuse(bad, got, must, file, first=0):
    """Raise ValueError that names the first bad row, if there is one; rows count from 1 below the header."""
    if bad.any():
        row = np.flatnonzero(bad)[0]
        raise ValueError(f"{file}: {must} (got {got[row]} in row {first + row + 1}); correct it or avoid it")


def load(file, column):
    """All rows of one file, each lasting as long as most do."""
    table = arrow(str(file))
    columns = wanted(table.column_names, column, file)
    stamps = moments(table["ts_utc"], file)
    prices = np.column_stack([numbers(table[name], name, file) / scale for name, scale in columns])
    if len(stamps) < 2:
        raise ValueError(f"{file} must hold two rows or more (got {len(stamps)}); fetch it again")
    steps = np.diff(stamps, prepend=stamps[0] - np.timedelta64(1, "ms")).astype(np.int64)
    refuse(steps == 0, stamps, "no two rows may have one stamp", file)
    refuse(steps < 0, stamps, "rows must be sorted by time", file)
    spacings, counts = np.unique(steps[1:], return_counts=True)
    return Table(stamps, np.full(len(stamps), spacings[counts.argmax()]), prices)


def arrow(file):
    """The whole file as a pyarrow table."""
    reader = READERS.get(file.rpartition(".")[2])
    if reader is None:
        raise ValueError(f"a series must be a .csv or .parquet file (got {file}); convert it")
    try:
        return reader(file)
    except FileNotFoundError:
        raise FileNotFoundError(f"a series must be a file that exists (got {file}); check its path") from None
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise ValueError(f"{file} must be a whole, readable table (got: {reason}); fetch it again") from error


def wanted(names, column, file):
    """[(name, scale)] of the four columns that hold bars, else of the one that holds prices."""
    scaled = {}
    for suffix, scale in SCALES:
        scaled |= {name.removesuffix(suffix): (name, scale) for name in names if name.endswith(suffix)}
    parts = [f"{column}_{part}" if column else part for part in BAR]
    missing = [part for part in parts if part not in scaled]
    single = column or "price"
    if "ts_utc" not in names:
        sought = "ts_utc"
    elif not missing:
        return [scaled[part] for part in parts]
    elif single in scaled:
        return [scaled[single]]
    else:
        sought = missing[0] if len(missing) < len(parts) else single
    prefixes = [name.removesuffix("_open") for name in scaled if name.endswith("_open")]
    raise ValueError(f"{file}: {unknown('column', sought, [*scaled, *prefixes])}")


def numbers(values, name, file):
    """(rows,) float64 of a pyarrow column; nan where it is empty."""
    try:
        return values.cast("float64").to_numpy()
    except pyarrow.ArrowException:
        raise unparsed(values, float, f"{name} must be a number", file) from None


def moments(values, file):
    """(rows,) datetime64[ms] of the column `ts_utc`."""
    if not pyarrow.types.is_temporal(values.type):
        raise unparsed(values, datetime.fromisoformat, f"ts_utc must be {TIME}", file)
    stamps = values.cast("timestamp[ms]", safe=False).to_numpy()
    refuse(np.isnat(stamps), stamps, f"ts_utc must be {TIME}", file)
    return stamps


def unparsed(values, parse, must, file):
    """The ValueError that names the first of `values` that `parse` does not understand."""
    for row, value in enumerate(values.to_pylist(), 1):
        try:
            parse(value)
        except (TypeError, ValueError):
            return ValueError(f"{file}: {must} (got {value!r} in row {row}); correct it or fetch it again")
    return ValueError(f"{file}: {must} (got {values.type}); convert it")


@kernel
def fold(x, low, high):
    """`x` reflected at `low` and `high` as often as it takes to lie between them."""
    span = high - low
    if span <= 0.0:
        return low
    x = (x - low) % (2.0 * span)
    return min(max(low + min(x, 2.0 * span - x), low), high)


@kernel
def bend(path, walk, i, k, scale, low, high):
    """Write a Brownian bridge from `path[i]` to `path[k]`, reflected into [low, high], between the two."""
    for j in range(i + 1, k):
        along = (j - i) / (k - i)
        noise = walk[j] - walk[i] - along * (walk[k] - walk[i])
        path[j] = fold(path[i] + along * (path[k] - path[i]) + scale * noise, low, high)


@kernel
def extremes(price, variance, end, drawn):
    """(step, price) of the extreme that comes first in a bar and of the other one; see `bridge`."""
    first, high, low, last = price[0], price[1], price[2], price[3]
    down = abs(high - first) + high - low + last - low
    up = abs(first - low) + high - low + high - last
    falls = drawn[0] * (1.0 + math.exp(min((down * down - up * up) / (2.0 * variance), 700.0))) < 1.0
    one, two = (high, low) if falls else (low, high)
    before, after = abs(one - first) * (0.5 + drawn[1]), abs(last - two) * (0.5 + drawn[3])
    pace = end / (before + (high - low) * (0.5 + drawn[2]) + after)
    a = min(max(round(before * pace), before > 0.0), end - 1 - (after > 0.0))
    b = max(min(end - round(after * pace), end - (after > 0.0)), a + 1)
    return a, one, b, two


@kernel
def bridge(prices, counts, walk, drawn):
    """(sum of counts,) prices of a random path through bars.

    A bar begins at its open, at its first step, ends at its close, at its last, touches its high and its low
    in between and never leaves them. Which it touches first is drawn: the odds of a way from open to close are
    exp(-length^2 / (2 variance)), the leading term of the reflection principle. Its three parts take time in
    proportion to their lengths, each times a number out of [0.5, 1.5], and are Brownian bridges reflected
    at high and low. The variance is Parkinson's, range^2 / (4 log 2) a bar (Journal of Business 53, 1980).
    Bars of fewer than four steps show their open and, from two on, their close.

    prices: (bars, 4) open, high, low, close; counts: (bars,) steps of each; drawn: (bars, 4) in (0, 1)
    walk: (steps or more,) Brownian motion of variance 1 a step
    """
    path = np.empty(counts.sum())
    at = 0
    for bar in range(len(counts)):
        end = at + counts[bar] - 1
        high, low = prices[bar, 1], prices[bar, 2]
        path[end], path[at] = prices[bar, 3], prices[bar, 0]
        variance = (high - low) ** 2 / (4.0 * math.log(2.0))
        scale = math.sqrt(variance / counts[bar])
        a, b = at, end
        if end - at >= 3 and high > low:
            one, first, two, second = extremes(prices[bar], variance, end - at, drawn[bar])
            a, b = at + one, at + two
            path[a], path[b] = first, second
        bend(path, walk, at, a, scale, low, high)
        bend(path, walk, a, b, scale, low, high)
        bend(path, walk, b, end, scale, low, high)
        at = end + 1
    return path


def grid(step_s, lasts_ms):
    """The longest spacing, ms, that divides the step and every row, and how many of it make a step."""
    step_ms = round(step_s * 1000)
    good = step_ms > 0 and abs(step_ms - 1000 * step_s) < 1e-6
    require(good, step_s, "step_s must be a whole number of milliseconds", "round it")
    fine_ms = np.gcd.reduce(np.append(np.unique(lasts_ms), step_ms))
    return fine_ms, step_ms // fine_ms
