"""Which forced close made which: the live price impact of every lot, its decay, and how parents are drawn.

The impact of a lot is the mid after less before each of the engine's orders for it. It lives on with a declared
half-life, in the price of the contract and, where spot trades answered the basis it opened, in the index. The
mark rule is evaluated with and without the live impact; a takeover that happens only with it has a parent.
"""

import numpy as np

from sim.compiled import kernel
from sim.streams import GENEALOGY, words4

FADED_USD = 1e-3  # live impact below which a closed lot no longer counts


@kernel
def decay(x):
    """Let live impacts fade by one step and add up what is left."""
    now, factor = x.now[0], x.terms[0].live_decay
    now.live_usd, now.live_spot_usd = 0.0, 0.0
    moving = True
    for k in range(now.first_live, now.lots):
        lot = x.lots[k]
        lot.live_usd *= factor
        lot.live_spot_usd *= factor
        now.live_usd += lot.live_usd
        now.live_spot_usd += lot.live_spot_usd
        if moving and lot.open == 0 and abs(lot.live_usd) + abs(lot.live_spot_usd) < FADED_USD:
            now.first_live = k + 1
        else:
            moving = False


@kernel
def attribute_spot(x, moved_usd):
    """Give the lots their share of a move of the index by spot trades: what their live impact is of the basis that
    those trades answered, split in proportion."""
    now = x.now[0]
    basis = now.mid - now.index
    if moved_usd == 0.0 or now.live_usd == 0.0 or basis * now.live_usd <= 0.0 or moved_usd * basis <= 0.0:
        return
    part = moved_usd * min(1.0, now.live_usd / basis) / now.live_usd
    for k in range(now.first_live, now.lots):
        x.lots[k].live_spot_usd += part * x.lots[k].live_usd


@kernel
def toward(lot, sign):
    """Live impact of a lot in the direction `sign`, USD; zero if it pushes the other way."""
    return max(0.0, sign * (lot.live_usd + lot.live_spot_usd))


@kernel
def parent(x, i, first_rows):
    """Lot drawn in proportion to the live impacts against the position of row `i`; -1 if there are none."""
    now, account = x.now[0], x.accounts[i]
    sign = -1.0 if account.contracts > 0 else 1.0
    total = 0.0
    for k in range(now.first_live, now.lots):
        total += toward(x.lots[k], sign)
    crowd = account.crowd
    drawn = words4(x.keys[crowd, 0], x.keys[crowd, 1], i - first_rows[crowd], now.step, 0, GENEALOGY)
    left = (np.float64(drawn[0]) + 0.5) / 4294967296.0 * total
    for k in range(now.first_live, now.lots):
        left -= toward(x.lots[k], sign)
        if left < 0.0:
            return k
    return -1


def branching_ratio(x):
    """Liquidations that have a parent over all of them; nan if there were none. What a venue closes in parts counts
    once, by the part that began it."""
    lots = x.lots[: x.now[0].lots]
    begun = lots.parent[~lots.again]
    return float((begun >= 0).mean()) if len(begun) else float("nan")
