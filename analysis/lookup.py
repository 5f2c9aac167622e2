"""Find a scenario: a shipped one by name, a user's in a file, a past run's in its about.json."""

import importlib.util
import os
import sys
from pathlib import Path

from scenarios.scenario import HOME, file_hash
from sim.record import read_about
from sim.spelling import unknown


def shipped():
    """Return {name: scenario} of the scenarios that come with perpsim."""
    import scenarios

    return of_module(scenarios)


def of_module(module):
    """Return {name: scenario} of the scenarios in a module's namespace."""
    return {name: each for name, each in vars(module).items() if getattr(each, "is_scenario", False)}


def find(word):
    """Return the scenario that `word` names: NAME, or FILE.py:NAME (of an only one FILE.py will do).

    ValueError, FileNotFoundError or ImportError, one sentence each.
    """
    file, colon, name = word.rpartition(":")
    if word.endswith(".py"):
        file, name = word, ""
    elif not colon or not file.endswith(".py"):
        known = shipped()
        if word not in known:
            raise ValueError(unknown("scenario", word, known))
        return known[word]
    known = of_module(imported(Path(file)))
    if not name and len(known) == 1:
        return next(iter(known.values()))
    if name not in known:
        raise ValueError(f"{file}: {unknown('scenario', name, known)}")
    return known[name]


def imported(path):
    """Return the module in the file `path`, whose folder joins the import path as if Python had run it."""
    if not path.is_file():
        raise FileNotFoundError(f"a scenario's file must exist (got {path}); name one that does")
    path = path.resolve()
    old = sys.modules.get(path.stem)
    if old is not None and getattr(old, "__file__", None) == str(path):
        return old
    if old is not None or path.stem in sys.stdlib_module_names:
        raise ImportError(f"{path.name} must not be called like the module {path.stem!r}; rename it")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[path.stem]
        raise ImportError(f"{path} cannot be imported ({type(error).__name__}: {error})") from error
    return module


def past(path):
    """Return (about, scenario) of a past run; ValueError if a file it was made with is not the same now.

    A scenario's file is imported only after its hash was found to be the recorded one.
    """
    about = read_about(path)
    origin = about.get("scenario") if isinstance(about, dict) else None
    if not isinstance(origin, dict) or not {"file", "name", "sha256", "arguments", "files"} <= set(origin):
        raise ValueError(f"{path} must be the about.json of a scenario's run; it names no scenario")
    if not origin["file"]:
        raise ValueError(f"{path}: scenario {origin['name']!r} must be in a file (got: a session)")
    file = Path(origin["file"]) if os.path.isabs(origin["file"]) else HOME / origin["file"]
    for each, recorded in {file: origin["sha256"], **origin["files"]}.items():
        if file_hash(each) != recorded:
            found = "it has changed" if os.path.exists(each) else "it is gone"
            raise ValueError(f"{each} must be the very file that run was made with ({found}); bring it back")
    if file.is_relative_to(HOME / "scenarios"):
        return about, find(origin["name"])
    return about, find(f"{file}:{origin['name']}")


def changes(then, now):
    """Return one sentence for each thing that differs between two `provenance()` and may change numbers."""
    lines = []
    if then.get("source") != now["source"]:
        lines.append("perpsim's own sources differ from that run's: its numbers may not come out again")
    old = then.get("versions") or {}
    for name, version in now["versions"].items():
        if old.get(name) != version:
            lines.append(f"that run was made with {name} {old.get(name)}, this one with {version}")
    return lines
