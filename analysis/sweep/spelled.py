"""Axes as the command line spells them: 5,10,25 and 0.25:4:9log and 0:64."""

import re

import numpy as np

from analysis.options import fitted
from analysis.sweep.design import Between

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
RANGE = re.compile(rf"({NUMBER}):({NUMBER})(?::(\d+)?(log)?)?")
OPENING, CLOSING = "([{", ")]}"


def axis(word, default):
    """What a word says in the place of a keyword whose default is `default`: one value, a list, or a Between.

    A,B,C are values; LOW:HIGH:N are N evenly spaced ones, both ends included, LOW:HIGH:Nlog so in logarithms;
    LOW:HIGH or LOW:HIGH:log leaves the choice to a design. Commas inside brackets or quotes are part of a value.
    """
    words = split(word, ",")
    made = []
    for each in words:
        spread = ranged(each, default) if not isinstance(default, str) else None
        if isinstance(spread, Between) and len(words) > 1:
            raise ValueError(f"a range without a number of values must stand alone (got {word!r}); say {each}:5")
        if spread is None:
            spread = fitted(unquoted(each, default), default)
        made += spread if isinstance(spread, list) else [spread]
    return made if len(made) > 1 else made[0]


def ranged(word, default):
    """The list or Between that a range stands for; None if the word is none."""
    found = RANGE.fullmatch(word.strip())
    if not found:
        return None
    low, high, count, log = found.groups()
    whole = type(default) is int
    low, high = (int(float(each)) if whole and float(each).is_integer() else float(each) for each in (low, high))
    between = Between(low, high, log=bool(log))
    if count is None:
        return between
    if int(count) < 2:
        raise ValueError(f"a range must have two values or more (got {word!r})")
    values = (np.geomspace if log else np.linspace)(low, high, int(count)).tolist()
    values = [round(each) for each in values] if whole else [float(f"{each:.12g}") for each in values]
    if len(set(values)) < len(values):
        raise ValueError(f"a range must have as many whole numbers as it asks for (got {word!r}); ask for fewer")
    return values


def seeds(word):
    """The seeds that FROM:TO (without TO) and N,M,... say."""
    made = []
    for each in word.split(","):
        ends = each.split(":")
        if len(ends) > 2 or not all(end.strip().isdigit() for end in ends):
            raise ValueError(f"seeds must be whole numbers, FROM:TO or a list with commas (got {word!r}); say 0:64")
        made += range(int(ends[0]), int(ends[-1])) if len(ends) == 2 else [int(each)]
    return made


def twin(word):
    """(label, {keyword: word}) of `[LABEL:] KEYWORD=VALUE[, KEYWORD=VALUE]`; without a label, the word is it."""
    label, colon, rest = word.partition(":")
    if not colon or "=" in label:
        label, rest = word, word
    change = {}
    for each in split(rest, ","):
        name, equals, value = each.partition("=")
        if not equals or not name.strip():
            raise ValueError(f"a twin must say KEYWORD=VALUE (got {word!r}); such as forced=absorbed")
        change[name.strip().replace("-", "_")] = value.strip()
    return label.strip(), change


def split(word, mark):
    """The parts of a word between marks that stand neither in brackets nor in quotes."""
    parts, depth, quote = [""], 0, ""
    for each in word:
        if quote or each in "'\"":
            quote = "" if each == quote else (quote or each)
        else:
            depth += (each in OPENING) - (each in CLOSING)
        if each == mark and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += each
    if any(not part.strip() for part in parts):
        raise ValueError(f"a value must stand between commas (got {word!r})")
    return parts


def unquoted(word, default):
    """A text without the quotes around it, which kept its commas together."""
    bare = word.strip()
    quoted = len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\""
    return bare[1:-1] if quoted and isinstance(default, str) else bare
