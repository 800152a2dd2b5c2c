"""Chunks of a file → columns in the codes of a fitted encoder. Between chunks only distinct cells are remembered.

Rows are refused for the same reasons as when a data set is read.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pydantic import BaseModel

from models.profile.field_kinds import declared_fields
from models.scoring.columns import Columns, IntArray, take
from models.scoring.encoder import Encoder, FieldEncoding, unanswered
from training.data.cells.cell_validation import FieldCheck
from training.data.column_builder import (
    ListColumnBuilder,
    SingleColumnBuilder,
    as_ids,
    as_texts,
    column_builder_for,
    field_check,
    refused_rows,
)
from training.data.files.chunks import Chunk
from training.data.formats.cell_format import CellFormat
from training.data.headers import id_column
from training.data.refusals import Refusal

# Distinct cells of a field that are remembered between chunks.
REMEMBERED = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """The rows of a chunk that fit: their columns as `Scorer.scores` takes them, their lines (n,), their ids if
    the file has some, and the columns that are passed on, as text; and the number of refused rows with every
    misfit in the order of the lines.
    """

    columns: Columns
    lines: IntArray
    ids: pa.Array | None
    beside: tuple[pa.Array, ...]
    refused: int
    misfits: Sequence[Refusal]


class Coder:
    """Codes one chunk after the other. `written`: the format of a field's cells, for those of a file."""

    def __init__(
        self,
        encoder: Encoder,
        profile_class: type[BaseModel],
        written: Callable[[str], CellFormat] | None = None,
        remembered: int = REMEMBERED,
    ) -> None:
        self._remembered = remembered
        self._encoder = encoder
        self._profile_class = profile_class
        encodings = {encoding.name: encoding for encoding in encoder.fields}
        self._fields = {
            spec.name: _builder_for(field_check(profile_class, spec, written), encodings.get(spec.name))
            for spec in declared_fields(profile_class)
        }

    @property
    def missing_words(self) -> dict[str, Counter[str]]:
        """By field, the words for missing answers in all cells so far."""
        return {name: field.counts["missing"] for name, field in self._fields.items()}

    @property
    def unknown_values(self) -> dict[str, Counter[str]]:
        """By field, the values so far that the encoder does not know, as they are written."""
        return {name: field.counts["unknown"] for name, field in self._fields.items()}

    def code(self, chunk: Chunk) -> Coded:
        """Code one chunk. A field of the encoder that the chunk lacks is not answered."""
        coded = {
            name: field.code(chunk.cells[name]) for name, field in self._fields.items() if name in chunk.cells
        }
        misfits, fits = refused_rows({name: outcomes for name, (_, outcomes) in coded.items()}, chunk.lines)
        for field in self._fields.values():
            field.forget(self._remembered)
        columns = {
            encoding.name: coded[encoding.name][0]
            if encoding.name in coded
            else unanswered(encoding.spec, len(chunk.lines))
            for encoding in self._encoder.fields
        }
        name = id_column(chunk.cells, self._profile_class)
        ids = None if name is None else as_ids(chunk.cells[name])
        refused = len(chunk.broken) + len(chunk.lines) - len(fits)
        beside = tuple(as_texts(cells) for cells in chunk.beside.values())
        if len(fits) < len(chunk.lines):
            columns, rows = take(columns, fits), pa.array(fits)
            ids = None if ids is None else ids.take(rows)
            beside = tuple(texts.take(rows) for texts in beside)
        return Coded(
            columns=columns,
            lines=chunk.lines[fits],
            ids=ids,
            beside=beside,
            refused=refused,
            misfits=sorted([*chunk.broken, *misfits]) if misfits else chunk.broken,
        )


def _builder_for(check: FieldCheck, encoding: FieldEncoding | None) -> SingleColumnBuilder | ListColumnBuilder:
    return column_builder_for(check, None if encoding is None or encoding.is_number else encoding.vocabulary)
