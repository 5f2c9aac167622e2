"""How to sell a position in a perpetual when selling moves its price and funding is paid meanwhile.

Donnelly, Lin and Lorig, "Optimal liquidation of perpetual contracts" (arXiv 2601.10812): the contract's price moves by
`permanent` times the rate of trading, an order is filled `temporary` times that rate away, longs pay `funding` times
the basis in a unit of time, what is left at the horizon is charged `terminal` times its square, holding it `holding`
times its square in a unit of time.
"""

from dataclasses import dataclass
from math import exp, sqrt


@dataclass(frozen=True)
class Liquidation:
    """One problem; lengths of time in one unit, prices in another."""

    horizon: float
    temporary: float
    permanent: float
    terminal: float
    holding: float
    funding: float

    @property
    def urgency(self):
        """The paper's a: what waiting costs, as a rate of trading."""
        return 2.0 * sqrt(self.temporary * (self.permanent * self.funding + self.holding))

    @property
    def aversion(self):
        """The paper's C: what the end of the horizon weighs against the way there."""
        a, b = self.urgency, self.permanent
        return (a + b - 2.0 * self.terminal) / (a - b + 2.0 * self.terminal)

    def rate(self, time, contracts, basis):
        """Optimal rate of trading, contracts in a unit of time, negative sells; basis: contract less spot."""
        a, b, k, c = self.urgency, self.permanent, self.temporary, self.aversion
        fading = exp(-a / (2.0 * k) * (self.horizon - time))
        whole = c * fading**2 + 1.0
        held = a * (c * fading**2 - 1.0) / whole
        paid = -4.0 * k * self.holding * (c * fading + 1.0) * (1.0 - fading) / (a * whole)
        paid += fading * (c + 1.0) * (b - 2.0 * self.terminal) / whole
        return ((held + paid) * contracts + (held - paid) * basis / b) / (4.0 * k)

    def mean_path(self, contracts, basis, steps=2_000):
        """(steps + 1,) times and mean holdings from that start, the basis moved only by what is traded."""
        times, held = [0.0], [float(contracts)]
        step = self.horizon / steps
        for number in range(steps):
            first = self.rate(times[-1], held[-1], basis)
            half = 0.5 * step * first
            middle = self.rate(times[-1] + 0.5 * step, held[-1] + half, basis + self.permanent * half)
            held.append(held[-1] + middle * step)
            basis += self.permanent * middle * step
            times.append((number + 1) * step)
        return times, held
