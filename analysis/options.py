"""Command-line options read from a scenario's signature and docstring."""

import dataclasses
import inspect
import re

import click

from agents import distributions
from analysis.values import parse, spoken
from scenarios.scenario import keywords, market_options, text
from sim.market import Market
from sim.spelling import unknown

KINDS = {int: "WHOLE NUMBER", float: "NUMBER", str: "TEXT"}


def options(scenario, taken):
    """Return a click.Option for each keyword of `scenario`; ValueError for one whose name is `taken`."""
    known = keywords(scenario)
    for name in set(taken) & set(known):
        raise ValueError(f"scenario {scenario.__name__} must not call a keyword {name!r}; rename it")
    helps = help_lines(scenario)
    return [option(name, each.default, helps.get(name, "")) for name, each in known.items()]


def option(name, default, line):
    """Return the click.Option of one keyword; left out it is None, so that the scenario's default holds."""
    if default is inspect.Parameter.empty:
        default = 1 if name == "seed" else None
    flag = name.replace("_", "-")
    shown = line if default is None else f"{line}  [default: {brief(default)}]".strip()
    if isinstance(default, bool):
        return click.Option([name, f"--{flag}/--no-{flag}"], default=None, help=shown)
    return click.Option([name, f"--{flag}"], type=Value(default), help=shown)


def brief(default):
    """Return a default as a help line shows it: a long rule's name without its fields."""
    word = default if isinstance(default, str) else text(default)
    return word if len(word) < 70 else f"{type(default).__name__}(...)"


def help_lines(scenario):
    """Return {keyword: help} from the lines `keyword: text` in `Market`'s and the scenario's docstrings."""
    known = keywords(scenario) | market_options()
    lines = {}
    for source in (Market.__doc__, Market.__init__.__doc__, scenario.__doc__):
        lines |= explained(source, known)[1]
    return lines


def description(scenario):
    """Return a scenario's docstring without its `keyword: text` lines."""
    return explained(scenario.__doc__, keywords(scenario))[0]


def explained(doc, known):
    """Return (the other lines of `doc`, {keyword: text}); text goes on in lines indented deeper."""
    rest, lines, name, indent = [], {}, None, 0
    for line in inspect.cleandoc(doc or "").splitlines():
        start = re.match(r"(\s*)(\w+): +(\S.*)", line)
        if start and start[2] in known:
            indent, name, lines[start[2]] = len(start[1]), start[2], start[3]
        elif name and line.strip() and len(line) - len(line.lstrip()) > indent:
            lines[name] += " " + line.strip()
        else:
            name = None
            rest.append(line)
    return "\n".join(rest).strip(), lines


class Value(click.ParamType):
    """A value of the kind of `default`, or a distribution or rule in its place: parsed, never evaluated."""

    def __init__(self, default):
        self.default = default
        self.name = KINDS.get(type(default), "VALUE")

    def convert(self, value, param, ctx):
        """Return the typed text `value` as the scenario wants it."""
        try:
            return fitted(value, self.default) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error), param, ctx)


def fitted(word, default):
    """Return what `word` says in the place of `default`; ValueError, one sentence, if it cannot be."""
    if isinstance(default, str):
        return word
    presets = {name: each for name, each in spoken().items() if type(each) is type(default)}
    if word.upper() in presets:
        return presets[word.upper()]
    try:
        value = parse(word)
    except SyntaxError:  # a file's name, or a misspelt one
        value = word
    if presets and type(value) is not type(default):
        raise ValueError(unknown(type(default).__name__.lower(), word, presets))
    if dataclasses.is_dataclass(default) and not stands_for(value, default):
        raise ValueError(f"must be a rule or distribution such as {text(default)} (got {word!r})")
    if type(default) in (int, float) and not dataclasses.is_dataclass(value):
        return numeric(value, type(default))
    return value


def stands_for(value, default):
    """Return whether `value` may stand where a rule or distribution does: one number for all is one, too."""
    drawn = type(default).__module__ == distributions.__name__
    return dataclasses.is_dataclass(value) or (drawn and type(value) in (int, float))


def numeric(value, kind):
    """Return `value` as an int or a float; ValueError if it is no number, or has a fraction for an int."""
    if type(value) not in (int, float):
        raise ValueError(f"must be a number or a distribution such as LogNormal(...) (got {value!r})")
    if kind is int and value != value // 1:
        raise ValueError(f"must be a whole number (got {value})")
    return kind(value)
