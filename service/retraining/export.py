"""Stored profiles as a file for a retrain: readable by this user alone, and removed when the job has ended.

So are the files that training writes beside it: the rows that it refused are profiles, too.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import SegmentsError

_NAME = re.compile(r"\.retrain-(?P<job_id>[0-9a-f]{32})\.jsonl.*")


class ExportFailed(SegmentsError):
    """The stored profiles could not be written to a file."""


@dataclass(frozen=True, slots=True)
class Exports:
    """Export files in a folder, one a job."""

    folder: Path

    def write(self, job_id: str, batches: Iterator[list[str]]) -> Path:
        """Write every profile, a JSON text, as one line. Raises `ExportFailed`."""
        path = self._path(job_id)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with os.fdopen(_new_file(path), "w", encoding="utf-8") as file:
                for batch in batches:
                    file.writelines(f"{profile}\n" for profile in batch)
        except OSError as error:
            raise ExportFailed(f"The stored profiles could not be exported: {error.strerror}.") from error
        return path

    def write_mapping(self, job_id: str, tables: Mapping[str, Any]) -> Path:
        """Write the mapping of a request as JSON. Raises `ExportFailed`."""
        path = self._path(job_id).with_name(f"{self._path(job_id).name}.mapping.json")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with os.fdopen(_new_file(path), "w", encoding="utf-8") as file:
                json.dump(tables, file)
        except OSError as error:
            raise ExportFailed(f"The mapping could not be written: {error.strerror}.") from error
        return path

    def remove(self, job_id: str) -> None:
        """Remove a job's file, and the files beside it whose names begin with its name."""
        for path in self.folder.glob(f"{self._path(job_id).name}*"):
            path.unlink(missing_ok=True)

    def sweep(self, ended: Callable[[str], bool]) -> None:
        """Remove the files of jobs that have ended, which a killed process left behind."""
        for path in self.folder.glob(".retrain-*.jsonl*"):
            named = _NAME.fullmatch(path.name)
            if named and ended(named["job_id"]):
                path.unlink(missing_ok=True)

    def _path(self, job_id: str) -> Path:
        return self.folder / f".retrain-{job_id}.jsonl"


def _new_file(path: Path) -> int:
    """The descriptor of a file that there was not, for this user alone."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
