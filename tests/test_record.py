"""A run can be saved, read back and misspelt; nothing half-written is left behind."""

import json

import numpy as np
import pandas
import pyarrow.parquet
import pytest

from sim.folders import check_folder
from sim.record import TABLES, Run


def test_what_is_loaded_is_what_was_saved_bit_for_bit(small_run, tmp_path):
    small_run.save(tmp_path / "run")
    loaded = Run.load(tmp_path / "run")
    for table in TABLES:
        saved, read = getattr(small_run, table), getattr(loaded, table)
        assert read.dtype == saved.dtype and isinstance(read, np.recarray)
        assert read.tobytes() == saved.tobytes()


def test_a_padded_table_comes_back_with_its_columns(small_run, tmp_path):
    padded = np.zeros(2, np.dtype([("side", np.int8), ("price", float)], align=True)).view(np.recarray)
    padded.price = [1.5, -0.0]
    small_run.fills = padded
    small_run.save(tmp_path / "run")
    fills = Run.load(tmp_path / "run").fills
    assert fills.price.tobytes() == padded.price.tobytes() and fills.side.dtype == np.int8


def test_any_parquet_reader_finds_the_tables_and_their_story(small_run, tmp_path):
    small_run.save(tmp_path / "run", csv=True)
    frame = pandas.read_parquet(tmp_path / "run" / "series.parquet")
    assert frame.crowd.tolist() == ["2", "0", "7"] and frame.mark.isna().tolist() == [False, True, False]
    assert pandas.read_csv(tmp_path / "run" / "series.csv").step.tolist() == [2, 0, 7]
    metadata = pyarrow.parquet.read_schema(tmp_path / "run" / "series.parquet").metadata
    assert json.loads(metadata[b"perpsim"]) == json.loads((tmp_path / "run" / "about.json").read_text())


def test_the_story_is_json_without_nan(small_run, tmp_path):
    small_run.save(tmp_path / "run")
    about = json.loads((tmp_path / "run" / "about.json").read_text(), parse_constant=pytest.fail)
    assert about == {"seed": 3, "worst": None, "finished": True, "rates": [0.5, None]}


def test_a_frame_has_the_columns_of_its_table(small_run):
    frame = small_run.frame("liquidations")
    assert list(frame.columns) == list(small_run.liquidations.dtype.names) and len(frame) == 3


def test_a_misspelt_column_or_table_is_answered_with_the_nearest(small_run):
    with pytest.raises(KeyError, match="unknown column 'mrak'; did you mean 'mark'"):
        small_run["mrak"]
    with pytest.raises(KeyError, match="unknown table 'Liquidation'; did you mean 'liquidations'"):
        small_run.frame("Liquidation")


def test_an_existing_folder_is_refused_and_replaced_by_force_only_if_it_is_a_run(small_run, tmp_path):
    small_run.save(tmp_path / "run")
    with pytest.raises(FileExistsError, match="exists already"):
        small_run.save(tmp_path / "run")
    small_run.about["seed"] = 4
    small_run.save(tmp_path / "run", force=True)
    assert Run.load(tmp_path / "run").about["seed"] == 4
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mother.txt").write_text("dear")
    with pytest.raises(FileExistsError, match="something else than a run"):
        small_run.save(tmp_path / "letters", force=True)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["letters", "run"]


def test_a_full_disk_leaves_the_old_run_and_nothing_half_written(small_run, tmp_path, monkeypatch):
    small_run.save(tmp_path / "run")
    before = {each.name: each.read_bytes() for each in (tmp_path / "run").iterdir()}
    whole = pyarrow.parquet.write_table

    def full(table, path, **options):
        if path.name == "accounts.parquet":
            raise OSError(28, "No space left on device")
        whole(table, path, **options)

    monkeypatch.setattr(pyarrow.parquet, "write_table", full)
    with pytest.raises(OSError, match="^nothing was saved in .*run .No space left on device.*$"):
        small_run.save(tmp_path / "run", force=True)
    assert [each.name for each in tmp_path.iterdir()] == ["run"]
    assert {each.name: each.read_bytes() for each in (tmp_path / "run").iterdir()} == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_whatever_stops_a_save_leaves_nothing(small_run, tmp_path, monkeypatch, error):
    def stop(*_, **__):
        raise error

    monkeypatch.setattr(pyarrow.parquet, "write_table", stop)
    with pytest.raises(error):
        small_run.save(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="nothing was saved in .*; make room or name another$"):
        check_folder(tmp_path / "file" / "run")
    with pytest.raises(FileExistsError, match="must not be a file"):
        check_folder(tmp_path / "file")


def test_a_truncated_or_missing_table_is_one_sentence(small_run, tmp_path):
    small_run.save(tmp_path / "run")
    path = tmp_path / "run" / "series.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="series.parquet must be a whole Parquet file") as refused:
        Run.load(tmp_path / "run")
    assert "\n" not in str(refused.value)
    path.unlink()
    with pytest.raises(FileNotFoundError, match="series.parquet is missing"):
        Run.load(tmp_path / "run")


def test_a_foreign_parquet_file_or_broken_json_is_one_sentence(small_run, tmp_path):
    small_run.save(tmp_path / "run")
    about = tmp_path / "run" / "about.json"
    about.write_text(about.read_text()[:20])
    with pytest.raises(ValueError, match="about.json must be JSON"):
        Run.load(tmp_path / "run")
    small_run.frame().to_parquet(tmp_path / "run" / "series.parquet")
    with pytest.raises(ValueError, match="must be a whole Parquet file of perpsim's"):
        Run.load(tmp_path / "run")
