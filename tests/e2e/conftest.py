"""The starter model, trained once by the command in `start.sh`; each server works on a copy of its folder."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from testkit import ROOT


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("starter") / "artifacts"
    [line] = [line for line in (ROOT / "start.sh").read_text().splitlines() if "training fit" in line]
    command = [sys.executable, *line.replace('"$artifacts"', str(out)).split()[1:]]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return out


@pytest.fixture
def artifacts(starter: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(starter, tmp_path / "artifacts"))
