"""Artifacts: written whole or not at all, and believed only when every byte is as written."""

import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import (
    ArtifactDamaged,
    ArtifactError,
    ArtifactNotWritten,
    ArtifactUnsupported,
    ModelNotFound,
    NoActiveModel,
)
from models.profile import Profile
from models.storage.artifact import ARRAYS, MANIFEST, SUMS
from models.storage.manifest import FORMAT, GoldenPrediction
from models.storage.reading import read_artifact
from models.storage.registry import ACTIVE, Registry, version_name
from models.storage.signature import SIGNATURE
from models.storage.writing import write_artifact
from testkit import ROOT
from testkit.small_model import small_manifest, write_small_model
from tests.support.profiles import KNOWN, small_scorer

DATA = ROOT / "tests" / "data"


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


def test_an_imputation_that_lacks_an_array_is_refused(folder: Path) -> None:
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


def test_a_column_beyond_all_numbers_is_refused(tmp_path: Path) -> None:
    fields = [
        each.model_copy(update={"column_of": (2**63, *each.column_of[1:])}) if each.column_of else each
        for each in small_manifest().fields
    ]
    folder = write_small_model(tmp_path, fields=tuple(fields))
    with pytest.raises(ArtifactDamaged, match="names a column"):
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


@pytest.mark.parametrize("personas", [0, 1, 2])
def test_golden_predictions_of_fewer_personas_are_refused(tmp_path: Path, personas: int) -> None:
    right = small_manifest().golden[0]
    fewer = right.model_copy(update={"distances": right.distances[:personas]})
    folder = write_small_model(tmp_path, golden=(fewer,))
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


KEY, OTHER = b"k" * 32, b"o" * 32


def signed(root: Path, key: bytes | None = KEY) -> Path:
    others = {"report.json": lambda path: path.write_text("{}")}
    return write_artifact(root, small_manifest(), small_scorer(), others, key)


def test_a_version_signed_by_our_key_is_read(tmp_path: Path) -> None:
    folder = signed(tmp_path)
    assert read_artifact(folder, Profile, KEY).manifest.version == folder.name
    assert read_artifact(folder, Profile).manifest.version == folder.name
    assert Registry(tmp_path, KEY).load(folder.name, Profile)


def test_where_there_is_a_key_nothing_unsigned_is_read(tmp_path: Path) -> None:
    folder = signed(tmp_path, None)
    for read in (
        lambda: read_artifact(folder, Profile, KEY),
        lambda: Registry(tmp_path, KEY).manifest(folder.name),
    ):
        with pytest.raises(ArtifactDamaged, match=f"python -m service sign {folder.name}"):
            read()


def test_a_version_signed_by_another_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactDamaged, match="signed by another key"):
        read_artifact(signed(tmp_path), Profile, OTHER)


def test_a_version_whose_every_checksum_was_made_anew_is_refused(tmp_path: Path) -> None:
    folder = signed(tmp_path)
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file)
    _reseal(folder, {**arrays, "base": arrays["base"] + 1e-12})
    read_artifact(folder, Profile)
    with pytest.raises(ArtifactDamaged, match="changed since"):
        read_artifact(folder, Profile, KEY)


@pytest.mark.parametrize("content", [b"", b"0" * 64, b"0" * 64 + b"\n", b"\xff" * 65])
def test_a_signature_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = signed(tmp_path)
    (folder / SIGNATURE).write_bytes(content)
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile, KEY)


def test_a_signature_with_something_behind_it_is_refused(tmp_path: Path) -> None:
    folder = signed(tmp_path)
    with (folder / SIGNATURE).open("ab") as file:
        file.write(b"x")
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile, KEY)


@pytest.mark.parametrize("name", [MANIFEST, SUMS, ARRAYS, SIGNATURE])
def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(tmp_path: Path, name: str) -> None:
    folder = signed(tmp_path)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile, KEY)


def test_entries_that_lie_over_each_other_are_refused_before_they_are_read(folder: Path) -> None:
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file)
    _reseal(folder, arrays)
    once = (folder / ARRAYS).read_bytes()
    # The directory names each entry a hundred times over.
    start = once.index(b"PK\x01\x02")
    end = once.index(b"PK\x05\x06")
    count = int.from_bytes(once[end + 10 : end + 12], "little") * 100
    directory = once[start:end] * 100
    tail = once[end : end + 8] + count.to_bytes(2, "little") * 2
    tail += len(directory).to_bytes(4, "little") + start.to_bytes(4, "little") + b"\0\0"
    _reseal_bytes(folder, once[:start] + directory + tail)
    with pytest.raises(ArtifactDamaged, match="claims more than it holds"):
        read_artifact(folder, Profile)


def _reseal_bytes(folder: Path, content: bytes) -> None:
    """Put bytes in the place of the arrays, and every checksum right."""
    (folder / ARRAYS).write_bytes(content)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"][ARRAYS] = hashlib.sha256(content).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))
    sums = {**manifest["files"], MANIFEST: hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()}
    (folder / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 1000000000000), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999, 4), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (4,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (True,), }",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (4,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': ((4,),), }",
        "(" * 5_000,
        "{" * 200,
        "'" * 3,
        "__import__('os').abort()",
    ],
)
def test_an_array_of_an_absurd_header_is_refused_before_memory_is_taken(folder: Path, header: str) -> None:
    content = io.BytesIO()
    text = header.encode() + b"\n"
    with np.load(folder / ARRAYS) as file, zipfile.ZipFile(content, "w") as archive:
        for name in file:
            array = io.BytesIO()
            np.save(array, file[name])
            archive.writestr(f"{name}.npy", array.getvalue())
        name, size = "extra.npy", len(text).to_bytes(2, "little")
        archive.writestr(name, b"\x93NUMPY\x01\x00" + size + text + b"\0" * 32)
    _reseal_bytes(folder, content.getvalue())
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_an_archive_of_any_bytes_is_refused_with_a_sentence(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = write_small_model(Path(root))
        whole = bytearray((folder / ARRAYS).read_bytes())
        for position in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4)):
            whole[position] = data.draw(st.integers(0, 255))
        _reseal_bytes(folder, bytes(whole[: data.draw(st.integers(0, len(whole)))]))
        with contextlib.suppress(ArtifactError):
            read_artifact(folder, Profile)


def _paths(value: object, prefix: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The place of everything in a JSON document."""
    below: list[tuple[str | int, ...]] = [prefix] if prefix else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        below += _paths(inner, (*prefix, name))
    return below


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_a_manifest_of_any_content_is_refused_with_a_sentence(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = write_small_model(Path(root))
        manifest = json.loads((folder / MANIFEST).read_text())
        *parents, last = data.draw(st.sampled_from(_paths(manifest)))
        place = manifest
        for name in parents:
            place = place[name]
        odd = (
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text()
            | st.lists(st.integers(), max_size=3)
        )
        place[last] = data.draw(odd | st.dictionaries(st.text(), st.integers(), max_size=2))
        text = json.dumps(manifest).encode()
        (folder / MANIFEST).write_bytes(text)
        files = manifest["files"] if isinstance(manifest.get("files"), dict) else {}
        sums = {str(k): str(v) for k, v in files.items()} | {MANIFEST: hashlib.sha256(text).hexdigest()}
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
        (folder / SUMS).write_bytes(lines.encode("utf-8", "surrogatepass"))
        with contextlib.suppress(ArtifactError):
            read_artifact(folder, Profile)
