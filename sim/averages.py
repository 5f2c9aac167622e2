"""Averages that remember: of a window of samples, exponential ones, and time-weighted ones.

Each is brought up to date with `add` and read with `mean`; a sample that is nan is missing. The functions drive one
over a list.
"""

import math
from collections import deque


class Window:
    """The latest `most` samples, nan for a missing one, and the mean of the others."""

    def __init__(self, most):
        self.samples, self.times, self.next_s = deque(maxlen=most), deque(maxlen=most), -math.inf
        self.total, self.known, self.added = 0.0, 0, 0

    def add(self, sample, time_s=0.0):
        """Let the oldest go, if there are too many, and the newest in."""
        if len(self.samples) == self.samples.maxlen:
            self.drop()
        self.samples.append(sample)
        self.times.append(time_s)
        self.count(sample, 1)
        self.added += 1
        if self.added % self.samples.maxlen == 0:  # so that rounding never adds up for longer than a window
            self.total = math.fsum(each for each in self.samples if each == each)

    def drop(self):
        """Let the oldest go."""
        self.times.popleft()
        self.count(self.samples.popleft(), -1)

    def expire(self, time_s):
        """Let all go that came in at `time_s` or before, where they are further apart than `most` allows for."""
        while self.times and self.times[0] <= time_s:
            self.drop()

    def count(self, sample, sign):
        """Add a sample to the sum, or take it away."""
        if sample == sample:
            self.known += sign
            self.total = self.total + sign * sample if self.known else 0.0

    def mean(self):
        """nan without samples."""
        return self.total / self.known if self.known else math.nan


class Smoothed:
    """A mean to which each new sample moves by `weight`, the first being the first mean."""

    def __init__(self, weight):
        self.keeps, self.value, self.at_s = 1.0 - weight, math.nan, -math.inf

    def add(self, sample, time_s, every_s):
        """Let a sample in, unless it is nan; it counts for every `every_s` since the last one."""
        if sample == sample:
            fade = self.keeps ** ((time_s - self.at_s) / every_s) if self.value == self.value else 0.0
            self.value, self.at_s = sample + fade * (self.value - sample if fade else 0.0), time_s

    def mean(self):
        """0 without samples."""
        return self.value if self.value == self.value else 0.0


class Fading:
    """A mean whose samples count for the time they stand for and fade: sum x t e^(-age/T) / sum t e^(-age/T).

    It is unbiased from the first sample on. Source: Hyperliquid, robust price indices.
    """

    def __init__(self, time_constant_s):
        self.time_constant_s, self.waited_s = time_constant_s, 0.0
        self.total = self.weight = 0.0

    def add(self, sample, lasting_s):
        """Let `lasting_s` pass and a sample in; it stands for all the time since the last one that was not nan."""
        self.waited_s += lasting_s
        if sample == sample:
            fade = math.exp(-self.waited_s / self.time_constant_s)
            self.total = self.total * fade + sample * self.waited_s
            self.weight = self.weight * fade + self.waited_s
            self.waited_s = 0.0

    def mean(self):
        """nan without samples."""
        return self.total / self.weight if self.weight else math.nan


class TimeWeighted:
    """The mean over the last `window_s` of a price that holds until the next; over as much as there is at first.

    Source: Perpetual Protocol v1, Amm, which keeps the reserves whenever they have changed.
    """

    def __init__(self, window_s):
        self.window_s, self.points = window_s, deque()  # (time_s, price, integral up to then)

    def add(self, price, time_s):
        """Let a price hold from `time_s` on; one of the same time replaces the last."""
        if not price == price or (self.points and price == self.points[-1][1]):
            return
        integral = self.integral(time_s) if self.points else 0.0
        if self.points and self.points[-1][0] == time_s:
            self.points.pop()
        self.points.append((time_s, price, integral))

    def integral(self, time_s, point=-1):
        """Price times seconds up to `time_s`, with the price of a point from that on."""
        start_s, price, before = self.points[point]
        return before + price * (time_s - start_s)

    def mean(self, time_s):
        """nan without samples."""
        if not self.points:
            return math.nan
        base_s = time_s - self.window_s
        while len(self.points) > 1 and self.points[1][0] <= base_s:
            self.points.popleft()
        first_s = max(base_s, self.points[0][0])
        if len(self.points) == 1 or time_s == first_s:
            return self.points[-1][1]
        return (self.integral(time_s) - self.integral(first_s, 0)) / (time_s - first_s)


def moving_mean(samples, most):
    """Mean of the latest `most` of the samples, those that are nan or None left out; nan if all are."""
    window = Window(most)
    for sample in samples:
        window.add(math.nan if sample is None else sample)
    return window.mean()


def fading_mean(samples, time_constant_s):
    """`Fading` over samples [seconds since the one before, value]."""
    mean = Fading(time_constant_s)
    for lasting_s, sample in samples:
        mean.add(sample, lasting_s)
    return mean.mean()


def smoothed_mean(samples, weight):
    """`Smoothed` over equally spaced samples."""
    mean = Smoothed(weight)
    for number, sample in enumerate(samples):
        mean.add(sample, float(number), 1.0)
    return mean.mean()


def time_weighted_mean(samples, window_s, time_s):
    """Mean at `time_s` over the last `window_s` of samples [time_s, price], each holding until the next."""
    mean = TimeWeighted(window_s)
    for at_s, price in samples:
        mean.add(price, at_s)
    return mean.mean(time_s)
