"""How things are timed: by CPU time, the best of several repetitions, and the rest as spread."""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
REPEATS = 7


@dataclass
class Line:
    """One line of the table.

    value:      best of the repetitions
    spread:     worst repetition over the best, less 1; nan where there was only one
    target:     what `value` should not exceed, or, with `at_least`, not fall below; nan none
    to_bare:    time over that of the bare order book for as many messages, in the same run; nan where it has none
    key:        name in `results` of the JSON, which hold messages a second one by one and not in millions
    """

    part: str
    what: str
    value: float
    unit: str
    spread: float = float("nan")
    target: float = float("nan")
    at_least: bool = False
    to_bare: float = float("nan")
    key: str = ""

    @property
    def verdict(self):
        """Whether the target is met, in a word; empty without one."""
        if self.target != self.target:
            return ""
        return "met" if (self.value >= self.target if self.at_least else self.value <= self.target) else "MISSED"

    def __str__(self):
        bound = f"{'>=' if self.at_least else '<='} {number(self.target)}"
        return (
            f"{self.part:<9} {self.what:<50} {number(self.value):>11} {self.unit:<8} {percent(self.spread):>7} "
            f"{number(self.to_bare):>8} {bound if self.verdict else '':>12} {self.verdict}"
        )


HEADER = f"{'part':<9} {'what':<50} {'best':>11} {'unit':<8} {'spread':>7} {'to bare':>8} {'target':>12}"


def number(value):
    """A number in a few digits; empty for nan."""
    if value != value:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def percent(value):
    """A fraction as percent; empty for nan."""
    return f"+{100 * value:.0f} %" if value == value else ""


def best(work, repeats=REPEATS):
    """(least CPU seconds that `work()` took, worst over least less 1).

    `work` may return the CPU seconds itself, when only a part of it is to count.
    """
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        said = work()
        taken.append(time.process_time() - start if said is None else said)
    return min(taken), max(taken) / min(taken) - 1.0


@contextmanager
def fresh_cache():
    """Environment variables of a process that finds no compiled code."""
    with tempfile.TemporaryDirectory(prefix="perpsim-bench-") as folder:
        environment = os.environ | {"XDG_CACHE_HOME": folder, "LOCALAPPDATA": folder, "HOME": folder}
        environment.pop("NUMBA_CACHE_DIR", None)
        yield environment


def python(code, *arguments, environment=None):
    """What a new Python process says that runs `code` in the project's folder."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environment = environment or os.environ
    done = subprocess.run(command, cwd=HOME, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"a benchmark's process must end well (got status {done.returncode}): {done.stderr[-800:]}")
    return done.stdout


def machine():
    """What the numbers were measured on."""
    named = [line.partition(":")[2].strip() for line in cpu_lines() if line.startswith("model name")]
    return {
        "processor": named[0] if named else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load_before": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
    }


def cpu_lines():
    """Lines of the kernel's description of the processor, where it has one."""
    described = Path("/proc/cpuinfo")
    return described.read_text(encoding="utf-8").splitlines() if described.exists() else []


def about():
    """Where and when the table was made: date, machine, versions, commit, command."""
    from sim.provenance import provenance

    words = ["python", "-m", "benchmarks", *sys.argv[1:]]
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "command": " ".join(words),
        **provenance(),
    }


def write(path, lines, extra, origin):
    """Write the table, what else was found, and where it was made, as JSON."""
    rows = [{name: value if value == value else None for name, value in asdict(line).items()} for line in lines]
    results = {line.key: line.value * (1e6 if line.unit == "M/s" else 1.0) for line in lines if line.key}
    for row, line in zip(rows, lines, strict=True):
        row["verdict"] = line.verdict or None
    text = json.dumps({**origin, "results": results, "table": rows, **extra}, indent=2, allow_nan=False)
    Path(path).write_text(text + "\n", encoding="utf-8")
