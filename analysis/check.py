"""Published numbers computed again by the functions that the market runs on, and what came of it."""

import json
import math
from collections import Counter
from dataclasses import asdict, dataclass, fields, is_dataclass
from numbers import Real
from pathlib import Path

import numpy as np

from analysis.published import Example
from sim.spelling import unknown

PASS, DISAGREES, MISSED = VERDICTS = ("pass", "disagrees", "missed")
ROUNDING = 1e-14  # relative: what a few dozen operations on doubles may lose is not a miss
COLUMNS = ("venue", "topic", "id", "expected", "got", "tolerance", "source", "verdict")
RESULT = ("got", "verdict", "size", "place", "said", "good")
LONGEST = 26  # characters of a value in the printed table; --json has all of it
SHORTEST = 16  # of a source, where the terminal is narrow


@dataclass(frozen=True)
class Checked:
    """What came of one row.

    got: what the call returned where the row expects something, in the same shape; None if it was refused
    size: the largest distance from what was expected, in the row's units; place: in which entry
    said: why it is missed, or why it disagrees
    good: whether nothing is left to explain
    """

    example: Example
    verdict: str
    got: object
    size: float
    place: str
    said: str
    good: bool


def check(examples):
    """Return one Checked for each Example."""
    return [checked(each) for each in examples]


def checked(example):
    """Return what comes of one Example: computed, compared, and held against what its row says of it."""
    try:
        result = example.call()()
        got = chosen(plain(result), example.expected)
        size, place = distance(got, example.expected)
    except Exception as error:  # whatever a function makes of a stranger's arguments is that row's own affair
        said = " ".join(f"{type(error).__name__}: {error}".split())
        return Checked(example, MISSED, None, math.inf, "", said, good=False)
    if example.verdict == DISAGREES:
        return contradiction(example, got, size, place)
    if size <= example.tolerance:
        return Checked(example, PASS, got, size, place, "", good=True)
    return Checked(example, MISSED, got, size, place, example.reason or "no reason is recorded", bool(example.reason))


def contradiction(example, got, size, place):
    """Return what came of a documented disagreement: an error if it passes, or gives another value than recorded."""
    drift, where = distance(got, example.ours)
    if size <= example.tolerance:
        said = "it is within its tolerance now; take its verdict out of the table"
        return Checked(example, MISSED, got, size, place, said, good=False)
    if drift > example.tolerance:
        said = f"it is {shown(drift)} away from what the table records as ours ({shown(example.ours)})"
        return Checked(example, MISSED, got, drift, where, said, good=False)
    return Checked(example, DISAGREES, got, size, place, example.reason, good=True)


def plain(result):
    """Return a result as numbers, lists and {field or key: value}, whatever holds them."""
    if isinstance(result, np.ndarray | np.generic):
        return plain(result.tolist())
    if is_dataclass(result) and not isinstance(result, type):
        return {each.name: plain(getattr(result, each.name)) for each in fields(result)}
    if hasattr(result, "_asdict"):
        return plain(result._asdict())
    if isinstance(result, dict):
        return {str(key): plain(value) for key, value in result.items()}
    if isinstance(result, Real) and not isinstance(result, int | float):
        return float(result)
    return [plain(each) for each in result] if isinstance(result, list | tuple) else result


def chosen(result, expected):
    """Return the part of a plain result that `expected` speaks of; ValueError if there is none such."""
    if isinstance(expected, dict):
        entries = result if isinstance(result, dict) else dict(enumerate(result)) if isinstance(result, list) else {}
        entries = {str(key): value for key, value in entries.items()}
        for key in expected:
            if key not in entries:
                raise ValueError(unknown("part of the result", key, entries))
        return {key: chosen(entries[key], each) for key, each in expected.items()}
    if isinstance(expected, list):
        if not isinstance(result, list) or len(result) != len(expected):
            raise ValueError(f"the result must be a list of {len(expected)} (got {shown(result)})")
        return [chosen(*both) for both in zip(result, expected, strict=True)]
    if expected is None:
        return None
    if not isinstance(result, str if isinstance(expected, str) else Real):
        raise ValueError(f"the result must be of the kind of {shown(expected)} (got {shown(result)})")
    return result


def distance(got, expected):
    """Return (the largest distance between two of the same shape, in which entry); of texts it is 0 or inf."""
    worst = max(gaps(got, expected, ""), key=lambda each: each[0])
    return worst if worst[0] else (0.0, "")


def gaps(got, expected, place):
    """Yield (distance, place) of each entry; what was not published is at no distance."""
    if isinstance(expected, list | dict):
        entries = expected.items() if isinstance(expected, dict) else enumerate(expected)
        for key, each in entries:
            yield from gaps(got[key], each, f"{place}.{key}".lstrip("."))
    elif expected is None or got == expected or (got != got and expected != expected):
        yield 0.0, place
    elif isinstance(expected, str) or not math.isfinite(got) or not math.isfinite(expected):
        yield math.inf, place
    else:
        yield max(abs(got - expected) - ROUNDING * abs(expected), 0.0), place


def summary(results):
    """Return {verdict: how many}, and how many have something left to explain."""
    counts = Counter(each.verdict for each in results)
    return {verdict: counts[verdict] for verdict in VERDICTS} | {"unexplained": sum(not each.good for each in results)}


def only(examples, venue=None, topic=None):
    """Return the Examples of one venue, of one topic, or of both; ValueError if there is none."""
    for key, wanted in (("venue", venue), ("topic", topic)):
        if wanted is not None:
            there = list(dict.fromkeys(getattr(each, key) for each in examples))
            examples = [each for each in examples if getattr(each, key).casefold() == wanted.casefold()]
            if not examples:
                raise ValueError(unknown(key, wanted, there))
    return examples


def report(results, width=160):
    """Return the table as it is printed: a line for each row, what there is to say under it, and the counts.

    width: characters a line; sources are cut to what is left of it.
    """
    cells = [COLUMNS, *(cells_of(each) for each in results)]
    widths = {name: max(map(len, column)) for name, column in zip(COLUMNS, zip(*cells, strict=True), strict=True)}
    left = width - sum(widths.values()) + widths["source"] - 2 * (len(COLUMNS) - 1)
    widths["source"] = min(widths["source"], max(left, SHORTEST))
    lines = ["  ".join(map(fitted, row, widths.values())).rstrip() for row in cells]
    for number, result in reversed(list(enumerate(results, start=1))):
        if result.said:
            lines.insert(number + 1, f"    {remark(result)}")
    return "\n".join([*lines, "", counted(results)])


def counted(results):
    """Return the sentence that ends the printed table."""
    counts = summary(results)
    verdicts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    unexplained = f"; {counts['unexplained']} unexplained" if counts["unexplained"] else ""
    return f"{len(results)} rows: {verdicts}{unexplained}"


def cells_of(result):
    """Return the texts of one row of the printed table."""
    known = vars(result.example) | {"got": result.got, "verdict": result.verdict}
    texts = {name: shown(known[name]) for name in COLUMNS}
    return list((texts | {name: fitted(texts[name], LONGEST).rstrip() for name in ("expected", "got")}).values())


def fitted(word, width):
    """Return `word` in `width` characters, cut with an ellipsis if it is longer."""
    return (word if len(word) <= width else word[: width - 1] + "…").ljust(width)


def remark(result):
    """Return how far off a row is, and why."""
    where = f" at {result.place}" if result.place else ""
    size = f"off by {shown(result.size)} {result.example.units}{where}: " if result.got is not None else ""
    return size + result.said


def shown(value):
    """Return a value as short text: numbers to ten digits."""
    match value:
        case dict():
            return ", ".join(f"{key} {shown(each)}" for key, each in value.items())
        case list():
            return f"[{', '.join(map(shown, value))}]"
        case float():
            return f"{value:.10g}"
        case None:
            return "-"
    return str(value)


def write(results, path):
    """Write the summary and every row, with all that was found, as JSON; inf and nan are spelled in quotes."""
    rows = [asdict(each.example) | {name: getattr(each, name) for name in RESULT} for each in results]
    text = json.dumps({"summary": summary(results), "rows": spelled_out(rows)}, indent=1, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def spelled_out(value):
    """Return plain values with inf and nan as text."""
    if isinstance(value, dict):
        return {key: spelled_out(each) for key, each in value.items()}
    if isinstance(value, list):
        return [spelled_out(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
