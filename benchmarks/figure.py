"""The figure of the table: peers beside us, and how costs grow."""

import numpy as np

KINDS = {"accounts": "us a step", "steps": "us a step", "flow": "ns a message", "prices": "ns a message",
         "cascade": "ns an account taken over"}  # fmt: skip


def draw(path, lines):
    """Write the figure; what was not measured is left out."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12.0, 4.4), width_ratios=(1.0, 1.0), layout="constrained")
    bars(left, [line for line in lines if line.part == "peers" and line.unit == "M/s"])
    curves(right, [line for line in lines if line.part == "scaling"])
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def bars(axes, lines):
    """A bar for each rate, ours dark."""
    rates = [1e6 * line.value for line in lines]
    ours = [line.what.startswith("ours") for line in lines]
    places = np.arange(len(lines))[::-1]
    axes.barh(places, rates, color=["#1f4e79" if mine else "#b8c4d0" for mine in ours], height=0.7)
    axes.set_yticks(places, [line.what.replace(" a second", "") for line in lines], fontsize=8)
    for place, rate in zip(places, rates, strict=True):
        axes.text(rate * 1.15, place, said(rate), va="center", fontsize=8)
    axes.set_xscale("log")
    axes.set_xlim(1e3, 1e8)
    axes.set_xlabel("a second of CPU time, one core", fontsize=9)
    axes.set_title("The same work, in one run", loc="left", fontsize=10)
    plain(axes)


def said(rate):
    """A rate in short."""
    return f"{1e-6 * rate:.3g} M" if rate >= 1e6 else f"{1e-3 * rate:.3g} k"


def curves(axes, lines):
    """A curve for each thing that grows, relative to its first point, with its name at its end."""
    ends = []
    for kind, unit in KINDS.items():
        found = [line for line in lines if line.what.startswith(f"{kind}:")]
        if not found:
            continue
        sizes = np.array([float("".join(c for c in line.what if c.isdigit())) for line in found])
        values = np.array([line.value for line in found])
        (curve,) = axes.plot(sizes / sizes[0], values / values[0], "o-", ms=4)
        ends.append((values[-1] / values[0], sizes[-1] / sizes[0], curve.get_color(),
                     f"{kind}, from {values[0]:,.0f} {unit}\nat {sizes[0]:,.0f}"))  # fmt: skip
    axes.set_xscale("log")
    axes.axhline(1.0, color="#999999", lw=0.8, zorder=0)
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("size over the smallest", fontsize=9)
    axes.set_title("Cost over that of the smallest", loc="left", fontsize=10)
    plain(axes)
    name_ends(axes, ends)


def name_ends(axes, ends):
    """Write right of the axes what each curve is, a thin line from its end: (height, place, colour, words) of each."""
    apart, at = 0.11 * axes.get_ylim()[1], -np.inf
    for height, place, colour, words in sorted(ends):
        at = max(height, at + apart)
        axes.annotate(
            words, (place, height), (1.03, at), textcoords=axes.get_yaxis_transform(), va="center", fontsize=8,
            color=colour, arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.5}, annotation_clip=False,
        )  # fmt: skip


def plain(axes):
    """No frame where nothing is read off."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
