"""Two workers and a key: it works in both, and once revoked in neither."""

import os
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx

from models.storage.registry import Registry
from testkit import ROOT
from testkit.access import bearer, prefix
from testkit.server import PATIENCE, Server, serving
from testkit.small_model import write_small_model
from testkit.waiting import eventually


def keys(server: Server, *arguments: str) -> str:
    """What `python -m service keys …` prints."""
    command = [sys.executable, "-m", "service", "keys", *arguments]
    environment = {**os.environ, **server.settings}
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


def statuses(server: Server, key: str, count: int = 20) -> set[int]:
    """The statuses of requests on connections of their own, so that both workers get some."""
    responses = [httpx.post(f"{server.url}/segment", json={}, headers=bearer(key)) for _ in range(count)]
    return {response.status_code for response in responses}


def test_every_worker_follows_a_new_a_rotated_and_a_revoked_key(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    with serving(tmp_path, registry.root, WORKERS="2") as server:
        old = keys(server, "create", "--name", "app", "--scope", "segment:assign")
        eventually(lambda: statuses(server, "none") == {401}, PATIENCE)
        new = keys(server, "rotate", prefix(old))
        eventually(lambda: statuses(server, new) == {200}, PATIENCE)
        assert statuses(server, old) == {200}
        keys(server, "revoke", prefix(old))
        eventually(lambda: statuses(server, old) == {401}, PATIENCE)
        assert statuses(server, old, 40) == {401}
        assert statuses(server, new) == {200}
    assert "works" in keys(server, "list")
