"""`start.sh`, which `make serve` and the image run, while it trains the starter model."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testkit import ROOT
from testkit.processes import command, gone
from testkit.server import descendants
from testkit.waiting import eventually


@contextmanager
def started(folder: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`start.sh` without an active model; all its output is in the file."""
    log = folder / "start.log"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ARTIFACTS_DIR": str(folder / "artifacts"),
        "DATABASE_URL": f"sqlite:///{folder}/segments.db",
        "ADMIN_KEY_FILE": str(folder / "admin"),
        "PORT": "0",
        **settings,
    }
    with log.open("wb") as output:
        process = subprocess.Popen([str(ROOT / "start.sh")], env=environment, stdout=output, stderr=output)
    try:
        yield process, log
    finally:
        for pid in [*descendants(process.pid), process.pid]:
            if not gone(pid):
                os.kill(pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signal_ends_the_starter_training_at_once(number: int, code: int, tmp_path: Path) -> None:
    with started(tmp_path) as (process, log):
        # The training is at work, for many seconds yet.
        eventually(lambda: b"training a starter model" in log.read_bytes() and b"%]" in log.read_bytes(), 60)
        trainings = [pid for pid in descendants(process.pid) if "-m training fit" in command(pid)]
        assert trainings
        process.send_signal(number)
        assert process.wait(60) == code
        eventually(lambda: all(map(gone, trainings)), 60)
        lines = log.read_text(encoding="utf-8").splitlines()
    assert not (tmp_path / "artifacts" / "ACTIVE").exists()
    records = [json.loads(line) for line in lines]
    assert {record["logger"] for record in records} == {"start", "training"}
    assert all({"time", "level", "message"} <= record.keys() for record in records)
    assert f"it is in {tmp_path}/admin." in records[0]["message"]


def test_service_of_another_profile_class_starts_without_a_starter_model(tmp_path: Path) -> None:
    with started(tmp_path, PROFILE="docs.examples.mall_customers:Customer") as (process, log):
        eventually(lambda: b"startup complete" in log.read_bytes() or process.poll() is not None, 60)
        process.terminate()
        assert process.wait(60) in (0, -signal.SIGTERM)
        messages = [json.loads(line)["message"] for line in log.read_text(encoding="utf-8").splitlines()]
    assert "only gifting profiles can be simulated" in " ".join(messages)
    assert "Application startup complete." in messages
