"""Fair prices of perpetual contracts without arbitrage: linear, inverse, quanto and power.

Ackerer, Hugonnier and Jermann, "Perpetual Futures Pricing", Mathematical Finance 2025 (arXiv 2310.11771): a perpetual
is worth the expected spot price at a random time whose mean is one over the premium intensity.

Rates are continuous and a year for the continuous formulas, simple and a period for the discrete ones. `kappa` is the
premium intensity: the share of the premium paid in a unit of time, so that a whole premium every eight hours is 1,095 a
year. `interest` is the part of funding that does not depend on the premium; positive is paid by longs.
"""

from math import exp

EIGHT_HOURS = 365.0 * 3.0
"""Premium intensity of a venue that charges the whole premium every eight hours, a year."""


def linear(spot, *, kappa, interest=0.0, usd_rate=0.0, coin_rate=0.0):
    """Price of a contract that is quoted and settled in USD, charged continuously."""
    return _positive(kappa - interest, "kappa - interest") / _positive(kappa + coin_rate - usd_rate) * spot


def linear_discrete(spot, *, kappa, interest=0.0, usd_rate=0.0, coin_rate=0.0):
    """The same, charged at the end of each period."""
    whole = _positive(coin_rate - usd_rate + kappa * (1.0 + coin_rate))
    return _positive(kappa - interest, "kappa - interest") * (1.0 + coin_rate) / whole * spot


def inverse(spot, *, kappa, interest=0.0, usd_rate=0.0, coin_rate=0.0):
    """Price of a contract that is quoted in USD and settled in coin, charged continuously.

    The paper's iota of an inverse contract is paid to longs: it is -`interest` here.
    """
    return _positive(kappa + usd_rate - coin_rate) / _positive(kappa + interest, "kappa + interest") * spot


def inverse_discrete(spot, *, kappa, interest=0.0, usd_rate=0.0, coin_rate=0.0):
    """The same, charged at the end of each period."""
    whole = _positive(usd_rate - coin_rate + kappa * (1.0 + usd_rate))
    return whole / (_positive(kappa + interest, "kappa + interest") * (1.0 + usd_rate)) * spot


def quanto(
    spot, *, kappa, interest=0.0, usd_rate=0.0, settlement_rate=0.0, volatility, settlement_volatility, correlation
):
    """Price of a contract on a coin that is settled in another one, charged continuously.

    volatility: of the coin, settlement_volatility: of the coin it is settled in, annual; correlation: of both
    """
    drift = settlement_rate - usd_rate - correlation * volatility * settlement_volatility
    return _positive(kappa - interest, "kappa - interest") / _positive(kappa + drift) * spot


def power(spot, *, exponent, volatility, rate=0.0, interval_years=1.0 / 365.0, premium_share=1.0):
    """Price of a perpetual on spot^exponent that charges a share of (mark - index) every interval.

    A sum of futures on the power, each weighted by what of the premium is left (White, Robinson, Koticha, Leone, Gauba
    and Krishnan, "Everlasting options" and power perpetuals, 2021). ValueError where that sum does not converge: a
    long would earn more than it is ever charged.

    premium_share: of mark less index that is paid in an interval; 1 / q of the paper
    """
    growth = rate * (exponent - 1.0) + 0.5 * volatility**2 * exponent * (exponent - 1.0)
    left = 1.0 / premium_share
    whole = (1.0 + left) * exp(-growth * interval_years) - left
    return spot**exponent / _positive(whole, "the premium charged, less the growth of the power,")


def basis_bps(price, spot):
    """What a price stands above spot, basis points."""
    return 1e4 * (price / spot - 1.0)


def _positive(number, what="the discount of the premium"):
    """The number, for what stands in the place of a price or a denominator; ValueError, one sentence, if it is not."""
    if not number > 0.0:
        raise ValueError(f"{what} must be above zero (got {number:g}); charge the premium faster, or lower the rates")
    return number
