"""Writing an artifact: the whole version or nothing."""

import subprocess
from pathlib import Path

import pytest

from models.errors import (
    ArtifactNotWritten,
)
from models.storage.artifact import SUMS
from models.storage.writing import write_artifact
from testkit.small_model import small_manifest, write_small_model
from testkit.small_scorer import small_scorer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_small_model(tmp_path / "artifacts")


def test_sha256sum_accepts_the_sums(folder: Path) -> None:
    done = subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(ArtifactNotWritten, match="No space left"):
        write_artifact(tmp_path, small_manifest(), small_scorer(), {"report.json": full})
    assert list(tmp_path.iterdir()) == []


def test_write_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactNotWritten):
        write_small_model(tmp_path / "file" / "artifacts")
