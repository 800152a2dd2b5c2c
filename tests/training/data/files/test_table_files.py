"""Tables are written whole or not at all, and come back as they were."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from models.profile import Profile
from training.data.dataset import from_frame, read_dataset
from training.data.files.table_files import growing_table, write_table
from training.errors import UnusableInput

LISTS = [["a", "b"], [], None, ["x;y"], ["[odd"], [""]]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_csv_lists_round_trip(suffix: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"age": range(20, 20 + len(LISTS)), "hobbies": LISTS})
    write_table(frame, tmp_path / f"table{suffix}")
    again = read_dataset(tmp_path / f"table{suffix}", Profile)
    assert again.fingerprint == from_frame(frame, Profile).fingerprint


def test_suffix_may_be_upper_case(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"age": [20]}), tmp_path / "TABLE.CSV")
    assert (tmp_path / "TABLE.CSV").read_text() == "age\n20\n"


def test_unwritable_file_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("as it was")
    for path in (tmp_path / "folder.csv", tmp_path / "file" / "table.csv", tmp_path / "table.xls"):
        with pytest.raises(UnusableInput, match="Cannot write"):
            write_table(pd.DataFrame({"age": [20]}), path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.csv"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_growing_table_appears_only_when_complete(suffix: str, tmp_path: Path) -> None:
    path, batch = tmp_path / f"table{suffix}", pa.record_batch({"age": [20, 30]})
    with growing_table(path, batch.schema) as table:
        table.write(batch)
        assert not path.exists()
        table.write(batch)
    assert len(read_dataset(path, Profile)) == 4
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_failed_growing_table_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput):
        _fail_halfway(tmp_path / "table.parquet")
    assert list(tmp_path.iterdir()) == []


def _fail_halfway(path: Path) -> None:
    batch = pa.record_batch({"age": [20]})
    with growing_table(path, batch.schema) as table:
        table.write(batch)
        raise UnusableInput("Too much of it is refused.")
