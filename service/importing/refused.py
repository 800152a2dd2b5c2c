"""The list of refused rows of an import: a JSON line each, with the number of its line and the reason."""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from pydantic_core import to_json

from service.importing.rows import RefusedRow

# A file that fits no profile is refused whole; its list need not be as long.
MAX_LISTED = 100_000
# Reasons name fields, unknown ones included.
MAX_REASONS = 50
OTHER_REASONS = "other reasons"


@dataclass
class RefusedRows:
    """Counts refused rows by reason, and lists the first `MAX_LISTED` in a file, if there is a `path`."""

    path: Path | None
    counts: Counter[str] = field(default_factory=Counter)
    _file: BinaryIO | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        if self.path is not None:
            # For this user alone; a list of before is replaced.
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._file = os.fdopen(descriptor, "wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, row: RefusedRow) -> None:
        """Count a row, and list it."""
        if self._file is not None and self.counts.total() < MAX_LISTED:
            self._file.write(to_json({"line": row.line, "reason": row.reason}) + b"\n")
        is_counted = row.reason in self.counts or len(self.counts) < MAX_REASONS
        self.counts[row.reason if is_counted else OTHER_REASONS] += 1

    def flush(self) -> None:
        """Let a reader of the file see what is listed."""
        if self._file is not None:
            self._file.flush()

    @property
    def by_reason(self) -> Mapping[str, int]:
        """The number of rows by reason, the most common first."""
        return dict(self.counts.most_common())
