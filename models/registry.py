"""The registry: the versions in a folder, and which one is in force.

`ACTIVE` names the version in force. It is replaced by rename, so a reader finds the old name or the new one.
"""

import os
import re
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from models.artifact import MANIFEST, LoadedArtifact, read_artifact, read_manifest
from models.errors import ArtifactDamaged, ArtifactError, ArtifactNotWritten, ModelNotFound, NoActiveModel
from models.manifest import Manifest

ACTIVE = "ACTIVE"
_VERSION = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")


def version_name(created_at: datetime, digest: str) -> str:
    """A version's name: when it was made (UTC) and the first 8 hex digits of `digest`. Sorts by time."""
    return f"{created_at.astimezone(UTC):%Y%m%d-%H%M%S}-{digest[:8]}"


@dataclass(frozen=True, slots=True)
class Registry:
    """The versions below `root`; the folder may not exist yet. `key`: what versions must be signed by, if any."""

    root: Path
    key: bytes | None = field(default=None, repr=False)

    def versions(self) -> list[str]:
        """All versions, oldest first."""
        if not self.root.is_dir():
            return []
        names = (path.name for path in self.root.iterdir() if (path / MANIFEST).is_file())
        return sorted(name for name in names if _VERSION.fullmatch(name))

    def folder(self, version: str) -> Path:
        """The folder of a version. Raises `ModelNotFound`, also for a name that no version could have."""
        folder = self.root / version
        if not _VERSION.fullmatch(version) or not (folder / MANIFEST).is_file():
            raise ModelNotFound(f"There is no model version '{version[:80]}'.")
        return folder

    def active(self) -> str | None:
        """The version in force; None when there is none. Raises `ArtifactError` when that cannot be told."""
        try:
            name = (self.root / ACTIVE).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ArtifactError(f"{self.root / ACTIVE} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise ArtifactDamaged(f"{self.root / ACTIVE} does not name a version.") from error
        return name or None

    def required(self) -> str:
        """The version in force. Raises `NoActiveModel`, or `ArtifactError` when that cannot be told."""
        version = self.active()
        if version is None:
            raise NoActiveModel(f"No model is in force in {self.root}. Train one: python -m training fit")
        return version

    def manifest(self, version: str) -> Manifest:
        """What a version says of itself. Raises `ModelNotFound` or `ArtifactError`."""
        return read_manifest(self.folder(version), self.key)

    def load(self, version: str, profile_class: type[BaseModel]) -> LoadedArtifact:
        """A version, verified. Raises `ModelNotFound` or `ArtifactError`."""
        return read_artifact(self.folder(version), profile_class, self.key)

    def load_active(self, profile_class: type[BaseModel]) -> LoadedArtifact:
        """The version in force, verified. Raises `NoActiveModel`, `ModelNotFound` or `ArtifactError`."""
        return self.load(self.required(), profile_class)

    def activate(self, version: str) -> None:
        """Put a version in force. Raises `ModelNotFound` or `ArtifactNotWritten`."""
        self.folder(version)
        try:
            self._write_active(version)
        except OSError as error:
            raise ArtifactNotWritten(f"Cannot put {version} in force: {error.strerror}.") from error

    def _write_active(self, version: str) -> None:
        descriptor, name = tempfile.mkstemp(prefix=f".{ACTIVE}.", dir=self.root)
        draft = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{version}\n")
                file.flush()
                os.fsync(file.fileno())
            draft.chmod(0o644)
            draft.replace(self.root / ACTIVE)
        finally:
            draft.unlink(missing_ok=True)
