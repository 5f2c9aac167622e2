"""The table of a calibration: each target beside the record, each band beside its bounds, and the joint test."""

from typing import NamedTuple

import numpy as np

from analysis.calibration.bands import BANDS
from analysis.calibration.targets import TARGETS
from analysis.calibration.uncertainty import Joint, bootstrapped, joint

FAR = 2.576
"""Combined errors beyond which a single target is missed: 1 % of true ones are."""
AGREES, MISSED, MET, OUTSIDE = "agrees", "missed", "met", "outside"


class Row(NamedTuple):
    """A target: the record in the months of the fit and in those held back, the runs, and the distance of the runs from
    each in combined errors."""

    name: str
    words: str
    fitted: float
    held_back: float
    simulated: float
    error: float
    away: float
    away_held_back: float
    verdict: str


class Bound(NamedTuple):
    """A band, and what the runs have."""

    name: str
    words: str
    low: float
    high: float
    simulated: float
    error: float
    verdict: str
    source: str


class Result(NamedTuple):
    """Rows, bounds and the joint tests: against the months of the fit, and against those held back."""

    rows: list
    bounds: list
    fitted: Joint
    held_back: Joint

    @property
    def good(self):
        """Whether neither joint test rejects and every band is met."""
        met = all(each.verdict == MET for each in self.bounds)
        return met and not (self.fitted.rejected or self.held_back.rejected)


def judged(observed, made, slopes=None):
    """Return the Result of a Simulated beside an Observed; slopes: of what was fitted, as in `joint`."""
    runs = len(made.blocks.index)
    measures = [lambda runs, each=each: runs.target(each) for each in TARGETS]
    bands = bootstrapped([lambda runs, each=each: runs.band(each) for each in BANDS], made, runs)
    simulated = bootstrapped(measures, made, runs)
    bounds = [bound(*each) for each in zip(BANDS, bands.values, bands.errors, strict=True)]
    fitted, held_back = joint(observed.fitted, simulated, slopes), joint(observed.held_back, simulated)
    return Result(rows(observed, simulated), bounds, fitted, held_back)


def rows(observed, simulated):
    """Return a Row for each target."""
    parts, errors = (observed.fitted, observed.held_back), []
    for part in parts:
        errors.append(np.sqrt(part.errors**2 + simulated.errors**2))
    away = [(simulated.values - part.values) / error for part, error in zip(parts, errors, strict=True)]
    return [
        Row(
            each.name, each.words, parts[0].values[k], parts[1].values[k], simulated.values[k], errors[0][k],
            away[0][k], away[1][k], AGREES if abs(away[0][k]) < FAR else MISSED,
        )
        for k, each in enumerate(TARGETS)
    ]  # fmt: skip


def bound(band, value, error):
    """Return the Bound of a band."""
    verdict = MET if band.low <= value <= band.high else OUTSIDE
    return Bound(band.name, band.words, band.low, band.high, float(value), float(error), verdict, band.source)


def lines(result):
    """Return a Result as text."""
    points = [("target", "in sample", "held back", "simulated", "error", "z", "z held back", "verdict")]
    for each in result.rows:
        numbers = (each.fitted, each.held_back, each.simulated, each.error)
        away = f"{each.away:+.1f}", f"{each.away_held_back:+.1f}"
        points.append((each.words, *(f"{number:.3g}" for number in numbers), *away, each.verdict))
    bands = [("band", "from", "to", "simulated", "error", "verdict")]
    for each in result.bounds:
        numbers = (each.low, each.high, each.simulated, each.error)
        bands.append((each.words, *(f"{number:.3g}" for number in numbers), each.verdict))
    return "\n\n".join([aligned(points), aligned(bands), "\n".join(said(result))])


def aligned(cells):
    """Return rows of texts as columns."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    padded = [[f"{word:<{width}}" for word, width in zip(row, widths, strict=True)] for row in cells]
    return "\n".join("  ".join(row).rstrip() for row in padded)


def said(result):
    """Return the sentences that end a table."""
    for words, test in (("months of the fit", result.fitted), ("months held back", result.held_back)):
        verdict = "rejected" if test.rejected else "not rejected"
        numbers = f"J = {test.statistic:.4g} of {len(result.rows)} moments, p = {test.p:.2g}"
        yield f"Joint test, {words}: {numbers}: {verdict} at 1 %"
    missed = sum(each.verdict == MISSED for each in result.rows)
    outside = sum(each.verdict == OUTSIDE for each in result.bounds)
    yield f"{len(result.rows)} targets, {missed} missed; {len(result.bounds)} bands, {outside} outside"
