"""Synthetic dollars: coin, and a short of the same size against it, are worth the same in USD at any price."""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.crowd import Crowd
from sim.compiled import kernel
from sim.ledger import equity
from sim.streams import DECIDE, uniform4

DAY_S = 86_400.0


@kernel
def mint_and_redeem(x, rows, first, traits, out, n):
    """Each account awake: mints against fresh coin or redeems, then brings its short to the dollars it owes."""
    now, terms = x.now[0], x.terms[0]
    each = terms.scale / now.index
    for i in rows:
        me, account = traits[i - first], x.accounts[i]
        if me.begun == 0.0:
            idle = (1.0 - terms.taker_fee) * float(equity(x, i, now.mark_units)) / abs(float(now.mark_units))
            me.begun, me.dollars = 1.0, -float(account.contracts) if account.contracts else math.floor(max(idle, 0.0))
        key = x.keys[account.crowd]
        chance = uniform4(key[0], key[1], i - first, now.step, 0, DECIDE)[0]
        lump = math.ceil(me.lump * me.dollars)
        fear_bps = 1e4 * (max(-now.funding_rate, 0.0) + discount(now.time_s, me))
        if chance < rate(me, fear_bps) * me.wake_s / DAY_S / me.lump:
            me.dollars -= lump
            n = adjust(x, out, n, i, me)
            n = sending.deposit(out, n, i, -math.floor(lump * each))
        elif fear_bps == 0.0 and 1.0 - chance < me.mint_per_day * me.wake_s / DAY_S / me.lump:
            me.dollars += lump
            n = sending.deposit(out, n, i, math.ceil(lump * each))
            n = adjust(x, out, n, i, me)
        else:
            n = adjust(x, out, n, i, me)
    return n


@kernel
def discount(time_s, me):
    """How far the dollar trades below par, a fraction."""
    since_s = time_s - me.depeg_at_s
    return me.depeg * 0.5 ** (since_s / me.depeg_half_life_s) if since_s >= 0.0 else 0.0


@kernel
def rate(me, fear_bps):
    """Dollars redeemed a day, of those that are out."""
    return me.redeem_per_day + me.redeem_per_bp_day * fear_bps


@kernel
def adjust(x, out, n, i, me):
    """Sell, or buy back, at market what the short lacks, or has more than, the dollars owed."""
    gap = -int(me.dollars) - x.accounts[i].contracts
    if gap == 0:
        return n
    return sending.market(x, out, n, i, gap, gap > 0)


@dataclass(kw_only=True, eq=False)
class DollarMinters(Crowd):
    """Hold coin and short it once: each contract is as many dollars as its face, owed to whoever holds the dollar.

    They know the index, the mark, the funding rate announced for the next stamp, what the dollar trades at elsewhere
    and their own account. Minting brings in coin worth a dollar at the index and sells it short; redemption buys the
    short back and pays that coin out, whatever the contract costs: what the two prices differ by, fees and funding
    change what backs the dollars that are left. An account that begins with coin alone mints against all of it, and
    one whose short was closed by others opens it again.

    lump:              dollars minted or redeemed at once, of those of the account
    mint_per_day:      minted a day, of those out, while funding is not negative and the dollar is at par
    redeem_per_day:    redeemed a day in any case
    redeem_per_bp_day: and besides for each basis point of negative funding (of an interval), or of discount
    depeg:             discount at which the dollar begins to trade at `depeg_at_s`, a fraction, for other reasons
    depeg_half_life_s: with which that fades
    """

    lump: Any = 0.1
    mint_per_day: Any = 0.02
    redeem_per_day: Any = 0.02
    redeem_per_bp_day: Any = 0.02
    depeg: Any = 0.0
    depeg_at_s: Any = 0.0
    depeg_half_life_s: Any = 14_400.0
    leverage: Any = 1.0
    wake_s: Any = 600.0

    kernel = staticmethod(mint_and_redeem)
    memory = ("begun", "dollars")
    messages_per_wake = 2

    def __post_init__(self):
        super().__post_init__()
        contract = self.market.venue.contract
        if self.count and not (contract.coin_margined and contract.sign < 0):
            raise ValueError(
                f"{self.name} must short a coin-margined contract (got {contract.name}); take an inverse one"
            )
