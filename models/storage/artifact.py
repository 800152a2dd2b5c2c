"""Artifacts: one folder a version, written whole or not at all, verified before it is believed.

    <version>/
      manifest.json      what it is (`models.storage.manifest`), with the sha256 of the files below
      arrays.npz         encoder, tables, centroids and expectations: plain float64, no pickle
      pipeline.joblib    the scikit-learn pipeline, for analysts; never opened here
      report.json        the analysis
      comparison.json    what changed against the model then in force; not of a first model
      SHA256SUMS         of all of these, the manifest included; `sha256sum -c SHA256SUMS` agrees
      SIGNATURE          of SHA256SUMS by the key of the deployment, where it has one (`models.storage.signature`)

Reading never runs code from the folder: JSON by pydantic, arrays by numpy with pickles off, and sizes and
shapes are bounded before memory is taken for them.
"""

import hashlib
import io
import json
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ValidationError

from models.errors import (
    ArtifactDamaged,
    ArtifactError,
    ArtifactNotWritten,
    ArtifactUnsupported,
    ModelError,
)
from models.profile.field_kinds import FieldSpec, declared_fields
from models.scoring.columns import FloatArray
from models.scoring.encoder import Encoder, FieldEncoding
from models.scoring.imputation import FieldImputation, Imputation
from models.scoring.scorer import Scorer
from models.scoring.single import FieldTable
from models.segment_model import SegmentModel
from models.storage.comparison import Comparison
from models.storage.manifest import READABLE, FieldManifest, GoldenPrediction, Manifest
from models.storage.signature import require_signature, sign

MANIFEST, ARRAYS, SUMS = "manifest.json", "arrays.npz", "SHA256SUMS"
PIPELINE, REPORT, COMPARISON = "pipeline.joblib", "report.json", "comparison.json"
MAX_TEXT_BYTES = 32 * 2**20
MAX_ARRAYS_BYTES = 256 * 2**20
GOLDEN_TOLERANCE = 1e-9

FileWriter = Callable[[Path], object]


@dataclass(frozen=True)
class LoadedArtifact:
    """A verified version: the model that answers, and what it says of itself."""

    manifest: Manifest
    model: SegmentModel


# --- writing ---------------------------------------------------------------------------------------


def write_artifact(
    root: Path, manifest: Manifest, scorer: Scorer, others: Mapping[str, FileWriter], key: bytes | None = None
) -> Path:
    """Write `root/<version>/` and return it. `others`: file name → function that writes it to a path.

    `key`: the deployment's, which signs the version.

    Everything is written to a temporary folder beside it, flushed to disk, then renamed: a reader sees the
    whole version or none of it. Raises `ArtifactNotWritten`, and leaves nothing behind.
    """
    target = root / manifest.version
    check_writable(root)
    try:
        draft = Path(tempfile.mkdtemp(prefix=f".{manifest.version}.", dir=root))
    except OSError as error:
        raise ArtifactNotWritten(f"Cannot write below {root}: {error.strerror}.") from error
    try:
        _write_files(draft, manifest, scorer, others)
        if key is not None:
            sign(draft, (draft / SUMS).read_bytes(), key)
        draft.chmod(0o755)
        draft.rename(target)
        _sync(root)
    except OSError as error:
        raise ArtifactNotWritten(
            f"Version {manifest.version} was not written ({error.strerror}); nothing was left behind."
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def check_writable(root: Path) -> None:
    """Make the folder of the versions where there is none. Raises `ArtifactNotWritten` if none can be written."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=root).close()
    except OSError as error:
        raise ArtifactNotWritten(f"Cannot write below {root}: {error.strerror}.") from error


def _write_files(draft: Path, manifest: Manifest, scorer: Scorer, others: Mapping[str, FileWriter]) -> None:
    writers: dict[str, FileWriter] = {ARRAYS: lambda path: _write_arrays(path, scorer), **others}
    for name, write in writers.items():
        write(draft / name)
    sums = {name: _sha256(draft / name) for name in writers}
    sealed = manifest.model_copy(update={"files": sums})
    (draft / MANIFEST).write_text(sealed.model_dump_json(indent=2) + "\n", encoding="utf-8")
    sums[MANIFEST] = _sha256(draft / MANIFEST)
    (draft / SUMS).write_bytes(_sums_file(sums))
    for name in (*writers, MANIFEST, SUMS):
        _sync(draft / name)
    _sync(draft)


def _write_arrays(path: Path, scorer: Scorer) -> None:
    plain = {name: np.ascontiguousarray(array) for name, array in arrays_of(scorer).items()}
    np.savez(path, allow_pickle=False, **plain)


def arrays_of(scorer: Scorer) -> dict[str, FloatArray]:
    """The arrays of a model by their name in the artifact."""
    arrays = {"base": scorer.base, "centroids": scorer.centroids}
    for encoding, table in zip(scorer.encoder.fields, scorer.tables, strict=True):
        parts = {
            "centre": encoding.centre,
            "weight": encoding.weight,
            "constant": table.constant,
            "rows": table.rows,
        }
        arrays |= {f"{encoding.name}.{part}": array for part, array in parts.items()}
    return arrays | _imputation_arrays(scorer)


def _imputation_arrays(scorer: Scorer) -> dict[str, FloatArray]:
    arrays = {} if scorer.imputation is None else scorer.imputation.arrays()
    for encoding, part in zip(scorer.encoder.fields, scorer.field_imputations, strict=True):
        own = {} if part is None else part.arrays()
        arrays |= {f"{encoding.name}.{name}": array for name, array in own.items()}
    return arrays


def field_manifests(scorer: Scorer) -> tuple[FieldManifest, ...]:
    """The encoder's fields as the manifest holds them."""
    return tuple(
        FieldManifest(
            name=encoding.name,
            kind=encoding.spec.kind.name,
            levels=encoding.spec.levels,
            values=encoding.values,
            column_of=tuple(encoding.column_of.tolist()),
            completed=part is not None,
            phrases=() if part is None else part.phrases,
        )
        for encoding, part in zip(scorer.encoder.fields, scorer.field_imputations, strict=True)
    )


def _sums_file(sums: Mapping[str, str]) -> bytes:
    lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
    return "".join(lines).encode()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- reading ---------------------------------------------------------------------------------------


def read_manifest(folder: Path, key: bytes | None = None) -> Manifest:
    """The manifest, checked against SHA256SUMS and for its format; no other file is looked at.

    `key`: what SHA256SUMS must be signed by before anything is believed; None where versions are not signed.
    Raises `ArtifactDamaged` or `ArtifactUnsupported`.
    """
    sums = _bounded(folder / SUMS, MAX_TEXT_BYTES)
    if key is not None:
        require_signature(folder, sums, key)
    text = _bounded(folder / MANIFEST, MAX_TEXT_BYTES)
    digest = hashlib.sha256(text).hexdigest()
    if _sums_file({MANIFEST: digest}) not in sums:
        raise ArtifactDamaged(f"{MANIFEST} of {folder.name} is not the one that was written.")
    _check_format(folder, text)
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise ArtifactDamaged(f"{MANIFEST} of {folder.name} cannot be understood.") from error
    if manifest.version != folder.name:
        raise ArtifactDamaged(f"Folder {folder.name} holds version {manifest.version}.")
    if sums != _sums_file({**manifest.files, MANIFEST: digest}):
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
    scorer = _build_scorer(manifest, arrays, _matching_specs(manifest, profile_class))
    try:
        model = SegmentModel(manifest.version, scorer, manifest.personas)
    except ModelError as error:
        raise ArtifactDamaged(str(error)) from error
    check_golden(model, manifest.golden, profile_class)
    return LoadedArtifact(manifest, model)


def read_comparison(folder: Path, manifest: Manifest) -> Comparison | None:
    """What a version says has changed against the model then in force; None where it says nothing.

    Raises `ArtifactDamaged`, or `ArtifactError` where it cannot be read.
    """
    digest = manifest.files.get(COMPARISON)
    if digest is None:
        return None
    text = _bounded(folder / COMPARISON, MAX_TEXT_BYTES)
    if hashlib.sha256(text).hexdigest() != digest:
        raise ArtifactDamaged(f"{COMPARISON} of {folder.name} is not the one that was written.")
    try:
        return Comparison.model_validate_json(text)
    except ValidationError as error:
        raise ArtifactDamaged(f"{COMPARISON} of {folder.name} cannot be understood.") from error


def check_golden(
    model: SegmentModel, golden: tuple[GoldenPrediction, ...], profile_class: type[BaseModel]
) -> None:
    """Raise `ArtifactDamaged` unless the model gives every answer that it gave when it was made."""
    for number, example in enumerate(golden):
        try:
            profile = profile_class.model_validate_json(json.dumps(example.profile))
        except ValidationError as error:
            raise ArtifactUnsupported(
                f"Golden profile {number} of {model.version} does not fit {profile_class.__name__}."
            ) from error
        answer = model.assign(profile)
        told = tuple(answer.distances.values())
        same = len(told) == len(example.distances) and np.allclose(told, example.distances, 0, GOLDEN_TOLERANCE)
        if answer.persona.id != example.persona_id or not same:
            raise ArtifactDamaged(f"Model {model.version} does not reproduce its golden prediction {number}.")


def _bounded(path: Path, limit: int) -> bytes:
    try:
        status = path.stat()
        # A pipe in a file's place would be waited for without end.
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
            found = _sha256(path)
        except OSError as error:
            raise ArtifactError(f"{folder.name}/{name} cannot be read: {error.strerror}.") from error
        if found != digest:
            raise ArtifactDamaged(f"{folder.name}/{name} is not the file that was written.")


def _read_arrays(path: Path, digest: str) -> dict[str, FloatArray]:
    data = _bounded(path, MAX_ARRAYS_BYTES)
    if hashlib.sha256(data).hexdigest() != digest:
        raise ArtifactDamaged(f"{path.parent.name}/{path.name} changed while it was read.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # Entries that lie over each other would make many arrays of one file's bytes.
            if sum(entry.file_size for entry in archive.infolist()) > len(data):
                raise ArtifactDamaged(f"{path.parent.name}/{path.name} claims more than it holds.")
            return {
                entry.filename.removesuffix(".npy"): _read_array(archive, entry, path)
                for entry in archive.infolist()
            }
    except ArtifactError:
        raise
    except Exception as error:
        # Readers of zip files and of array headers fail in many ways on bytes that nobody wrote.
        raise ArtifactDamaged(f"{path.parent.name}/{path.name} cannot be understood.") from error


def _read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> FloatArray:
    """One array, its memory bounded by the bytes that are there, whatever its header claims."""
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


def _build_scorer(manifest: Manifest, arrays: Mapping[str, FloatArray], specs: Mapping[str, FieldSpec]) -> Scorer:
    try:
        base, centroids = arrays["base"], arrays["centroids"]
        parts = [_build_field(field, specs[field.name], arrays) for field in manifest.fields]
        imputation = _build_imputation(manifest, arrays)
    except KeyError as error:
        raise ArtifactDamaged(f"{ARRAYS} of {manifest.version} lacks {error}.") from error
    except OverflowError as error:
        raise ArtifactDamaged(f"{MANIFEST} of {manifest.version} names a column that no table has.") from error
    encodings = tuple(encoding for encoding, _ in parts)
    tables = tuple(table for _, table in parts)
    scorer = Scorer(Encoder(encodings), base, tables, centroids, imputation)
    _check_shapes(manifest.version, scorer, arrays)
    return scorer


def _build_field(
    written: FieldManifest, spec: FieldSpec, arrays: Mapping[str, FloatArray]
) -> tuple[FieldEncoding, FieldTable]:
    centre, weight, constant, rows = (
        arrays[f"{written.name}.{part}"] for part in ("centre", "weight", "constant", "rows")
    )
    column_of = np.array(written.column_of, np.int64)
    encoding = FieldEncoding(spec, written.values, column_of, centre, weight)
    return encoding, FieldTable(constant, rows)


def _build_imputation(manifest: Manifest, arrays: Mapping[str, FloatArray]) -> Imputation | None:
    """What is expected of hidden fields; None where training left nothing of it, as in format 1."""
    if "prior" not in arrays and not any(field.completed for field in manifest.fields):
        return None
    fields = tuple(
        FieldImputation.of(arrays, field.name, field.phrases) if field.completed else None
        for field in manifest.fields
    )
    return Imputation(arrays["prior"], fields, arrays["temperatures"], arrays["spread"])


def _check_shapes(version: str, scorer: Scorer, arrays: Mapping[str, FloatArray]) -> None:
    """Every shape follows from the manifest's fields and the number of dimensions and centroids."""
    dimensions = scorer.base.size
    sound = scorer.base.ndim == 1 and dimensions > 0
    sound &= scorer.centroids.ndim == 2 and scorer.centroids.shape[1] == dimensions
    sound &= all(bool(np.isfinite(array).all()) for array in arrays.values())
    for encoding, table in zip(scorer.encoder.fields, scorer.tables, strict=True):
        terms = 1 if encoding.is_number else len(encoding.column_of)
        sound &= encoding.centre.ndim == 1 and encoding.weight.shape == encoding.centre.shape
        sound &= table.constant.shape == (dimensions,) and table.rows.shape == (terms, dimensions)
        sound &= encoding.is_number or len(encoding.values) == len(encoding.column_of)
        sound &= not encoding.is_number or encoding.width == 1
        sound &= bool(((encoding.column_of >= 0) & (encoding.column_of < encoding.width)).all())
    imputation = scorer.imputation
    if sound and imputation is not None:
        sound &= imputation.fits(scorer.encoder.fields, len(scorer.centroids), dimensions)
    if not sound:
        raise ArtifactDamaged(f"{ARRAYS} of {version} does not have the shapes that its manifest says.")
