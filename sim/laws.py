"""What must hold after every step, as sentences. `Market(check=True)` asserts them; every test does."""

import numpy as np

from sim.ledger import ENGINE, owed_by


def check(x):
    """Assert every law of one exchange; costs time in proportion to its accounts and orders."""
    coin_is_conserved(x)
    longs_equal_shorts(x)
    the_book_never_crosses(x)
    lots_are_the_engine(x)
    orders_are_reserved(x)


def check_all(market):
    """Assert the laws of every exchange of a market."""
    for each in market.markets:
        check(each.exchange)


def coin_is_conserved(x):
    """Wallets, margins and costs add up to deposits and the funding not yet booked, to the last unit."""
    accounts, now = x.accounts, x.now[0]
    held = int(accounts.wallet.sum()) + int(accounts.margin.sum()) + int(accounts.cost.sum())
    owed = int(owed_by(accounts, now).sum())
    brought = int(accounts.deposits.sum())
    assert held == brought + owed, f"coin must be conserved (step {now.step}: {held} held, {brought + owed} due)"


def longs_equal_shorts(x):
    """Contracts add up to zero, and to the open interest on each side."""
    now, contracts = x.now[0], x.accounts.contracts
    assert contracts.sum() == 0, f"longs must equal shorts (step {now.step}: {contracts.sum()} too many)"
    lots = x.lots.open[: now.lots]
    longs = contracts[contracts > 0].sum() - max(contracts[ENGINE], 0) + lots[lots > 0].sum()
    assert longs == now.open_interest, f"open interest must be the longs' (got {now.open_interest}, not {longs})"


def the_book_never_crosses(x):
    """The best bid is below the best ask, and both are the ends of their sides."""
    now, terms = x.now[0], x.terms[0]
    if terms.pooled:
        assert now.bid <= now.ask, f"a pool must not quote bids above asks (step {now.step}: {now.bid}, {now.ask})"
        assert not (x.levels.head >= 0).any(), "nothing must rest where there is no book"
        return
    assert now.bid < now.ask, f"the book must not cross (step {now.step}: bid {now.bid}, ask {now.ask})"
    occupied = np.flatnonzero(x.levels.head >= 0)
    bids, asks = occupied[occupied <= now.bid], occupied[occupied > now.bid]
    assert now.bid == (bids[-1] if len(bids) else -1), "the best bid must be the highest resting buy"
    assert now.ask == (asks[0] if len(asks) else terms.ticks), "the best ask must be the lowest resting sell"


def lots_are_the_engine(x):
    """The engine's contracts, cost and margin are those of its open lots, and it keeps no wallet."""
    engine, lots = x.accounts[ENGINE], x.lots[: x.now[0].lots]
    for name in ("contracts", "cost", "margin"):
        of_lots = lots["open" if name == "contracts" else f"open_{name}"].sum()
        assert engine[name] == of_lots, f"the engine's {name} must be its lots' (got {engine[name]}, not {of_lots})"
    assert engine.wallet == 0, f"the engine must keep no wallet (got {engine.wallet})"


def orders_are_reserved(x):
    """What each account's orders may open is what its row of `reserved` says."""
    live = x.orders[(x.orders.serial > 0) & ~x.orders.reduce_only & (x.orders.account != ENGINE)]
    tick = np.where(live.trigger < 0, live.tick, live.limit)
    value = np.abs(live.contracts * x.settlement[tick])
    for buys, names in ((True, ("buying", "buying_value")), (False, ("selling", "selling_value"))):
        side = (live.contracts > 0) == buys
        for name, amount in zip(names, (np.abs(live.contracts), value), strict=True):
            owed = np.zeros(len(x.accounts), np.int64)
            np.add.at(owed, live.account[side], amount[side])
            wrong = np.flatnonzero(owed != x.reserved[name])
            assert len(wrong) == 0, f"{name} of account {wrong[:1]} must be that of its orders"
