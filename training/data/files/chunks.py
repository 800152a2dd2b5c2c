"""Chunks: what a file of profiles is read as."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import pyarrow as pa

from models.scoring.columns import IntArray
from training.data.cells.cells import Cells
from training.data.refusals import Refusal
from training.errors import UnusableInput

# Rows of text that are read at once.
CHUNK: Final = 20_000


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Chunk:
    """Some rows: their cells by column, their lines (n,), and the rows without readable cells.

    `read`: the share of the file that is read after this chunk, 0–1. `beside`: columns that are passed on.
    """

    cells: Mapping[str, Cells]
    lines: IntArray
    broken: Sequence[Refusal] = ()
    read: float = 0.0
    beside: Mapping[str, Cells] = field(default_factory=dict)


class Source(Protocol):
    """A file of rows with named columns. Reading raises `UnusableInput` when the file cannot be read."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in the file; a name may occur more than once, and then nothing reads it."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on how the file is read."""

    def chunks(self, wanted: Sequence[str], rows: int | None = None) -> Iterator[Chunk]:
        """The rows in order, with these columns; only one chunk is in memory at a time.

        `rows`: the most in a chunk; None: as many as suit a fit.
        """


@contextmanager
def reading_errors(path: Path) -> Iterator[None]:
    """Turn the errors of reading a file into `UnusableInput`."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise UnusableInput(f"{path} is not {error.encoding} text; save it as UTF-8.") from error
    except (OSError, EOFError, zlib.error, pa.ArrowException, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnusableInput(f"{path} cannot be read: {reason}.") from error
