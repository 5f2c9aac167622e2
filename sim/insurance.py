"""What an insurance fund pays and receives, and when it stops paying: pure rules and functions of plain numbers."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.contract import positive, require


class Verdict(NamedTuple):
    """The balance below which winners are deleveraged instead of the fund paying, and whether they are now."""

    threshold: float
    triggered: bool


@dataclass(frozen=True)
class DrawLimit:
    """How far an insurance fund may fall before winners are deleveraged although it is not empty.

    window_hours: how far back one looks
    against:      "peak" of that time, or its "mean" (of the samples in the window, which should be evenly spaced)
    fall:         the part of that reference that may be lost
    least:        but no less than this amount, in the unit of the balance
    stop:         part lost at which deleveraging, once begun, ends again; None: the same as `fall`
    above:        the rule counts while the balance is above this; at 0 or below, winners are deleveraged anyhow

    OKX: fall=0.3 from the peak (help article on early liquidation); a third-party copy of its introduction to
    auto-deleveraging has against="mean", fall=0.3, least=50_000 (USD). Bybit since 2025-12: fall=0.3, stop=0.25,
    above=10_000 (API, ADL alert; its ratio is that of a symbol's result in the window to the pool's largest balance,
    which for a pool of one symbol without deposits is the fall from the peak); before, fall=1.
    """

    window_hours: float = 8.0
    against: str = "peak"
    fall: float = 0.3
    least: float = 0.0
    stop: float | None = None
    above: float = 0.0

    def __post_init__(self):
        positive("window_hours", self.window_hours)
        require(0 < self.fall <= 1, self.fall, "fall must lie above 0 and up to 1", "give a fraction")
        if self.stop is not None and not 0 <= self.stop <= self.fall:
            raise ValueError(f"stop must lie between 0 and fall (got {self.stop}); leave it out for the same")
        if self.against not in ("peak", "mean"):
            raise ValueError(f"against must be 'peak' or 'mean' (got {self.against!r})")
        for name in ("least", "above"):
            require(getattr(self, name) >= 0, getattr(self, name), f"{name} must be 0 or more", "use 0 for none")

    def threshold(self, reference, already=False):
        """The balance below which winners are deleveraged; `already`: the one above which that ends."""
        part = self.fall if not already or self.stop is None else self.stop
        return reference - max(part * reference, self.least)

    def verdict(self, balance, reference, already=False):
        """The Verdict on a balance whose peak or mean is `reference`."""
        threshold = self.threshold(reference, already)
        return Verdict(threshold, bool(balance <= 0 or (balance > self.above and balance < threshold)))

    def reference(self, history):
        """Peak or mean of the balances of the window that ends with the last sample.

        history: (time_s, balance) of each sample, rising in time, at least one
        """
        time_s, balance = np.asarray(history, float).T
        recent = balance[time_s > time_s[-1] - 3600.0 * self.window_hours]
        return float(recent.max() if self.against == "peak" else recent.mean())

    def triggered(self, history, already=False):
        """Whether winners are to be deleveraged after that history of (time_s, balance)."""
        return self.verdict(float(history[-1][1]), self.reference(history), already).triggered

    def kept(self, history, already=False):
        """What the fund must keep: it pays no further than down to this, and deleveraging takes the rest."""
        reference = self.reference(history)
        return max(self.threshold(reference, already), 0.0) if history[-1][1] > self.above else 0.0


def insurance_delta(position, price, bankruptcy_quote, max_fee):
    """What the fund receives (negative: pays) when a liquidated position is closed: a fee, as far as it can be paid.

    position: base closed, long positive; price: of the fill; bankruptcy_quote: quote at which the account would be
    left with nothing, as a positive amount; max_fee: largest fee, a fraction of the fill. What the fill brings above
    the fee stays with the trader. Source: dYdX v4, GetLiquidationInsuranceFundDelta.
    """
    received = np.multiply(position, price, dtype=float)
    over = received - np.sign(position) * np.abs(bankruptcy_quote)
    return np.where(over > 0, np.minimum(max_fee * np.abs(received), over), over)[()]


def loss_per_contract(loss, longs, shorts, unit=1):
    """What every contract of both sides pays for a loss: loss / (|longs| + |shorts|), rounded up to a unit.

    ValueError without contracts. Source: Drift v2, calculate_funding_rate_deltas_to_resolve_bankruptcy (unit 1e-6).
    """
    contracts = abs(longs) + abs(shorts)
    if not contracts:
        raise ValueError(f"longs and shorts must hold something (got {longs} and {shorts}); nobody is left to pay")
    return -(-abs(loss) // (unit * contracts)) * unit


def fund_after(fund, income, lost):
    """(fund, residual): the fund after its income and after paying a deficit as far as it can, and what it cannot.

    Source: Chitra (2025); income is fees, part of the funding and yield.
    """
    return fund + income - np.minimum(fund, lost), np.maximum(lost - fund, 0.0)


def static_fund(losses, cost, harm):
    """The best size of a fund that is held for one period: the loss exceeded with probability cost / harm.

    losses: (samples,) of the period; cost: of holding a unit; harm: of a unit of loss that is not covered.
    Source: Chitra (2025).
    """
    require(0 < cost <= harm, cost, "cost must be positive and no more than harm", "hold no fund otherwise")
    return float(np.quantile(np.asarray(losses, float), 1.0 - cost / harm))
