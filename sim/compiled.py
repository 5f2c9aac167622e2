"""Compiled code: the decorator that makes it, and the folder that keeps it between runs.

numba's cache does not notice an edit of a function in another file than its caller's, and then
answers with stale code (numba issue 1833). So the cache lives in a folder named by a hash of every
source in `sim` and `agents`, chosen here before the first kernel is imported.
"""

import atexit
import os
import platform
import shutil
import sys
import tempfile
import time
from functools import cache, partial
from hashlib import blake2b
from pathlib import Path

import numba
from numba import types

HOME = Path(__file__).resolve().parent.parent
KEPT_S = 30 * 86_400.0  # a cache folder unused for so long is removed when a new one is made


def kernel(function=None, *, inlined=False):
    """Return `function` compiled: cached on disk, free of the GIL, dividing by zero as numpy does.

    Left to itself numba compiles a function anew for every width and for every constant that another kernel calls it
    with: two fifths of the first run. What kernels pass each other is widened to one type instead.

    inlined: its code becomes part of whatever calls it; for the few on the way of every message and fill, since all of
    it is compiled each time
    """
    if function is None:
        return partial(kernel, inlined=inlined)
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=inlined)(function)
    if not numba.config.DISABLE_JIT:
        template = compiled.get_call_template
        compiled.get_call_template = lambda args, kws: template(tuple(map(widest, args)), kws)
    return compiled


def widest(kind):
    """Return the numba type as which kernels pass each other a value of type `kind`."""
    kind = types.unliteral(kind)
    return types.int64 if isinstance(kind, types.Integer) and kind.signed else kind


@cache
def source_hash(root=HOME):
    """Return the blake2 hash, 20 hex digits, of every Python source in `sim` and `agents` under `root`.

    Read once per process, so it describes what was imported and not what was edited since.
    """
    digest = blake2b(digest_size=10)
    for path in sorted(path for room in ("sim", "agents") for path in (root / room).rglob("*.py")):
        source = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(source)}\n".encode() + source)
    return digest.hexdigest()


def cache_name(root=HOME):
    """Return the name of the cache folder that belongs to these sources, this numba and this Python."""
    return f"{source_hash(root)}-numba{numba.__version__}-python{platform.python_version()}"


def user_cache():
    """Return the folder in which this platform keeps a user's caches."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def cache_folder(root=HOME):
    """Return a writable folder for the compiled code of these sources, made if need be.

    A parent process hands its own down through NUMBA_CACHE_DIR; else the user's cache, and where that
    cannot be written a temporary folder that goes when the process ends.
    """
    name = cache_name(root)
    inherited = Path(os.environ.get("NUMBA_CACHE_DIR", ""))
    if inherited.name == name and writable(inherited):
        return inherited
    try:
        folder = user_cache() / "perpsim" / name
    except RuntimeError:  # no home folder at all
        return temporary_folder(name)
    if not folder.exists():
        remove_unused(folder.parent)
    return folder if writable(folder) else temporary_folder(name)


def cold():
    """Return whether nothing has been compiled for these sources yet."""
    return not any(Path(numba.config.CACHE_DIR).rglob("*.nbi"))


def writable(folder):
    """Return whether a file can be written in `folder`, which is made and marked as used now."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            os.utime(folder)
        return True
    except OSError:
        return False


def temporary_folder(name):
    """Return a new temporary folder called `name`, removed when the process ends."""
    parent = tempfile.mkdtemp(prefix="perpsim-")
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    folder = Path(parent) / name
    folder.mkdir()
    return folder


def remove_unused(parent):
    """Remove the cache folders in `parent` that no process has used for `KEPT_S` seconds."""
    for folder in parent.glob("*-numba*"):
        try:
            if time.time() - folder.stat().st_mtime > KEPT_S:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # another process was faster
            pass


# The variable is for child processes and for numba's own reloads, which would else undo the setting.
numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"] = str(cache_folder())
