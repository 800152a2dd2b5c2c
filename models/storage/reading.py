"""Reading an artifact: checksums, signature, format and shapes are checked before a model is built."""

import hashlib
import io
import json
import stat
import zipfile
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from models.affinities.counts import AffinityCounts
from models.errors import ArtifactDamaged, ArtifactError, ArtifactUnsupported, ModelError
from models.profile.field_kinds import FieldSpec, declared_fields
from models.scoring.columns import FloatArray
from models.segment_model import SegmentModel
from models.storage.arrays import build_scorer
from models.storage.artifact import (
    AFFINITIES,
    ARRAYS,
    COMPARISON,
    MANIFEST,
    SUMS,
    LoadedArtifact,
    sha256,
    sums_file,
)
from models.storage.comparison import Comparison
from models.storage.golden import check_golden
from models.storage.manifest import READABLE, Manifest
from models.storage.signature import require_signature

MAX_TEXT_BYTES = 32 * 2**20
MAX_ARRAYS_BYTES = 256 * 2**20
Document = TypeVar("Document", bound=BaseModel)


def read_manifest(folder: Path, key: bytes | None = None) -> Manifest:
    """The manifest, checked against SHA256SUMS and for its format. Reads no other file.

    `key`: the key that must have signed SHA256SUMS; None where versions are not signed.
    Raises `ArtifactDamaged` or `ArtifactUnsupported`.
    """
    sums = _read_bounded(folder / SUMS, MAX_TEXT_BYTES)
    if key is not None:
        require_signature(folder, sums, key)
    text = _read_bounded(folder / MANIFEST, MAX_TEXT_BYTES)
    digest = hashlib.sha256(text).hexdigest()
    if sums_file({MANIFEST: digest}) not in sums:
        raise ArtifactDamaged(f"{MANIFEST} of {folder.name} is not the one that was written.")
    _check_format(folder, text)
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise ArtifactDamaged(f"{MANIFEST} of {folder.name} cannot be understood.") from error
    if manifest.version != folder.name:
        raise ArtifactDamaged(f"Folder {folder.name} holds version {manifest.version}.")
    if sums != sums_file({**manifest.files, MANIFEST: digest}):
        raise ArtifactDamaged(f"{SUMS} and {MANIFEST} of {folder.name} name different files.")
    return manifest


def read_artifact(folder: Path, profile_class: type[BaseModel], key: bytes | None = None) -> LoadedArtifact:
    """Verify a version folder and build its model for this class of profile; `key` as in `read_manifest`.

    Every checksum and shape is checked, and the golden predictions must reproduce.
    Raises `ArtifactDamaged` or `ArtifactUnsupported`.
    """
    manifest = read_manifest(folder, key)
    _check_files(folder, manifest)
    arrays = _read_arrays(folder / ARRAYS, manifest.files[ARRAYS])
    scorer = build_scorer(manifest, arrays, _matching_specs(manifest, profile_class))
    try:
        model = SegmentModel(manifest.version, scorer, manifest.personas)
    except ModelError as error:
        raise ArtifactDamaged(str(error)) from error
    check_golden(model, manifest.golden, profile_class)
    return LoadedArtifact(manifest, model, _read_affinities(folder, manifest))


def read_comparison(folder: Path, manifest: Manifest) -> Comparison | None:
    """The comparison with the model that was active when a version was made; None where there is none.

    Raises `ArtifactDamaged`, or `ArtifactError` where it cannot be read.
    """
    return _read_document(folder, manifest, COMPARISON, Comparison)


def _read_affinities(folder: Path, manifest: Manifest) -> AffinityCounts | None:
    """The counts of a version; None where it has none."""
    counts = _read_document(folder, manifest, AFFINITIES, AffinityCounts)
    if counts is not None and not counts.fits(len(manifest.personas)):
        raise ArtifactDamaged(f"{AFFINITIES} of {folder.name} has not the personas of {MANIFEST}.")
    return counts


def _read_document(folder: Path, manifest: Manifest, name: str, document: type[Document]) -> Document | None:
    """A file of JSON, checked against its checksum; None where the version has none of that name."""
    digest = manifest.files.get(name)
    if digest is None:
        return None
    text = _read_bounded(folder / name, MAX_TEXT_BYTES)
    if hashlib.sha256(text).hexdigest() != digest:
        raise ArtifactDamaged(f"{name} of {folder.name} is not the one that was written.")
    try:
        return document.model_validate_json(text)
    except ValidationError as error:
        raise ArtifactDamaged(f"{name} of {folder.name} cannot be understood.") from error


def _read_bounded(path: Path, limit: int) -> bytes:
    try:
        status = path.stat()
        # Opening a pipe in place of a file would block for ever.
        if not stat.S_ISREG(status.st_mode):
            raise ArtifactDamaged(f"{path.parent.name}/{path.name} is not a file.")
        if status.st_size > limit:
            raise ArtifactDamaged(f"{path.parent.name}/{path.name} is larger than {limit} bytes.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ArtifactDamaged(f"{path.parent.name}/{path.name} is missing.") from error
    except OSError as error:
        raise ArtifactError(f"{path.parent.name}/{path.name} cannot be read: {error.strerror}.") from error


def _check_format(folder: Path, text: bytes) -> None:
    try:
        written = json.loads(text)["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArtifactDamaged(f"{MANIFEST} of {folder.name} has no format number.") from error
    if written not in READABLE:
        raise ArtifactUnsupported(
            f"Version {folder.name} has format {written}; this code reads {' and '.join(map(str, READABLE))}. "
            "Use the release that wrote it, or train again."
        )


def _check_files(folder: Path, manifest: Manifest) -> None:
    if ARRAYS not in manifest.files:
        raise ArtifactDamaged(f"{MANIFEST} of {folder.name} names no {ARRAYS}.")
    for name, digest in manifest.files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise ArtifactDamaged(f"{folder.name}/{name} is missing.")
        try:
            actual = sha256(path)
        except OSError as error:
            raise ArtifactError(f"{folder.name}/{name} cannot be read: {error.strerror}.") from error
        if actual != digest:
            raise ArtifactDamaged(f"{folder.name}/{name} is not the file that was written.")


def _read_arrays(path: Path, digest: str) -> dict[str, FloatArray]:
    data = _read_bounded(path, MAX_ARRAYS_BYTES)
    if hashlib.sha256(data).hexdigest() != digest:
        raise ArtifactDamaged(f"{path.parent.name}/{path.name} changed while it was read.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # Overlapping entries would make many arrays of the same bytes.
            if sum(entry.file_size for entry in archive.infolist()) > len(data):
                raise ArtifactDamaged(f"{path.parent.name}/{path.name} claims more than it holds.")
            return {
                entry.filename.removesuffix(".npy"): _read_array(archive, entry, path)
                for entry in archive.infolist()
            }
    except ArtifactError:
        raise
    except Exception as error:
        # Zip and array header readers fail in many ways on arbitrary bytes.
        raise ArtifactDamaged(f"{path.parent.name}/{path.name} cannot be understood.") from error


def _read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> FloatArray:
    """Read one array. Its memory is bounded by the bytes in the file, whatever its header claims."""
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > MAX_ARRAYS_BYTES:
        raise ArtifactDamaged(f"{path.parent.name}/{path.name} holds an entry that we never write.")
    with archive.open(entry) as member:
        if np.lib.format.read_magic(member) != (1, 0):
            raise ArtifactDamaged(f"{entry.filename} in {path.name} is of an unknown array format.")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(member)
        content = member.read()
    if dtype != np.float64 or fortran or len(shape) > 2 or min(shape, default=0) < 0:
        raise ArtifactDamaged(f"{entry.filename} in {path.name} is not a plain float64 array.")
    return np.frombuffer(content, np.float64).reshape(shape)


def _matching_specs(manifest: Manifest, profile_class: type[BaseModel]) -> dict[str, FieldSpec]:
    """The class's declarations of the manifest's fields; a newer class may have more fields."""
    declared = {spec.name: spec for spec in declared_fields(profile_class)}
    for written in manifest.fields:
        spec = declared.get(written.name)
        if spec is None or spec.kind.name != written.kind or spec.levels != written.levels:
            raise ArtifactUnsupported(
                f"Version {manifest.version} was trained with a field '{written.name}' "
                f"({written.kind}) that {profile_class.__name__} does not declare so. Train again."
            )
    return declared
