"""Numbers as lines to read in a terminal."""

from numbers import Integral, Real


def listing(numbers, indent=0):
    """Return {name: value} as aligned lines; a dict in it becomes a section, a list of dicts a table."""
    scalars = [name for name, value in numbers.items() if not isinstance(value, dict | list)]
    width = max(map(len, scalars), default=0)
    lines = []
    for name, value in numbers.items():
        if isinstance(value, dict):
            lines += ["", f"{name}:", listing(value, indent + 2)]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            lines += ["", f"{name}:", *(" " * (indent + 2) + line for line in rows(value))]
        elif isinstance(value, list):
            lines += ["", f"{name}:", *(" " * (indent + 2) + shown(each) for each in value)]
        else:
            lines.append(" " * indent + f"{name:<{width}}  {shown(value)}")
    return "\n".join(lines)


def rows(table):
    """Return a list of dicts with the same keys as lines: the keys above right-aligned columns."""
    cells = [list(table[0])] + [[shown(value) for value in each.values()] for each in table]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)) for line in cells]


def shown(value):
    """Return one value as text: whole numbers with thousands separated, others to six digits."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return str(value)
    if isinstance(value, Integral) or abs(value) >= 1e6:
        return f"{value:,.0f}"
    return "-" if value != value else f"{value:,.6g}"
