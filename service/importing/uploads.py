"""Uploaded files below the data folder: readable by this user alone, and removed when their import has ended.

The list of refused rows beside a file stays as long as its job.
"""

import hashlib
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from models.errors import SegmentsError
from service.importing.formats import Format

_NAME = re.compile(r"\.import-(?P<job_id>[0-9a-f]{32})\..*")
_REFUSED = ".refused.jsonl"


class UploadFailed(SegmentsError):
    """The upload could not be written to a file."""


class UploadTooLarge(SegmentsError):
    """The upload is larger than a file may be."""


@dataclass
class Upload:
    """A file that is being received. Not thread-safe; every method may wait for the disk.

    `limit`: the most bytes that it may have. `digest`: of all bytes so far.
    """

    path: Path
    limit: int
    size: int = field(default=0, init=False)
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256, init=False, repr=False)
    _descriptor: int = field(default=-1, init=False)

    def write(self, content: bytes) -> None:
        """Append to the file, which the first call makes. Raises `UploadTooLarge` or `UploadFailed`."""
        self.size += len(content)
        self.require_room(self.size)
        try:
            if self._descriptor < 0:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            view = memoryview(content)
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            raise UploadFailed(f"The file cannot be written here: {error.strerror}.") from error
        self._hash.update(content)

    def require_room(self, size: int) -> None:
        """Raise `UploadTooLarge` for a file of more bytes than it may have."""
        if size > self.limit:
            raise UploadTooLarge(
                f"A file of users may have at most {self.limit:,} bytes (setting MAX_IMPORT_BYTES); send several."
            )

    @property
    def digest(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return self._hash.hexdigest()

    def close(self) -> None:
        """End the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def discard(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            self.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Uploads:
    """Uploaded files in a folder, one a job. `limit`: the most bytes that one may have."""

    folder: Path
    limit: int

    def new(self, job_id: str, kind: Format) -> Upload:
        """A file to receive."""
        return Upload(self.file(job_id, kind), self.limit)

    def file(self, job_id: str, kind: str) -> Path:
        """The path of a job's file."""
        return self.folder / f".import-{job_id}.{kind}"

    def refused(self, job_id: str) -> Path:
        """The path of a job's list of refused rows."""
        return self.folder / f".import-{job_id}{_REFUSED}"

    def remove(self, job_id: str) -> None:
        """Remove a job's file, and not its list of refused rows."""
        for path in self.folder.glob(f".import-{job_id}.*"):
            if not path.name.endswith(_REFUSED):
                path.unlink(missing_ok=True)

    def sweep(self, state: Callable[[str], bool | None], older_than: float) -> None:
        """Remove what killed processes and removed jobs left.

        `state`: whether a job has ended, None where there is none. A file without a job may be arriving: it is
        removed where nothing was written to it for longer than `older_than`, a time as `os.stat` gives it.
        """
        for path in self.folder.glob(".import-*"):
            named = _NAME.fullmatch(path.name)
            if named is None:
                continue
            ended, is_list = state(named["job_id"]), path.name.endswith(_REFUSED)
            with suppress(OSError):
                if (ended is None and path.stat().st_mtime < older_than) or (ended and not is_list):
                    path.unlink(missing_ok=True)
