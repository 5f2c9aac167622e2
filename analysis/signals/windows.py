"""A signal by circumstance: in the named days on which markets broke, and by regime."""

from typing import NamedTuple

import numpy as np
import pandas

from analysis.signals.evidence import hit_rate, information_coefficient

LOOKED_BACK = 20
"""Periods before, of which volatility and direction are those of a regime."""


class Window(NamedTuple):
    """Days with a name, from the first to before the last, dates of UTC, and what happened."""

    first: str
    last: str
    story: str


STRESS = {
    "June 2019": Window("2019-06-26", "2019-06-28", "a rise to 13,920 USD and a fall of 16 % within an hour"),
    "March 2020": Window("2020-03-12", "2020-03-14", "XBTUSD from 7,939 to 3,596 USD, funding at its cap"),
    "May 2020": Window("2020-05-10", "2020-05-11", "a fall of 10 % within an hour, before the halving"),
    "January 2021": Window("2021-01-10", "2021-01-12", "from 40,291 to 30,377 USD"),
    "February 2021": Window("2021-02-22", "2021-02-24", "from 57,542 to 44,813 USD"),
    "May 2022": Window("2022-05-09", "2022-05-13", "Terra: from 34,013 to 25,302 USD"),
    "June 2022": Window("2022-06-13", "2022-06-19", "Celsius: from 26,530 to 17,568 USD"),
    "August 2024": Window("2024-08-05", "2024-08-06", "the yen's carry trade: spot at 49,000 USD"),
}
"""Days of bitcoin on which leverage came off at once."""


def in_windows(times, signal, returns, net=None, windows=STRESS):
    """A frame with a row for each window that has periods of the record, and one, "all of them": window, periods, ic
    (rank information coefficient), t, hits (share of right signs), move_percent (sum of the returns), and gain_percent
    (sum of `net`, returns after costs, if given).

    times: (n,) datetime64, UTC, of when each signal was known; windows: {name: Window}
    """
    times = np.asarray(times, "datetime64[s]")
    if times.shape != np.shape(signal):
        raise ValueError(f"times and signal must be as many (got {times.shape} and {np.shape(signal)}); align them")
    spans = {name: (times >= np.datetime64(each.first)) & (times < np.datetime64(each.last))
             for name, each in windows.items()}  # fmt: skip
    spans = {name: there for name, there in spans.items() if there.any()}
    if spans:
        spans["all of them"] = np.any(list(spans.values()), axis=0)
    return told(spans, signal, returns, net, "window")


def by_regime(signal, returns, net=None, funding=None):
    """The same by regime, all of which are known when the signal is: thirds of the volatility of the last 20 periods,
    whether those rose or fell together, and, with funding, whether the last rate other than 0 was paid by longs or by
    shorts. The first 20 periods are in none."""
    returns = np.asarray(returns, float)
    squares, sums = trailing(np.nan_to_num(returns) ** 2), trailing(np.nan_to_num(returns))
    low, high = np.nanquantile(squares, [1 / 3, 2 / 3])
    spans = {
        "calm": squares <= low, "usual": (squares > low) & (squares <= high), "wild": squares > high,
        "after a rise": sums > 0.0, "after a fall": sums < 0.0,
    }  # fmt: skip
    if funding is not None:
        rates = pandas.Series(np.asarray(funding, float)).replace(0.0, np.nan).shift(1).ffill().to_numpy()
        spans |= {"longs paid": rates > 0.0, "shorts paid": rates < 0.0}
    return told(spans, signal, returns, net, "regime")


def trailing(values):
    """(n,) sums of the LOOKED_BACK values before each; nan for the first ones."""
    sums = np.append(0.0, np.cumsum(values))
    found = np.full(len(values), np.nan)
    found[LOOKED_BACK:] = sums[LOOKED_BACK:-1] - sums[: -LOOKED_BACK - 1]
    return found


def told(spans, signal, returns, net, name):
    """The frame of {name: (n,) mask}."""
    signal, returns, rows = np.asarray(signal, float), np.asarray(returns, float), []
    for words, there in spans.items():
        ic = information_coefficient(signal[there], returns[there])
        gain = np.nan if net is None else 100.0 * float(np.nansum(np.asarray(net, float)[there]))
        move = 100.0 * float(np.nansum(returns[there]))
        rows.append(
            (words, int(there.sum()), ic.value, ic.t, hit_rate(signal[there], returns[there]).value, move, gain)
        )
    return pandas.DataFrame(rows, columns=[name, "periods", "ic", "t", "hits", "move_percent", "gain_percent"])
