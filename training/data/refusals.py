"""Rows that do not fit the profile: counted by reason and written with their lines, never with their values."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TextIO

from training.errors import UnusableInput


class Refusal(NamedTuple):
    """Why a row was refused. A row with several misfits has several; `field` is "" for a whole row."""

    line: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """A cell of which nothing could be made: its row is refused for this reason."""

    reason: str


@dataclass(frozen=True)
class Refusals:
    """The refused rows of a dataset: how many, and every misfit in the order of the lines."""

    rows: int = 0
    misfits: tuple[Refusal, ...] = ()

    @cached_property
    def by_reason(self) -> Mapping[str, int]:
        """Misfits by "field: reason", most common first, ties alphabetical."""
        return _ranked(Counter(map(_said, self.misfits)))

    def sentence(self, most: int = 5) -> str:
        """The commonest reasons with their counts, for people."""
        return _commonest(self.by_reason, most)


@dataclass
class SideFile:
    """The list of refused rows beside the data, written as they come: CSV of line, field and reason.

    `counts`: misfits by reason. A list that cannot be written stops nobody: `listed` says so.
    """

    path: Path
    rows: int = field(default=0, init=False)
    counts: Counter[str] = field(default_factory=Counter, init=False)
    _file: TextIO | None = field(default=None, init=False, repr=False)
    _trouble: str | None = field(default=None, init=False)

    def add(self, rows: int, misfits: Sequence[Refusal]) -> None:
        """So many refused rows more, and every misfit in them in the order of the lines."""
        self.rows += rows
        self.counts.update(map(_said, misfits))
        if misfits and self._trouble is None:
            with self._noting_trouble():
                self._write(misfits)

    def close(self) -> None:
        """Put the list in place, if there is one."""
        if self._file is not None and self._trouble is None:
            with self._noting_trouble():
                self._file.close()
                self._draft.replace(self.path)
                self._file = None

    def discard(self) -> None:
        """Leave nothing half-written behind."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            with suppress(OSError):
                self._draft.unlink(missing_ok=True)

    def refusal_error(self, fitting: int, max_refused: float) -> str | None:
        """How many rows were refused beside those that fit, and why; None if none was.

        Raises `UnusableInput` when they are more than the share `max_refused` of all rows.
        """
        if not self.rows:
            return None
        rows = fitting + self.rows
        share = self.rows / rows
        sentence = (
            f"Refused {self.rows:,} of {rows:,} rows ({share:.1%}), which do not fit the profile: "
            f"{_commonest(_ranked(self.counts), 5)}. {self._listed()}"
        )
        if share > max_refused:
            raise UnusableInput(f"{sentence} At most {max_refused:.0%} may be refused.")
        return sentence

    @property
    def _draft(self) -> Path:
        return self.path.with_name(f".{self.path.name}.part")

    def _write(self, misfits: Iterable[Refusal]) -> None:
        if self._file is None:
            self._file = self._draft.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(Refusal._fields)
        csv.writer(self._file).writerows(misfits)

    def _listed(self) -> str:
        if self._trouble is None:
            return f"They are listed in {self.path}."
        return f"They could not be listed in {self.path} ({self._trouble})."

    @contextmanager
    def _noting_trouble(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._trouble = error.strerror or str(error)


@contextmanager
def listed(path: Path) -> Iterator[SideFile]:
    """A list of refused rows that is in place once all went well, or once it was closed."""
    listing = SideFile(path)
    try:
        yield listing
        listing.close()
    finally:
        listing.discard()


def _ranked(counts: Mapping[str, int]) -> Mapping[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _commonest(by_reason: Mapping[str, int], most: int) -> str:
    reasons = [f"{reason} ({count:,})" for reason, count in by_reason.items()]
    more = [f"{len(reasons) - most} more reasons"] if len(reasons) > most else []
    return "; ".join(reasons[:most] + more)


def _said(misfit: Refusal) -> str:
    return f"{misfit.field}: {misfit.reason}" if misfit.field else misfit.reason
