"""Where a run's numbers come from, beside its scenario: sources, versions, commit."""

import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sim.compiled import source_hash

LIBRARIES = ("perpsim", "numpy", "numba", "mesa", "scipy", "pandas", "pyarrow", "matplotlib")


def provenance():
    """Return what else decides the numbers of a run: {"source": hash, "versions": {...}, "commit": ...}.

    `commit` is None outside a git checkout, and ends in "+" where the checkout differs from it.
    """
    versions = {"python": platform.python_version(), "platform": platform.platform()}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:  # run from its folder, never installed
            versions[name] = None
    return {"source": source_hash(), "versions": versions, "commit": commit()}


@cache
def commit():
    """Return the commit this code was checked out at, with "+" if edited since, or None.

    Asked once per process, so it describes what was imported.
    """
    home = Path(__file__).resolve().parent.parent
    if not (home / ".git").exists():
        return None
    try:
        head = git(home, "rev-parse", "HEAD")
        return head + "+" if git(home, "status", "--porcelain", "--untracked-files=no") else head
    except (OSError, subprocess.SubprocessError):
        return None


def git(home, *words):
    """Return what a git command prints in the folder `home`."""
    done = subprocess.run(["git", *words], cwd=home, capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()
