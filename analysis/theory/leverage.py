"""How much leverage is too much: liquidation by chance, and leverage that cannot be unwound at a profit to the fund."""

from math import erf, exp, inf, log, log1p, sqrt

SIDES = ("long", "short")
SHIFT = 0.5825971579390106
"""Of a barrier that is looked at only now and then, in standard deviations of a step: -zeta(1/2) / sqrt(2 pi). Broadie,
Glasserman and Kou, "A continuity correction for discrete barrier options", Mathematical Finance 7 (1997)."""


def bankruptcy_price(entry, leverage, side="long"):
    """Price at which an inverse position has lost its margin; inf for a short of leverage up to 1."""
    _check(leverage, side)
    if side == "long":
        return entry * leverage / (leverage + 1.0)
    return entry * leverage / (leverage - 1.0) if leverage > 1.0 else inf


def liquidation_price(entry, leverage, maintenance=0.005, side="long"):
    """Price at which the margin of an inverse position is down to `maintenance` of its value there, without fees."""
    price = bankruptcy_price(entry, leverage, side)
    return price * (1.0 + maintenance) if side == "long" else price * (1.0 - maintenance)


def liquidation_probability(
    *, leverage, hours, volatility, drift=0.0, maintenance=0.005, side="long", look_every_s=0.0
):
    """Probability that an inverse position is liquidated within some hours of a geometric Brownian mark.

    volatility, drift: of the logarithm of the mark, annual; look_every_s: seconds between two looks at it, 0 always.
    Reflection principle, with the barrier moved out by SHIFT of a step's standard deviation where looks are rare.
    """
    distance = log(liquidation_price(1.0, leverage, maintenance, side)) if leverage > 1.0 or side == "long" else inf
    sign = 1.0 if side == "long" else -1.0
    depth, years = -sign * distance, hours / 8_760.0
    if depth <= 0.0:
        return 1.0
    if depth == inf or years <= 0.0:
        return 0.0
    depth += SHIFT * volatility * sqrt(look_every_s / 3_600.0 / 8_760.0)
    spread, away = volatility * sqrt(years), sign * drift
    reflected = exp(-2.0 * away * depth / volatility**2) * _normal((-depth + away * years) / spread)
    return _normal((-depth - away * years) / spread) + reflected


def critical_leverage(impact, contract="inverse", side="long"):
    """Leverage above which closing a whole position, marked at its entry, loses more than its margin to its own impact.

    impact: of the whole position under the square-root law, a fraction of the price. 3 / (2 impact) for a linear
    contract; for an inverse one the mean of 1/price over the way. Above it a first liquidation needs the fund.
    """
    if not 0.0 < impact < 1.0:
        raise ValueError(f"impact must be a fraction of the price between 0 and 1 (got {impact})")
    _check(1.0, side)
    if contract == "linear":
        return 1.5 / impact
    if contract != "inverse":
        raise ValueError(f"contract must be 'linear' or 'inverse' (got {contract!r})")
    if side == "long":
        return 1.0 / (-2.0 / impact**2 * (impact + log1p(-impact)) - 1.0)
    return 1.0 / (1.0 - 2.0 / impact**2 * (impact - log1p(impact)))


def _normal(score):
    """Standard normal distribution function."""
    return 0.5 * (1.0 + erf(score / sqrt(2.0)))


def _check(leverage, side):
    if side not in SIDES:
        raise ValueError(f"side must be 'long' or 'short' (got {side!r})")
    if not leverage > 0.0:
        raise ValueError(f"leverage must be above zero (got {leverage})")
