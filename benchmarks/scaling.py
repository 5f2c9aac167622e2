"""How costs grow: with accounts, order flow, steps done, the range of prices, and the size of a cascade."""

from dataclasses import replace

from benchmarks import book, takeover, timing
from benchmarks.flow import rounds
from benchmarks.markets import five_crowds
from benchmarks.timing import Line
from benchmarks.whole import timed, warm
from sim.contract import Inverse

ACCOUNTS = (1_000, 10_000, 100_000, 1_000_000)
PACES = (1.0, 10.0, 100.0)
STEPS_DONE = (300, 10_000, 40_000)
HIGHEST = (43_750.0, 175_000.0, 700_000.0)
CASCADES = (1_000, 10_000, 100_000)


def measure():
    """Lines of the table."""
    return [*of_accounts(), *of_flow(), *of_steps(), *of_prices(), *of_cascades()]


def windows(market, steps):
    """(CPU seconds a step, spread, messages a step) of windows of so many steps, one after the other."""
    messages = []

    def work():
        seconds, count = timed(market, steps)
        messages.append(count)
        return seconds

    seconds, spread = timing.best(work)
    return seconds / steps, spread, sum(messages) / len(messages) / steps


def of_accounts():
    """Microseconds a step of the five crowds with more accounts, and as many messages a second."""
    for accounts in ACCOUNTS:
        step_s, spread, _ = windows(warm(accounts=accounts, steps=100), 300)
        yield Line("scaling", f"accounts: {accounts:,}", 1e6 * step_s, "us/step", spread)


def of_flow():
    """Nanoseconds a message of the five crowds that look more often."""
    for pace in PACES:
        step_s, spread, messages = windows(warm(pace=pace, steps=100), 100)
        yield Line("scaling", f"flow: {messages:,.0f} messages a step", 1e9 * step_s / messages, "ns", spread)


def of_steps():
    """Microseconds a step of one run, after more and more of them."""
    market = five_crowds(hours=14.0)
    for done in STEPS_DONE:
        while market.clock < done:
            market.step()
        step_s, spread, _ = windows(market, 300)
        yield Line("scaling", f"steps: after {done:,}", 1e6 * step_s, "us/step", spread)


def of_prices(accounts=10_000):
    """Nanoseconds a message of the book when it can quote more prices."""
    for highest in HIGHEST:
        contract = replace(Inverse(), highest=highest)
        x = book.new_floor(accounts, contract=contract)
        seconds, spread, done = book.timed(x, [book.messages(each) for each in rounds(accounts, 5)])
        yield Line("scaling", f"prices: {len(x.levels):,} ticks", 1e9 * seconds / done, "ns", spread)


def of_cascades():
    """Nanoseconds an account taken over at one mark, of more and more."""
    for count in CASCADES:
        seconds, spread = takeover.timed(2 * count)
        yield Line("scaling", f"cascade: {count:,} taken over", 1e9 * seconds / count, "ns", spread)
