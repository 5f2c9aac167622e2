"""The folder of a sweep: its plan, a dataset of rows that grows while it runs, and the journals of its workers.

    DIR/about.json    what was asked, by which code, and what the folder may be added to
    DIR/plan.parquet  one row a run that is to be made
    DIR/runs/         the dataset: Parquet files, one row a run; those that are kept besides in DIR/series/ and so on
    DIR/journal/      one file of JSON lines a worker: rows that may not be in the dataset yet

A row is first a line of a journal, then in a part of the dataset, whose parts come at growing intervals, so that their
number grows with the logarithm of time. At the end they become one, in the order of the plan, and the journals go.
"""

import json
import os
import time
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import pyarrow
import pyarrow.compute
import pyarrow.parquet as parquet
from filelock import FileLock, Timeout

from analysis.sweep.plan import BASE, STORY, difference
from analysis.sweep.work import saving, sync_folder, write_whole, written
from sim.provenance import provenance
from sim.record import plain

FIRST_S, SHARE, LAST_S = 1.0, 0.05, 300.0
"""Seconds between two parts: the first, a share of what has passed, the most."""

ROWS = 100_000  # of a file in the end
META = {
    "meta_begun": pyarrow.string(),
    "meta_seconds": pyarrow.float64(),
    "meta_host": pyarrow.string(),
    "meta_worker": pyarrow.int64(),
    "meta_attempt": pyarrow.int64(),
    "meta_peak_mb": pyarrow.float64(),
    "meta_traceback": pyarrow.string(),
}


class Store:
    """The folder of one sweep, held by one process at a time.

    most_added: seeds of a point that standard errors may ask for besides those of the plan
    retries: whether runs that failed are forgotten, to be made again
    """

    def __init__(self, plan, folder, asked=None, most_added=0, retries=False):
        self.plan, self.folder, self.asked = plan, Path(folder).absolute(), asked or {}
        self.buffer, self.known, self.begun, self.flushed = [], set(), time.monotonic(), 0.0
        self.lock, self.most_added, self.retries = FileLock(self.folder / "lock"), most_added, retries

    def __enter__(self):
        self.make()
        try:
            self.lock.acquire(timeout=0)
        except Timeout:
            raise OSError(f"{self.folder} is written to by another sweep; wait for it or name another") from None
        try:
            self.check()
            self.recover()
            if self.retries:
                self.forget_failed()
            self.write_plan()
        except BaseException:
            self.lock.release()
            raise
        return self

    def __exit__(self, *_):
        self.lock.release()

    def make(self):
        """Make the folders; OSError, one sentence, unless the folder is new, empty, or a sweep's."""
        if self.folder.exists() and not self.folder.is_dir():
            raise FileExistsError(f"the folder of a sweep must not be a file (got {self.folder}); name another")
        there = list(self.folder.iterdir()) if self.folder.exists() else []
        if any(map(foreign, there)) and self.folder / "about.json" not in there:
            raise FileExistsError(f"{self.folder} holds something else than a sweep; name another folder")
        with saving(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)

    def check(self):
        """ValueError, one sentence, if what the folder holds is of another sweep, or of other code."""
        path = self.folder / "about.json"
        if path.exists():
            old = read_json(path)
            if not isinstance(old, dict) or "identity" not in old:
                raise FileExistsError(f"{self.folder} holds something else than a sweep; name another folder")
            why = difference(old["identity"], json.loads(json.dumps(self.plan.identity())))
            if why:
                raise ValueError(f"{self.folder} holds another sweep: {why}; name another folder or remove that one")
        with saving(self.folder):
            for name in ("runs", "journal", *self.plan.tables):
                (self.folder / name).mkdir(exist_ok=True)

    def write_plan(self):
        """Write what is asked and every run that is to be made, before the first is."""
        about = {"identity": self.plan.identity(), "asked": self.asked, "seeds": list(self.plan.seeds)}
        about |= {"points": len(self.plan.points), **provenance()}
        rows = [
            self.plan.row(point, seed, label, run_id)
            for point in range(len(self.plan.points))
            for seed in self.plan.seeds
            for label, run_id in zip(self.plan.labels, self.plan.ids(point, seed), strict=True)
        ]
        schema = pyarrow.schema([each for each in self.schema if each.name in rows[0]])
        with saving(self.folder):
            write_json(plain(about), self.folder / "about.json")
            self.write(pyarrow.Table.from_pylist(rows, schema), self.folder / "plan.parquet")

    def write(self, table, path):
        """Write a Parquet file whole or not at all, and made where no reader looks."""
        write_whole(table, path, self.folder / "journal")

    @cached_property
    def schema(self):
        """The columns of the dataset."""
        text, whole, number = pyarrow.string(), pyarrow.int64(), pyarrow.float64()
        named = {"run_id": text, "point": whole, "seed": whole, "twin": text}
        named |= {axis: kind_of(cells) for axis, cells in self.plan.cells.items()}
        named |= dict.fromkeys(self.plan.metric_names, number)
        named |= dict.fromkeys(STORY, text)
        return pyarrow.schema([*named.items(), *META.items()], metadata={"perpsim": json.dumps(self.plan.identity())})

    def recover(self):
        """Find out which runs are done, and take from the journals what no part of the dataset holds yet.

        ValueError if a row is of no run of this plan: rows of two plans are never mixed.
        """
        for name in self.plan.tables:
            self.drop_doubled(name)
        table = self.read("runs", ["run_id", "point", "seed"])
        self.known = set(table["run_id"].to_pylist())
        lost = [rows for rows in self.journalled() if rows[0]["run_id"] not in self.known]
        places = self.places() if self.known or lost else {}
        for row in (*table.to_pylist(), *(each for rows in lost for each in rows)):
            self.require_planned(row, places)
        moved = any(places[row["run_id"]][0] != row["point"] for row in table.to_pylist())
        if moved or any(parquet.read_schema(path) != self.schema for path in self.parts("runs")):
            self.renumber(places)
        for rows in lost:
            self.add(*places[rows[0]["run_id"]], rows)

    def forget_failed(self):
        """Take runs that failed, and the others of their seed, out of everything, so that they are made again."""
        self.flush()
        table = self.read("runs", ["run_id", "point", "seed", "status"]).to_pylist()
        places = {(row["point"], row["seed"]) for row in table if row["status"] == "failed"}
        gone = {row["run_id"] for row in table if (row["point"], row["seed"]) in places}
        with saving(self.folder):
            for name in (*self.plan.tables, "runs"):
                if gone and self.parts(name):
                    whole = self.read(name, parquet.read_schema(self.parts(name)[0]).names)
                    stays = [each not in gone for each in whole["run_id"].to_pylist()]
                    self.put(name, [whole.filter(pyarrow.array(stays))])
            for path in (self.folder / "journal").glob("*.jsonl"):
                path.unlink()
        self.known -= gone

    def places(self):
        """{run_id: (point, seed)} of every run of the plan, and of those of seeds that may have been added."""
        last = max(self.plan.seeds)
        seeds = [*self.plan.seeds, *range(last + 1, last + 1 + self.most_added)]
        return {
            run_id: (point, seed)
            for point in range(len(self.plan.points))
            for seed in seeds
            for run_id in self.plan.ids(point, seed)
        }

    def require_planned(self, row, places):
        """ValueError unless a row found in the folder is one of this plan's."""
        if row["run_id"] not in places:
            which = f"its point {row['point']}, seed {row['seed']}" if "point" in row else row["run_id"]
            raise ValueError(
                f"{self.folder} holds runs that are not asked for now (such as {which}); "
                "ask for them too, name another folder, or remove that one"
            )

    def renumber(self, places):
        """Give the rows of a sweep whose axes have grown the numbers and kinds of values that their points have now."""
        kept = [name for name in self.schema.names if name not in ("point", *self.plan.axes)]
        table = self.read("runs", kept)
        points = [places[run_id][0] for run_id in table["run_id"].to_pylist()]
        made = {name: table[name] for name in kept} | {"point": points}
        made |= {axis: [cells[point] for point in points] for axis, cells in self.plan.cells.items()}
        with saving(self.folder):
            self.put("runs", [pyarrow.table({name: made[name] for name in self.schema.names}, self.schema)])

    def journalled(self):
        """[rows] of every whole line of every journal; a line that a crash tore is none."""
        found = []
        for path in sorted((self.folder / "journal").glob("*.jsonl")):
            for line in path.read_bytes().split(b"\n"):
                try:
                    rows = json.loads(line)
                except ValueError:  # torn, empty, or zeros of a file system that crashed
                    continue
                found.append(rows)
        return found

    def journalled_rows(self, ids):
        """The rows of one job if a journal has them, else None."""
        return next((rows for rows in self.journalled() if rows[0]["run_id"] == ids[0]), None)

    def done(self):
        """{(point, seed): {metric: number}} of the base runs that are done."""
        names = [*self.plan.metric_names]
        table = self.read("runs", ["point", "seed", "twin", *names])
        rows = table.filter(pyarrow.compute.equal(table["twin"], BASE)).to_pylist()
        rows += [row for row in self.buffer if row["twin"] == BASE]
        return {(row["point"], row["seed"]): {name: row[name] for name in names} for row in rows}

    def drop_doubled(self, name):
        """Forget kept tables of runs that the dataset has already."""
        done = set(self.read(name, ["run_id"])["run_id"].to_pylist()) if any(self.parts(name)) else set()
        for path in (self.folder / "journal").glob(f"{name}-*.parquet"):
            if path.stem.removeprefix(f"{name}-") in done:
                path.unlink()

    def add(self, point, seed, rows):
        """Take the rows of a finished job; they reach the dataset with the next part."""
        for label, row in zip(self.plan.labels, rows, strict=True):
            if row["run_id"] not in self.known:
                self.known.add(row["run_id"])
                made = self.plan.row(point, seed, label, row["run_id"])
                values = dict.fromkeys(self.plan.metric_names, float("nan")) | row["metrics"] | row["meta"]
                self.buffer.append(made | values | {"status": row["status"], "error": row["error"]})

    def flush_when_due(self):
        """Write a part if the last is old enough."""
        passed = time.monotonic() - self.begun
        if self.buffer and passed - self.flushed >= min(max(FIRST_S, SHARE * passed), LAST_S):
            self.flush()

    def flush(self):
        """Write what was added since the last part as a new one; OSError, one sentence, if there is no room."""
        if not self.buffer:
            return
        with saving(self.folder):
            number = self.next_number("runs")
            ids, spooled = [row["run_id"] for row in self.buffer], []
            for name in self.plan.tables:
                spooled += self.collect(name, ids, number)
            self.write(pyarrow.Table.from_pylist(self.buffer, self.schema), self.part("runs", number))
            for path in spooled:
                path.unlink()
        self.buffer, self.flushed = [], time.monotonic() - self.begun

    def collect(self, name, ids, number):
        """Put the kept tables of runs into one part; returns the files they were in."""
        paths = [self.folder / "journal" / f"{name}-{run_id}.parquet" for run_id in ids]
        paths = [each for each in paths if each.exists()]
        if paths:
            whole = pyarrow.concat_tables([parquet.read_table(each) for each in paths])
            self.write(whole, self.part(name, max(number, self.next_number(name))))
        return paths

    def part(self, name, number):
        """The file of a part of a dataset."""
        return self.folder / name / f"part-{number:05d}.parquet"

    def parts(self, name):
        """The files of a dataset, in order."""
        return sorted((self.folder / name).glob("part-*.parquet"))

    def read(self, name, names):
        """Columns of a dataset as a pyarrow Table, each run once; ValueError for a file that is none."""
        tables, seen = [], set()
        for path in self.parts(name):
            try:
                table = parquet.read_table(path, columns=list(dict.fromkeys(["run_id", *names])))
            except (pyarrow.ArrowInvalid, OSError) as error:
                why = f"{path} must be a whole Parquet file ({error})"
                raise ValueError(f"{why}; remove it, and its runs are made again") from None
            ids = table["run_id"].to_pylist()
            if not seen.isdisjoint(ids):
                table = table.filter(pyarrow.array([each not in seen for each in ids]))
            seen.update(ids)
            tables.append(table.select(names))
        return pyarrow.concat_tables(tables) if tables else self.schema.empty_table().select(names)

    def finish(self, order):
        """Make each dataset one, its runs in the order of the plan, and drop the journals.

        order: [run_id]; stopped in the middle it is done again by the next call, from what is there
        """
        self.flush()
        with saving(self.folder):
            for name in ("runs", *self.plan.tables):
                self.compact(name, order)
            for path in (self.folder / "journal").iterdir():
                path.unlink()

    def compact(self, name, order):
        """Rewrite the files of a dataset as few, in order, each run once, unless that is what they are."""
        rank = self.ranks(order)
        ranks = [rank[run_id] for run_id in self.read(name, ["run_id"])["run_id"].to_pylist()]
        many = len(self.parts(name)) > 1 + len(ranks) // ROWS
        if ranks and (many or any(later < one for one, later in pairwise(ranks)) or self.doubled(name)):
            self.put(name, (self.only(name, wanted, rank) for wanted in self.batches(name, rank)))

    def ranks(self, order):
        """{run_id: place} of runs in that order, then of those that a narrower standard error asked for before."""
        asked = set(order)
        more = self.places() if len(self.known) > len(asked) else ()
        return {run_id: place for place, run_id in enumerate([*order, *(each for each in more if each not in asked)])}

    def doubled(self, name):
        """Whether a run stands in several files of a dataset, as a crash may leave it."""
        each = [set(parquet.read_table(path, columns=["run_id"])["run_id"].to_pylist()) for path in self.parts(name)]
        return sum(map(len, each)) > len(set().union(*each))

    def put(self, name, tables):
        """Put tables in the place of all files of a dataset. A crash may leave rows there twice, but loses none."""
        old, number = self.parts(name), self.next_number(name)
        new = [written(table, self.folder / "journal") for table in tables]
        for place, path in enumerate(new, number):
            path.replace(self.part(name, place))
        sync_folder(self.folder / name)
        for path in old:
            path.unlink()
        for place, path in enumerate(self.parts(name), 1):
            path.rename(self.part(name, place))
        sync_folder(self.folder / name)

    def batches(self, name, order):
        """[[run_id]] of so many runs as fill a file."""
        ids = self.read(name, ["run_id"])["run_id"].to_pylist()
        there = set(ids)
        order = [run_id for run_id in order if run_id in there]
        each = max(1, ROWS * len(order) // max(len(ids), 1))
        return [order[start : start + each] for start in range(0, len(order), each)]

    def only(self, name, run_ids, rank):
        """The rows of some runs by rising rank, each run's from the first file that has it."""
        wanted, tables = set(run_ids), []
        for path in self.parts(name):
            ids = parquet.read_table(path, columns=["run_id"])["run_id"].to_pylist()
            if not wanted.isdisjoint(ids):
                tables.append(parquet.read_table(path).filter(pyarrow.array([each in wanted for each in ids])))
                wanted -= set(ids)
        table = pyarrow.concat_tables(tables)
        ranks = [rank[each] for each in table["run_id"].to_pylist()]
        return table.take(sorted(range(len(ranks)), key=ranks.__getitem__))

    def next_number(self, name):
        """The number of the next part of a dataset."""
        return 1 + max((int(each.stem.partition("-")[2]) for each in self.parts(name)), default=0)


def kind_of(cells):
    """The Arrow type of the column of an axis."""
    kinds = {int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}
    return kinds.get(next((type(each) for each in cells if each is not None), str), pyarrow.string())


def foreign(path):
    """Whether something in a folder without an about.json shows that it is no sweep's that just began."""
    began = path.name in ("lock", ".about.json") or path.name == "journal" and path.is_dir()
    return not (began or path.is_dir() and not any(path.iterdir()))


def read_json(path):
    """What a JSON file of a sweep holds; ValueError, one sentence, if it is torn."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} must be JSON ({error}); name another folder") from error


def write_json(value, path):
    """Write a JSON file whole or not at all."""
    partial = path.with_name(f".{path.name}")
    with open(partial, "w", encoding="utf-8") as file:
        file.write(json.dumps(value, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
