"""Calls written as data: what a dotted path names in `sim`, and the arguments that JSON values stand for.

Only public functions, methods and classes of sim can be named, and presets of `sim.venues`; nothing is evaluated.
"""

import inspect
import math
import re
from dataclasses import fields, is_dataclass, replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import sim
from sim.spelling import unknown

CLOSED = {"ahead", "bundle", "compiled", "folders", "market", "paths", "provenance", "record", "replay"}
"""Modules of sim that may not be named: they read or write files, start processes, or compile."""

SPELLED = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
OF_A_PRESET = re.compile(r"[A-Z][A-Z0-9_]*(\.[a-z]\w*)+")
NAMED = re.compile(rf"{OF_A_PRESET.pattern}|sim(\.\w+)+")


def call(path, arguments, rule=None):
    """Return a function without arguments that calls the one at `path`; ValueError for what sim does not have.

    arguments: {keyword: value}; rule: of a method, the {field: value} of its rule, or a value that is the rule. Values
    are as `built` takes them.
    """
    mapping("arguments", arguments)
    function = bound(path, rule)
    arguments = {name: built(value) for name, value in arguments.items()}
    fits(function, arguments, path)
    return lambda: function(**arguments)


def built(value):
    """Return the argument that a value stands for: an object of sim where it names one, else itself."""
    match value:
        case {"class": path, **rest}:
            known(rest, ["fields"])
            return made(find(path, "class"), rest.get("fields", {}), path)
        case {"function": path, **rest}:
            known(rest, ["rule", "arguments", "item"])
            result = call(path, rest.get("arguments", {}), rest.get("rule"))()
            return item(result, rest["item"], path) if "item" in rest else result
        case dict():
            return {key: built(each) for key, each in value.items()}
        case list():
            return [built(each) for each in value]
        case str() if value in presets() or NAMED.fullmatch(value):
            return find(value, "name")
    return SPELLED.get(value, value) if isinstance(value, str) else value


def item(result, place, path):
    """Return what stands at a place, or under a key, of what the function at `path` returned."""
    try:
        return result[place]
    except (LookupError, TypeError) as error:
        raise ValueError(f"item must be a place or key of what {path} returns (got {place!r})") from error


def mapping(name, value):
    """ValueError unless `value` is {name: value}."""
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be {{name: value}} (got {value!r}); write {{}} for none")


def bound(path, rule):
    """Return the function at `path`; a method is bound to its rule, made with the fields that `rule` gives."""
    function = find(path, "function")
    if not callable(function):
        raise ValueError(f"{path} must be a function (got {type(function).__name__}); name one of its methods")
    owner, _, name = path.rpartition(".")
    thing = find(owner, "function") if owner not in ("", "sim") else sim
    of_class = inspect.isclass(thing) and inspect.isfunction(inspect.getattr_static(thing, name))
    of_preset = is_dataclass(thing) and not inspect.isclass(thing) and rule is not None
    if of_class or of_preset:
        return getattr(ruled(thing, {} if rule is None else rule, owner), name)
    if rule is not None:
        raise ValueError(f"{path} must be a method to have a rule (got {rule}); leave it out")
    return function


def ruled(thing, rule, path):
    """Return the rule of class or preset `thing` that is made with the fields in `rule`, or that `rule` stands for."""
    if isinstance(rule, dict) and not {"class", "function"} & set(rule):
        return made(thing, rule, path)
    ready = built(rule)
    if not isinstance(ready, thing if inspect.isclass(thing) else type(thing)):
        raise ValueError(f"rule must be a {path} (got a {type(ready).__name__}); give its fields")
    return ready


def made(thing, given, path):
    """Return a class made with the fields `given`, or a preset's rule with these changed."""
    mapping("fields", given)
    given = {name: built(value) for name, value in given.items()}
    if inspect.isclass(thing):
        fits(thing, given, path, "field")
        return thing(**given)
    if not is_dataclass(thing):
        raise ValueError(f"{path} must be a class or a preset's rule (got {type(thing).__name__}); name one")
    known(given, [each.name for each in fields(thing) if each.init], "field", path)
    return replace(thing, **given)


def fits(function, arguments, path, kind="keyword"):
    """ValueError, naming the nearest keyword, unless `function` can be called with the keywords `arguments`."""
    parameters = inspect.signature(function).parameters.values()
    if all(each.kind is not each.VAR_KEYWORD for each in parameters):
        known(arguments, [each.name for each in parameters], kind, path)
    for each in parameters:
        needed = each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY) and each.default is each.empty
        if needed and each.name not in arguments:
            raise ValueError(f"{path}: {kind} {each.name!r} must be given (got {', '.join(arguments) or 'none'})")


def known(names, right, kind="key", path=None):
    """ValueError, naming the nearest right one, unless all `names` are among the `right`."""
    for name in names:
        if name not in right:
            raise ValueError(f"{path}: {unknown(kind, name, right)}" if path else unknown(kind, name, right))


def find(path, kind):
    """Return the public class, function, method or preset's rule of sim at a dotted path such as sim.margin.Tiers.

    A path that begins with a preset, as BITMEX.contract does, begins in sim.venues; "sim." may be left out. kind:
    what it is called in the ValueError for one that does not lead there, which names the nearest that does.
    """
    if not isinstance(path, str):
        raise ValueError(f"{kind} must be a dotted path (got {path!r}); write one such as sim.contract.pnl_coin")
    return walked(path, kind)


@cache
def walked(path, kind):
    """Return what `find` does, of text."""
    parts = path.removeprefix("sim.").split(".")
    parts = ["venues", *parts] if parts[0] in presets() or OF_A_PRESET.fullmatch(path) else parts
    thing, way = sim, "sim"
    for part in parts:
        if thing is sim and part in CLOSED:
            raise ValueError(f"{kind} must be a rule's (got {path}, which a table may not use); name another")
        known([f"{way}.{part}"], [f"{way}.{each}" for each in members(thing)], kind)
        inside = inspect.ismodule(thing) and part in modules(thing)
        thing = import_module(f"{thing.__name__}.{part}") if inside else getattr(thing, part)
        way = f"{way}.{part}"
    return thing


def members(thing):
    """Return the names that may follow that of `thing` in a path."""
    if inspect.ismodule(thing):
        return [*modules(thing), *(name for name, each in vars(thing).items() if may_be_named(each))]
    if inspect.isclass(thing):
        return [name for name in dir(thing) if name[0] != "_" and may_be_named(getattr(thing, name))]
    if is_dataclass(thing):
        return [each.name for each in fields(thing) if each.name[0] != "_"] + members(type(thing))
    return []


def modules(package):
    """Return the names of the open modules in a package of sim; none in a module."""
    names = [each.name for each in iter_modules(getattr(package, "__path__", []))]
    return [name for name in names if name[0] != "_" and name not in CLOSED]


def may_be_named(thing):
    """Return whether `thing` is a public class or function of an open module of sim, or a preset made of one."""
    if is_dataclass(thing) and not inspect.isclass(thing):
        return may_be_named(type(thing))
    home = (getattr(thing, "__module__", None) or "").split(".")
    callable_ = inspect.isclass(thing) or inspect.isfunction(thing) or inspect.ismethod(thing)
    return callable_ and thing.__name__[0] != "_" and len(home) > 1 and home[0] == "sim" and home[1] not in CLOSED


@cache
def presets():
    """Return {name: preset} of what sim.venues exports in capitals."""
    exported = vars(import_module("sim.venues")).items()
    return {
        name: each for name, each in exported if name.isupper() and not inspect.isclass(each) and is_dataclass(each)
    }
