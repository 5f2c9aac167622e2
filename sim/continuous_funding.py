"""Funding that runs all the time: Deribit's dead band around no premium."""

from dataclasses import dataclass

import numpy as np

from sim.contract import positive
from sim.funding import FundingRule, funding_payment
from sim.premium import basis, clamp, price_of


@dataclass(frozen=True, kw_only=True)
class DeadBand(FundingRule):
    """The mark's premium beyond a dead band, charged all the time: Deribit's BTC-PERPETUAL.

    dead_band: no funding while the premium is no further from 0; it is taken off what lies beyond
    cap:       largest rate of 8 hours

    F = max(d, p) + min(-d, p), without interest and without an average; a position is charged F of its value for
    every 8 hours, by the millisecond, here by the second. Source: Deribit, funding specifications (31424939178397),
    d = 0.025 %; once 0.05 %, as in a copy of its rule at Bit.com (360051992953). The cap of 0.5 % is from memory,
    unverified. Deribit moves what has accrued to the balance at 08:00 UTC; here it counts at once.
    """

    sample_s: float = 1.0
    accrual_s: float = 1.0
    dead_band: float = 0.00025
    cap: float = 0.005

    def __post_init__(self):
        super().__post_init__()
        self.not_negative("dead_band", "cap")

    def start(self):
        return Last()

    def premium(self, quotes):
        """How far the mark lies above the index; 0 while there is neither a mark nor a mid."""
        price = price_of(quotes, "mark")
        price = price if price == price else price_of(quotes, "mid")
        return basis(price, quotes.index) if price == price else 0.0

    def found(self, premium):
        """The rate of 8 hours at that premium, or rates of a list of them."""
        rate = np.maximum(self.dead_band, premium) + np.minimum(-self.dead_band, premium)
        return clamp(rate, -self.cap, self.cap)

    def sample(self, quotes, memory):
        """Find the rate at the premium of now."""
        memory.rate = self.found(self.premium(quotes))

    def payable(self, memory):
        return memory.rate

    def paid(self, mark, index, contracts, seconds, face=10.0, inverse=True):
        """Settlement coins that a position pays while mark and index stay where they are; negative: it receives.

        contracts: signed; face: of one, USD if inverse (Deribit: 10), coin if linear.
        """
        rate = self.found(basis(positive("mark", mark), positive("index", index)))
        return funding_payment(rate, contracts, mark, face, inverse, seconds / (self.interval_hours * 3_600.0))


class Last:
    """The rate at the latest sample."""

    def __init__(self, rate=0.0):
        self.rate = rate
