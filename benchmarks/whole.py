"""The whole market: microseconds a step, how much faster than real time, and where the time goes."""

import time
from collections import defaultdict

from benchmarks import timing
from benchmarks.markets import five_crowds
from benchmarks.timing import Line

WARM_STEPS, STEPS = 300, 3_600
SLEEPERS = 1_000_000
PARTS = "observe set_mark decide liquidate match settle record".split()


def warm(**options):
    """A frozen market that has found its pace."""
    market = five_crowds(**options)
    for _ in range(WARM_STEPS):
        market.step()
    return market


def timed(market):
    """(CPU seconds, messages handled) of an hour of the market."""
    before = int(market.exchange.now[0].messages)
    start = time.process_time()
    for _ in range(STEPS):
        market.step()
    return time.process_time() - start, int(market.exchange.now[0].messages) - before


def repeated(**options):
    """(CPU seconds a step, spread, messages a second of market time): each repetition is the same hour again."""
    messages = []

    def work():
        seconds, count = timed(warm(**options))
        messages.append(count)
        return seconds

    seconds, spread = timing.best(work)
    assert len(set(messages)) == 1, "the same seed must send the same messages"
    return seconds / STEPS, spread, messages[0] / STEPS


def measure(bare_ns):
    """Lines of the table, and the profile: part -> microseconds a step."""
    step_s, spread, messages = repeated()
    to_bare = 1e9 * step_s / messages / bare_ns
    lines = [
        Line("market", "microseconds a step", 1e6 * step_s, "us", spread, 200.0, to_bare=to_bare),
        Line("market", "times faster than real time", 1.0 / step_s, "x", spread, 5_000.0, True),
        Line("market", "messages a second of market time", messages, "/s", target=100.0, at_least=True),
        Line("market", "messages a second of CPU time, in millions", 1e-6 * messages / step_s, "M/s", spread),
    ]
    profile = min((profiled() for _ in range(3)), key=lambda parts: sum(parts.values()))
    scale = 1e6 * step_s / sum(profile.values())  # what the clocks themselves cost is taken off evenly
    profile = {part: scale * us for part, us in profile.items()}
    return lines, profile


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
    return [
        Line("sleepers", f"microseconds a step beside {count:,} sleepers", 1e6 * beside, "us", spread),
        Line("sleepers", "times as slow as without them", beside / step_s, "x", spread, 1.5),
    ]
