"""Signatures of versions, for deployments that have a key: HMAC-SHA256 of SHA256SUMS, which covers every file.

Checksums prove that a version is unchanged; a signature proves who wrote it. It is checked before anything of the
version is used. A deployment with a key refuses versions without a signature.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from pathlib import Path

from models.errors import ArtifactDamaged, ArtifactError, ArtifactNotWritten

SIGNATURE = "SIGNATURE"
# The setting of the service and of training.
KEY_FILE = "ARTIFACT_KEY_FILE"
MIN_KEY_BYTES = 16
_LENGTH = 64


def read_key(path: Path) -> bytes:
    """Read the key in a file, without surrounding white space. Raises `ArtifactError`."""
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise ArtifactError(f"the key in {path} cannot be read: {error.strerror}.") from error
    if len(key) < MIN_KEY_BYTES:
        raise ArtifactError(f"the key in {path} is shorter than {MIN_KEY_BYTES} bytes; use 32 random ones.")
    return key


def key_from(environment: Mapping[str, str]) -> bytes | None:
    """The key of the file that ARTIFACT_KEY_FILE names; None where it names none. Raises `ArtifactError`."""
    path = environment.get(KEY_FILE)
    return read_key(Path(path)) if path else None


def signature(sums: bytes, key: bytes) -> bytes:
    """The content of SIGNATURE: 64 hex digits and a line end."""
    return hmac.new(key, sums, hashlib.sha256).hexdigest().encode() + b"\n"


def sign(folder: Path, sums: bytes, key: bytes) -> None:
    """Write SIGNATURE for the bytes of SHA256SUMS atomically. Raises `OSError`."""
    draft = folder / f".{SIGNATURE}"
    with draft.open("wb") as file:
        file.write(signature(sums, key))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / SIGNATURE)


def sign_version(folder: Path, sums: bytes, key: bytes) -> None:
    """Sign a version that was written without a key. Raises `ArtifactNotWritten`."""
    try:
        sign(folder, sums, key)
    except OSError as error:
        raise ArtifactNotWritten(f"{folder.name} could not be signed: {error.strerror}.") from error


def require_signature(folder: Path, sums: bytes, key: bytes) -> None:
    """Raise `ArtifactDamaged` unless SIGNATURE is that of this key and these bytes of SHA256SUMS."""
    path = folder / SIGNATURE
    # Opening a pipe in place of the file would block for ever.
    if not path.is_file():
        raise ArtifactDamaged(
            f"{folder.name} is not signed, and this deployment has a key; look at it, then sign it with "
            f"`python -m service sign {folder.name}`, or train again."
        )
    try:
        with path.open("rb") as file:
            written = file.read(_LENGTH + 2)
    except OSError as error:
        raise ArtifactError(f"{folder.name}/{SIGNATURE} cannot be read: {error.strerror}.") from error
    if not hmac.compare_digest(written, signature(sums, key)):
        raise ArtifactDamaged(f"{folder.name} is signed by another key, or was changed since.")
