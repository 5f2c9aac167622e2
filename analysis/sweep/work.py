"""On the worker: one run and its twins, measured; what came of it is in the journal before anybody is told."""

import gc
import json
import os
import pickle
import secrets
import socket
import sys
import threading
import time
import traceback
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analysis.sweep.origin import Reference, fingerprint
from analysis.sweep.plan import BASE, columns

SYNC_S = 1.0  # a crash of the machine may cost what was journalled in the last so many seconds


class Spec(NamedTuple):
    """What a worker must know of a sweep, whichever run it is given."""

    scenario: Reference
    metrics: tuple[Reference, ...]
    twins: tuple  # of labels
    tables: dict
    folder: str
    code: str


def work(spec, job, changes, attempt=1):
    """[row] of a run and its twins, after they were written to this worker's journal.

    spec, job, changes: pickled Spec, Job and {label: {keyword: value}}; a run that fails is a row that says why
    """
    spec = opened(spec)
    job, changes = pickle.loads(job), pickle.loads(changes)
    rows = measured(spec, job, changes, attempt)
    journal = journal_of(spec.folder)
    if journal:
        journal.write(rows)
    elif spec.tables:
        raise FileNotFoundError(f"{spec.folder} must be seen by every worker where tables are kept (not by {host()})")
    return rows


@cache
def opened(spec):
    """The Spec with its functions in place of references to them; RuntimeError if this worker runs other code."""
    spec = pickle.loads(spec)
    references = (spec.scenario, *spec.metrics)
    scenario, *metrics = [each.found() for each in references]
    found = fingerprint(references)
    if found != spec.code:
        where = f"worker on {host()}"
        raise RuntimeError(
            f"{where} must run the code that the sweep was planned with (got {found}, not {spec.code}); "
            "install the same perpsim and libraries there"
        )
    gc.collect()
    gc.freeze()  # what is imported stays; a collection after each run need not look at it again
    return spec._replace(scenario=scenario, metrics=tuple(metrics))


def measured(spec, job, changes, attempt):
    """[row] of a job, the base first."""
    rows, replay = [], {}
    for label, run_id in zip((BASE, *spec.twins), job.ids, strict=True):
        arguments = job.arguments | changes.get(label, {}) | (replay if label else {})
        row, market = one(spec, run_id, job.seed, arguments, attempt)
        rows.append(row)
        if not label and market is not None and market.replays:
            replay = {"base_impact": market.spot.impact}
        del market
        gc.collect()  # a market is a ring of references
    return rows


def one(spec, run_id, seed, arguments, attempt):
    """(row, market) of one run; market is None where it could not be built."""
    row, market = {"run_id": run_id, "status": "done", "error": ""}, None
    begun, clock = datetime.now(UTC), time.perf_counter()
    values, trace, seconds, run = {}, "", None, None
    try:
        market = spec.scenario(seed=seed, **arguments)
        run = market.run()
        seconds = time.perf_counter() - clock
        if not run.about["finished"]:
            raise KeyboardInterrupt
        values, row["error"], trace = numbers(spec.metrics, run)
    except Exception as error:  # whatever a scenario may raise: the sweep goes on
        row["error"], trace = said(error), traceback.format_exc()
    if run is not None:
        keep(spec, run_id, run)
    row["status"] = "failed" if row["error"] else "done"
    row["metrics"] = values
    row["meta"] = {
        "meta_begun": begun.isoformat(timespec="milliseconds"),
        "meta_seconds": time.perf_counter() - clock if seconds is None else seconds,
        "meta_host": host(),
        "meta_worker": os.getpid(),
        "meta_attempt": attempt,
        "meta_peak_mb": peak_mb(),
        "meta_traceback": trace,
    }
    return row, market


def peak_mb():
    """The most memory this process has used, MB; nan where the platform does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most / 1024.0


def numbers(metrics, run):
    """({name: number}, error, traceback) of the metrics of a run; one that fails is nan and does not spoil the rest."""
    values, error, trace = {}, "", ""
    for metric in metrics:
        names = columns(metric)
        try:
            got = metric(run)
            got = [got[name] for name in names] if hasattr(metric, "names") else [got]
            values |= {name: float(each) for name, each in zip(names, got, strict=True)}
        except Exception as failure:  # a metric of the user's
            values |= dict.fromkeys(names, float("nan"))
            error, trace = error or f"metric {metric.__name__}: {said(failure)}", trace or traceback.format_exc()
    return values, error, trace


def host():
    """The name of this machine."""
    return socket.gethostname()


def said(error):
    """An error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def keep(spec, run_id, run):
    """Write the tables that are kept, thinned to one row in so many seconds, where the sweep collects them."""
    import pyarrow

    for name, every_s in spec.tables.items():
        rows = getattr(run, name)
        rows = rows[last_of_each(rows.time_s, every_s)] if every_s else rows
        kept = pyarrow.table({column: np.ascontiguousarray(rows[column]) for column in rows.dtype.names})
        kept = kept.add_column(0, "run_id", pyarrow.array([run_id] * len(rows), pyarrow.string()))
        write_whole(kept, Path(spec.folder) / "journal" / f"{name}-{run_id}.parquet")


def last_of_each(time_s, every_s):
    """(n,) places of the last row of every stretch of `every_s` seconds; times at its end count to it."""
    stretch = np.ceil(np.round(time_s / every_s, 9))
    return np.flatnonzero(np.diff(stretch, append=np.inf) > 0)


def write_whole(table, path):
    """Write a Parquet file that is there whole or not at all, whatever happens to the machine."""
    import pyarrow.parquet

    path = Path(path)
    partial = path.parent / f".{path.name}.{secrets.token_hex(4)}"
    try:
        with open(partial, "wb") as file:
            pyarrow.parquet.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder):
    """See that names in a folder survive a crash, where the platform can."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Journal:
    """A file of this process alone, to which every finished job is added as one line of JSON.

    Written by one system call a line, so no death of a process can tear or lose it, and on the disk a second later.
    """

    def __init__(self, folder):
        name = f"{host()}-{os.getpid()}-{secrets.token_hex(4)}.jsonl"
        self.file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.written = threading.Event()
        threading.Thread(target=self.sync, daemon=True).start()

    def write(self, rows):
        """Add one line. OSError, and no line, if there is no room for all of it."""
        line = json.dumps(rows).encode() + b"\n"
        size = os.fstat(self.file).st_size
        try:
            written = os.write(self.file, line)
        except OSError:
            written = -1
        if written < len(line):
            os.ftruncate(self.file, size)
            raise OSError(28, "No space left on device")
        self.written.set()

    def sync(self):
        """See every second that what was written is on the disk."""
        while True:
            self.written.wait()
            self.written.clear()
            os.fsync(self.file)
            time.sleep(SYNC_S)


@cache
def journal_of(folder):
    """The Journal of this process in the folder of a sweep; None on a worker that cannot see that folder."""
    journals = Path(folder) / "journal"
    return Journal(journals) if journals.is_dir() else None
