"""The registry: the versions in a folder, which one is in force, and who put which in force, when and why.

`ACTIVE` names the version in force. It is replaced by rename, so a reader finds the old name or the new one.
`ACTIVATIONS` holds a line of JSON for each activation, the last one last. Both lie beside the versions, so that
the offline command and every worker of the service write and read the same; they change under a lock on that
folder.
"""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import ArtifactDamaged, ArtifactError, ArtifactNotWritten, ModelNotFound, NoActiveModel
from models.storage.artifact import MANIFEST, LoadedArtifact
from models.storage.manifest import Manifest
from models.storage.reading import read_artifact, read_manifest

ACTIVE, ACTIVATIONS = "ACTIVE", "ACTIVATIONS"
_VERSION = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")


def version_name(created_at: datetime, digest: str) -> str:
    """A version's name: when it was made (UTC) and the first 8 hex digits of `digest`. Sorts by time."""
    return f"{created_at.astimezone(UTC):%Y%m%d-%H%M%S}-{digest[:8]}"


class Activation(BaseModel):
    """One change of the model in force: promotion and rollback alike."""

    model_config = ConfigDict(frozen=True)

    version: str
    previous: str | None = Field(description="The version in force before.")
    activated_at: datetime
    by: str = Field(description="Who did it.")
    reason: str = Field(description="Why, in their words.")


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

    def activate(self, version: str, by: str = "", reason: str = "") -> Activation:
        """Put a version in force, and keep who did it and why. Raises `ModelNotFound` or `ArtifactNotWritten`."""
        self.folder(version)
        try:
            with self._locked():
                self.folder(version)
                activation = Activation(
                    version=version,
                    previous=self._told_active(),
                    activated_at=datetime.now(UTC),
                    by=by,
                    reason=reason,
                )
                self._write_active(version)
                self._append(activation)
        except OSError as error:
            raise ArtifactNotWritten(f"Cannot put {version} in force: {error.strerror}.") from error
        return activation

    def activations(self) -> list[Activation]:
        """Every activation, the latest first; lines that cannot be understood are left out."""
        try:
            lines = (self.root / ACTIVATIONS).read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ArtifactError(f"{self.root / ACTIVATIONS} cannot be read: {error.strerror}.") from error
        return [activation for line in reversed(lines) if (activation := _activation(line)) is not None]

    def before_active(self) -> str | None:
        """The version that was in force before the one that is now; None where that is not known."""
        active = self.active()
        for activation in self.activations():
            if activation.version == active and activation.previous != active:
                return activation.previous
        return None

    def prune(self, keep: int) -> list[str]:
        """Remove all versions but the newest `keep`, the one in force and the one before it; those removed.

        A version is renamed before it is removed, so that nobody finds half of one. Raises `ArtifactError`.
        """
        try:
            with self._locked():
                # Listed once: one that is written meanwhile is newer than all of these.
                versions = self.versions()
                kept = {*versions[-max(keep, 1) :], self.active(), self.before_active()}
                old = [version for version in versions if version not in kept]
                for version in old:
                    gone = self.root / f".removed-{version}"
                    (self.root / version).rename(gone)
                    shutil.rmtree(gone, ignore_errors=True)
        except OSError as error:
            raise ArtifactError(f"Old versions below {self.root} cannot be removed: {error.strerror}.") from error
        return old

    def _told_active(self) -> str | None:
        """The version in force, as far as that can be told: a damaged pointer is there to be replaced."""
        with suppress(ArtifactError):
            return self.active()
        return None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Beside nobody else who activates or prunes, in any process."""
        descriptor = os.open(self.root, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _append(self, activation: Activation) -> None:
        with (self.root / ACTIVATIONS).open("a", encoding="utf-8") as file:
            file.write(f"{activation.model_dump_json()}\n")
            file.flush()
            os.fsync(file.fileno())

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


def _activation(line: str) -> Activation | None:
    try:
        return Activation.model_validate_json(line)
    except ValidationError:
        return None
