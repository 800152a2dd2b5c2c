"""Rows that do not fit the profile: counted by reason and kept with their lines, never with their values."""

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple


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
        counts = Counter(_said(misfit) for misfit in self.misfits)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def sentence(self, most: int = 5) -> str:
        """The commonest reasons with their counts, for people."""
        reasons = [f"{reason} ({count:,})" for reason, count in self.by_reason.items()]
        more = [f"{len(reasons) - most} more reasons"] if len(reasons) > most else []
        return "; ".join(reasons[:most] + more)

    def write(self, path: Path) -> None:
        """The side file: CSV of line, field and reason. Raises `OSError`."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(Refusal._fields)
            writer.writerows(self.misfits)


def _said(misfit: Refusal) -> str:
    return f"{misfit.field}: {misfit.reason}" if misfit.field else misfit.reason
