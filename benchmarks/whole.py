"""The whole market: microseconds a step, how much faster than real time, and where the time goes."""

import time
from collections import defaultdict

from benchmarks import timing
from benchmarks.markets import every_crowd, five_crowds
from benchmarks.timing import Line

WARM_STEPS, STEPS = 300, 3_600
SLEEPERS = 1_000_000
PARTS = "observe set_mark decide liquidate match settle record".split()


def warm(make=five_crowds, steps=WARM_STEPS, **options):
    """A frozen market that has found its pace."""
    market = make(**options)
    for _ in range(steps):
        market.step()
    return market


def timed(market, steps=STEPS):
    """(CPU seconds, messages handled) of an hour of the market, or of so many steps."""
    before = int(market.exchange.now[0].messages)
    start = time.process_time()
    for _ in range(steps):
        market.step()
    return time.process_time() - start, int(market.exchange.now[0].messages) - before


def repeated(make=five_crowds, warm_steps=WARM_STEPS, steps=STEPS, **options):
    """(CPU seconds a step, spread, messages a second of market time): each repetition is the same hour again."""
    messages = []

    def work():
        seconds, count = timed(warm(make, warm_steps, **options), steps)
        messages.append(count)
        return seconds

    seconds, spread = timing.best(work)
    assert len(set(messages)) == 1, "the same seed must send the same messages"
    return seconds / steps, spread, messages[0] / steps


def measure(bare_ns):
    """Lines of the table, and the profile: part -> microseconds a step."""
    step_s, spread, messages = repeated()
    to_bare = 1e9 * step_s / messages / bare_ns
    lines = [
        Line("market", "microseconds a step", 1e6 * step_s, "us", spread, 100.0, to_bare=to_bare),
        Line(
            "market", "times faster than real time", 1.0 / step_s, "x", spread, 10_000.0, True, key="real_time_factor"
        ),
        Line("market", "messages a second of market time", messages, "/s", target=100.0, at_least=True),
        Line("market", "messages a second of CPU time, in millions", 1e-6 * messages / step_s, "M/s", spread),
    ]
    lines += [*all_crowds(), *heavy(bare_ns)]
    profile = min((profiled() for _ in range(3)), key=lambda parts: sum(parts.values()))
    scale = 1e6 * step_s / sum(profile.values())  # what the clocks themselves cost is taken off evenly
    profile = {part: scale * us for part, us in profile.items()}
    return lines, profile


def all_crowds():
    """A line: the same with every crowd there is."""
    step_s, spread, _ = repeated(every_crowd)
    what = "the same with every other crowd"
    return [Line("market", what, 1.0 / step_s, "x", spread, 4_000.0, True, key="real_time_factor_every_crowd")]


def heavy(bare_ns, pace=100.0, warm_steps=60, steps=300):
    """Lines: the same market where everybody looks a hundred times as often, its orders resting for as long as ever, so
    that they pile up, and for as much shorter."""
    for what, key, lifetime_s in (
        ("heavy flow", "full_market_messages_per_s", 300.0),
        ("heavy flow of orders that live shorter", "full_market_messages_per_s_short_lived", 300.0 / pace),
    ):
        step_s, spread, messages = repeated(warm_steps=warm_steps, steps=steps, pace=pace, lifetime_s=lifetime_s)
        ns = 1e9 * step_s / messages
        yield Line(
            "market", f"{what}, {messages:,.0f} messages a step", 1e3 / ns, "M/s", spread, 3.0, True, ns / bare_ns, key
        )


def profiled():
    """Microseconds a step by part of the loop, crowds one by one; what is left of the step is `step itself`."""
    market = warm()
    taken = defaultdict(int)
    for part in PARTS:
        if part != "decide":
            setattr(market, part, clocked(getattr(market, part), part, taken))
    decide = clocked(market.decide, "decide", taken)
    market.decide = decide
    for crowd in market.crowds:
        crowd.write = clocked(crowd.write, f"decide: {crowd.name}", taken)
    start = time.perf_counter_ns()
    for _ in range(STEPS):
        market.step()
    total = time.perf_counter_ns() - start
    crowds = sum(ns for part, ns in taken.items() if part.startswith("decide: "))
    inside = sum(taken[part] for part in PARTS)
    taken["decide: who is awake"] = taken.pop("decide") - crowds
    taken["step itself"] = total - inside
    return {part: ns / STEPS / 1e3 for part, ns in taken.items()}


def clocked(function, part, taken):
    """`function` with its nanoseconds added to `taken[part]`."""

    def inner(*arguments):
        start = time.perf_counter_ns()
        try:
            return function(*arguments)
        finally:
            taken[part] += time.perf_counter_ns() - start

    return inner


def measure_sleepers(step_s=None, count=SLEEPERS):
    """Lines of the table: the same market beside `count` accounts that hold positions and never wake.

    step_s: CPU seconds a step without them, measured in the same run
    """
    if step_s is None:
        step_s, _, _ = repeated()
    beside, spread, _ = repeated(sleepers=count)
    key = "million_sleepers_time_ratio"
    return [
        Line("sleepers", f"microseconds a step beside {count:,} sleepers", 1e6 * beside, "us", spread),
        Line("sleepers", "times as slow as without them", beside / step_s, "x", spread, 1.1, key=key),
    ]
