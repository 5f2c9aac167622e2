"""Which parameters the moments of a calibration tell, and which combination of them they leave open."""

from math import sqrt
from typing import NamedTuple

import numpy as np

UNTOLD = 1.0 / sqrt(12.0)
"""Standard error, in a parameter's whole range, of one that is only known to lie within its bounds."""


class Identified(NamedTuple):
    """What slopes say about parameters, each counted in its whole range.

    names: of the parameters; errors: (parameters,) standard errors that fitting the moments leaves them; singular:
    (parameters,) singular values of the slopes over the moments' errors, the largest first: by how many errors the
    moments move, together, along each direction; weakest: (parameters,) the direction along which they move least
    """

    names: tuple
    errors: np.ndarray
    singular: np.ndarray
    weakest: np.ndarray

    @property
    def condition(self):
        """Largest over smallest singular value: inf where a direction moves nothing."""
        return float(self.singular[0] / self.singular[-1]) if self.singular[-1] > 0.0 else float("inf")

    @property
    def untold(self):
        """[name] of the parameters that the moments tell no better than their bounds do."""
        return [name for name, error in zip(self.names, self.errors, strict=True) if not error < UNTOLD]


def identified(names, slopes, errors):
    """The Identified of (moments, parameters) slopes and (moments,) standard errors, taken as independent.

    Rank and condition of that matrix are the local test of identification: Rothenberg, Econometrica 39 (1971); Canova
    and Sala, Journal of Monetary Economics 56 (2009) on how weak it is. Slopes are of one place, so that this says
    nothing about a second place with the same moments.
    """
    slopes, errors = np.asarray(slopes, float), np.asarray(errors, float)
    if slopes.shape != (len(errors), len(names)) or len(errors) < len(names) or not (errors > 0.0).all():
        raise ValueError(
            f"slopes must be (moments, parameters), no fewer moments than parameters, and errors above zero "
            f"(got {slopes.shape}, {len(errors)} errors and {len(names)} names)"
        )
    _, singular, directions = np.linalg.svd(slopes / errors[:, None], full_matrices=False)
    seen = singular > 1e-12 * singular[0]
    spread = np.where(seen, 1.0 / np.where(seen, singular, 1.0), np.inf)[:, None]
    parts = np.where(np.abs(directions) < 1e-9, 0.0, np.abs(directions))
    left = np.sqrt(np.sum(np.multiply(parts, spread, out=np.zeros_like(parts), where=parts > 0.0) ** 2, axis=0))
    return Identified(tuple(names), left, singular, directions[-1])


def section(found):
    """Lines of Markdown that say so."""
    rows = [
        f"| {name} | {100.0 * error:.3g} | {part:+.2f} |"
        for name, error, part in zip(found.names, found.errors, found.weakest, strict=True)
    ]
    untold = f"Told no better than by their bounds: {', '.join(found.untold)}." if found.untold else "All are told."
    return [
        "## Which parameters the moments tell", "",
        "Standard errors that fitting the targets leaves each parameter, of its whole range (29 % is what its bounds "
        "alone say), from the slopes at the end of the fit; and the direction in which the targets move least.", "",
        "| parameter | error, % of its range | part in the weakest direction |", "|---" * 3 + "|", *rows, "",
        f"A whole range along the weakest direction moves the targets by {found.singular[-1]:.3g} errors, along the "
        f"strongest by {found.singular[0]:.3g}: condition {found.condition:.3g}. {untold}", "",
    ]  # fmt: skip
