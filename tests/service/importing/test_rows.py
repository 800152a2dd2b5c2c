"""Rows of a file of JSON lines."""

from pathlib import Path

import pytest

from service.importing.rows import MAX_LINE_BYTES, Item, RefusedRow, Row, Share, UnusableImportFile, json_lines


def items(tmp_path: Path, content: bytes) -> list[Item]:
    path = tmp_path / "users.ndjson"
    path.write_bytes(content)
    return list(json_lines(path))


@pytest.mark.parametrize(
    "line",
    ['{"user_id": "u", "profile": {"age": 30}}', '{"age": 30, "user_id": "u"}', '﻿{"user_id": "u", "age": 30}'],
)
def test_profile_lies_within_or_beside_the_id(tmp_path: Path, line: str) -> None:
    assert items(tmp_path, line.encode()) == [Row(1, "u", {"age": 30})]


def test_whole_number_as_an_id_is_its_text(tmp_path: Path) -> None:
    assert items(tmp_path, b'{"user_id": 731}') == [Row(1, "731", {})]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"secret", "The line is not JSON in UTF-8."),
        (b'"secret"', "The line is not a JSON object."),
        (b'{"profile": {}}', "The row has no user_id."),
        (b'{"user_id": true}', "user_id is a text."),
        (b'{"user_id": ["secret"]}', "user_id is a text."),
        (b'{"user_id": ""}', "user_id: an id has 1 to 256 characters; this one has 0."),
        (b'{"user_id": "secret\\u0007"}', "user_id: character 7 is U+0007, a control character; ids hold none."),
        (b'{"user_id": "u", "age": NaN}', "The line is not JSON in UTF-8."),
        (b"\xff\xfe", "The line is not JSON in UTF-8."),
        (b'{"user_id": "' + b"x" * 2 * MAX_LINE_BYTES + b'"}', "The line has more than 262,144 bytes."),
    ],
)
def test_unusable_line_is_refused_without_its_value(tmp_path: Path, line: bytes, reason: str) -> None:
    content = b'{"user_id": "before"}\n' + line + b'\n\n{"user_id": "after"}'
    assert items(tmp_path, content) == [Row(1, "before", {}), RefusedRow(2, reason), Row(4, "after", {})]


def test_line_of_the_greatest_length_is_read(tmp_path: Path) -> None:
    line = b'{"user_id": "u"}'.ljust(MAX_LINE_BYTES - 1) + b"\n"
    assert items(tmp_path, line * 2) == [Row(1, "u", {}), Row(2, "u", {})]


def test_share_of_the_file_is_said_on_the_way(tmp_path: Path) -> None:
    path = tmp_path / "users.ndjson"
    path.write_text('{"user_id": "u"}\n' * 4)
    assert [item.read for item in json_lines(path, every=2) if isinstance(item, Share)] == [0.5, 1.0]


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableImportFile, match=r"^none cannot be read: No such file or directory\.$"):
        list(json_lines(tmp_path / "none"))
