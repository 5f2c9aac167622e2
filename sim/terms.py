"""What a market is told when it is made: checked, and put into steps and into the kernels' record of terms."""

import math
import re
from dataclasses import replace
from datetime import UTC, datetime

from sim.contract import MOST_UNITS

VOLATILITY_HALF_LIFE_S = 600.0  # of the realised volatility that traders see
DEPTH_REACH = 0.01  # of the mid, within which depth is counted


def write_terms(terms, venue, step_s, half_life_s, forced, fills):
    """Fill the kernels' record of terms."""
    if forced not in ("book", "absorbed"):
        raise ValueError(f"forced must be 'book' or 'absorbed' (got {forced!r}); see Market")
    if not half_life_s > 0:
        raise ValueError(f"half_life_s must be above zero (got {half_life_s}); give seconds")
    venue.write(terms, step_s)
    terms.absorbs, terms.record_fills, terms.depth_reach = forced == "absorbed", fills, DEPTH_REACH
    terms.live_decay = 0.5 ** (step_s / half_life_s)
    terms.volatility_decay = 0.5 ** (step_s / VOLATILITY_HALF_LIFE_S)


def whole_steps(hours, step_s):
    """Steps in `hours`; ValueError unless both are positive and there is at least one."""
    if not (0 < step_s < math.inf and 0 < hours < math.inf and hours * 3600 >= step_s):
        raise ValueError(f"hours must hold at least one step (got {hours} hours of {step_s} s steps); give more hours")
    return int(hours * 3600 / step_s + 1e-9)


def cadence(every_s, step_s):
    """Steps between two times of something done every `every_s` seconds, at least one."""
    return max(1, round(every_s / step_s))


def halted_steps(halt, step_s):
    """(first, last + 1) step of a halt given as hours from the start; (0, 0) for none."""
    pair = isinstance(halt, list | tuple) and len(halt) in (0, 2)
    if not pair or (halt and not 0 <= halt[0] < halt[1] < math.inf):
        raise ValueError(f"halt must be two hours, the first below the second (got {halt}); leave it out for none")
    return tuple(round(hour * 3600 / step_s) for hour in halt) if halt else (0, 0)


def rows_of(length, record_every):
    """Rows of a series of `length` steps; ValueError unless every `record_every` steps is a whole number of them."""
    if isinstance(record_every, bool) or not isinstance(record_every, int) or record_every < 1:
        raise ValueError(f"record_every must be a whole number of steps, 1 or more (got {record_every!r}); correct it")
    return length // record_every


def fund_units(coin, units_per_coin):
    """The insurance fund at the start in units; ValueError unless it is 0 or more and fits."""
    if not 0 <= coin * units_per_coin < MOST_UNITS:
        raise ValueError(f"fund_coin must be 0 or more and fit in 2^62 units (got {coin}); correct it")
    return round(coin * units_per_coin)


def require_affordable(crowd, units_per_coin):
    """ValueError unless the deposits of a crowd fit in whole units together."""
    total = float(crowd.traits.coin.sum()) * units_per_coin
    if not total < MOST_UNITS:
        raise ValueError(f"coin of {crowd.name} must fit in 2^62 units, all together (got {crowd.coin}); give less")


def venue_beside(market, name, venue):
    """`venue` as a further exchange of `market` keeps its accounts: in the unit of the first one, so that coin may be
    sent from one to the other. ValueError unless both settle in the same coin and the name will do."""
    taken = [each.name for each in market.markets[1:]]
    if not (isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,12}", name)) or name in taken:
        what = "up to 12 letters, digits, - and _, and differ from the others'"
        raise ValueError(f"the name of an exchange must be {what} (got {name!r}); choose another")
    ours, theirs = market.venue.contract, venue.contract
    if (ours.coin, ours.coin_margined) != (theirs.coin, theirs.coin_margined):
        got = f"{theirs.coin} of {theirs.name} beside {ours.coin} of {ours.name}"
        raise ValueError(f"exchanges of one market must settle in the same coin (got {got}); choose another venue")
    if market.clock or market.number:
        raise RuntimeError("an exchange must be opened beside a market's first one, before the first step")
    return venue if theirs.unit == ours.unit else replace(venue, contract=replace(theirs, unit=ours.unit))


def utc(start):
    """A UTC time from text such as 2020-03-12T00:00."""
    try:
        time = datetime.fromisoformat(start)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (TypeError, ValueError):
        raise ValueError(f"start must be a UTC time such as 2020-03-12T00:00 (got {start!r})") from None
