"""The registry: what cannot be told of it is an error of ours, and activation leaves no draft."""

from pathlib import Path

import pytest

from models.errors import ArtifactDamaged, ArtifactError, ArtifactNotWritten
from models.storage.registry import ACTIVE, Registry
from models.storage.writing import check_writable
from testkit.small_model import write_small_model


def test_a_pointer_that_is_no_text_is_damaged(tmp_path: Path) -> None:
    (tmp_path / ACTIVE).write_bytes(b"\xff\xfe")
    with pytest.raises(ArtifactDamaged, match="does not name a version"):
        Registry(tmp_path).active()


@pytest.mark.parametrize("root", ["file", "folder"])
def test_a_pointer_that_cannot_be_read_is_said(root: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / ACTIVE).mkdir(parents=True)
    with pytest.raises(ArtifactError, match="cannot be read"):
        Registry(tmp_path / root).active()


def test_an_activation_that_fails_leaves_no_draft(tmp_path: Path) -> None:
    version = write_small_model(tmp_path).name
    (tmp_path / ACTIVE).mkdir()
    with pytest.raises(ArtifactNotWritten, match="Cannot activate"):
        Registry(tmp_path).activate(version)
    assert sorted(path.name for path in tmp_path.iterdir()) == [version, ACTIVE]


def test_a_folder_for_versions_is_made_and_left_empty(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_version_in_force_is_replaced_by_the_next(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    for seed in (0, 1):
        version = write_small_model(tmp_path, seed).name
        registry.activate(version)
        assert registry.active() == version
    assert len(registry.versions()) == 2


def test_a_version_that_is_written_while_old_ones_go_stays(tmp_path: Path) -> None:
    class Watched(Registry):
        """Whenever versions are listed, the next one is finished right after."""

        def versions(self) -> list[str]:
            found = super().versions()
            write_small_model(tmp_path, seed=len(found))
            return found

    registry = Watched(tmp_path)
    made = [write_small_model(tmp_path, seed=seed).name for seed in range(3)]
    registry.activate(made[0])
    assert registry.prune(1) == [made[1]]
    assert (tmp_path / "20261101-120003-00000003").is_dir()
