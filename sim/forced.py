"""How a position that no longer covers its maintenance is closed: by orders in its own name, or by a takeover.

`sim.liquidation` says which venue does what. A round, one for each mark, is an order for all of the position, for what
lies above a lower margin tier, for some slices, or for what restores its margin; a fee on what was closed goes to the
fund, and to whoever closes. What the book does not take waits for the next mark, or is taken over by the engine: at
once, or when equity is below a share of maintenance or used up.
"""

import math

import numpy as np

from sim.backing import backing, doomed, maintenance
from sim.compiled import kernel
from sim.engine import pressed, take_over
from sim.genealogy import parent
from sim.ledger import FUND, OUTSIDE, fill, touch
from sim.orders import FOK, IOC, cancel_all, submit, tier
from sim.ticks import tick_of

TRIED, BEGUN = 1, 2
"""Of a liquidation: there may have been nobody to trade with, or it has closed a part."""

TAKEOVER, LADDER, SLICE, TARGET = 0, 1, 2, 3
BANKRUPTCY, FILLABLE, AT_MARKET = 0, 1, 2
"""Places in `sim.liquidation.STYLES` and `LIMITS`."""


@kernel
def force(x, i, first_rows):
    """Liquidate row `i` by one round."""
    now, account, terms = x.now[0], x.accounts[i], x.terms[0]
    now.cancels += cancel_all(x, i)
    touch(x, i)
    cause = -1 if account.forced == BEGUN else lineage(x, i, first_rows)
    account.forced = max(account.forced, TRIED)
    if savable(x, i):
        size = wanted(x, i)
        if size > 0:
            cut(x, i, size, cause)
        if account.contracts == 0 or not doomed(x, i, now.mark_units) or terms.takeover_below < 1.0:
            return
    take_over(x, i, cause, begun(x, i))


@kernel
def begun(x, i):
    """Whether an earlier lot closed a part of what row `i` holds, in this liquidation; else it begins with this one."""
    account = x.accounts[i]
    if account.forced == BEGUN:
        return True
    account.forced = BEGUN
    x.risk[i].liquidations += 1
    x.now[0].liquidations += 1
    return False


@kernel
def savable(x, i):
    """Whether the venue tries an order first: not one that takes over at once, nor when too little equity is left."""
    terms, units = x.terms[0], x.now[0].mark_units
    if terms.takeover_below >= 1.0:
        return terms.liquidation_style != TAKEOVER
    equity = float(backing(x, i, units))
    return equity > 0.0 and equity >= terms.takeover_below * maintenance(x, i, units)


@kernel
def wanted(x, i):
    """Contracts to close in this round."""
    style, held = x.terms[0].liquidation_style, abs(x.accounts[i].contracts)
    if style == LADDER:
        return above_tier(x, i)
    if style == SLICE:
        return sliced(x, i)
    return missing(x, i) if style == TARGET else held


@kernel
def above_tier(x, i):
    """Contracts that lie above the limit of the tier to which a ladder descends; all below the tiers that it cuts, and
    none where the engine then takes what is in the lowest."""
    account, terms, now = x.accounts[i], x.terms[0], x.now[0]
    held = abs(account.contracts)
    row = tier(x, float(abs(account.contracts * now.mark_units)), now.mark_units)
    if row + 1 < max(terms.whole_below, 2):
        return 0 if terms.takeover_below >= 1.0 else held
    lower = max(0, row - np.int64(min(terms.tiers_down, float(row))))
    each = 1.0 if terms.tiers_in_contracts else float(abs(now.mark_units))
    return held - np.int64(math.floor(x.tiers[lower, 0] / each))


@kernel
def sliced(x, i):
    """Contracts of the slices that are due, no more than it takes to cover maintenance; all of a small position.

    Where slices are rarer than marks, those of different rows fall on different ones.
    """
    terms, now, held = x.terms[0], x.now[0], abs(x.accounts[i].contracts)
    if abs(held * now.mark_units) <= terms.slice_from_units:
        return held
    rate, turn = terms.slices_a_step, now.step + i
    count = math.floor(rate) if rate >= 1.0 else math.floor(turn * rate) - math.floor((turn - 1) * rate)
    each = max(1.0, math.floor(min(terms.slice_contracts, math.ceil(held * terms.slice_fraction))))
    needed = math.ceil(missing(x, i) / each) * each
    return np.int64(min(float(held), needed, count * each))


@kernel
def missing(x, i):
    """Contracts to close at the mark for equity to be `target` times the maintenance of the rest, fees paid."""
    terms, units = x.terms[0], x.now[0].mark_units
    held, each = abs(x.accounts[i].contracts), float(abs(units))
    needed = terms.target * maintenance(x, i, units)
    freed = needed / held - (terms.liquidation_fee + terms.closer_fee + terms.taker_fee) * each
    if freed <= 0.0:
        return held
    closed = math.ceil((needed - float(backing(x, i, units))) / freed)
    return np.int64(min(max(closed, 1.0), float(held)))


@kernel
def worst(x, i):
    """The worst tick at which the position of row `i` may be closed; an order goes no further than where what backs the
    position could still pay for it in any case.

    A fillable price is adverse to the mark by `spread` times the maintenance of a contract, in proportion to the margin
    that is used up (dYdX v4).
    """
    terms, units, account = x.terms[0], x.now[0].mark_units, x.accounts[i]
    held, left = account.contracts, float(backing(x, i, 0))
    at = 0.0 if held > 0 else float(terms.ticks)
    if terms.liquidation_limit == BANKRUPTCY:
        at = tick_of(x, -left / held)
    elif terms.liquidation_limit == FILLABLE:
        needed = maintenance(x, i, units)
        spent = min(max(terms.adjustment * (1.0 - float(backing(x, i, units)) / needed), 0.0), 1.0)
        at = tick_of(x, float(units) - spent * terms.spread * needed / held)
    if not account.cross:  # idle coin does not pay; of a cross account `submit` knows what does
        sign = -1.0 if terms.inverse else 1.0
        broke = tick_of(x, -left / (held - terms.taker_fee * abs(held) * sign))
        at = max(at, broke) if held > 0 else min(at, broke)
    return max(1, math.ceil(at)) if held > 0 else min(terms.ticks - 1, math.floor(at))


@kernel
def cut(x, i, size, cause):
    """Close up to `size` contracts of row `i` in the book, charge the fees, and keep a lot of what was closed."""
    account, now, terms = x.accounts[i], x.now[0], x.terms[0]
    held, cost, middle = account.contracts, account.cost, pressed(x)
    bankrupt = -float(backing(x, i, 0)) / held
    idle = 0 if account.cross else account.wallet
    size = -size if held > 0 else size
    if terms.absorbs:
        fill(x, i, size, now.mark_units, 0.0)
        fill(x, OUTSIDE, -size, now.mark_units, 0.0)
    else:
        fok = terms.liquidation_style == LADDER and terms.liquidation_limit == BANKRUPTCY
        submit(x, i, size, worst(x, i), FOK if fok else IOC, True, -1, -1)
    closed = held - account.contracts
    if closed == 0:
        return
    if account.contracts != 0 and not account.cross:  # what that released stays behind the rest
        account.margin += account.wallet - idle
        account.wallet = idle
    now.liquidated += abs(closed)
    value = float(abs(closed * now.mark_units))
    pay(x, i, OUTSIDE, math.floor(value * terms.closer_fee), idle)
    gained = pay(x, i, FUND, math.floor(value * terms.liquidation_fee), idle)
    if account.contracts == 0 and not terms.residual_to_trader:
        gained += pay(x, i, FUND, account.wallet - idle, idle)
    now.fund_gain += gained
    lot = x.lots[now.lots]
    lot.account, lot.parent, lot.step, lot.closed_step, lot.mark = i, cause, now.step, now.step, now.mark
    lot.contracts, lot.cost, lot.realised, lot.bankruptcy_units = closed, cost - account.cost, gained, bankrupt
    lot.impact_usd = lot.live_usd = pressed(x) - middle
    lot.again = begun(x, i)
    now.live_usd += lot.live_usd
    now.lots += 1


@kernel
def pay(x, i, receiver, units, idle):
    """Let the position of row `i` pay `units`, at most the equity behind it, or what closing it released beyond the
    `idle` balance; returns what it paid."""
    account = x.accounts[i]
    most = backing(x, i, x.now[0].mark_units) if account.contracts != 0 else account.wallet - idle
    units = max(0, min(units, most))
    of_margin = min(units, max(account.margin, 0))
    account.margin -= of_margin
    account.wallet -= units - of_margin
    x.accounts[receiver].wallet += units
    return units


@kernel
def lineage(x, i, first_rows):
    """Lot whose live impact made row `i` cross its trigger; -1 if it would have crossed without any."""
    now, terms = x.now[0], x.terms[0]
    shadow = -terms.scale / now.shadow_mark if terms.inverse else terms.scale * now.shadow_mark
    if doomed(x, i, math.floor(shadow + 0.5)):
        return -1
    return parent(x, i, first_rows)
