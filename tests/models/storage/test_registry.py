"""The registry: version names, the active version, activation and pruning."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.errors import (
    ArtifactDamaged,
    ArtifactError,
    ArtifactNotWritten,
    ModelNotFound,
    NoActiveModel,
)
from models.profile import Profile
from models.storage.registry import ACTIVATIONS, ACTIVE, Registry, version_name
from models.storage.writing import check_writable
from testkit.small_model import write_small_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_small_model(tmp_path / "artifacts")


def test_version_names_sort_by_time_and_never_leave_the_folder(tmp_path: Path) -> None:
    early = version_name(datetime(2026, 1, 2, tzinfo=UTC), "ab" * 32)
    late = version_name(datetime(2026, 11, 2, tzinfo=UTC), "00" * 32)
    assert early < late
    for name in ("..", "../x", "", early + "/..", "ACTIVE"):
        with pytest.raises(ModelNotFound):
            Registry(tmp_path).folder(name)


def test_registry_without_a_folder_is_empty(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "none")
    assert registry.versions() == []
    assert registry.active() is None
    with pytest.raises(NoActiveModel, match="python -m training fit"):
        registry.load_active(Profile)


def test_activated_version_is_active(folder: Path) -> None:
    registry = Registry(folder.parent)
    registry.activate(folder.name)
    assert registry.active() == folder.name
    assert registry.load_active(Profile).model.version == folder.name
    assert registry.versions() == [folder.name]


def test_activation_of_an_unknown_version_is_refused(folder: Path) -> None:
    registry = Registry(folder.parent)
    with pytest.raises(ModelNotFound):
        registry.activate("20200101-000000-00000000")
    assert registry.active() is None


def test_drafts_and_other_folders_are_not_versions(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / f".{folder.name}.draft")
    shutil.copytree(folder, folder.parent / "backup")
    (folder.parent / ACTIVE).write_text("")
    registry = Registry(folder.parent)
    assert registry.versions() == [folder.name]
    assert registry.active() is None


def test_active_file_that_is_not_text_is_damaged(tmp_path: Path) -> None:
    (tmp_path / ACTIVE).write_bytes(b"\xff\xfe")
    with pytest.raises(ArtifactDamaged, match="does not name a version"):
        Registry(tmp_path).active()


@pytest.mark.parametrize("root", ["file", "folder"])
def test_active_file_that_is_not_readable_is_an_error(root: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / ACTIVE).mkdir(parents=True)
    with pytest.raises(ArtifactError, match="cannot be read"):
        Registry(tmp_path / root).active()


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_active_that_is_no_file_is_an_error_and_waits_for_nobody(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / ACTIVE)
    with pytest.raises(ArtifactError, match="cannot be read: it is no file"):
        Registry(tmp_path).active()


def test_pruning_sweeps_what_killed_processes_left_a_day_ago(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "artifacts")
    version = write_small_model(registry.root).name
    registry.activate(version)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "inside").mkdir(parents=True)
    left = [f".removed-{version}", f".{version}.abc123"]
    staying = [f".{version}.def456", ".somebody-elses", f".{version}.link"]
    for name in [*left, *staying[:2]]:
        (registry.root / name).mkdir()
    (registry.root / staying[2]).symlink_to(elsewhere)
    for name in [*left, staying[1]]:
        os.utime(registry.root / name, (0, 0))
    os.utime(registry.root / staying[2], (0, 0), follow_symlinks=False)
    assert registry.prune(10) == []
    remaining = {path.name for path in registry.root.iterdir()}
    assert remaining == {version, ACTIVE, ACTIVATIONS, *staying}
    assert (elsewhere / "inside").is_dir()


def test_failed_activation_leaves_no_draft(tmp_path: Path) -> None:
    version = write_small_model(tmp_path).name
    (tmp_path / ACTIVE).mkdir()
    with pytest.raises(ArtifactNotWritten, match="Cannot activate"):
        Registry(tmp_path).activate(version)
    assert sorted(path.name for path in tmp_path.iterdir()) == [version, ACTIVE]


def test_writable_check_makes_the_folder_and_leaves_it_empty(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_activation_replaces_the_active_version(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    for seed in (0, 1):
        version = write_small_model(tmp_path, seed).name
        registry.activate(version)
        assert registry.active() == version
    assert len(registry.versions()) == 2


def test_pruning_spares_a_version_written_meanwhile(tmp_path: Path) -> None:
    class GrowingRegistry(Registry):
        """A registry in which another version is written right after versions are listed."""

        def versions(self) -> list[str]:
            versions = super().versions()
            write_small_model(tmp_path, seed=len(versions))
            return versions

    registry = GrowingRegistry(tmp_path)
    written = [write_small_model(tmp_path, seed=seed).name for seed in range(3)]
    registry.activate(written[0])
    assert registry.prune(1) == [written[1]]
    assert (tmp_path / "20261101-120003-00000003").is_dir()


SEPARATORS = ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("separator", SEPARATORS)
def test_activation_is_on_record_whatever_its_texts_hold(tmp_path: Path, separator: str) -> None:
    registry = Registry(tmp_path)
    first, second, *_ = (write_small_model(tmp_path, seed=seed).name for seed in range(5))
    registry.activate(first)
    made = registry.activate(second, by=f"a{separator}b", reason=f"one{separator}two", on_behalf_of="Zoë 😀")
    assert registry.activations()[0] == made
    assert registry.before_active() == first
    assert first not in registry.prune(1)
    assert (tmp_path / ACTIVATIONS).read_bytes().isascii()


def test_activations_that_older_releases_wrote_as_they_are_can_be_read(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    first, second = (write_small_model(tmp_path, seed=seed).name for seed in range(2))
    registry.activate(first)
    activation = registry.activate(second, reason="one\u2028two\x85three")
    (tmp_path / ACTIVATIONS).write_text(f"{activation.model_dump_json()}\n", encoding="utf-8")
    assert registry.activations() == [activation]


def test_activation_after_a_cut_line_is_on_record(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    version = write_small_model(tmp_path).name
    (tmp_path / ACTIVATIONS).write_text('{"version": "2026', encoding="utf-8")
    assert registry.activations() == []
    activation = registry.activate(version)
    assert registry.activations() == [activation]


@pytest.mark.parametrize("record", ["", '{"version": "2026', "lost"])
def test_nothing_is_removed_while_the_last_activation_is_not_on_record(tmp_path: Path, record: str) -> None:
    registry = Registry(tmp_path)
    versions = [write_small_model(tmp_path, seed=seed).name for seed in range(4)]
    for version in versions[:2]:
        registry.activate(version)
    log = tmp_path / ACTIVATIONS
    log.write_text(log.read_text().splitlines()[0] + "\n" + record)
    assert registry.prune(1) == []
    assert registry.versions() == versions
