"""Theory beside runs, always drawn alike: what a formula says is a line, what runs did are points with their errors."""

from dataclasses import dataclass, field

import numpy as np

from analysis.figures.drawing import logarithmic, named, nothing
from analysis.figures.style import LINES

MARKERS = "osD^vP"


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What a formula says over some argument, and what runs did there.

    title, along, unit: of the panel, its x axis and its y axis
    theory: {label: ((n,) x, (n,) y)}
    runs: {label: ((m,) x, (m,) y, (m,) standard errors)}; the label of the theory it stands beside, or one of its own
    shaded: (low, high) y between which theory lets runs be anywhere; () for none
    log: axes that are logarithmic, "x", "y" or "xy"
    """

    title: str
    along: str
    unit: str
    theory: dict = field(default_factory=dict)
    runs: dict = field(default_factory=dict)
    shaded: tuple = ()
    log: str = ""

    def gaps(self):
        """((points,) distances of runs from the theory of their label, in standard errors; [(label, x)] of each).

        Points without a standard error are left out.
        """
        found, places = [], []
        for label, points in self.runs.items():
            if label in self.theory:
                for x, y, error in zip(*points, strict=True):
                    if error > 0.0:
                        found.append((y - np.interp(x, *self.theory[label])) / error)
                        places.append((label, x))
        return np.array(found), places


def against(beside, ax):
    """A Beside: lines are theory, points are runs, their bars two standard errors either way."""
    title, unit, along = beside.title, beside.unit, beside.along
    if not any(len(x) for x, _, _ in beside.runs.values()):
        return nothing(ax, "no runs", title, unit, along)
    looks = dict(zip(dict.fromkeys([*beside.theory, *beside.runs]), LINES * 9, strict=False))
    if beside.shaded:
        ax.axhspan(*beside.shaded, color="#ececec", zorder=0, label="nothing to be earned")
    for label, (x, y) in beside.theory.items():
        ax.plot(x, y, color=looks[label][0], linestyle=looks[label][1], linewidth=1.2, zorder=2)
    for number, (label, (x, y, errors)) in enumerate(beside.runs.items()):
        look = {"fmt": MARKERS[number % len(MARKERS)], "color": looks[label][0], "markersize": 4.0, "zorder": 3}
        look |= {"elinewidth": 0.9, "capsize": 1.8, "markeredgecolor": "white", "markeredgewidth": 0.5}
        ax.errorbar(x, y, yerr=2.0 * np.asarray(errors), linestyle="none", **look)
    told(beside, looks, ax)
    for axis in beside.log:
        logarithmic(ax, axis)
    return named(ax, title, unit, along)


def told(beside, looks, ax):
    """Explain each label once, by its line, its point or both."""
    markers = {label: MARKERS[number % len(MARKERS)] for number, label in enumerate(beside.runs)}
    for label, (colour, dash) in looks.items():
        look = {"color": colour, "linestyle": dash if label in beside.theory else "none"}
        look |= {"marker": markers[label], "markeredgecolor": "white"} if label in markers else {}
        ax.plot([], [], label=label, linewidth=1.2, markersize=5.0, **look)
    drawn = ax.legend(loc="best", fontsize=6.5, title="line: theory; points: runs, 2 s.e.", title_fontsize=6.5)
    drawn.set_alignment("left")
