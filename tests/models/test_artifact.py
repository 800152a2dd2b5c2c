"""Artifacts: written whole or not at all, and believed only when every byte is as written."""

import hashlib
import json
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from models.artifact import ARRAYS, MANIFEST, SUMS, read_artifact, write_artifact
from models.errors import (
    ArtifactDamaged,
    ArtifactError,
    ArtifactNotWritten,
    ArtifactUnsupported,
    ModelNotFound,
    NoActiveModel,
)
from models.manifest import FORMAT, GoldenPrediction
from models.profile import Profile
from models.registry import ACTIVE, Registry, version_name
from tests.support.profiles import KNOWN, small_scorer
from tests.support.small_model import small_manifest, write_small_model

DATA = Path(__file__).resolve().parents[1] / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_small_model(tmp_path / "artifacts")


def test_a_model_comes_back_as_it_was_written(folder: Path) -> None:
    loaded = read_artifact(folder, Profile)
    scorer = small_scorer()
    profile = Profile(age=30, hobbies=KNOWN[:3], budget_range="high")
    assert loaded.model.scorer.score(profile) == scorer.score(profile)
    assert loaded.manifest.version == folder.name


@pytest.mark.parametrize("written", sorted(DATA.glob("format-*/*")), ids=lambda path: path.parent.name)
def test_what_an_older_release_wrote_is_still_read(written: Path) -> None:
    loaded = read_artifact(written, Profile)
    assert loaded.model.assign(Profile()).persona in loaded.manifest.personas


def test_a_model_of_format_1_answers_by_its_own_rule_and_says_that_it_has_no_confidence() -> None:
    [written] = DATA.glob("format-1/*")
    loaded = read_artifact(written, Profile)
    answer = loaded.model.assign(Profile(age=30))
    assert answer.distances[answer.persona.id] == min(answer.distances.values())
    assert answer.confidence is None


def test_a_completion_that_lacks_an_array_is_refused(folder: Path) -> None:
    with np.load(folder / ARRAYS) as file:
        arrays = {name: array for name, array in file.items() if name != "spread"}
    _reseal(folder, arrays)
    with pytest.raises(ArtifactDamaged, match="spread"):
        read_artifact(folder, Profile)


def test_the_sums_are_those_that_sha256sum_checks(folder: Path) -> None:
    done = subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_same_model_gives_byte_equal_arrays(folder: Path, tmp_path: Path) -> None:
    other = write_small_model(tmp_path / "others")
    assert (other / ARRAYS).read_bytes() == (folder / ARRAYS).read_bytes()


@pytest.mark.parametrize("name", [MANIFEST, SUMS, ARRAYS, "pipeline.joblib"])
def test_a_flipped_byte_anywhere_is_refused(folder: Path, name: str) -> None:
    path = folder / name
    whole = path.read_bytes()
    for position in range(0, len(whole), max(1, len(whole) // 97)):
        damaged = bytearray(whole)
        damaged[position] ^= 0x01
        path.write_bytes(damaged)
        with pytest.raises(ArtifactError):
            read_artifact(folder, Profile)
    path.write_bytes(whole)
    read_artifact(folder, Profile)


@pytest.mark.parametrize("name", [MANIFEST, SUMS, ARRAYS, "pipeline.joblib"])
def test_a_missing_or_cut_file_is_refused(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile)
    path.unlink()
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile)


def test_a_format_from_the_future_is_refused_by_name(tmp_path: Path) -> None:
    folder = write_small_model(tmp_path, format=FORMAT + 1)
    with pytest.raises(ArtifactUnsupported, match=f"has format {FORMAT + 1}"):
        read_artifact(folder, Profile)


def test_a_field_that_the_profile_does_not_declare_is_refused_by_name(tmp_path: Path) -> None:
    fields = list(small_manifest().fields)
    fields[0] = fields[0].model_copy(update={"name": "shoe_size"})
    folder = write_small_model(tmp_path, fields=tuple(fields))
    with pytest.raises(ArtifactUnsupported, match="'shoe_size'"):
        read_artifact(folder, Profile)


def test_two_personas_of_one_id_are_refused(tmp_path: Path) -> None:
    first, second, third = small_manifest().personas
    folder = write_small_model(tmp_path, personas=(first, second, third.model_copy(update={"id": first.id})))
    with pytest.raises(ArtifactDamaged, match="two personas of one id"):
        read_artifact(folder, Profile)


def test_golden_predictions_that_do_not_reproduce_are_refused(tmp_path: Path) -> None:
    wrong = GoldenPrediction(profile={}, persona_id="p_0", distances=(0.0, 0.0, 0.0))
    folder = write_small_model(tmp_path, golden=(wrong,))
    with pytest.raises(ArtifactDamaged, match="golden prediction 0"):
        read_artifact(folder, Profile)


def _reseal(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    """Replace the arrays as somebody would who also fixes every checksum."""
    np.savez(folder / ARRAYS, allow_pickle=True, **arrays)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"][ARRAYS] = hashlib.sha256((folder / ARRAYS).read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))
    sums = {**manifest["files"], MANIFEST: hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()}
    lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
    (folder / SUMS).write_text("".join(lines))


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("centroids", np.zeros((3, 5))),
        ("centroids", np.full((3, 4), np.nan)),
        ("hobbies.rows", np.zeros((2, 4))),
        ("base", np.zeros((4,), np.float32)),
        ("base", np.array(["text"])),
        ("age.centre", np.zeros((1, 1, 1))),
        ("prior", np.array([0.5, 0.5, 0.0])),
        ("temperatures", np.zeros(13)),
        ("spread", np.zeros((36, 3))),
        ("hobbies.evidence_rows", np.zeros((7, 2))),
        ("hobbies.fill", np.zeros((3, 5))),
        ("hobbies.scatter", np.array([-1.0])),
        ("hobbies.kinds", np.zeros((0, 4))),
        ("hobbies.kind_shares", np.full((4, 3), -1.0)),
        ("age.typical", np.zeros((2, 3))),
    ],
)
def test_arrays_of_another_shape_or_type_are_refused(folder: Path, name: str, array: np.ndarray) -> None:
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file)
    _reseal(folder, {**arrays, name: array})
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile)


def test_a_pickle_among_the_arrays_is_never_opened(folder: Path) -> None:
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file)
    _reseal(folder, {**arrays, "base": np.array([object()], dtype=object)})
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile)


def test_a_compressed_entry_is_refused_before_it_is_unpacked(folder: Path) -> None:
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file)
    _reseal(folder, arrays)
    with zipfile.ZipFile(folder / ARRAYS, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.npy", b"\0" * 10_000_000)
    content = (folder / ARRAYS).read_bytes()
    _reseal(folder, arrays)
    (folder / ARRAYS).write_bytes(content)
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile)


def test_a_failing_write_leaves_nothing_behind(tmp_path: Path) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(ArtifactNotWritten, match="No space left"):
        write_artifact(tmp_path, small_manifest(), small_scorer(), {"report.json": full})
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_nothing_can_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactNotWritten):
        write_small_model(tmp_path / "file" / "artifacts")


def test_version_names_sort_by_time_and_never_leave_the_folder(tmp_path: Path) -> None:
    early = version_name(datetime(2026, 1, 2, tzinfo=UTC), "ab" * 32)
    late = version_name(datetime(2026, 11, 2, tzinfo=UTC), "00" * 32)
    assert early < late
    for name in ("..", "../x", "", early + "/..", "ACTIVE"):
        with pytest.raises(ModelNotFound):
            Registry(tmp_path).folder(name)


def test_an_empty_registry_says_that_no_model_is_in_force(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "none")
    assert registry.versions() == []
    assert registry.active() is None
    with pytest.raises(NoActiveModel, match="python -m training fit"):
        registry.load_active(Profile)


def test_activation_puts_a_version_in_force(folder: Path) -> None:
    registry = Registry(folder.parent)
    registry.activate(folder.name)
    assert registry.active() == folder.name
    assert registry.load_active(Profile).model.version == folder.name
    assert registry.versions() == [folder.name]


def test_only_a_version_that_is_there_can_be_activated(folder: Path) -> None:
    registry = Registry(folder.parent)
    with pytest.raises(ModelNotFound):
        registry.activate("20200101-000000-00000000")
    assert registry.active() is None


def test_drafts_and_other_folders_are_no_versions(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / f".{folder.name}.draft")
    shutil.copytree(folder, folder.parent / "backup")
    (folder.parent / ACTIVE).write_text("")
    registry = Registry(folder.parent)
    assert registry.versions() == [folder.name]
    assert registry.active() is None
