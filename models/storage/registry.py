"""The registry: the versions in a folder, which one is active, and the history of activations.

`ACTIVE` names the active version. It is replaced by rename, so that a reader finds the old name or the new one.
`ACTIVATIONS` holds a line of ASCII JSON for each activation, the latest last; `\\n` alone ends a line. Both lie
beside the versions, so that commands and every worker of the service share them; they change under a lock on that
folder.
"""

import errno
import json
import os
import re
import shutil
import stat
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import ArtifactDamaged, ArtifactError, ArtifactNotWritten, ModelNotFound, NoActiveModel
from models.storage.artifact import MANIFEST, LoadedArtifact
from models.storage.files import locked, replace_file
from models.storage.manifest import Manifest
from models.storage.reading import read_artifact, read_manifest

ACTIVE, ACTIVATIONS = "ACTIVE", "ACTIVATIONS"
_LONGEST_NAME = 1_000
# What a killed process left of a version that it wrote or removed. A version is written in seconds.
_LEFTOVER = re.compile(r"\.(removed-)?[0-9]{8}-[0-9]{6}-[0-9a-f]{8}(\..*)?")
_LEFTOVER_SECONDS = 24 * 3_600.0
_VERSION = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")


def version_name(created_at: datetime, digest: str) -> str:
    """The name of a version: its time (UTC) and the first 8 hex digits of `digest`. Names sort by time."""
    return f"{created_at.astimezone(UTC):%Y%m%d-%H%M%S}-{digest[:8]}"


class Activation(BaseModel):
    """One change of the active model, be it a promotion or a rollback."""

    model_config = ConfigDict(frozen=True)

    version: str
    previous: str | None = Field(description="The version that was active before.")
    activated_at: datetime
    by: str = Field(description="Who activated it: the key, where the service activated it.")
    reason: str = Field(description="Why, in their words.")
    on_behalf_of: str | None = Field(
        default=None, description="The name that the request gave; nobody checked it."
    )


@dataclass(frozen=True, slots=True)
class Registry:
    """The versions below `root`, which need not exist. `key`: must have signed every version, if there is one."""

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
        """The active version, None if there is none. Raises `ArtifactError` if `ACTIVE` is not readable."""
        try:
            name = _read_short_file(self.root / ACTIVE).decode().strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ArtifactError(f"{self.root / ACTIVE} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise ArtifactDamaged(f"{self.root / ACTIVE} does not name a version.") from error
        return name or None

    def required(self) -> str:
        """The active version. Raises `NoActiveModel`, or `ArtifactError` if `ACTIVE` is not readable."""
        version = self.active()
        if version is None:
            raise NoActiveModel(f"There is no active model in {self.root}. Train one: python -m training fit")
        return version

    def manifest(self, version: str) -> Manifest:
        """The manifest of a version. Raises `ModelNotFound` or `ArtifactError`."""
        return read_manifest(self.folder(version), self.key)

    def load(self, version: str, profile_class: type[BaseModel]) -> LoadedArtifact:
        """Verify and load a version. Raises `ModelNotFound` or `ArtifactError`."""
        return read_artifact(self.folder(version), profile_class, self.key)

    def load_active(self, profile_class: type[BaseModel]) -> LoadedArtifact:
        """Verify and load the active version. Raises `NoActiveModel`, `ModelNotFound` or `ArtifactError`."""
        return self.load(self.required(), profile_class)

    def activate(
        self, version: str, by: str = "", reason: str = "", on_behalf_of: str | None = None
    ) -> Activation:
        """Activate a version and record by whom and why. Raises `ModelNotFound` or `ArtifactNotWritten`."""
        self.folder(version)
        try:
            with locked(self.root):
                self.folder(version)
                activation = Activation(
                    version=version,
                    previous=self._readable_active(),
                    activated_at=datetime.now(UTC),
                    by=by,
                    reason=reason,
                    on_behalf_of=on_behalf_of,
                )
                self._write_active(version)
                self._append(activation)
        except OSError as error:
            raise ArtifactNotWritten(f"Cannot activate {version}: {error.strerror}.") from error
        return activation

    def activations(self) -> list[Activation]:
        """Every activation, the latest first, without lines that do not parse. Raises `ArtifactError`."""
        lines = reversed(self._recorded_lines())
        return [activation for line in lines if (activation := parse_activation(line)) is not None]

    def _recorded_lines(self) -> list[str]:
        try:
            text = (self.root / ACTIVATIONS).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ArtifactError(f"{self.root / ACTIVATIONS} cannot be read: {error.strerror}.") from error
        # Not `splitlines`: a text may hold U+2028 or U+0085, which older releases wrote as they are.
        return [line for line in text.split("\n") if line]

    def before_active(self) -> str | None:
        """The version that was active before the active one; None if unknown."""
        active = self.active()
        for activation in self.activations():
            if activation.version == active and activation.previous != active:
                return activation.previous
        return None

    def _is_recorded(self) -> bool:
        """Whether the last line of the record is the activation of the active version."""
        lines = self._recorded_lines()
        latest = parse_activation(lines[-1]) if lines else None
        return latest is not None and latest.version == self.active()

    def prune(self, keep: int) -> list[str]:
        """Remove all versions but the newest `keep`, the active one and the one before it. Returns those removed.

        None are removed while the last activation is not on record: nothing says which version is the way back.
        A version is renamed before it is removed, so that no reader sees a partial one. What killed processes left
        a day ago is removed as well. Raises `ArtifactError`.
        """
        try:
            with locked(self.root):
                self._sweep()
                if not self._is_recorded():
                    return []
                # Listed once: a version that is written meanwhile is newer than all of these.
                versions = self.versions()
                needed = {*versions[-max(keep, 1) :], self.active(), self.before_active()}
                old = [version for version in versions if version not in needed]
                for version in old:
                    gone = self.root / f".removed-{version}"
                    (self.root / version).rename(gone)
                    shutil.rmtree(gone, ignore_errors=True)
        except OSError as error:
            raise ArtifactError(f"Old versions below {self.root} cannot be removed: {error.strerror}.") from error
        return old

    def _sweep(self) -> None:
        """Remove drafts and removed versions that a killed process left; links are not followed."""
        old = time.time() - _LEFTOVER_SECONDS
        for path in self.root.iterdir():
            if _LEFTOVER.fullmatch(path.name) and path.lstat().st_mtime < old and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)

    def _readable_active(self) -> str | None:
        """The active version; None also if `ACTIVE` is damaged, which an activation replaces."""
        with suppress(ArtifactError):
            return self.active()
        return None

    def _append(self, activation: Activation) -> None:
        line = json.dumps(activation.model_dump(mode="json"), ensure_ascii=True)
        with (self.root / ACTIVATIONS).open("a+b") as file:
            # A line that a crash has cut must not swallow this one.
            file.write(f"{'' if _ends_in_newline(file) else chr(10)}{line}\n".encode("ascii"))
            file.flush()
            os.fsync(file.fileno())

    def _write_active(self, version: str) -> None:
        replace_file(self.root / ACTIVE, f"{version}\n".encode())


def _read_short_file(path: Path) -> bytes:
    """The first bytes of a regular file; opening a pipe would wait for a writer. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        return file.read(_LONGEST_NAME)


def _ends_in_newline(file: BinaryIO) -> bool:
    """Whether a file is empty or ends in a newline; moves its position, which appending ignores."""
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def parse_activation(line: str | bytes) -> Activation | None:
    """The activation that a line of the record holds; None for a line that cannot be read."""
    try:
        return Activation.model_validate_json(line)
    except ValidationError:
        return None
