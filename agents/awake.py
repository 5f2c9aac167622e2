"""What a crowd sees when it decides, and how it says what it wants: `view` and `me`.

Nothing here looks ahead: a view shows the market as it stood at the start of the step.
"""

import numpy as np

from sim.exchange import LAST, MARK, records
from sim.ledger import owed_by
from sim.orders import CANCEL_ALL, DEPOSIT, GTC, IOC, MESSAGE, POST, SUBMIT

NO_MESSAGES = records(0, MESSAGE)


class View:
    """The market as all see it.

    time_s, step:           since the start of the run
    mark, index, last:      USD per coin
    bid, ask:               USD per coin; nan where the side is empty
    mid:                    of both; of the side that is there, or the last trade, where one or both are empty
    highest_mark:           of the run so far
    funding_rate:           to be paid at the next stamp, fraction, longs pay when positive
    to_funding_s:           seconds to that stamp
    volatility:             of the index, per square root of a second
    """

    def __init__(self, x):
        self._x = x

    def __getattr__(self, name):
        if name in ("bid", "ask", "last"):
            return self._price(name)
        if name == "volatility":
            return float(self._x.now["variance"][0]) ** 0.5
        if name in ("time_s", "step", "mark", "index", "mid", "highest_mark", "funding_rate", "to_funding_s"):
            return self._x.now[name][0].item()
        raise AttributeError(f"a view shows mark, index, bid, ask, mid, last, ...; it has no {name!r}")

    def _price(self, name):
        tick, terms = int(self._x.now[name][0]), self._x.terms[0]
        return tick * float(terms.tick) if 0 <= tick < terms.ticks else float("nan")


class Awake:
    """The accounts of a crowd that are awake in this step; every array has one entry for each of them.

    rows:                        in the ledger
    contracts:                   signed position
    flat:                        no position
    wallet, margin, equity:      coin
    leverage:                    notional over equity, idle wallet included
    dice.uniform(k):             k-th draw of each account in this step, in (0, 1)
    and every trait of the crowd, by its field's name.
    """

    def __init__(self, crowd, rows):
        self._crowd, self._x, self.rows = crowd, crowd.model.exchange, rows

    def __getattr__(self, name):
        traits = self._crowd.traits
        if name in traits.names:
            return traits[name][self.rows - self._crowd.first]
        raise AttributeError(f"{type(self._crowd).__name__} has no trait {name!r}; it has {traits.names}")

    def _coin(self, name):
        return self._x.accounts[name][self.rows] * float(self._x.terms[0].unit)

    contracts = property(lambda self: self._x.accounts["contracts"][self.rows])
    flat = property(lambda self: self.contracts == 0)
    wallet = property(lambda self: self._coin("wallet"))
    margin = property(lambda self: self._coin("margin"))
    dice = property(lambda self: self._crowd.dice(self.rows))

    @property
    def equity(self):
        """Coin the account would hold if its position were closed at the mark."""
        held, now = self._x.accounts[self.rows], self._x.now[0]
        total = held.wallet + held.margin + held.cost + held.contracts * now.mark_units - owed_by(held, now)
        return total * float(self._x.terms[0].unit)

    @property
    def leverage(self):
        """Notional over equity; inf where equity is used up."""
        value = abs(self.contracts * int(self._x.now[0].mark_units)) * float(self._x.terms[0].unit)
        equity = self.equity
        return np.divide(value, equity, out=np.full(len(value), np.inf), where=equity > 0)

    def _messages(self, mask, action, **fields):
        """One message for each account where `mask` is true; fields are scalars or one value an account."""
        mask = np.broadcast_to(mask, self.rows.shape)
        messages = records(int(mask.sum()), MESSAGE)
        messages.account, messages.action, messages.trigger = self.rows[mask], action, -1
        for name, value in fields.items():
            messages[name] = np.broadcast_to(value, self.rows.shape)[mask]
        return messages

    def _ticks(self, price):
        return np.clip(np.rint(np.asarray(price) / float(self._x.terms[0].tick)), 1, self._x.terms[0].ticks - 1)

    def at_market(self, mask, contracts, reduce_only=False):
        """Buy (positive) or sell `contracts` now, at what the book offers."""
        tick = np.where(np.asarray(contracts) > 0, int(self._x.terms[0].ticks) - 1, 1)
        return self._messages(mask, SUBMIT, amount=contracts, tick=tick, tif=IOC, reduce_only=reduce_only)

    def limit(self, mask, contracts, price, lifetime_s=0.0, post=False, reduce_only=False):
        """Buy (positive) or sell at `price` or better; what is left rests for `lifetime_s`, 0 until cancelled."""
        lifetime = np.ceil(lifetime_s / float(self._x.terms[0].step_s))
        tif = POST if post else GTC
        return self._messages(
            mask, SUBMIT, amount=contracts, tick=self._ticks(price), tif=tif, lifetime=lifetime, reduce_only=reduce_only
        )

    def stop(self, mask, contracts, price, source=MARK):
        """Close `contracts` (buys positive) at market once the mark (index, last) reaches `price`."""
        tick = self._ticks(price)
        reference = {MARK: self._x.now[0].mark, LAST: self._x.now[0].last * self._x.terms[0].tick}
        now = reference.get(source, self._x.now[0].index)
        limit = np.where(np.asarray(contracts) > 0, int(self._x.terms[0].ticks) - 1, 1)
        trigger = 2 * source + (np.asarray(price) < now)
        return self._messages(mask, SUBMIT, amount=contracts, tick=tick, limit=limit, trigger=trigger, reduce_only=True)

    def cancel(self, mask):
        """Cancel all own orders, stops included."""
        return self._messages(mask, CANCEL_ALL)

    def quote(self, mask, bid, ask, contracts):
        """Replace all own orders by a bid and an ask for `contracts` each, as a maker only."""
        parts = [
            self.cancel(mask),
            self.limit(mask, contracts, bid, post=True),
            self.limit(mask, -np.asarray(contracts), ask, post=True),
        ]
        return np.concatenate(parts)

    def deposit(self, mask, coin):
        """Bring `coin` in from outside; negative takes it out."""
        return self._messages(mask, DEPOSIT, amount=np.rint(np.asarray(coin) / float(self._x.terms[0].unit)))
