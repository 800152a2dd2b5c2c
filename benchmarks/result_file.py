"""A file of results, one JSON object a line, written as they are measured: an interrupted run resumes."""

import json
from pathlib import Path

from training.errors import UnusableInput


class ResultFile:
    """Appends results to a file and reads them again; without a path it holds nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def lines(self) -> list[str]:
        """The lines so far; the last may have been cut off. Raises `UnusableInput`."""
        if self._path is None or not self._path.exists():
            return []
        try:
            return self._path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise UnusableInput(f"Cannot read {self._path}: {error.strerror}.") from error

    def append(self, result: dict[str, object]) -> None:
        """Add a result. Raises `UnusableInput`."""
        if self._path is None:
            return
        try:
            with self._path.open("a", encoding="utf-8") as file:
                # The line before it may have been cut off.
                file.write("\n" + json.dumps(result))
        except OSError as error:
            raise UnusableInput(f"Cannot write {self._path}: {error.strerror}.") from error
