"""What a run leaves behind: tables, and the story of how they came about."""

import json
import math
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from sim.folders import new_folder
from sim.maps import BOOK_MAP, LIQUIDATION_MAP
from sim.spelling import unknown


@dataclass(eq=False)
class Run:
    """The tables of one run, each a np.recarray, and `about`, which says how to make them again.

    `series` has one row per recorded step; `liquidations`, `funding`, `adl` and `fills` one per event;
    `accounts` one per account, as it ended; `book_map` and `liquidation_map` have rows where the run was asked for
    maps. The glossary of columns, units and signs is in the README. `others` are the Runs of further exchanges in the
    same market, by name.
    """

    series: np.recarray
    liquidations: np.recarray
    funding: np.recarray
    adl: np.recarray
    accounts: np.recarray
    fills: np.recarray
    about: dict
    book_map: np.recarray = field(default_factory=lambda: np.recarray(0, BOOK_MAP))
    liquidation_map: np.recarray = field(default_factory=lambda: np.recarray(0, LIQUIDATION_MAP))
    others: dict = field(default_factory=dict)

    def __getitem__(self, column):
        """Return one column of `series`, (recorded steps,); KeyError names the nearest one."""
        if column not in self.series.dtype.names:
            raise KeyError(unknown("column", column, self.series.dtype.names))
        return self.series[column]

    def frame(self, table="series"):
        """Return `table` as a tidy pandas frame; columns carry their units in their names."""
        import pandas

        if table not in TABLES + MAPS:
            raise KeyError(unknown("table", table, TABLES + MAPS))
        rows = getattr(self, table)
        return pandas.DataFrame({name: rows[name] for name in rows.dtype.names})

    def save(self, folder, csv=False, force=False):
        """Write every table as Parquet, maps only if there are any, and `about.json`, into the new `folder`; with `csv`
        as CSV too.

        Other exchanges go into folders of their own under it, `beside/NAME`. Whole or not at all: an OSError says in
        one sentence why nothing was saved. `force` replaces an earlier run, and only a run.
        """
        with new_folder(folder, force) as partial:
            self.write(partial, csv)

    def write(self, folder, csv):
        """Write everything into a folder that is there."""
        about = json.dumps(plain(self.about), indent=2, allow_nan=False)
        for table in (*TABLES, *(each for each in MAPS if len(getattr(self, each)))):
            write_table(getattr(self, table), folder / f"{table}.parquet", about)
            if csv:
                self.frame(table).to_csv(folder / f"{table}.csv", index=False)
        (folder / "about.json").write_text(about + "\n", encoding="utf-8")
        for name, run in self.others.items():
            (folder / BESIDE / name).mkdir(parents=True)
            run.write(folder / BESIDE / name, csv)

    @classmethod
    def load(cls, folder):
        """Return the run that `save` left in `folder`; FileNotFoundError or ValueError if it is not whole."""
        folder = Path(folder)
        there = [each for each in MAPS if (folder / f"{each}.parquet").exists()]
        tables = {table: read_table(folder / f"{table}.parquet") for table in (*TABLES, *there)}
        about = read_about(folder / "about.json")
        others = {name: cls.load(folder / BESIDE / name) for name in about.get(BESIDE, ())}
        return cls(**tables, about=about, others=others)


BESIDE = "beside"
"""Folder of the other exchanges under that of a run, and what `about` calls the list of their names."""
MAPS = ("book_map", "liquidation_map")
TABLES = tuple(each.name for each in fields(Run) if each.name not in ("about", "others", *MAPS))
"""The tables of every run; MAPS: those of runs that were asked for them."""


def write_table(rows, path, about):
    """Write a structured array as one Parquet file with `about`, JSON text, in its metadata."""
    import pyarrow
    import pyarrow.parquet

    names = rows.dtype.names
    floats = [name for name in names if rows.dtype[name].kind == "f"]
    columns = [pyarrow.array(np.ascontiguousarray(rows[name])) for name in names]
    kinds = [(name, rows.dtype[name].str) for name in names]
    metadata = {"perpsim": about, "dtype": json.dumps(kinds)}
    pyarrow.parquet.write_table(
        pyarrow.table(columns, names=list(names), metadata=metadata),
        path,
        compression="zstd",
        use_dictionary=[name for name in names if name not in floats],
        use_byte_stream_split=floats,
    )


def read_table(path):
    """Return the np.recarray that `write_table` wrote, with its exact columns."""
    import pyarrow
    import pyarrow.parquet

    if not path.exists():
        raise FileNotFoundError(f"a saved run must hold {path.name} ({path} is missing); run it again")
    try:
        table = pyarrow.parquet.read_table(path)
        kinds = json.loads(table.schema.metadata[b"dtype"])
    except (pyarrow.ArrowInvalid, OSError, KeyError, TypeError) as error:
        raise ValueError(f"{path} must be a whole Parquet file of perpsim's ({error}); run again") from error
    rows = np.recarray(table.num_rows, dtype=[(name, kind) for name, kind in kinds])
    for name in rows.dtype.names:
        rows[name] = table[name].to_numpy()
    return rows


def read_about(path):
    """Return the dict of an about.json; FileNotFoundError or ValueError, one sentence each."""
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"a saved run must hold about.json ({path} is missing); run it again")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} must be JSON ({error}); run it again") from error


def plain(value):
    """Return `value` in what JSON knows: numpy's types converted, NaN and infinity null, else its text."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)
