"""How many messages an account may send: a venue's limit for each client, or the speed of a client's own line."""

import numpy as np


class RateLimit:
    """So many messages a second for each account, saved up for one second at most; what is beyond is refused.

    per_s:   (accounts,) of each, or a number for all
    refused: messages refused so far
    """

    def __init__(self, per_s, count):
        self.per_s = np.broadcast_to(np.asarray(per_s, float), count)
        self.most = np.maximum(self.per_s, 1.0)
        self.left, self.seen_s, self.refused = self.most.copy(), np.zeros(count), 0

    def admitted(self, accounts, now_s):
        """(messages,) whether each is let through: the first that an account sends, as many as it has left.

        accounts: (messages,) number of the sender within its crowd, in the order sent
        """
        senders, sent = np.unique(accounts, return_counts=True)
        saved = self.left[senders] + self.per_s[senders] * (now_s - self.seen_s[senders])
        self.left[senders], self.seen_s[senders] = np.minimum(saved, self.most[senders]), now_s
        order = np.argsort(accounts, kind="stable")
        earlier = np.empty(len(accounts), np.int64)
        earlier[order] = np.arange(len(accounts)) - np.repeat(np.cumsum(sent) - sent, sent)
        through = earlier < np.floor(self.left[accounts])
        self.left -= np.bincount(accounts[through], minlength=len(self.left))
        self.refused += int((~through).sum())
        return through
