"""One number or sign of a paper beside the same made here, and what to make of both."""

import math
from typing import NamedTuple

AGREES, MISSED, UNPUBLISHED = VERDICTS = ("agrees", "missed", "not published")
ERRORS = 2.0


class Row(NamedTuple):
    """What was claimed and what came of it.

    published: nan where the paper has no number for these parameters; inf or -inf where it has a sign only
    simulated, standard_error: made here, and the chance in it
    tolerance: how far apart they may be beyond that, in the same unit, as the paper's own table is exact to
    """

    claim: str
    published: float
    simulated: float
    standard_error: float
    tolerance: float = 0.0

    @property
    def verdict(self):
        """One of `VERDICTS`: within the tolerance and two standard errors, or of the sign by two standard errors."""
        if math.isnan(self.published):
            return UNPUBLISHED
        room = ERRORS * self.standard_error
        if math.isinf(self.published):
            good = math.copysign(1.0, self.published) * self.simulated > room
        else:
            good = abs(self.simulated - self.published) <= self.tolerance + room
        return AGREES if good else MISSED

    @property
    def size(self):
        """How far off a number is."""
        return self.simulated - self.published
