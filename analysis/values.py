"""Values typed on a command line: literals, presets, rules and distributions, parsed and never evaluated."""

import ast
import dataclasses
import math
from functools import cache
from importlib import import_module

from sim.spelling import unknown

# Where the names in a typed value come from, what these import from others too; presets come from the first.
SPOKEN = (
    "sim.venues",
    *("sim.mark", "sim.composite_mark", "sim.oracle_mark", "sim.index", "sim.index_rules"),
    *("sim.funding", "sim.continuous_funding", "sim.voted_funding", "sim.skew_funding", "sim.twap_funding"),
    *("sim.research_funding", "sim.tiers", "sim.liquidation", "sim.engine", "sim.deleverage", "sim.socialise"),
    *("sim.maps", "sim.insurance", "sim.margin_scale", "sim.pool_rules", "sim.paths"),
    *("agents.distributions", "agents.sizing"),
)
NUMPY_SCALARS = ("float64", "int64", "bool_", "bool", "str_")  # numpy's numbers as a repr shows them


@cache
def spoken():
    """Return {name: dataclass or preset} that a typed value may mention; presets are in capitals."""
    names = {}
    for module in SPOKEN:
        for name, value in vars(import_module(module)).items():
            preset = module == SPOKEN[0] and name.isupper()
            if dataclasses.is_dataclass(value) and (isinstance(value, type) or preset):
                names[name] = value
    return names


def parse(word):
    """Return the value that a Python literal, a preset's name or a rule's repr stands for.

    SyntaxError if it is none of these (a file's name, say); ValueError, one sentence, for a call that
    no rule or distribution answers to.
    """
    return built(ast.parse(word.strip(), mode="eval").body)


def built(node):
    """Return the value of one node of a parsed expression."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Name(id="inf")):
            return -math.inf
        case ast.Name(id="inf" | "nan"):
            return getattr(math, node.id)
        case ast.Tuple() | ast.List() | ast.Set():
            kind = {ast.Tuple: tuple, ast.List: list, ast.Set: set}[type(node)]
            return kind(built(each) for each in node.elts)
        case ast.Dict(keys=keys) if None not in keys:
            return {built(key): built(value) for key, value in zip(keys, node.values, strict=True)}
        case ast.Name(id=name) if dataclasses.is_dataclass(spoken().get(name)) and name.isupper():
            return spoken()[name]
        case ast.Call(func=ast.Name(id=name)):
            return called(name, node)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=kind), args=[only]):
            if kind in NUMPY_SCALARS:
                return built(only)
    raise SyntaxError(ast.unparse(node))


def called(name, node):
    """Return the dataclass `name` made with the literal arguments of a call."""
    kinds = {each: value for each, value in spoken().items() if isinstance(value, type)}
    if name not in kinds:
        raise ValueError(unknown("rule or distribution", name, kinds))
    fields = [each.name for each in dataclasses.fields(kinds[name]) if each.init]
    for each in node.keywords:
        if each.arg not in fields:
            raise ValueError(f"{name}: {unknown('field', each.arg, fields)}")
    try:
        arguments = {each.arg: built(each.value) for each in node.keywords}
        return kinds[name](*map(built, node.args), **arguments)
    except SyntaxError as error:
        raise ValueError(f"{name} must be given literal values (got {error})") from error
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from error
