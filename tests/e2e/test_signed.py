"""A deployment with a signing key: it loads signed versions alone, and signs what it trains."""

import os
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest

from models.storage.registry import Registry
from models.storage.signature import SIGNATURE
from service.commands.main import main
from testkit import ROOT
from testkit.server import serving
from testkit.small_model import write_small_model


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text("not so random, but 32 bytes long\n")
    return path


def test_command_signs_a_version_that_verifies(
    tmp_path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = Registry(tmp_path / "artifacts")
    version = write_small_model(registry.root).name
    monkeypatch.setenv("ARTIFACTS_DIR", str(registry.root))
    assert main(["sign", version]) == 2
    assert "ARTIFACT_KEY_FILE" in capsys.readouterr().err
    monkeypatch.setenv("ARTIFACT_KEY_FILE", str(key_file))
    assert main(["activate", version]) == 2
    assert f"python -m service sign {version}" in capsys.readouterr().err
    assert main(["sign", version]) == 0
    assert main(["activate", version]) == 0
    (registry.root / version / "arrays.npz").write_bytes(b"")
    assert main(["sign", version]) == 2


@pytest.mark.parametrize("content", ["", "short"])
def test_short_key_is_refused(
    tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key").write_text(content)
    monkeypatch.setenv("ARTIFACT_KEY_FILE", str(tmp_path / "key"))
    assert main(["models"]) == 2
    assert "ARTIFACT_KEY_FILE" in capsys.readouterr().err


def test_trained_version_is_signed_and_unsigned_version_is_refused(tmp_path: Path, key_file: Path) -> None:
    registry = Registry(tmp_path / "artifacts")
    version = write_small_model(registry.root).name
    settings = {"ARTIFACT_KEY_FILE": str(key_file), "ARTIFACTS_DIR": str(registry.root)}
    command = [sys.executable, "-m", "service", "sign", version]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, check=True, capture_output=True)
    registry.activate(version)
    with serving(tmp_path, registry.root, **settings) as server:
        ended = server.ended(server.retrain(activate="always")["id"])
        trained = ended["result"]["model_version"]
        assert httpx.post(f"{server.url}/segment", json={}).json()["model_version"] == trained
        assert (registry.root / trained / SIGNATURE).is_file()
        registry.activate(write_small_model(registry.root, seed=1).name)
        checks = {check["name"]: check for check in httpx.get(f"{server.url}/readyz").json()["checks"]}
        assert "is not signed" in checks["active_followed"]["detail"]
        assert httpx.post(f"{server.url}/segment", json={}).json()["model_version"] == trained
