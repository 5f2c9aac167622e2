"""How the impact of one large order grows with its size: the exponent that many markets share, and this one's.

Published: impact grows as the square root of the order, 0.489 +- 0.0015 on the Tokyo exchange (Sato and Kanazawa), near
0.5 over four decades of bitcoin (Donier and Bonart, arXiv 1412.4503). That is a law of orders worked over time; what a
book costs at once is convex, and calibrates nothing here.
"""

import numpy as np

from analysis.papers.row import Row
from scenarios.whale_exit import whale_exit

PUBLISHED = 0.5
SMOOTHED_S = 300.0


def peak_impact(seed, contracts, **market):
    """Return how far below its twin's without a whale the mid comes, a fraction: the lowest of five-minute means.

    The twin's whale holds, and sells, one contract. market: other keywords of `whale_exit`
    """
    ours, twin = (whale_exit(seed=seed, contracts=each, **market).run() for each in (contracts, 1))
    window = max(1, round(SMOOTHED_S / float(ours["time_s"][0])))
    apart = np.log(ours["mid"] / twin["mid"])
    return -float(np.convolve(apart, np.ones(window) / window, "valid").min())


def exponent(seeds=range(4), sizes=(5_000_000, 10_000_000, 20_000_000, 40_000_000), **market):
    """Return (mean, standard error) over seeds of the slope of log impact in log size."""
    if len(seeds) < 2 or len(sizes) < 2:
        raise ValueError(f"an exponent must be over two seeds and sizes or more (got {seeds}, {sizes}); add some")
    found = np.log([[peak_impact(seed, size, **market) for size in sizes] for seed in seeds])
    slopes = np.polyfit(np.log(sizes), found.T, 1)[0]
    return float(slopes.mean()), float(slopes.std(ddof=1) / np.sqrt(len(slopes)))


def table(seeds=range(12), **market):
    """[Row] of the exponent."""
    return [Row("exponent of the impact of a metaorder", PUBLISHED, *exponent(seeds, **market), tolerance=0.05)]
