"""Calls that fill a record by position are found."""

from collections.abc import Collection
from pathlib import Path

import pytest

from checks.positional import positional_calls

RECORD = "class Record: ...\n"


def hits(folder: Path, code: str, allowed: Collection[str] = ()) -> list[str]:
    (folder / "models").mkdir()
    (folder / "models" / "records.py").write_text(RECORD, encoding="utf-8")
    (folder / "models" / "use.py").write_text(code, encoding="utf-8")
    return [*positional_calls(folder, [Path("models/records.py"), Path("models/use.py")], allowed)]


@pytest.mark.parametrize(
    "code", ["Record(1, 2, 3, 4, 5, 6)", "records.Record(1, 2, 3, 4, 5, *rest)", "Record[int](1, 2, 3, 4, 5, 6)"]
)
def test_six_positional_arguments_are_found(tmp_path: Path, code: str) -> None:
    assert hits(tmp_path, code) == ["models/use.py:1: Record gets 6 positional arguments → use keywords"]


def test_class_method_that_fills_its_own_record_is_found(tmp_path: Path) -> None:
    code = "class Other:\n    @classmethod\n    def make(cls): return cls(1, 2, 3, 4, 5, 6)\n"
    assert hits(tmp_path, code) == ["models/use.py:3: cls gets 6 positional arguments → use keywords"]


@pytest.mark.parametrize(
    "code",
    [
        "Record(1, 2, 3, 4, 5)",
        "Record(1, 2, 3, 4, 5, sixth=6)",
        "function(1, 2, 3, 4, 5, 6)",
        "from sqlalchemy import Record\nRecord(1, 2, 3, 4, 5, 6)",
    ],
)
def test_fewer_arguments_keywords_and_foreign_classes_are_not_found(tmp_path: Path, code: str) -> None:
    assert hits(tmp_path, code) == []


def test_allowed_class_is_not_found(tmp_path: Path) -> None:
    assert hits(tmp_path, "Record(1, 2, 3, 4, 5, 6)", allowed={"Record"}) == []
