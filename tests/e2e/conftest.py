"""The starter model, trained once by the command in `start.sh`; each server works on a copy of its folder."""

import fcntl
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from testkit import ROOT


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of the starter model; the processes that run tests share it."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "starter"
    shared.mkdir(exist_ok=True)
    out = shared / "artifacts"
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "trained").exists():
            _train(out)
            (shared / "trained").touch()
    return out


def _train(out: Path) -> None:
    [line] = [line for line in (ROOT / "start.sh").read_text().splitlines() if "training fit" in line]
    values = {"$artifacts": str(out), "$progress": "plain"}
    command = [sys.executable, *(values.get(word, word) for word in shlex.split(line.rstrip(" &"))[2:])]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


@pytest.fixture
def artifacts(starter: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(starter, tmp_path / "artifacts"))
