"""Reading an artifact: only what was written is read, and every other content is refused."""

import io
import json
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.affinities.counts import AffinityCounts, FieldCounts
from models.errors import (
    ArtifactDamaged,
    ArtifactError,
    ArtifactUnsupported,
)
from models.profile import Profile
from models.scoring.scorer import Scorer
from models.storage.arrays import arrays_of
from models.storage.artifact import AFFINITIES, ARRAYS, MANIFEST, SUMS, LoadedArtifact
from models.storage.manifest import FORMAT
from models.storage.reading import read_artifact
from models.storage.signature import SIGNATURE
from models.storage.writing import write_artifact
from testkit import ROOT
from testkit.small_model import small_manifest, write_small_model
from testkit.small_scorer import KNOWN, small_scorer
from tests.models.storage.tampering import KEY, replace_array_file, replace_arrays, replace_manifest, signed

DATA = ROOT / "tests" / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_small_model(tmp_path / "artifacts")


def test_model_reads_as_it_was_written(folder: Path) -> None:
    loaded = read_artifact(folder, Profile)
    scorer = small_scorer()
    profile = Profile(age=30, hobbies=KNOWN[:3], budget_range="high")
    assert loaded.model.scorer.score(profile) == scorer.score(profile)
    assert loaded.manifest.version == folder.name


@pytest.mark.parametrize("written", sorted(DATA.glob("format-*/*")), ids=lambda path: path.parent.name)
def test_artifact_of_an_older_release_is_readable(written: Path) -> None:
    loaded = read_artifact(written, Profile)
    assert loaded.model.assign(Profile()).persona in loaded.manifest.personas


def test_model_of_format_1_assigns_the_nearest_centroid_without_confidence() -> None:
    [written] = DATA.glob("format-1/*")
    loaded = read_artifact(written, Profile)
    assignment = loaded.model.assign(Profile(age=30))
    distances = loaded.model.distances(Profile(age=30))
    assert distances[assignment.persona.id] == min(distances.values())
    assert assignment.confidence is assignment.settled is assignment.margin is None


@pytest.mark.parametrize("name", [MANIFEST, SUMS, ARRAYS, "pipeline.joblib"])
def test_flipped_byte_is_refused(folder: Path, name: str) -> None:
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
def test_missing_or_truncated_file_is_refused(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile)
    path.unlink()
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile)


def test_unknown_format_is_refused_with_its_number(tmp_path: Path) -> None:
    folder = write_small_model(tmp_path, format=FORMAT + 1)
    with pytest.raises(ArtifactUnsupported, match=f"has format {FORMAT + 1}"):
        read_artifact(folder, Profile)


def test_field_that_the_profile_class_lacks_is_refused_by_name(tmp_path: Path) -> None:
    fields = list(small_manifest().fields)
    fields[0] = fields[0].model_copy(update={"name": "shoe_size"})
    folder = write_small_model(tmp_path, fields=tuple(fields))
    with pytest.raises(ArtifactUnsupported, match="'shoe_size'"):
        read_artifact(folder, Profile)


def test_personas_with_the_same_id_are_refused(tmp_path: Path) -> None:
    first, second, third = small_manifest().personas
    folder = write_small_model(tmp_path, personas=(first, second, third.model_copy(update={"id": first.id})))
    with pytest.raises(ArtifactDamaged, match="two personas of one id"):
        read_artifact(folder, Profile)


def test_compressed_array_is_refused_before_it_is_decompressed(folder: Path) -> None:
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file)
    replace_arrays(folder, arrays)
    with zipfile.ZipFile(folder / ARRAYS, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.npy", b"\0" * 10_000_000)
    content = (folder / ARRAYS).read_bytes()
    replace_arrays(folder, arrays)
    (folder / ARRAYS).write_bytes(content)
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile)


def test_overlapping_archive_entries_are_refused(folder: Path) -> None:
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file)
    replace_arrays(folder, arrays)
    once = (folder / ARRAYS).read_bytes()
    # The directory lists each entry a hundred times.
    start = once.index(b"PK\x01\x02")
    end = once.index(b"PK\x05\x06")
    count = int.from_bytes(once[end + 10 : end + 12], "little") * 100
    directory = once[start:end] * 100
    tail = once[end : end + 8] + count.to_bytes(2, "little") * 2
    tail += len(directory).to_bytes(4, "little") + start.to_bytes(4, "little") + b"\0\0"
    replace_array_file(folder, once[:start] + directory + tail)
    with pytest.raises(ArtifactDamaged, match="claims more than it holds"):
        read_artifact(folder, Profile)


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
def test_array_with_an_absurd_header_is_refused_before_memory_is_allocated(folder: Path, header: str) -> None:
    content = io.BytesIO()
    text = header.encode() + b"\n"
    with np.load(folder / ARRAYS) as file, zipfile.ZipFile(content, "w") as archive:
        for name in file:
            array = io.BytesIO()
            np.save(array, file[name])
            archive.writestr(f"{name}.npy", array.getvalue())
        name, size = "extra.npy", len(text).to_bytes(2, "little")
        archive.writestr(name, b"\x93NUMPY\x01\x00" + size + text + b"\0" * 32)
    replace_array_file(folder, content.getvalue())
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile)


@pytest.mark.parametrize("name", [MANIFEST, SUMS, ARRAYS, SIGNATURE])
def test_pipe_in_place_of_a_file_is_refused_without_blocking(tmp_path: Path, name: str) -> None:
    folder = signed(tmp_path)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile, KEY)


def readable(folder: Path) -> LoadedArtifact | None:
    """The artifact, None where it is refused; any other error fails the test."""
    try:
        return read_artifact(folder, Profile)
    except ArtifactError:
        return None


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_array_file_of_any_bytes_is_refused_or_gives_the_same_arrays(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = write_small_model(Path(root))
        content = bytearray((folder / ARRAYS).read_bytes())
        for position in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
            content[position] = data.draw(st.integers(0, 255))
        replace_array_file(folder, bytes(content[: data.draw(st.integers(0, len(content)))]))
        loaded = readable(folder)
        if loaded is not None:
            assert isinstance(loaded.model.scorer, Scorer)
            written, read = arrays_of(small_scorer()), arrays_of(loaded.model.scorer)
            assert all(np.array_equal(read[name], array) for name, array in written.items())


def _paths(value: object, prefix: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value in a JSON document."""
    below: list[tuple[str | int, ...]] = [prefix] if prefix else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        below += _paths(inner, (*prefix, name))
    return below


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_manifest_of_any_content_is_refused_or_gives_a_working_model(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = write_small_model(Path(root))
        manifest = json.loads((folder / MANIFEST).read_text())
        *parents, last = data.draw(st.sampled_from(_paths(manifest)))
        parent = manifest
        for name in parents:
            parent = parent[name]
        scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
        values = scalars | st.lists(st.integers(), max_size=3)
        parent[last] = data.draw(values | st.dictionaries(st.text(), st.integers(), max_size=2))
        replace_manifest(folder, manifest)
        loaded = readable(folder)
        if loaded is not None:
            assert loaded.manifest.version == folder.name
            assert loaded.model.assign(Profile()).persona in loaded.manifest.personas


# --- affinities ------------------------------------------------------------------------------------

GIFTS = FieldCounts(
    field=None, values=("books",), answered=(50, 9, None), counts=((20,), (None,), (None,)), others=(2,), prior=3.0
)
COUNTS = AffinityCounts(fields=(GIFTS,), pairs=())


def with_affinities(root: Path, text: str, key: bytes | None = None) -> Path:
    others = {AFFINITIES: lambda path: path.write_text(text, encoding="utf-8")}
    return write_artifact(root, small_manifest(), small_scorer(), others, key)


def test_affinities_read_as_they_were_written(tmp_path: Path) -> None:
    folder = with_affinities(tmp_path, COUNTS.model_dump_json())
    assert read_artifact(folder, Profile).affinities == COUNTS


def test_version_without_affinities_has_none(folder: Path) -> None:
    assert read_artifact(signed(folder.parent.parent / "without", None), Profile).affinities is None
    [written] = DATA.glob("format-2/*")
    assert read_artifact(written, Profile).affinities is None


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"fields": [], "pairs": [{}]}',
        COUNTS.model_dump_json().replace("[50,9,null]", "[50,9]"),
        COUNTS.model_dump_json().replace("[50,9,null]", "[50,9]").replace("[[20],[null],[null]]", "[[20],[null]]"),
    ],
    ids=["no JSON", "other fields", "counts that do not fit", "other personas"],
)
def test_affinities_that_do_not_fit_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ArtifactDamaged, match=AFFINITIES):
        read_artifact(with_affinities(tmp_path, text), Profile)


def test_signature_covers_the_affinities(tmp_path: Path) -> None:
    folder = with_affinities(tmp_path, COUNTS.model_dump_json(), KEY)
    assert read_artifact(folder, Profile, KEY).affinities is not None
    (folder / AFFINITIES).write_text(AffinityCounts(fields=(), pairs=()).model_dump_json())
    with pytest.raises(ArtifactDamaged, match=f"{AFFINITIES} is not the file that was written"):
        read_artifact(folder, Profile, KEY)
