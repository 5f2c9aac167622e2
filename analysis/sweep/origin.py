"""Functions that another process can find again, and a fingerprint of all code that decides a number."""

import inspect
import json
import platform
import sys
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b, sha256
from importlib.metadata import version
from pathlib import Path

import cloudpickle

from analysis.compare import METRICS
from analysis.lookup import find, imported
from analysis.summary import HEADLINES
from scenarios.scenario import HOME, file_hash
from sim.compiled import source_hash
from sim.spelling import unknown

LIBRARIES = ("numpy", "numba", "llvmlite", "scipy")


@dataclass(frozen=True)
class Reference:
    """Where a function is found: in one of our modules or an installed one, in a user's file, or in `pickled`.

    name:       as a column of results; sha256: of its source, as it is where this was made
    """

    name: str
    word: str
    sha256: str
    pickled: bytes = b""

    def found(self):
        """The function; ImportError or FileNotFoundError, one sentence, where it is not to be had."""
        if self.pickled:
            made = cloudpickle.loads(self.pickled)
            if getattr(made, "__name__", "") != self.name:  # lost where it is that of a class in a script
                made.__name__ = self.name
            return made
        file, _, name = self.word.rpartition(":")
        return getattr(imported(Path(file)), name)

    def here(self):
        """The sha256 of its source as it is in this process."""
        file = self.word.rpartition(":")[0]
        return self.sha256 if not file else hash_of(HOME / file)


def reference(function):
    """The Reference to a function, or to an instance of a class that can be called."""
    name = getattr(function, "__name__", "")
    if not callable(function) or not name.isidentifier():
        raise TypeError(f"a function with a name must be given (got {function!r}); use def, or set __name__")
    kind = inspect.unwrap(function) if inspect.isfunction(function) else type(function)
    module, file = kind.__module__, source_file(kind)
    if module != "__main__" and file and file.is_relative_to(HOME):
        word = f"{file.relative_to(HOME).as_posix()}:{name}"
        return Reference(name, word, hash_of(file), cloudpickle.dumps(function))
    if module == "__main__" or not file or kind is not inspect.unwrap(function):
        return Reference(name, f":{name}", sha256(source(kind).encode()).hexdigest(), by_value(function, module))
    if "." in module or "site-packages" in file.parts:
        return Reference(name, f"{file}:{name}", hash_of(file), cloudpickle.dumps(function))
    return Reference(name, f"{file}:{name}", hash_of(file))


def by_value(function, module):
    """A function pickled whole, with what its own module holds of what it uses."""
    if module == "__main__" or module not in sys.modules:
        return cloudpickle.dumps(function)
    cloudpickle.register_pickle_by_value(sys.modules[module])
    try:
        return cloudpickle.dumps(function)
    finally:
        cloudpickle.unregister_pickle_by_value(sys.modules[module])


def source_file(kind):
    """The file a function or class is written in, or None in a notebook."""
    try:
        file = inspect.getsourcefile(kind)
    except TypeError:
        return None
    return Path(file).resolve() if file and Path(file).is_file() else None


def source(kind):
    """The text of a function or class; ValueError if nothing knows it."""
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError) as error:
        raise ValueError(f"the source of {kind.__name__} must be readable ({error}); write it in a file") from error


@cache
def hash_of(file):
    """The sha256 of a source: of the whole room for a scenario of ours, whose numbers its neighbours decide too.

    Read once per process, so it describes what was imported and not what was edited since.
    """
    file = Path(file)
    room = HOME / "scenarios"
    if not file.is_relative_to(room):
        return file_hash(file)
    digest = sha256()
    for each in sorted(room.rglob("*.py")):
        digest.update(each.relative_to(room).as_posix().encode() + each.read_bytes())
    return digest.hexdigest()


def fingerprint(references, local=True):
    """20 hex digits that change with any code that decides a number: ours, theirs, and the libraries' versions.

    local: of the sources as they are in this process, not as they were where the references were made
    """
    parts = {each.word: each.here() if local else each.sha256 for each in references}
    parts |= {"sim, agents": source_hash(), "python": platform.python_version()}
    parts |= {name: installed(name) for name in LIBRARIES}
    return blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=10).hexdigest()


@cache
def installed(library):
    """The version of a library; read once per process, for that takes longer than a small run."""
    return version(library)


def metrics_named(words):
    """[function] of names of `analysis.summary` and `analysis.compare`, or FILE.py:FUNCTION."""
    return [metric(word) for word in words]


def metric(word):
    """The metric a word names."""
    file, colon, name = word.rpartition(":")
    if colon and file.endswith(".py"):
        module = imported(Path(file))
        known = {key: each for key, each in vars(module).items() if inspect.isfunction(each)}
    else:
        known, name = known_metrics(), word
    if name not in known:
        raise ValueError(unknown("metric", name, known))
    return known[name]


def headlines():
    """[function] of the headline numbers of a run."""
    return [each for group in HEADLINES.values() for each in group]


def known_metrics():
    """{name: function} of all metrics that can be named."""
    return {each.__name__: each for each in [*headlines(), *METRICS]}


def scenario_named(scenario):
    """The scenario that a word or a function is; TypeError if it is none."""
    made = find(scenario) if isinstance(scenario, str) else scenario
    if not getattr(made, "is_scenario", False):
        raise TypeError(f"a sweep must be given a scenario (got {made!r}); decorate it with @scenario")
    return made
