"""The rooms, the arrow between them, and where each library lives: read from the sources, not believed."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim import ROOMS, check_rooms

HOME = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for room in ROOMS for path in (HOME / room).rglob("*.py"))
NAMES = [path.relative_to(HOME).as_posix() for path in SOURCES]

# A library may be imported in these rooms or files, and nowhere else.
HOMES = {
    "numpy": ROOMS,
    "numba": ("sim/compiled.py", "sim/bundle.py", "sim/ahead.py"),
    "llvmlite": ("sim/bundle.py", "sim/ahead.py"),
    "mesa": ("sim/market.py", "agents/crowd.py"),
    "pyarrow": ("sim/record.py", "sim/replay.py", "analysis"),
    "pandas": ("sim/record.py", "sim/replay.py", "analysis"),
    "scipy": ("analysis",),
    "matplotlib": ("analysis",),
    "click": ("analysis",),
    "tqdm": ("analysis",),
    "cloudpickle": ("analysis/sweep",),
    "jinja2": ("analysis/report", "analysis/gallery"),
    "arch": ("analysis/signals",),
    "filelock": ("analysis/sweep/store.py",),
    "distributed": ("analysis/sweep/cluster.py",),
}
# In these numpy and the C library differ in the last digit, so that a kernel and its twin would too.
INEXACT = set("exp expm1 log log1p log2 log10 sin cos tan sinh cosh tanh power random".split())


def tree_of(name):
    """Return the syntax tree of one source file."""
    return ast.parse((HOME / name).read_text(encoding="utf-8"))


def imports(name):
    """Return the top-level packages a file imports, inside functions too."""
    found = set()
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            found |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively; name the room"
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_import_never_points_right(name):
    room = name.partition("/")[0]
    assert imports(name) & set(ROOMS) <= set(ROOMS[: ROOMS.index(room) + 1])


@pytest.mark.parametrize("name", NAMES)
def test_every_library_stays_in_its_home(name):
    for library in imports(name) - set(ROOMS) - sys.stdlib_module_names:
        assert library in HOMES, f"{name} imports {library}, which pyproject.toml does not list"
        homes = tuple(home if home.endswith(".py") else f"{home}/" for home in HOMES[library])
        assert name.startswith(homes), f"{name} imports {library}, whose home is {homes}"


@pytest.mark.parametrize("name", NAMES)
def test_a_module_says_what_it_holds(name):
    stem = Path(name).stem
    assert stem == "__init__" or stem not in sys.stdlib_module_names
    assert not re.search(r"util|helper|manager|misc|common|^(data|info|process)$", stem)
    assert ast.get_docstring(tree_of(name)), f"{name} has no docstring"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_prints_or_evaluates(name):
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("print", "eval", "exec"), f"{name}:{node.lineno}"


@pytest.mark.parametrize("name", NAMES)
def test_kernels_use_the_arithmetic_that_python_shares(name):
    for function in ast.walk(tree_of(name)):
        if isinstance(function, ast.FunctionDef) and "kernel" in map(ast.unparse, function.decorator_list):
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "np":
                    assert node.attr not in INEXACT, f"{name}:{node.lineno}: use math.{node.attr}"


def test_no_file_names_a_place_on_one_machine():
    places = re.compile("|".join(f"/{folder}/" for folder in ("home", "root", "tmp", "work", "Users")))
    for path in [*SOURCES, *(HOME / "tests").glob("*.py"), HOME / "Makefile", HOME / "pyproject.toml"]:
        assert not places.search(path.read_text(encoding="utf-8")), path


def test_the_constraints_pin_every_library_and_hold_no_address():
    lines = (HOME / "constraints.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[a-z0-9._-]+==[0-9][\w.]*( ; [\w<>='. ]+)?", line) for line in lines)
    assert set(HOMES) <= {line.partition("==")[0] for line in lines}


def test_the_front_door_is_cheap():
    heavy = "{'numpy', 'numba', 'mesa', 'pandas', 'pyarrow', 'matplotlib', 'scipy'} & set(sys.modules)"
    code = f"import sys, sim, analysis.cli; assert not {heavy}, {heavy}"
    subprocess.run([sys.executable, "-c", code], cwd=HOME, check=True)


def test_a_foreign_package_of_the_same_name_is_named(tmp_path):
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "__init__.py").write_text("")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.path.append({str(HOME)!r}); import sim"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    said = done.stderr.splitlines()[-1]
    assert done.returncode == 1 and said.startswith("ImportError: the package 'agents' must be perpsim's own")
    assert str(tmp_path / "agents") in said and "virtual environment" in said


def test_a_missing_room_is_named(tmp_path):
    with pytest.raises(ImportError, match="'sim' must be perpsim's own, in .*shadows it"):
        check_rooms(tmp_path)


def test_every_shipped_scenario_is_on_the_list():
    from analysis.lookup import of_module, shipped

    for path in (HOME / "scenarios").glob("*.py"):
        __import__(f"scenarios.{path.stem}")
        assert of_module(sys.modules[f"scenarios.{path.stem}"]).items() <= shipped().items()
