"""Signatures of versions, for deployments that have a key: HMAC-SHA256 of SHA256SUMS, which covers every file.

Checksums tell that a version is as it was written; a signature tells by whom. It is checked before anything of
the version is believed, and where there is a key, a version without one is refused.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from pathlib import Path

from models.errors import ArtifactDamaged, ArtifactError, ArtifactNotWritten

SIGNATURE = "SIGNATURE"
# The setting of both the service and training.
KEY_FILE = "ARTIFACT_KEY_FILE"
MIN_KEY_BYTES = 16
_LENGTH = 64


def read_key(path: Path) -> bytes:
    """The key in a file, without the white space around it. Raises `ArtifactError`."""
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
    """What SIGNATURE holds: 64 hex digits and the end of a line."""
    return hmac.new(key, sums, hashlib.sha256).hexdigest().encode() + b"\n"


def sign(folder: Path, sums: bytes, key: bytes) -> None:
    """Write SIGNATURE for the bytes of SHA256SUMS, whole or not at all. Raises `OSError`."""
    draft = folder / f".{SIGNATURE}"
    with draft.open("wb") as file:
        file.write(signature(sums, key))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / SIGNATURE)


def sign_version(folder: Path, sums: bytes, key: bytes) -> None:
    """Sign a version that was written before there was a key. Raises `ArtifactNotWritten`."""
    try:
        sign(folder, sums, key)
    except OSError as error:
        raise ArtifactNotWritten(f"{folder.name} could not be signed: {error.strerror}.") from error


def require_signature(folder: Path, sums: bytes, key: bytes) -> None:
    """Raise `ArtifactDamaged` unless SIGNATURE is this key's, for these bytes of SHA256SUMS."""
    path = folder / SIGNATURE
    # A pipe in the file's place would be waited for without end.
    if not path.is_file():
        raise ArtifactDamaged(
            f"{folder.name} is not signed, and this deployment has a key; look at it, then sign it with "
            f"`python -m service sign {folder.name}`, or train again."
        )
    try:
        with path.open("rb") as file:
            found = file.read(_LENGTH + 2)
    except OSError as error:
        raise ArtifactError(f"{folder.name}/{SIGNATURE} cannot be read: {error.strerror}.") from error
    if not hmac.compare_digest(found, signature(sums, key)):
        raise ArtifactDamaged(f"{folder.name} is signed by another key, or was changed since.")
