"""The command line: options, errors, and the end of its parent."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.storage.registry import Registry
from testkit import ROOT
from training.commands.main import main


def test_json_progress_reports_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = str(tmp_path / "nowhere.csv")
    assert main(["fit", "--data", nowhere, "--progress", "json", "--out", str(tmp_path)]) == 2
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert "does not exist" in last["error"]


@pytest.mark.parametrize(
    "options",
    [
        ["--k", "0"],
        ["--k", "many"],
        ["--seed", "-1"],
        ["--max-refused", "nan"],
        ["--simulate", "x"],
        ["--data", "x"],
    ],
)
def test_invalid_options_are_refused(options: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["fit", "--simulate", "10", *options])


def test_run_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training", "fit", "--simulate", "500000", "--stop-when-stdin-closes"]
    with subprocess.Popen(
        [*command, "--progress", "json", "--out", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as child:
        assert child.stdin
        assert child.stdout
        assert b"stage" in child.stdout.readline()
        child.stdin.close()
        assert child.wait(timeout=30) == 3
    assert Registry(tmp_path).versions() == []
