"""A cascade as it happens: price and forced closes on the left, the book and the liquidation prices on the right."""

import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from analysis.figures.cascade import episode
from analysis.figures.drawing import clock, finish, named, nothing, short
from analysis.figures.style import BLACK, BLUE, ORANGE, PAGE, PURPLE, RED, SKY, styled

FRAMES, FRAMES_A_SECOND, DPI = 72, 10, 90
WITHOUT = "a cascade is animated where the run has maps and liquidations:\nrun it with maps=Maps(every_s=10)"
LARGEST_MARK = 80.0
SIDES = {"liquidation_map": ("longs_contracts", "shorts_contracts"), "book_map": ("bids_contracts", "asks_contracts")}
COLOURS = {"liquidation_map": (RED, PURPLE), "book_map": (BLUE, ORANGE)}


class Scene:
    """What is drawn of one run, and brought up to each moment of it."""

    def __init__(self, run, left, right):
        self.run, window = run, episode(run)
        maps = np.unique(run.liquidation_map["time_s"])
        self.moments = maps[(maps >= window[0]) & (maps <= window[1])] if window else maps[:0]
        self.moments = self.moments[:: max(1, len(self.moments) // FRAMES)]
        if not len(self.moments):
            nothing(left, WITHOUT, "Cascade", "USD", "UTC")
            nothing(right, "", "Who stands where", "USD", "contracts a bin")
            return
        self.prices(left, window)
        self.standing(right, left.get_ylim())

    def prices(self, ax, window):
        """Draw what will be seen of prices and forced closes, the future under a cover."""
        run = self.run
        there = (run["time_s"] >= window[0]) & (run["time_s"] <= window[1])
        at = clock(run, run["time_s"][there])
        for column, colour in (("last", SKY), ("index", BLACK), ("mark", BLUE)):
            ax.plot(at, run[column][there], color=colour, linewidth=0.9, label=column)
        self.lots = run.liquidations[(run.liquidations["time_s"] >= window[0]) & ~run.liquidations["again"]]
        self.lots = self.lots[self.lots["time_s"] <= window[1]]
        sizes = np.abs(self.lots["contracts"])
        areas = np.maximum(LARGEST_MARK * sizes / max(sizes.max(initial=0), 1), 2.0)
        self.dots = ax.scatter(
            clock(run, self.lots["time_s"]), self.lots["mark"], s=areas, color=RED, alpha=0.6, linewidths=0, zorder=3
        )
        finish(run, ax, "Price and forced closes", "USD")
        ax.set_xlim(*clock(run, np.array(window)))
        self.cover = ax.axvspan(*clock(run, np.array(window)), color="white", alpha=0.92, zorder=4, linewidth=0)
        self.told = ax.text(0.015, 0.03, "", transform=ax.transAxes, zorder=5)

    def standing(self, ax, limits):
        """Prepare the right panel, over the prices of the left one."""
        self.limits, self.shapes = limits, {}
        most = [max(self.amounts(table, columns).max(initial=0), 1) for table, columns in SIDES.items()]
        self.most = dict(zip(SIDES, most, strict=True))
        for table, columns in SIDES.items():
            for column, colour in zip(columns, COLOURS[table], strict=True):
                self.shapes[table, column] = PolyCollection([], facecolors=colour, alpha=0.85, linewidths=0)
                ax.add_collection(self.shapes[table, column])
        self.level = ax.axhline(limits[0], color=BLUE, linewidth=0.9)
        ax.axvline(0.0, color="#909090", linewidth=0.6)
        ax.set_ylim(*limits)
        ax.yaxis.set_major_formatter(lambda number, _: short(number))
        ax.set_xlim(-1.05, 1.05)
        ax.set_xticks([-0.5, 0.5], ["would be liquidated", "rests in the book"])
        words = f"contracts a bin, of at most {short(most[0])} and {short(most[1])}"
        named(ax, "Who stands where", "USD", words)

    def amounts(self, table, columns):
        """Contracts of each row of a map at the moments and prices shown, both sides together."""
        rows = getattr(self.run, table)
        there = np.isin(rows["time_s"], self.moments) & (rows["high"] > self.limits[0]) & (rows["low"] < self.limits[1])
        return sum((rows[each][there] for each in columns), np.zeros(there.sum(), np.int64))

    def bars(self, moment):
        """Draw the book to the right of the middle and liquidation prices to the left, each over its largest."""
        for (table, column), shape in self.shapes.items():
            rows = getattr(self.run, table)
            rows = rows[(rows["time_s"] == moment) & (rows[column] > 0)]
            long = (1.0 if table == "book_map" else -1.0) * rows[column] / self.most[table]
            zero = np.zeros(len(rows))
            corners = ((zero, rows["low"]), (long, rows["low"]), (long, rows["high"]), (zero, rows["high"]))
            shape.set_verts(np.stack([np.column_stack(each) for each in corners], axis=1))
        mark = self.run["mark"][np.searchsorted(self.run["time_s"], moment)]
        self.level.set_ydata([mark, mark])

    def show(self, number):
        """Bring the picture to moment `number`."""
        at = self.moments[number]
        left = self.told.axes
        now, end = clock(self.run, np.array([at]))[0], left.get_xlim()[1]
        self.cover.set_x(left.convert_xunits(now))
        self.cover.set_width(end - left.convert_xunits(now))
        done = self.lots["time_s"] <= at
        closed = short(float(np.abs(self.lots["contracts"][done]).sum()))
        self.told.set_text(f"{done.sum():,} forced closes, {closed} contracts")
        self.bars(at)
        return []


def cascade_animation(run):
    """A FuncAnimation of the largest episode of a run that has maps; keep a reference to it until it is saved."""
    with styled():
        figure = Figure(figsize=(PAGE, 3.2), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.6, 1.0))
        scene = Scene(run, left, right)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out once: a picture that moves should stand still
        frames = max(len(scene.moments), 1)
        return FuncAnimation(figure, scene.show if len(scene.moments) else lambda _: [], frames=frames, blit=False)


def save_animation(animation, path):
    """Write an animation as a GIF."""
    with styled():
        animation.save(path, writer=PillowWriter(fps=FRAMES_A_SECOND), dpi=DPI)
