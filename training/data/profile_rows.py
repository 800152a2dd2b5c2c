"""Rows of a file as profiles in JSON, chunk by chunk, for whoever stores them: mapped and validated as ever.

Texts stay as they are written. Between chunks only distinct cells are remembered.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel

from models.profile.field_kinds import FieldSpec, Ordinal, declared_fields
from models.scoring.columns import CodeColumn, CodeListColumn, Column, IntArray
from training.data.coding import REMEMBERED
from training.data.column_builder import Misfits, as_ids, column_builder_for, field_check, refused_rows
from training.data.files.chunks import Chunk
from training.data.formats.cell_format import CellFormat
from training.data.headers import id_column
from training.data.refusals import Refusal


class ProfileRows:
    """Writes the rows of one chunk after the other. `written`: the format of a field's cells."""

    def __init__(self, profile_class: type[BaseModel], written: Callable[[str], CellFormat]) -> None:
        self._class = profile_class
        self._fields = [
            (spec, column_builder_for(field_check(profile_class, spec, written)))
            for spec in declared_fields(profile_class)
        ]

    def lines(self, chunk: Chunk) -> Iterator[str]:
        """A JSON object for each row, in the order of the lines.

        `{"line": …, "user_id": …, "profile": {…}}`, or `{"line": …, "reason": …}` for a row that does not fit.
        """
        members: list[list[str]] = []
        misfits: dict[str, Misfits] = {}
        for spec, builder in self._fields:
            if spec.name in chunk.cells:
                column, misfits[spec.name] = builder.code(chunk.cells[spec.name])
                members.append(_members(spec, column, builder.answers))
                builder.forget(REMEMBERED)
        refused, _ = refused_rows(misfits, chunk.lines)
        lines = {int(line): _refusal(misfits) for line, misfits in _by_line([*chunk.broken, *refused]).items()}
        ids = self._ids(chunk)
        rows = zip(*members, strict=True) if members else iter([()] * len(chunk.lines))
        for line, user_id, answers in zip(chunk.lines.tolist(), ids, rows, strict=True):
            if line not in lines:
                profile = ",".join(filter(None, answers))
                lines[line] = f'{{"line":{line},"user_id":{json.dumps(user_id)},"profile":{{{profile}}}}}'
        return (lines[line] for line in sorted(lines))

    def _ids(self, chunk: Chunk) -> Sequence[str]:
        name = id_column(chunk.cells, self._class)
        ids: Sequence[str] = [""] * len(chunk.lines) if name is None else as_ids(chunk.cells[name]).to_pylist()
        return ids


def _by_line(refusals: Sequence[Refusal]) -> dict[int, list[Refusal]]:
    by_line: dict[int, list[Refusal]] = {}
    for refusal in refusals:
        by_line.setdefault(refusal.line, []).append(refusal)
    return by_line


def _refusal(refusals: Sequence[Refusal]) -> str:
    reasons = [f"{refusal.field}: {refusal.reason}" if refusal.field else refusal.reason for refusal in refusals]
    return json.dumps({"line": refusals[0].line, "reason": "; ".join(reasons[:3])})


def _members(spec: FieldSpec, column: Column, answers: Sequence[str | float]) -> list[str]:
    """A field of each row as a member of a JSON object; empty without an answer."""
    name = json.dumps(spec.name)
    if isinstance(column, CodeListColumn):
        return _lists(name, column, answers)
    if isinstance(column, CodeColumn):
        texts = [f"{name}:{json.dumps(answer)}" for answer in answers]
        # Code −1 is the last one.
        return _taken([*texts, ""], column.codes)
    return [_number(spec, name, value) for value in column.values.tolist()]


def _number(spec: FieldSpec, name: str, value: float) -> str:
    if value != value:
        return ""
    if isinstance(spec.kind, Ordinal):
        return f"{name}:{json.dumps(spec.levels[int(value)])}"
    return f"{name}:{int(value) if value.is_integer() else value}"


def _lists(name: str, column: CodeListColumn, answers: Sequence[str | float]) -> list[str]:
    texts = _taken([json.dumps(answer) for answer in answers], column.codes)
    ends = column.offsets.tolist()
    return [
        f"{name}:[{','.join(texts[start:end])}]" if is_answered else ""
        for start, end, is_answered in zip(ends, ends[1:], column.answered.tolist(), strict=False)
    ]


def _taken(texts: Sequence[str], codes: IntArray) -> list[str]:
    table: Any = np.array(texts, dtype=object)
    taken: list[str] = table[codes].tolist() if len(codes) else []
    return taken
