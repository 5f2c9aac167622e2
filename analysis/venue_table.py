"""The venues' rules side by side, walked from the frozen dataclasses that `sim.venues` exports."""

import textwrap
from dataclasses import fields, is_dataclass

from analysis.calls import presets
from sim.spelling import unknown
from sim.venues import Venue

SECTIONS = {
    "venue": ("name",),
    "contract": ("contract",),
    "margin": (),  # what stands nowhere else
    "tiers": ("tiers",),
    "mark": ("mark",),
    "funding": ("funding",),
    "pool": ("pool",),
    "liquidation": ("liquidation", "unwind"),
    "loss allocation": ("loss", "draw_limit"),
}
"""Title of a part of the table -> the venue's fields in it."""

COLUMN = 24  # characters, at least
MOST_ROWS = 10  # of a table of tiers; the last one is always shown
TIERS = "up to: maintenance / initial - deducted"


def chosen(names=()):
    """Return {name: venue} of the presets called `names`, or of all; ValueError for an unknown one."""
    known = {name: each for name, each in presets().items() if isinstance(each, Venue)}
    for name in names:
        if name.upper() not in known:
            raise ValueError(unknown("venue", name, known))
    return {name.upper(): known[name.upper()] for name in names} if names else known


def table(venues, width=120):
    """Return {name: venue} as text of `width` characters: venues in columns, as many beside each other as fit."""
    sheets = {name: sheet(venue) for name, venue in venues.items()}
    label = max(len(each) for cells in sheets.values() for section in cells.values() for each in section)
    label = min(label, width // 3)
    abreast = max(1, (width - label) // (COLUMN + 2))
    names = list(sheets)
    groups = [names[k : k + abreast] for k in range(0, len(names), abreast)]
    return "\n\n\n".join(block({name: sheets[name] for name in group}, label, width) for group in groups)


def block(sheets, label, width):
    """Return the text of a few venues beside each other."""
    column = (width - label) // len(sheets) - 2
    titles = dict.fromkeys(title for cells in sheets.values() for title in cells)
    lines = line(["", *sheets], label, column)
    for title in [each for each in SECTIONS if each in titles] + [each for each in titles if each not in SECTIONS]:
        lines += ["", f"{title}:"]
        for name in dict.fromkeys(name for cells in sheets.values() for name in cells.get(title, {})):
            lines += line([name, *(cells.get(title, {}).get(name, "") for cells in sheets.values())], label, column)
    return "\n".join(lines)


def line(cells, label, column):
    """Return the lines of one row, its cells wrapped to their columns."""
    widths = [label, *[column] * (len(cells) - 1)]
    wrapped = [
        [part for each in cell.split("\n") for part in textwrap.wrap(each, width) or [""]]
        for cell, width in zip(cells, widths, strict=True)
    ]
    height = max(map(len, wrapped))
    rows = zip(*(each + [""] * (height - len(each)) for each in wrapped), strict=True)
    return ["  ".join(part.ljust(width) for part, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def sheet(venue):
    """Return {section: {field: text}} of one venue."""
    home = {name: title for title, names in SECTIONS.items() for name in names}
    sections = {}
    for each in fields(venue):
        value = getattr(venue, each.name)
        title = home.get(each.name, each.name if is_dataclass(value) else "margin")
        section = sections.setdefault(title, {})
        section |= {
            f"{each.name}.{name}" if name in section else name: cell for name, cell in entries(each.name, value).items()
        }
    return sections


def entries(name, value):
    """Return {field: text} of a value, and of all that is inside it if it is a rule."""
    if not is_dataclass(value):
        return {TIERS: tiers(value)} if name == "rows" else {name: text(value)}
    inside = {}
    for each in fields(value):
        if each.repr:
            inside |= entries(each.name, getattr(value, each.name))
    return {name: type(value).__name__} | inside


def tiers(rows):
    """Return margin tiers, a line each; of very many the first and the last."""
    lines = [f"{limit:g}: {low:.4g} / {high:.4g}" + f" - {less:.6g}" * (less > 0) for limit, low, high, less in rows]
    if len(lines) > MOST_ROWS:
        lines[MOST_ROWS - 2 : -1] = [f"({len(lines) - MOST_ROWS + 1} more)"]
    return "\n".join(lines)


def text(value):
    """Return one value as text."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if is_dataclass(value):
        inside = ", ".join(f"{each.name}={text(getattr(value, each.name))}" for each in fields(value) if each.repr)
        return f"{type(value).__name__}({inside})"
    if isinstance(value, tuple | list):
        return ", ".join(map(text, value))
    return f"{value:.10g}" if isinstance(value, float) else str(value)
