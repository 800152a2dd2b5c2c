"""Writing an artifact: all files into a temporary folder, flushed to disk, then renamed."""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from models.errors import ArtifactNotWritten
from models.scoring.scorer import Scorer
from models.storage.arrays import arrays_of
from models.storage.artifact import ARRAYS, MANIFEST, SUMS, sha256, sums_file
from models.storage.manifest import Manifest
from models.storage.signature import sign

FileWriter = Callable[[Path], object]


def write_artifact(
    root: Path, manifest: Manifest, scorer: Scorer, others: Mapping[str, FileWriter], key: bytes | None = None
) -> Path:
    """Write `root/<version>/` and return its path.

    `others`: file name → function that writes the file to a path. `key` signs the version.

    A reader sees the whole version or nothing. Raises `ArtifactNotWritten`, and leaves nothing behind.
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
    """Make the folder of the versions if there is none. Raises `ArtifactNotWritten` if it is not writable."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=root).close()
    except OSError as error:
        raise ArtifactNotWritten(f"Cannot write below {root}: {error.strerror}.") from error


def _write_files(draft: Path, manifest: Manifest, scorer: Scorer, others: Mapping[str, FileWriter]) -> None:
    writers: dict[str, FileWriter] = {ARRAYS: lambda path: _write_arrays(path, scorer), **others}
    for name, write in writers.items():
        write(draft / name)
    sums = {name: sha256(draft / name) for name in writers}
    with_sums = manifest.model_copy(update={"files": sums})
    (draft / MANIFEST).write_text(with_sums.model_dump_json(indent=2) + "\n", encoding="utf-8")
    sums[MANIFEST] = sha256(draft / MANIFEST)
    (draft / SUMS).write_bytes(sums_file(sums))
    for name in (*writers, MANIFEST, SUMS):
        _sync(draft / name)
    _sync(draft)


def _write_arrays(path: Path, scorer: Scorer) -> None:
    plain = {name: np.ascontiguousarray(array) for name, array in arrays_of(scorer).items()}
    np.savez(path, allow_pickle=False, **plain)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
