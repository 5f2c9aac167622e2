"""The pages cannot rot: their examples run, the glossary is whole, and every assumption stands as it is coded.

Run as a program, this file writes the values of the code into the table of assumptions.
"""

import inspect
import math
import re
import runpy
import sys
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from functools import cache, wraps
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from pkgutil import iter_modules

import pytest

import agents
import scenarios
import sim
from agents.leveraged import Leveraged
from analysis import check, published
from analysis.cli import main, perpsim
from scenarios.march_2020 import XBTUSD
from scenarios.scenario import defaults
from sim import (
    book,
    funding,
    genealogy,
    maps,
    margin,
    outcome,
    series,
    sessions,
    skew_funding,
    spot_pool,
    terms,
    venues,
)
from sim import voted_funding as voted
from sim.exchange import FILL
from sim.market import Market
from sim.paths import Points
from sim.venue import Venue

HOME = Path(__file__).resolve().parent.parent
ODD, README = HOME / "docs" / "odd.md", HOME / "README.md"
PAGES = sorted([README, HOME / "CHANGELOG.md", *(HOME / "docs").glob("*.md")])
GRADES = ("published", "calibrated", "assumed")

MODULES = [import_module(f"sim.{each.name}") for each in iter_modules(sim.__path__)]
STATES = ("Control", "Position", "Reserves")
"""Frozen dataclasses of sim that are no rules: where a calculation stands."""
RULES = [
    kind
    for module in MODULES
    for kind in vars(module).values()
    if is_dataclass(kind) and isinstance(kind, type) and kind.__module__ == module.__name__
    if kind.__dataclass_params__.frozen and kind.__name__ not in STATES
]
CROWDS = (agents.Crowd, Leveraged, *agents.CROWDS)
PRESETS = {name: each for name, each in vars(venues).items() if isinstance(each, Venue)}
VARIANTS = {
    **{"BITMEX_NOW": "BITMEX", "DERIBIT_WIDE": "DERIBIT", "BINANCE_SLOW": "BINANCE", "BYBIT_ENTRY": "BYBIT"},
    **{"LINEAR": "BITMEX", "POWER": "BITMEX"},
}
"""Presets that start from another one, whose rows say what they change in that."""
METHODS = {"Market": Market.__init__, "Market.endow": Market.endow, "Market.beside": Market.beside}
STATED = ("maker_fee", "taker_fee", "max_leverage")
"""What every venue states: rows of each preset that starts from none, though it be as by default."""
CONSTANTS = {
    **{"VOLATILITY_HALF_LIFE_S": terms, "DEPTH_REACH": terms, "FADED_USD": genealogy},
    **{"sessions.SAMPLE_S": sessions, "margin.CHORDS": margin, "margin.RISEN": margin, "spot_pool.LEAST": spot_pool},
    **{"spot_pool.NO_IMPACT": spot_pool, "skew_funding.LEAST_FACTOR": skew_funding},
    **{"voted_funding.REALISATION_HOURS": voted},
}
SCENARIOS = {name: each for name, each in vars(scenarios).items() if getattr(each, "is_scenario", False)}
NEEDED = {"replay": {"path": Points((0.0,), (8_000.0,)), "hours": 1.0}}
"""What a scenario cannot do without."""
TABLES = {
    "series": series.SERIES,
    "liquidations": outcome.LIQUIDATIONS,
    "funding": outcome.FUNDING,
    "adl": outcome.ADL,
    "accounts": outcome.ACCOUNTS,
    "fills": FILL,
    "book_map": maps.BOOK_MAP,
    "liquidation_map": maps.LIQUIDATION_MAP,
}


def file_of(thing):
    """Return the path of the source that defines `thing`, from the root."""
    return Path(inspect.getsourcefile(thing)).resolve().relative_to(HOME).as_posix()


def field_defaults(kind):
    """Return {field: default} of a dataclass, those without one left out."""
    made = {f.name: f.default_factory() if f.default_factory is not MISSING else f.default for f in fields(kind)}
    return {name: value for name, value in made.items() if value is not MISSING}


def own_defaults(kind):
    """Return {field: default} that a dataclass adds to what it inherits, or changes."""
    inherited = {}
    for base in reversed(kind.__mro__[1:]):
        inherited |= field_defaults(base) if is_dataclass(base) else {}
    return {name: value for name, value in field_defaults(kind).items() if inherited.get(name, MISSING) != value}


def of_rules():
    """Yield (name, value, file) of every default of rules, paths and crowds, and of the constants beside them."""
    for kind in dict.fromkeys((*RULES, *CROWDS)):
        for name, value in own_defaults(kind).items():
            yield f"{kind.__name__}.{name}", value, file_of(kind)
    for name, module in CONSTANTS.items():
        yield name, getattr(module, name.rpartition(".")[2]), file_of(module)
    for prefix, method in METHODS.items():
        for name, value in defaults(method).items():
            yield f"{prefix}.{name}", value, file_of(Market)


def of_presets():
    """Yield (name, value, file) of what each preset changes in the defaults, or in the preset it starts from."""
    usual = {name: value for name, value in field_defaults(Venue).items() if name not in STATED}
    for preset, venue in PRESETS.items():
        base = vars(PRESETS[VARIANTS[preset]]) if preset in VARIANTS else usual
        for name, value in vars(venue).items():
            if name != "name" and base.get(name, MISSING) != value:
                yield f"{preset}.{name}", value, file_of(venues)


@contextmanager
def recorded(monkeypatch):
    """Yield {name: value} of the keywords other than defaults with which a Market is made and endowed inside."""
    heard = {}
    with monkeypatch.context() as patch:
        for prefix, method in METHODS.items():

            @wraps(method)  # options of scenarios are read from its signature
            def heeded(self, *args, method=method, prefix=prefix, **keywords):
                usual = {"seed": keywords.get("seed"), "longs": None, "shorts": None, "path": None} | defaults(method)
                changed = {name: value for name, value in keywords.items() if usual[name] != value}
                heard.update({f"{prefix}.{name}": value for name, value in changed.items()})
                return method(self, *args, **keywords)

            patch.setattr(Market, method.__name__, heeded)
        yield heard


def of_scenarios(monkeypatch):
    """Yield (name, value, file) of every keyword default, and of what a scenario sets without being asked."""
    for scenario, function in SCENARIOS.items():
        file, given = file_of(inspect.unwrap(function)), defaults(function)
        for name, value in given.items():
            yield f"{scenario}.{name}", value, file
        with recorded(monkeypatch) as settings:
            markets = function(seed=1, **NEEDED.get(scenario, {})).markets
        crowds = [crowd for market in markets for crowd in market.crowds]
        for crowd in crowds:
            usual = field_defaults(type(crowd)) | {"name": crowd.name}
            usual["max_leverage"] = usual["max_leverage"] or crowd.market.venue.max_leverage
            settings |= {f"{crowd.name}.{k}": getattr(crowd, k) for k, v in usual.items() if getattr(crowd, k) != v}
        for name, value in settings.items():
            if not asked(name, value, given):
                yield f"{scenario}: {name}", value, file


def asked(setting, value, given):
    """Return whether a setting is a path, made of what was given, or hands on a keyword of nearly its own name."""
    field = setting.rpartition(".")[2]
    last = field.rpartition("_")[2]
    near = [name for name in given if name == field or (len(last) > 1 and name.endswith(last))]
    return setting in ("Market.path", "Market.endow.longs", "Market.endow.shorts") or any(
        given[name] == value for name in near
    )


@cache
def assumptions():
    """Return {name: (value, unit, file, grade, why)} of the table's rows that name something in the code."""
    rows = {}
    for line in ODD.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("| ") else []
        if len(cells) == 6 and cells[0].startswith("`"):
            assert cells[0] not in rows, f"{cells[0]} stands twice in the table"
            rows[cells[0].strip("`")] = [cell.strip("`") for cell in cells[1:]]
    return rows


@cache
def spoken():
    """Return the names that a value in the table may be made of."""
    names = {"inf": math.inf, "nan": math.nan, "sim": sim, "HOURLY": funding.HOURLY, "XBTUSD": XBTUSD}
    for module in (*MODULES, agents):
        names |= {name: each for name, each in vars(module).items() if isinstance(each, type)}
    return names | PRESETS | {name: each for name, each in vars(book).items() if name.isupper()}


def spelled(value):
    """Return a value as the table may have it: of a rule only the fields that are not as by default."""
    if is_dataclass(value):
        usual = field_defaults(type(value))
        own = {each.name: getattr(value, each.name) for each in fields(value) if each.init}
        given = [f"{name}={spelled(it)}" for name, it in own.items() if repr(it) != repr(usual.get(name, MISSING))]
        return f"{type(value).__name__}({', '.join(given)})"
    return "HOURLY" if value == funding.HOURLY else repr(value)


def wrong(expected):
    """Return a line for each row of `expected` that the table lacks or has otherwise, and for each it has too much."""
    rows, lines, known = assumptions(), [], set()
    for name, value, file in expected:
        known.add(name)
        if name not in rows:
            lines.append(f"missing: | `{name}` | `{spelled(value)}` | unit | `{file}` | assumed | why |")
        elif repr(eval(rows[name][0], dict(spoken()))) != repr(value):
            lines.append(f"`{name}` is `{spelled(value)}` in the code, `{rows[name][0]}` in the table")
        elif rows[name][2] != file:
            lines.append(f"`{name}` is in `{file}`, not in `{rows[name][2]}`")
    return lines + [f"`{name}` names nothing in the code" for name in rows if name not in known]


def test_the_table_of_assumptions_holds_every_default_with_its_value_and_its_file(monkeypatch):
    lines = wrong([*of_rules(), *of_presets(), *of_scenarios(monkeypatch)])
    assert not lines, "docs/odd.md, table of assumptions:\n" + "\n".join(lines)


def test_every_assumption_has_a_unit_a_grade_and_a_reason():
    for name, (_, unit, _, grade, why) in assumptions().items():
        assert unit and why and grade in GRADES, name


def test_the_order_of_a_step_is_the_one_in_the_docstring_of_the_loop():
    coded = re.findall(r"^ *(\d)\. (\w+)", Market.step.__doc__, re.MULTILINE)
    assert re.findall(r"^(\d)\. \*\*(.+?)\*\*", ODD.read_text(encoding="utf-8"), re.MULTILINE) == coded


def section(title):
    """Return the text of one section of the README."""
    return README.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("table", TABLES)
def test_the_glossary_explains_every_column(table):
    rows = section("Glossary").partition(f"**{table}**")[2].partition("\n**")[0]
    first = [line.split(" | ")[0] for line in rows.splitlines() if line.startswith("| `")]
    assert re.findall(r"`(\w+)`", " ".join(first)) == list(TABLES[table].names)


def blocks(page):
    """Return the Python examples of a page."""
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


EXAMPLES = {f"{page.stem}-{number}": each for page in PAGES for number, each in enumerate(blocks(page))}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "example.py"
    path.write_text(EXAMPLES[name])
    runpy.run_path(str(path), run_name="__main__")


def test_the_custom_crowd_runs_from_the_command_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "dips.py").write_text(next(block for block in blocks(README) if "@scenario" in block))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(SystemExit) as left:
        main(["run", "dips.py:dips", "--buyers", "50", "--hours", "0.05"])
    assert left.value.code == 0 and "Do dip buyers" in (tmp_path / "runs" / "dips-1" / "about.json").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere_and_no_page_names_a_place_on_one_machine(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), target
    for anchor in re.findall(r"\]\(#([^)]+)\)", text):
        assert anchor in [each.lower().replace(" ", "-") for each in re.findall(r"^#+ (.+)$", text, re.MULTILINE)]
    assert not re.search("|".join(f"/{folder}/" for folder in ("home", "root", "tmp", "work", "Users")), text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_that_a_page_shows_exists(page, capsys):
    listings = "".join(re.findall(r"^```\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
    for line in re.findall(r"^perpsim (.*?) *(?:#.*)?$", listings, re.MULTILINE):
        words = line.split()
        assert words[0] in perpsim.commands, line
        if words[0] != "run" or words[1] in SCENARIOS:
            with pytest.raises(SystemExit) as left:
                main([*words[: 1 + (words[0] == "run")], "--help"])
            shown = capsys.readouterr().out
            assert left.value.code == 0 and all(word in shown for word in words if word.startswith("--")), line
        if words[0] in ("run", "venues", "compare"):
            named = words[1:] if words[0] != "run" else [each for flag, each in pairwise(words) if flag == "--venue"]
            assert set(named) <= set(PRESETS), line


def test_the_readme_counts_the_published_numbers_as_the_command_does():
    assert re.findall(COUNTED, README.read_text(encoding="utf-8")) == [counted()]


def test_the_page_of_venues_has_a_paragraph_for_each():
    page = (HOME / "docs" / "venues.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\*\*`(\w+)`\*\*", page, re.MULTILINE)) == set(PRESETS)


COUNTED = r"\d+ rows: \d+ pass, \d+ disagrees, \d+ missed"


@cache
def counted():
    """Return the line with which `perpsim check` ends."""
    return check.counted(check.check(published.read(published.TABLE)))


def refresh():
    """Write the values and files of the code into the table of `docs/odd.md`; say which rows are missing, or too many.

    The README's count of published numbers is brought up to date too.
    """
    with pytest.MonkeyPatch.context() as monkeypatch:
        expected = [*of_rules(), *of_presets(), *of_scenarios(monkeypatch)]
    text = ODD.read_text(encoding="utf-8")
    for name, value, file in expected:
        if name in assumptions():
            old, unit, old_file, *_ = assumptions()[name]
            row = "| `{}` | `{}` | {} | `{}` |".format
            text = text.replace(row(name, old, unit, old_file), row(name, told(old, value), unit, file))
    ODD.write_text(text, encoding="utf-8")
    assumptions.cache_clear()
    README.write_text(re.sub(COUNTED, counted(), README.read_text(encoding="utf-8")), encoding="utf-8")
    print("\n".join(wrong(expected)) or "docs/odd.md says what the code says")


def told(old, value):
    """Return how the table is to tell a value: as it does, if that is right and can be read."""
    try:
        return old if repr(eval(old, dict(spoken()))) == repr(value) else spelled(value)
    except (NameError, AttributeError, TypeError, ValueError):
        return spelled(value)


if __name__ == "__main__":
    refresh()
