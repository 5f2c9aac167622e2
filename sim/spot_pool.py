"""Constant-product pools as spot venues: what trading moves there, and what arbitrage with the other venues leaves.

A pool of x coin and y USD keeps x * y and quotes y / x, which outsiders hold at what the coin is worth as that
changes: x = liquidity / sqrt(worth), liquidity = sqrt(x * y). Pressure M is what has been bought there and not yet
been brought back, coin. It takes the price (x / (x - M)) ** 2 times as high, so buying a share u of x in a pool at
rest moves the price by 1 / (1 - u) ** 2 - 1 and pays u / (1 - u) above it; u = 1 - (1 + impact) ** -0.5 is the
trade, and x = trade / u the depth, for an impact.

Arbitrage takes pressure from dear venues to cheap ones until all have the same impact. Of all ways to spread the same
pressure that is the one from which least can be had by selling it back, as impact rises with pressure everywhere:
so no round trip earns anything, wherever it begins and ends.
"""

import math

from sim.compiled import kernel

LEAST = 0.1
"""A pool ends up with no less than a tenth, and no more than tenfold, of the coin it holds at rest."""
NO_IMPACT = 1e-9  # of a coin at a venue said to have none: it then takes up what pressure there is


@kernel
def reserve(venue, worth):
    """Coin that the pool holds at rest when a coin is worth so many USD."""
    return venue.liquidity / math.sqrt(worth)


@kernel
def impact(held, pressure):
    """Relative impact of pressure on a pool that holds `held` coin at rest."""
    return pressure * (2.0 * held - pressure) / (held - pressure) ** 2


@kernel
def way(held, pressure, coin):
    """Sum of `impact` along `coin` more of pressure, coin."""
    before, after = held - pressure, held - pressure - coin
    return coin * (held * (2.0 * pressure + coin) - pressure * (pressure + coin)) / (before * after)


@kernel
def absorbed(venue, worth, level):
    """Pressure, coin, with which a venue has an impact of `level`: a pool, or one under the square-root law."""
    if venue.liquidity > 0.0:
        rise = math.sqrt(1.0 + level)
        return reserve(venue, worth) * level / (rise * (1.0 + rise))
    return math.copysign((level / max(venue.transient, NO_IMPACT)) ** 2, level)


@kernel
def even_level(s, worth, pressure):
    """Impact that all venues have once arbitrage has spread so much pressure over them."""
    low, high, level = 0.0, 1.0, 0.0
    for _ in range(90):
        middle = 0.5 * (low + high)
        level = middle / (1.0 - middle) if pressure > 0.0 else -middle
        total = 0.0
        for v in range(len(s.venues)):
            total += absorbed(s.venues[v], worth, level)
        if abs(total) < abs(pressure):
            low = middle
        else:
            high = middle
    return level


@kernel
def part(held, pressure, coin):
    """What of `coin` to be bought or sold a pool takes, coin."""
    left = held - pressure
    return max(min(coin, left - LEAST * held), left - held / LEAST)
