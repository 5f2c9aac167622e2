"""The style sheet: colours that the colour-blind tell apart, and a copier too; widths of journals' columns.

Colours are Okabe and Ito's (jfly.uni-koeln.de/color, 2008). Where a figure has more curves than greys can be told
apart, `LINES` gives each a dash of its own as well.
"""

from contextlib import contextmanager

import matplotlib
from matplotlib.figure import Figure

BLACK, ORANGE, SKY, GREEN = "#000000", "#e69f00", "#56b4e9", "#009e73"
BLUE, RED, PURPLE, GREY = "#0072b2", "#d55e00", "#cc79a7", "#6b6b6b"
LINES = (
    (BLUE, "-"),
    (ORANGE, "-"),
    (BLACK, (0, (3, 1.5))),
    (RED, (0, (4, 1.2))),
    (GREEN, (0, (1.2, 1))),
    (PURPLE, (0, (6, 1.5, 1, 1.5))),
)
"""(colour, dash) of curves drawn together, in the order of their use: any two differ in grey or in dash."""
SHADES = "YlGnBu"
"""Colour map of amounts: light is little, even to the colour-blind and in print without colour."""
MM = 1.0 / 25.4
COLUMN, PAGE = 88.0 * MM, 180.0 * MM
"""Widths of one column and of a page, inches."""
DPI = 150  # of what is not a vector
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.labelsize": 7.5,
    "axes.labelcolor": GREY,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlepad": 4.0,
    "axes.edgecolor": "#b0b0b0",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.5,
    "lines.linewidth": 0.9,
    "lines.solid_joinstyle": "round",
    "xtick.color": "#b0b0b0",
    "ytick.color": "#b0b0b0",
    "xtick.labelcolor": GREY,
    "ytick.labelcolor": GREY,
    "xtick.major.size": 2.5,
    "ytick.major.size": 0.0,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 1.3,
    "legend.handletextpad": 0.5,
    "legend.columnspacing": 1.4,
    "legend.borderaxespad": 0.0,
    "legend.borderpad": 0.1,
    "svg.hashsalt": "perpsim",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}


@contextmanager
def styled():
    """Within it matplotlib draws in the house's style, whatever was set before, which comes back afterwards."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


def drawn(panels, width=PAGE, height=2.6, columns=1, ratios=None):
    """Return a Figure of panels side by side, row after row, each a function of an axes.

    width, height: inches, the height that of all rows; ratios: of the heights of the rows
    """
    rows = -(-len(panels) // columns)
    with styled():
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.get_layout_engine().set(h_pad=0.04, w_pad=0.06, hspace=0.03, wspace=0.03)
        axes = figure.subplots(rows, columns, squeeze=False, height_ratios=ratios)
        for panel, ax in zip(panels, axes.flat, strict=False):
            panel(ax)
        for ax in axes.flat[len(panels) :]:
            ax.axis("off")
    return figure


def save(figure, path):
    """Write a figure; the same figure is the same bytes. The ending of `path` says how: svg and pdf are vectors."""
    ending = str(path).rpartition(".")[2]
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}.get(ending)
    with styled():
        figure.savefig(path, dpi=DPI, metadata=metadata)
