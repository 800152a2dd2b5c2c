"""A starter model, trained once by the real command; each server works on a copy of its folder."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server import ROOT


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("starter") / "artifacts"
    command = [sys.executable, "-m", "training", "fit", "--simulate", "2000", "--k", "4", "--seed", "7"]
    subprocess.run([*command, "--out", str(out)], cwd=ROOT, check=True, capture_output=True)
    return out


@pytest.fixture
def artifacts(starter: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(starter, tmp_path / "artifacts"))
