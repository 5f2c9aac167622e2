"""Messages that wait, unseen, for the next auction."""

import numpy as np

from sim.exchange import grown, records
from sim.orders import ADD_MARGIN, DEPOSIT, MESSAGE, REPLACE, SUBMIT


class Sealed:
    """What was sent since the last auction; coin that is moved does not wait.

    An order that its owner followed with others, in a later step before the same auction, is dropped: nobody sees what
    he has sent until it is auctioned, and would send it twice. Cancels and stops stay.

    steps:    from one auction to the next
    held:     (count,) MESSAGE that wait, in the order sent; sent: (count,) the step in which each was
    """

    def __init__(self, steps):
        self.steps, self.count = steps, 0
        self.held, self.sent = records(256, MESSAGE), np.zeros(256, np.int64)

    def pass_by(self, messages, count, clock, accounts):
        """(messages, count) to handle in step `clock`, of the `count` sent in it and those that waited.

        accounts: how many there are
        """
        sent = messages[:count]
        if clock % self.steps == 0:
            self.add(sent, clock)
            chosen = self.held[: self.count][~self.overtaken(accounts)]
            self.count = 0
            return chosen, len(chosen)
        moves_coin = (sent["action"] == DEPOSIT) | (sent["action"] == ADD_MARGIN)
        self.add(sent[~moves_coin], clock)
        return sent[moves_coin], int(moves_coin.sum())

    def add(self, messages, clock):
        """Let messages wait."""
        end = self.count + len(messages)
        if end > len(self.held):
            self.held, self.sent = grown(self.held, 2 * end), grown(self.sent, 2 * end)
        self.held[self.count : end], self.sent[self.count : end] = messages, clock
        self.count = end

    def overtaken(self, accounts):
        """(count,) whether a message is an order whose owner sent others in a later step."""
        held, sent = self.held[: self.count], self.sent[: self.count]
        orders = ((held.action == SUBMIT) & (held.trigger < 0)) | (held.action == REPLACE)
        latest = np.zeros(accounts, np.int64)
        latest[held.account[orders]] = sent[orders]  # steps rise: the last one stays
        return orders & (sent < latest[held.account])
