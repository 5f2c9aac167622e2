"""Tables of published numbers: their rows, read and checked. The form is described in docs/published.md."""

import json
import math
import re
from dataclasses import MISSING, dataclass, fields
from numbers import Real
from pathlib import Path

from analysis.calls import SPELLED, call
from sim.spelling import unknown

TABLE = Path(__file__).with_name("published.jsonl")
WRONG = ValueError, TypeError, ArithmeticError, LookupError, AttributeError
"""What a rule, or a function of sim, raises for arguments that are not of its kind."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A published number, or a few that one call gives, as a row says it.

    function: dotted path in sim; rule: of a method, its rule or the fields of that; arguments: {keyword: value}
    expected: a number, a list, or {field or index of the result: expected}; null in it was not published
    tolerance: the largest distance from `expected`, in `units`
    as_of: date at which it was in force or was read
    verdict: "disagrees" for a documented contradiction; `ours` is what the call gives instead
    reason: why a row disagrees, or is missed
    """

    id: str
    venue: str
    topic: str
    function: str
    rule: dict | str | None = None
    arguments: dict
    expected: object
    units: str
    tolerance: float
    source: str
    as_of: str = ""
    note: str = ""
    verdict: str = ""
    reason: str = ""
    ours: object = None

    def __post_init__(self):
        for key in ("id", "venue", "topic", "function", "units", "source", "as_of", "note", "reason"):
            word = getattr(self, key)
            if not isinstance(word, str) or not (word.strip() or key in ("as_of", "note", "reason")):
                raise ValueError(f"{key} must be text (got {word!r}); write it in quotes")
        number = isinstance(self.tolerance, Real) and not isinstance(self.tolerance, bool)
        if not number or not 0 <= self.tolerance < math.inf:
            raise ValueError(f"tolerance must be a number of 0 or more (got {self.tolerance!r}); 0 is exact")
        if not holds_something(self.expected):
            must = "expected must be a number, a list or {field: number}"
            raise ValueError(f"{must} (got {self.expected!r}); write what was published")
        if self.verdict not in ("", "disagrees"):
            raise ValueError(f"verdict must be 'disagrees' or left out (got {self.verdict!r}); it is found otherwise")
        if self.verdict and not (self.reason.strip() and holds_something(self.ours)):
            got = "no reason" if not self.reason.strip() else f"ours = {self.ours!r}"
            raise ValueError(f"a row that disagrees must have a reason and ours, what the call gives (got {got})")

    def call(self):
        """Return a function without arguments that computes the number; ValueError for what sim does not have."""
        return call(self.function, self.arguments, self.rule)


def holds_something(expected):
    """Return whether `expected` has something that a result can be compared with."""
    if isinstance(expected, list | dict):
        parts = list(expected.values() if isinstance(expected, dict) else expected)
        return any(map(holds_something, parts)) and all(part is None or holds_something(part) for part in parts)
    return isinstance(expected, Real | str)


def read(path=TABLE):
    """Return the Examples of a table, in its order; ValueError, one sentence with the row's number, if it is bad."""
    examples, numbers = [], {}
    for number, line, row in rows(path):
        name = row.get("id")
        place = f"{path}, row {number} ({f'{name}, ' if name else ''}line {line})"
        try:
            examples.append(example(row))
            examples[-1].call()
        except WRONG as error:
            raise ValueError(f"{place}: {' '.join(str(error).split())}") from error
        if name in numbers:
            raise ValueError(f"{place}: id must be its own (got that of row {numbers[name]}); choose another")
        numbers[name] = number
    if not examples:
        raise ValueError(f"{path} must hold rows of published numbers (got none); see docs/published.md")
    return examples


def rows(path):
    """Yield (number, line, row) of each JSON object in the file, one after another; ValueError if one is broken."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} must be text in UTF-8 (got byte {error.start + 1} that is not); save it so"
        ) from error
    decoder = json.JSONDecoder(object_pairs_hook=once, parse_constant=bare, parse_float=finite)
    at = number = 0
    while start := re.compile(r"\S").search(text, at):
        number, line = number + 1, text.count("\n", 0, start.start()) + 1
        place = f"{path}, row {number} (line {line})"
        if start[0] != "{":
            got = text[start.start() :].splitlines()[0][:20]
            raise ValueError(f"{place}: a row must begin with {{ (got {got!r}); write them one after another")
        try:
            row, at = decoder.raw_decode(text, start.start())
        except json.JSONDecodeError as error:
            raise ValueError(f"{place}: {broken(error)}") from error
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{place}: {error}") from error
        yield number, line, row


def broken(error):
    """Return what is wrong with the JSON of a row; where the text ends, the row was cut off."""
    if error.msg.startswith("Unterminated") or not error.doc[error.pos :].strip():
        return "a row must end with } (got the end of the file); it was cut off"
    return f"a row must be JSON (got {error.msg[0].lower()}{error.msg[1:]} in line {error.lineno}); mend it"


def once(pairs):
    """Return {key: value}; ValueError for a key that stands twice."""
    row = dict(pairs)
    if len(row) < len(pairs):
        twice = next(key for n, (key, _) in enumerate(pairs) if key in dict(pairs[:n]))
        raise ValueError(f"{twice!r} must stand once within its braces (got twice); take one out")
    return row


def bare(word):
    """Refuse the NaN and Infinity that JSON does not have."""
    spelled = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}[word]
    raise ValueError(f'a number must be finite or spelled in quotes (got {word}); write "{spelled}" if it is meant')


def finite(word):
    """Return the number that `word` says; ValueError if it is too large for one."""
    number = float(word)
    return number if math.isfinite(number) else bare("-Infinity" if number < 0 else "Infinity")


def example(row):
    """Return the Example of a parsed row; ValueError for a key too many or too few."""
    names = [each.name for each in fields(Example)]
    for key in row:
        if key not in names:
            raise ValueError(unknown("key", key, names))
    for each in fields(Example):
        if each.default is MISSING and each.name not in row:
            raise ValueError(f"{each.name} must be given (got none); add it")
    return Example(**row | {key: spelled(row[key]) for key in ("expected", "ours") if key in row})


def spelled(value):
    """Return plain JSON with "inf", "-inf" and "nan" as the numbers they say."""
    match value:
        case dict():
            return {key: spelled(each) for key, each in value.items()}
        case list():
            return [spelled(each) for each in value]
    return SPELLED.get(value, value) if isinstance(value, str) else value
