"""What figures are drawn with: the clock of a run, curves thinned to what can be seen, titles, units and legends.

Long runs are thinned for drawing so that no high, low or gap of a pixel is lost.
"""

from datetime import UTC, datetime

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from analysis.figures.style import GREY

DRAWN_BINS = 800
MARKED_BINS = 240
NARROW = 5.0  # inches
STEPS = [1, 2, 2.5, 5, 10]
CLOCK = (None, ["%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%S.%f"], None, ["", "%Y", "%b", "%d %b", "%H:%M", "%H:%M"])


def finish(run, ax, title, unit, least=0.0):
    """Give a panel its title, unit, legend and clock, and an axis that spans `least` or more."""
    ax.set_title(title, loc="left")
    ax.set_ylabel(unit)
    if not len(run.series):
        ax.text(0.5, 0.5, "the run has no rows", ha="center", va="center", color=GREY, transform=ax.transAxes)
    low, high = ax.get_ylim()
    if high - low < least:
        ax.set_ylim(low and -least / 2, least / 2)
    legend(ax)
    ax.yaxis.set_major_locator(MaxNLocator(6 if title == "Price" else 4, steps=STEPS))
    ax.yaxis.set_major_formatter(lambda number, _: short(number))
    locator = AutoDateLocator(minticks=3, maxticks=5) if narrow(ax) else AutoDateLocator(minticks=5, maxticks=10)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, *CLOCK, show_offset=False))
    ax.set_xlabel("UTC", loc="right")
    ends = clock(run, np.array([0.0, run["time_s"][-1] if len(run.series) else 3600.0]))
    ax.set_xlim(*ends)
    return ax


def named(ax, title, unit, along):
    """Give a panel that has no clock its title and the units of its axes."""
    ax.set_title(title, loc="left")
    ax.set_ylabel(unit)
    ax.set_xlabel(along)
    return ax


def logarithmic(ax, axis):
    """Make the "x" or "y" axis of a panel logarithmic, its numbers as people write them."""
    getattr(ax, f"set_{axis}scale")("log")
    side = getattr(ax, f"{axis}axis")
    side.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    side.set_major_formatter(lambda number, _: short(number))
    side.set_minor_formatter(NullFormatter())


def nothing(ax, words, title, unit, along):
    """Say on the panel why there is nothing to draw."""
    ax.text(0.5, 0.5, words, ha="center", va="center", color=GREY, transform=ax.transAxes, wrap=True)
    ax.set_xticks([])
    ax.set_yticks([])
    return named(ax, title, unit, along)


def narrow(ax):
    """Whether a panel's figure is about as wide as a column, or less."""
    return ax.get_figure(root=True).get_size_inches()[0] < NARROW


def legend(ax):
    """Put the legend of a panel above it on the right, in one row; below it where the figure is as narrow as a
    column."""
    handles, labels = ax.get_legend_handles_labels()
    place = {"loc": "lower right", "bbox_to_anchor": (1, 1.02), "ncols": max(1, len(labels))}
    if narrow(ax):
        place = {"loc": "upper left", "bbox_to_anchor": (0, -0.2), "ncols": 2}
    drawn = ax.legend(handles, labels, **place)
    for handle in drawn.legend_handles:
        if hasattr(handle, "set_sizes"):
            handle.set_sizes([20.0])


def short(number):
    """Return a number as a label: 1.2 bn, 840 M, 8,000, -0.25."""
    size, unit = next((each for each in ((1e9, " bn"), (1e6, " M")) if abs(number) >= each[0]), (1.0, ""))
    return f"{number / size + 0.0:,.{3 if unit else 6}g}{unit}".replace("-", "\N{MINUS SIGN}")


def zero(ax):
    """Draw the line of zero."""
    ax.axhline(0, color="#909090", linewidth=0.6, zorder=1)
    return ax


def draw(run, ax, values, **style):
    """Draw one column of the series."""
    rows = thin(values)
    ax.plot(clock(run, run["time_s"])[rows], values[rows], **style)


def start(run):
    """When the run started, UTC, without a zone."""
    at = datetime.fromisoformat(run.about.get("start", "1970-01-01"))
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def clock(run, time_s):
    """Seconds since the start of the run as datetime64, UTC."""
    return np.datetime64(start(run), "ms") + np.rint(1e3 * time_s).astype("timedelta64[ms]")


def thin(values, bins=DRAWN_BINS):
    """Rows that draw the same curve: of each of `bins` stretches the first, lowest, highest, last and a missing one."""
    if len(values) <= 4 * bins:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), bins + 1).astype(int)
    rows = []
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        part = values[low:high]
        gaps = np.isnan(part)
        rows += [low, high - 1, low + gaps.argmax()]
        if not gaps.all():
            rows += [low + np.nanargmin(part), low + np.nanargmax(part)]
    return np.unique(rows)


def binned(run, events, bins=MARKED_BINS):
    """(time_s, mark, contracts) of events gathered into equal stretches of the run: mean, mean, sum."""
    span_s = run["time_s"][-1] if len(run.series) else 1.0
    number = np.minimum((events["time_s"] / span_s * bins).astype(int), bins - 1)
    used, where = np.unique(number, return_inverse=True)
    count = np.bincount(where, minlength=len(used))
    height = events["mark"] if "mark" in events.dtype.names else np.zeros(len(events))
    means = (np.bincount(where, column) / count for column in (events["time_s"], height))
    return *means, np.bincount(where, np.abs(events["contracts"]))
