"""A scenario's arguments in a sweep: dotted names that change a part of a rule, and texts that tell them apart."""

import re
from dataclasses import fields, is_dataclass, replace

from scenarios.scenario import file_hash, files, keywords, text
from sim.spelling import unknown

OF_THE_SWEEP = {"seed": "seeds=", "base_impact": "twins="}
"""Keywords of scenarios that a sweep sets itself, and how it is told to."""


def resolved(scenario, arguments, base=None):
    """{keyword: value} of `base` with `arguments` put in, of which a dotted one replaces a field of a rule.

    `{"venue.mark": LastPrice()}` is the venue of `base`, or of the scenario, with that mark. TypeError or ValueError
    for a name that is none.
    """
    known, made = keywords(scenario), dict(base or {})
    for name, value in arguments.items():
        top, *inner = name.split(".")
        if top in OF_THE_SWEEP:
            raise TypeError(f"{top} must not be an argument of a sweep; it is set by {OF_THE_SWEEP[top]}")
        if top not in known:
            raise TypeError(f"scenario {scenario.__name__}: {unknown('option', top, known)}")
        made[top] = changed(made.get(top, known[top].default), inner, value, name) if inner else value
    return made


def changed(rule, inner, value, name):
    """The rule with the field that the path `inner` leads to replaced."""
    if not inner:
        return value
    field(rule, inner[0], name)
    return replace(rule, **{inner[0]: changed(getattr(rule, inner[0]), inner[1:], value, name)})


def field(rule, part, name):
    """The value of a field of a rule; ValueError, one sentence, if it has none of that name."""
    if not is_dataclass(rule):
        raise ValueError(f"{name} must lead through rules (got {text(rule)} before {part!r})")
    known = [each.name for each in fields(rule) if each.init]
    if part not in known:
        raise ValueError(f"{name}: {unknown(f'field of {type(rule).__name__}', part, known)}")
    return getattr(rule, part)


def present(scenario, name, base=None):
    """The value that a keyword or a dotted name has by default, or in `base`."""
    known = keywords(scenario)
    top, *inner = name.split(".")
    if top not in known:
        raise ValueError(unknown("option", top, known))
    value = (base or {}).get(top, known[top].default)
    for part in inner:
        value = field(value, part, name)
    return value


def texts(arguments):
    """{keyword: text} of arguments, by which runs are told apart; ValueError for one that has no lasting text."""
    told = {}
    for name, value in arguments.items():
        told[name] = text(value)
        if re.search(r"<.* at 0x|<function|<lambda", told[name]):
            raise ValueError(f"{name} must have a repr that says all (got {told[name][:80]}); make it a dataclass")
    return told


def hashes(arguments):
    """{path: sha256} of the files that arguments name."""
    return {each: file_hash(each) for value in arguments.values() for each in map(str, files(value))}


def cell(value):
    """A value of an axis as it stands in a table: a number, a truth, or text."""
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, (bool, int, float, str)) else text(value)
