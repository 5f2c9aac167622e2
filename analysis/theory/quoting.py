"""Where a market maker quotes who dislikes inventory.

Avellaneda and Stoikov, "High-frequency trading in a limit order book", Quantitative Finance 8(3), 2008: the mid is a
Brownian motion, orders hit a quote at distance d at the rate A exp(-decay d).
"""

from math import log


def reservation_price(mid, inventory, *, risk_aversion, volatility, left):
    """Price at which the maker is indifferent to one unit more, given what it holds.

    inventory: units, positive long; volatility: of the mid in price units, per root of the unit of time; left: time to
    the horizon, in that unit
    """
    return mid - inventory * risk_aversion * volatility**2 * left


def spread(*, risk_aversion, volatility, left, decay):
    """Ask less bid, in price units; decay: of the rate of orders with the distance of a quote."""
    return risk_aversion * volatility**2 * left + 2.0 / risk_aversion * log(1.0 + risk_aversion / decay)


def quotes(mid, inventory, *, risk_aversion, volatility, left, decay):
    """(bid, ask)."""
    centre = reservation_price(mid, inventory, risk_aversion=risk_aversion, volatility=volatility, left=left)
    half = 0.5 * spread(risk_aversion=risk_aversion, volatility=volatility, left=left, decay=decay)
    return centre - half, centre + half
