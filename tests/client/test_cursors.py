"""A cursor in a file."""

from pathlib import Path

import pytest
from backpocket_segments import CursorFile


def test_cursor_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "cursor"
    assert CursorFile(path).load() is None
    CursorFile(path).save("one")
    CursorFile(path).save("two")
    assert CursorFile(str(path)).load() == "two"
    assert list(tmp_path.iterdir()) == [path]


def test_save_that_fails_leaves_the_last_cursor_and_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cursor"
    CursorFile(path).save("one")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        CursorFile(path).save("two")
    assert CursorFile(path).load() == "one"
    assert list(tmp_path.iterdir()) == [path]
