"""The decorator that makes a function a scenario: checked keywords, and a market that knows its origin."""

import inspect
import os
from functools import cache, wraps
from hashlib import sha256
from pathlib import Path

import numpy as np

from sim import venues
from sim.market import Market
from sim.spelling import unknown

HOME = Path(__file__).resolve().parent.parent


def scenario(function):
    """Return `function(*, seed, ..., **market) -> Market` as a scenario.

    Called with an unknown keyword it raises TypeError naming the nearest one. The market it returns
    keeps in `about["scenario"]` the file, its sha256, the name and every argument as text, so that
    `perpsim run DIR/about.json` can call it again; `files` holds the sha256 of each argument that
    names a file. The first line of the docstring is the question it asks; a line `keyword: text`
    in it is that keyword's help.
    """
    parameters = inspect.signature(function).parameters
    for name, each in parameters.items():
        if each.kind not in (each.KEYWORD_ONLY, each.VAR_KEYWORD):
            raise TypeError(f"scenario {function.__name__} must take keywords only; put `*` before {name!r}")
    if "seed" not in parameters:
        raise TypeError(f"scenario {function.__name__} must take `seed`; pass it on to its Market")
    source = inspect.getsourcefile(function)
    origin = {"file": shown(source), "name": function.__name__, "sha256": file_hash(source)}
    origin["question"] = question(function)

    @wraps(function)
    def build(**arguments):
        arguments = {**defaults(function), **arguments}
        check_names(build, arguments)
        market = function(**arguments)
        if not hasattr(market, "about"):
            raise TypeError(f"scenario {function.__name__} must return its Market (got {market!r})")
        market.about["scenario"] = {
            **origin,
            "arguments": {name: text(value) for name, value in arguments.items()},
            "files": {os.path.abspath(each): file_hash(each) for named in arguments.values() for each in files(named)},
        }
        return market

    build.is_scenario = True
    return build


def question(function):
    """Return the question a scenario asks: the first line of its docstring."""
    return (function.__doc__ or "").strip().partition("\n")[0]


def expectation(function):
    """Return the sentence of a scenario's docstring that begins with "Expect:", on one line; "" if there is none."""
    _, found, rest = inspect.cleandoc(function.__doc__ or "").partition("Expect: ")
    return " ".join(rest.partition("\n\n")[0].split()) if found else ""


def defaults(function):
    """Return {name: default} of the keywords of `function` that have one."""
    parameters = inspect.signature(function).parameters.values()
    return {each.name: each.default for each in parameters if each.default is not each.empty}


@cache
def market_options():
    """Return {name: parameter} of the keyword-only options of `Market`, which `**market` passes on."""
    parameters = inspect.signature(Market.__init__).parameters.values()
    return {each.name: each for each in parameters if each.kind is each.KEYWORD_ONLY}


def keywords(function):
    """Return {name: inspect.Parameter} of every keyword of a scenario, its own first."""
    parameters = inspect.signature(function).parameters.values()
    own = {each.name: each for each in parameters if each.kind is each.KEYWORD_ONLY}
    takes_market = any(each.kind is each.VAR_KEYWORD for each in parameters)
    return own | {name: each for name, each in market_options().items() if name not in own and takes_market}


def check_names(function, arguments):
    """Raise TypeError for an argument `function` does not know, or one it needs and was not given."""
    known = keywords(function)
    for name in arguments:
        if name not in known:
            raise TypeError(f"scenario {function.__name__}: {unknown('option', name, known)}")
    for name, parameter in known.items():
        if parameter.default is parameter.empty and name not in arguments:
            raise TypeError(f"scenario {function.__name__} must be given {name!r}; add {name}=...")


def text(value):
    """Return `value` as text that the command line reads back: a venue's name, a full path, its repr."""
    for name, preset in vars(venues).items():
        if isinstance(preset, venues.Venue) and value is preset:
            return name
    if files(value):
        return repr(",".join(map(os.path.abspath, files(value))))
    if isinstance(value, Path):
        return repr(str(value))
    return repr(value.item() if isinstance(value, np.generic) else value)


def files(value):
    """Return the files an argument names, one or several with commas between; none unless all exist."""
    names = value.split(",") if isinstance(value, str) else [value]
    return names if all(map(is_file, names)) else []


def is_file(value):
    """Return whether an argument names a file that exists."""
    return isinstance(value, (str, Path)) and os.path.isfile(value)


def file_hash(path):
    """Return the sha256 of a file, 64 hex digits, or None where there is none (a notebook's cell)."""
    return sha256(Path(path).read_bytes()).hexdigest() if is_file(path) else None


def shown(path):
    """Return a source file's path: perpsim's own from its root, another's in full, None in a notebook."""
    if not is_file(path):
        return None
    path = Path(path).resolve()
    return path.relative_to(HOME).as_posix() if path.is_relative_to(HOME / "scenarios") else str(path)
