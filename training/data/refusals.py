"""Rows that do not fit the profile: counted by reason and written with their lines, never with their values."""

import csv
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple, TextIO

from training.errors import UnusableInput


class Refusal(NamedTuple):
    """Why a row was refused: one for each misfit of the row. `field` is "" for a whole row."""

    line: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """A cell that a mapping could not convert: its row is refused for this reason."""

    reason: str


@dataclass(frozen=True)
class Refusals:
    """The refused rows of a data set: their number, and every misfit in the order of the lines."""

    rows: int = 0
    misfits: tuple[Refusal, ...] = ()

    @cached_property
    def by_reason(self) -> Mapping[str, int]:
        """Misfits by "field: reason", most common first, ties alphabetical."""
        return _ranked(Counter(map(_reason_text, self.misfits)))

    def sentence(self, most: int = 5) -> str:
        """The most common reasons with their counts."""
        return _most_common(self.by_reason, most)


@dataclass
class SideFile:
    """The file of refused rows, written as they come: CSV of line, field and reason. Without a `path` they are
    only counted.

    `counts`: misfits by reason. An error of writing it stops nothing, and is part of the `summary`. It is written
    under a new name and then renamed, so that a link of either name is never followed.
    """

    path: Path | None
    rows: int = field(default=0, init=False)
    counts: Counter[str] = field(default_factory=Counter, init=False)
    _first: dict[str, int] = field(default_factory=dict, init=False)
    _draft: Path | None = field(default=None, init=False)
    _file: TextIO | None = field(default=None, init=False, repr=False)
    _error: str | None = field(default=None, init=False)

    def add(self, rows: int, misfits: Sequence[Refusal]) -> None:
        """Add this many refused rows, and every misfit in them in the order of the lines."""
        self.rows += rows
        for misfit in misfits:
            reason = _reason_text(misfit)
            self.counts[reason] += 1
            self._first.setdefault(reason, misfit.line)
        if misfits and self.path is not None and self._error is None:
            with self._recording_errors():
                self._write(self.path, misfits)

    def close(self) -> None:
        """Rename the temporary file to its final name, if there is one."""
        if self._file is not None and self._draft is not None and self.path is not None and self._error is None:
            with self._recording_errors():
                self._file.close()
                self._draft.replace(self.path)
                self._file = None

    def discard(self) -> None:
        """Remove the temporary file, if there is one."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        if self._draft is not None:
            with suppress(OSError):
                self._draft.unlink(missing_ok=True)

    def summary(self, fitting: int, max_refused: float) -> str | None:
        """The number of refused rows and the reasons in a sentence; None if none was refused. `fitting`: the other
        rows.

        Raises `UnusableInput` when more than the share `max_refused` of all rows was refused.
        """
        if not self.rows:
            return None
        rows = fitting + self.rows
        share = self.rows / rows
        sentence = (
            f"Refused {self.rows:,} of {rows:,} rows ({share:.1%}), which do not fit the profile: "
            f"{self._reasons(5)}. {self._listed()}"
        ).rstrip()
        if share > max_refused:
            raise UnusableInput(f"{sentence} At most {max_refused:.0%} may be refused.")
        return sentence

    def _write(self, path: Path, misfits: Iterable[Refusal]) -> None:
        if self._file is None:
            self._draft = new_draft(path)
            self._file = self._draft.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(Refusal._fields)
        csv.writer(self._file).writerows(misfits)

    def _reasons(self, most: int) -> str:
        """The most common reasons, with their counts and the first line of each."""
        ranked = list(_ranked(self.counts).items())
        more = [f"{len(ranked) - most} more reasons"] if len(ranked) > most else []
        return "; ".join([*(self._reason(*item) for item in ranked[:most]), *more])

    def _reason(self, reason: str, number: int) -> str:
        return f"{reason} ({number:,}; {'line' if number == 1 else 'first in line'} {self._first[reason]:,})"

    def _listed(self) -> str:
        if self.path is None:
            return ""
        if self._error is None:
            return f"They are listed in {self.path}."
        return f"They could not be listed in {self.path} ({self._error})."

    @contextmanager
    def _recording_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._error = error.strerror or str(error)


@contextmanager
def refused_rows_file(path: Path | None) -> Iterator[SideFile]:
    """A side file that is completed if nothing is raised, and removed otherwise."""
    listing = SideFile(path)
    try:
        yield listing
        listing.close()
    finally:
        listing.discard()


def new_draft(path: Path) -> Path:
    """A new empty file in the folder of `path`, under a name that nothing has. Raises `OSError`."""
    draft = path.with_name(f".{path.name[:200]}.{token_hex(8)}.part")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY, 0o666))
    return draft


def _ranked(counts: Mapping[str, int]) -> Mapping[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _most_common(by_reason: Mapping[str, int], most: int) -> str:
    reasons = [f"{reason} ({count:,})" for reason, count in by_reason.items()]
    more = [f"{len(reasons) - most} more reasons"] if len(reasons) > most else []
    return "; ".join(reasons[:most] + more)


def _reason_text(misfit: Refusal) -> str:
    return f"{misfit.field}: {misfit.reason}" if misfit.field else misfit.reason
