"""Numbers as lines to read in a terminal."""

from numbers import Integral, Real


def listing(numbers, indent=0):
    """Return {name: value} as aligned lines; a dict in it becomes a section."""
    width = max((len(name) for name, value in numbers.items() if not isinstance(value, dict)), default=0)
    lines = []
    for name, value in numbers.items():
        if isinstance(value, dict):
            lines += ["", f"{name}:", listing(value, indent + 2)]
        else:
            lines.append(" " * indent + f"{name:<{width}}  {shown(value)}")
    return "\n".join(lines)


def shown(value):
    """Return one value as text: whole numbers with thousands separated, others to six digits, nan as a dash."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return str(value)
    if isinstance(value, Integral) or abs(value) >= 1e6:
        return f"{value:,.0f}"
    return "-" if value != value else f"{value:,.6g}"
