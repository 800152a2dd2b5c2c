"""Closed pipes, terminals of few letters, and text that a terminal would obey."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.console import CLOSED_PIPE, print_line, printable, printable_line
from testkit import ROOT

ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}


def run_into_closed_pipe(*command: str, folder: Path, stream: str) -> tuple[int, str]:
    """Run a command whose standard output or error nobody reads: its exit code, and what the other stream got."""
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=writer if stream == "stdout" else subprocess.PIPE,
        stderr=writer if stream == "stderr" else subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    out, err = process.communicate(timeout=120)
    return process.returncode, out or err or ""


@pytest.mark.parametrize(
    "command", [("service", "models"), ("service", "keys", "list"), ("service", "--help"), ("training", "--help")]
)
def test_command_into_a_closed_pipe_ends_quietly(command: tuple[str, ...], tmp_path: Path) -> None:
    assert run_into_closed_pipe(*command, folder=tmp_path, stream="stdout") == (CLOSED_PIPE, "")


def test_work_goes_on_when_nobody_reads_its_progress(tmp_path: Path) -> None:
    command = ("training", "simulate", "--rows", "50", "--out", "people.csv")
    assert run_into_closed_pipe(*command, folder=tmp_path, stream="stderr") == (0, "")
    assert len((tmp_path / "people.csv").read_text(encoding="utf-8").splitlines()) == 51


def test_terminal_without_a_letter_shows_its_escape(tmp_path: Path) -> None:
    ascii_only = ENVIRONMENT | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}

    def keys(*arguments: str) -> str:
        command = [sys.executable, "-m", "service", "keys", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=ascii_only, capture_output=True, check=True)
        return done.stdout.decode("ascii")

    keys("create", "--name", "café 店", "--scope", "admin")
    assert "caf\\xe9 \\u5e97: admin" in keys("list")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ünïcode 店\tand\nlines", "plain, ünïcode 店\tand\nlines"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("back\rspace\x08", "back\\rspace\\x08"),
        ("\x9b2J", "\\x9b2J"),
        ("exe\u202egpj", "exe\\u202egpj"),
    ],
)
def test_what_a_terminal_would_obey_is_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_name_within_a_sentence_stays_on_its_line() -> None:
    assert printable_line("two\nlines\x1b") == "two\\nlines\\x1b"


def test_line_for_a_closed_stream_is_dropped() -> None:
    stream = io.StringIO()
    stream.close()
    print_line("nobody reads this", stream)
