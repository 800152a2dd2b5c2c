"""Rows of a file as profiles in JSON."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.profile import Profile
from training.commands.main import main
from training.data.files.profile_file import ProfileFile
from training.data.profile_rows import ProfileRows


def rows(path: Path) -> list[dict[str, Any]]:
    file = ProfileFile(path, Profile)
    writer = ProfileRows(Profile, file.written)
    return [json.loads(line) for chunk in file.chunks() for line in writer.lines(chunk)]


def written(tmp_path: Path, text: str, name: str = "users.csv") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_rows_become_profiles_with_values_as_they_are_written(tmp_path: Path) -> None:
    path = written(tmp_path, 'user_id,age,hobbies,budget_range\na,30,Board Games;chess,low\nb,,"[]",\n')
    assert rows(path) == [
        {
            "line": 2,
            "user_id": "a",
            "profile": {"age": 30, "hobbies": ["Board Games", "chess"], "budget_range": "low"},
        },
        {"line": 3, "user_id": "b", "profile": {"hobbies": []}},
    ]


def test_every_profile_is_one_that_the_service_accepts(tmp_path: Path) -> None:
    path = written(tmp_path, "user_id,age,occupation,hobbies\n" + 'a,30.0,"say ""hi"" \\ \u00e9",x;y\nb,41,n/a,\n')
    for row in rows(path):
        Profile.model_validate_json(json.dumps(row["profile"]))


def test_row_that_does_not_fit_is_refused_without_its_value(tmp_path: Path) -> None:
    path = written(tmp_path, "user_id,age\na,7\nb,secret\nc,30\n")
    refused = [row for row in rows(path) if "reason" in row]
    assert [row["line"] for row in refused] == [2, 3]
    assert all(row["reason"].startswith("age: ") for row in refused)
    assert "secret" not in str(refused)


def test_json_lines_are_read_alike(tmp_path: Path) -> None:
    path = written(
        tmp_path, '{"user_id": 7, "age": 30}\nnot json\n{"user_id": "b", "hobbies": ["x"]}\n', "u.jsonl"
    )
    assert rows(path) == [
        {"line": 1, "user_id": "7", "profile": {"age": 30}},
        {"line": 2, "reason": "Not a JSON object"},
        {"line": 3, "user_id": "b", "profile": {"hobbies": ["x"]}},
    ]


def test_command_prints_rows_and_how_much_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rows", "--data", str(written(tmp_path, "user_id,age\na,30\n"))]) == 0
    row, share = map(json.loads, capsys.readouterr().out.splitlines())
    assert row == {"line": 2, "user_id": "a", "profile": {"age": 30}}
    assert share == {"read": 1.0}


def test_file_without_ids_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rows", "--data", str(written(tmp_path, "age\n30\n"))]) == 2
    assert "has no column of ids" in capsys.readouterr().err


def test_fields_may_lie_within_a_column_profile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "users.parquet"
    users = [{"user_id": "a", "profile": {"age": 30, "hobbies": ["x", "y"]}}, {"user_id": "b", "profile": None}]
    pq.write_table(pa.Table.from_pylist(users), path)
    assert main(["rows", "--data", str(path)]) == 0
    first, second, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {"line": 1, "user_id": "a", "profile": {"age": 30, "hobbies": ["x", "y"]}}
    assert second == {"line": 2, "user_id": "b", "profile": {}}
