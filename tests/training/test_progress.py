"""Progress in each of its styles."""

import io
import json

import pytest

from training.progress import JsonLines, LogLines, Plain, RowRate, shown_progress


def test_plain_progress_prints_each_step_once() -> None:
    stream = io.StringIO()
    progress = Plain(stream)
    for share in (0.0, 0.1):
        progress.step("encoding", share)
    progress.step("done", 1.0)
    progress.message("Well done.")
    assert stream.getvalue().splitlines() == ["[  0%] encoding", "[100%] done", "Well done."]


def test_log_progress_prints_the_same_as_lines_of_a_log() -> None:
    stream = io.StringIO()
    progress = LogLines(stream)
    progress.step("reading", 0.1)
    progress.step("reading", 0.2)
    progress.message("Done: é.")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["message"] for line in lines] == ["[ 10%] reading", "Done: é."]
    assert [(line["level"], line["logger"]) for line in lines] == [("INFO", "training")] * 2


def test_json_progress_prints_an_object_a_line() -> None:
    stream = io.StringIO()
    progress = JsonLines(stream)
    progress.step("encoding", 1 / 3)
    progress.message("Étonnant.\nReally.")
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
        {"stage": "encoding", "progress": 0.3333},
        {"message": "Étonnant.\nReally."},
    ]


def test_bar_is_drawn_on_standard_error_with_messages_above_it(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress("bar") as progress:
        progress.step("encoding", 0.5)
        progress.message("Half of it.")
    said = capsys.readouterr()
    assert said.out == ""
    assert "50 %" in said.err
    assert "Half of it.\n" in said.err


def test_progress_without_a_terminal_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress("auto") as progress:
        progress.step("encoding", 0.5)
    assert capsys.readouterr().err == "[ 50%] encoding\n"


def test_row_rate_is_reported_once_a_second() -> None:
    stream, seconds = io.StringIO(), iter([0.0, 0.5, 1.5, 1.5, 1.5, 2.0, 4.0])
    pace = RowRate(Plain(stream), lambda: next(seconds))
    for share in (0.2, 0.4, 0.6):
        pace.add(3_000, share)
    assert stream.getvalue() == "[ 40%] 6,000 rows, 4,000/s\n"
    assert (pace.rows, pace.seconds) == (9_000, 4.0)
