"""What tests of sweeps share: a dataset as it is compared, and a process that dies at a given step of its files."""

from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
import pytest

from analysis.sweep import store, work


def dataset(folder, name="runs"):
    """A dataset as one Arrow table by run_id, without what tells of time and place."""
    tables = [parquet.read_table(path) for path in sorted((Path(folder) / name).glob("*.parquet"))]
    table = pyarrow.concat_tables(tables)
    table = table.select([each for each in table.column_names if not each.startswith("meta_")])
    order = sorted(range(len(table)), key=table["run_id"].to_pylist().__getitem__)
    return table.take(order).combine_chunks()


def assert_identical(one, other):
    """Assert that two tables have the same columns and the same bits, those of nan too."""
    assert one.schema.equals(other.schema, check_metadata=True)
    assert len(one) == len(other)
    for name in one.column_names:
        if pyarrow.types.is_floating(one[name].type):
            bits = [each[name].to_numpy().view(np.int64 if each[name].type.bit_width == 64 else np.int32)
                    for each in (one, other)]  # fmt: skip
            assert np.array_equal(*bits), name
        else:
            assert one[name].equals(other[name]), name


def assert_same_sweep(folder, reference):
    """Assert that a sweep is finished, and its datasets are those of another."""
    for name in ("runs", "series", "accounts"):
        if (Path(reference) / name).exists():
            assert_identical(dataset(folder, name), dataset(reference, name))
    assert len(list((Path(folder) / "runs").iterdir())) == 1
    assert not list((Path(folder) / "journal").iterdir())


def begun(folder):
    """{run_id: when it began} of every run that a dataset or a journal holds; of two the one that counts."""
    found = {row["run_id"]: row["meta"]["meta_begun"] for rows in reversed(journalled(folder)) for row in rows}
    for path in (Path(folder) / "runs").glob("*.parquet"):
        table = parquet.read_table(path, columns=["run_id", "meta_begun"])
        found |= dict(zip(table["run_id"].to_pylist(), table["meta_begun"].to_pylist(), strict=True))
    return found


def journalled(folder):
    """[rows] of the journals in a folder."""

    class Folder:
        pass

    Folder.folder = Path(folder)
    return store.Store.journalled(Folder)


class Crash(BaseException):
    """The end of a process."""


@contextmanager
def dying(folder, step):
    """In the block everything that is done to files under `folder` from the `step`-th on ends in a Crash."""
    left = [step]

    def dies(function, there=lambda path, *_: Path(folder) in Path(path).parents):
        def done(*args, **kwargs):
            if there(*args):
                left[0] -= 1
                if left[0] < 0:
                    raise Crash
            return function(*args, **kwargs)

        return done

    with pytest.MonkeyPatch.context() as patch:
        for name in ("replace", "rename", "unlink", "mkdir"):
            patch.setattr(Path, name, dies(getattr(Path, name)))
        always = lambda *_: True  # noqa: E731
        patch.setattr(work.Journal, "write", dies(work.Journal.write, always))
        for module in (work, store):
            patch.setattr(module, "written", dies(work.written, always))
        yield
