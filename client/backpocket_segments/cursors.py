"""Where the cursor of a feed is remembered between runs."""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Protocol


class CursorStore(Protocol):
    """Remembers a cursor."""

    def load(self) -> str | None:
        """The cursor that was saved last; None before the first."""

    def save(self, cursor: str) -> None:
        """Remember this one in place of the last."""


class CursorFile:
    """A cursor in a file, which is replaced as a whole: after a crash it holds the old one or the new one."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def load(self) -> str | None:
        """The cursor in the file; None where there is no file."""
        try:
            return self._path.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def save(self, cursor: str) -> None:
        """Replace the file. Raises `OSError` where that is not possible."""
        descriptor, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{cursor}\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
