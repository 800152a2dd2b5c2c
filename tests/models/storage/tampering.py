"""Versions with changed files whose checksums are right, and signed versions."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.storage.artifact import ARRAYS, MANIFEST, SUMS
from models.storage.writing import write_artifact
from testkit.small_model import small_manifest
from testkit.small_scorer import small_scorer

KEY: Final = b"k" * 32
OTHER_KEY: Final = b"o" * 32


def replace_arrays(folder: Path, arrays: dict[str, Any]) -> None:
    """Replace the arrays, and correct every checksum."""
    np.savez(folder / ARRAYS, allow_pickle=True, **arrays)
    replace_array_file(folder, (folder / ARRAYS).read_bytes())


def replace_array_file(folder: Path, content: bytes) -> None:
    """Replace the bytes of the array file, and correct every checksum."""
    (folder / ARRAYS).write_bytes(content)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"][ARRAYS] = hashlib.sha256(content).hexdigest()
    replace_manifest(folder, manifest)


def replace_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Replace the manifest, which need not be valid, and correct its checksum."""
    text = json.dumps(manifest).encode()
    (folder / MANIFEST).write_bytes(text)
    files = manifest["files"] if isinstance(manifest.get("files"), dict) else {}
    sums = {str(name): str(digest) for name, digest in files.items()}
    sums[MANIFEST] = hashlib.sha256(text).hexdigest()
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    (folder / SUMS).write_bytes(lines.encode("utf-8", "surrogatepass"))


def signed(root: Path, key: bytes | None = KEY) -> Path:
    """A version below `root`, signed by `key`."""
    others = {"report.json": lambda path: path.write_text("{}")}
    return write_artifact(root, small_manifest(), small_scorer(), others, key)
