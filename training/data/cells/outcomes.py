"""Outcomes of cells: each distinct cell is validated once, and what it means is a number from then on."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from models.profile.vocabulary import Vocabulary, normalise
from models.scoring.columns import IntArray
from training.data.cells.cells import Cells
from training.data.formats.cell_format import USUAL, CellFormat

Understand: TypeAlias = Callable[[Any], str | float | None]

NONE, NOTHING, REMARKED = -1, -2, -3
# Values that are counted by themselves; the rest of a field is counted together.
_MOST_COUNTED: Final = 10_000
_LONGEST: Final = 60
OTHERS: Final = "…"


class Remark(NamedTuple):
    """Something about a cell: why it is refused, the word for a missing answer that it holds, or the value that
    the vocabulary lacks.
    """

    kind: Literal["refused", "missing", "unknown"]
    text: str


class Misfit(Exception):
    """A cell that does not fit its field. The message gives the reason, and not the cell."""


class Outcomes:
    """Maps cells to outcomes: the code of the cell's value, numbered by first occurrence; −1 for no answer, −2 for
    a value without a letter, −3 and below for a remark (see `Remark`).

    Texts are numbered as they are written, so that it is known afterwards how people write a value. With a
    `vocabulary` codes are those of the vocabulary, and an unknown value is a remark. `counts`: the cells that hold
    a word for a missing answer, and those with an unknown value, as they are written.
    """

    def __init__(
        self, understand: Understand, vocabulary: Vocabulary | None = None, written: CellFormat = USUAL
    ) -> None:
        self.values: dict[str | float, int] = {}
        self.counts: Mapping[str, Counter[str]] = {"missing": Counter(), "unknown": Counter()}
        self._vocabulary = vocabulary
        self._format = written
        self._remarks: dict[Remark, int] = {}
        self._understand = understand
        # A memo for each type: 1, 1.0 and True are the same dict key, but different answers.
        self._memos: dict[type, _Memo] = {kind: _Memo(self._validate) for kind in (str, int, float, bool)}

    def forget(self, most: int) -> None:
        """Forget all cells once there are more than `most`; the codes of `values` are void then."""
        if sum(map(len, self._memos.values())) > most:
            self.values.clear()
            self._remarks.clear()
            for memo in self._memos.values():
                memo.clear()
        for counts in self.counts.values():
            if len(counts) > _MOST_COUNTED:
                common = dict(counts.most_common(_MOST_COUNTED // 10))
                common[OTHERS] = common.get(OTHERS, 0) + counts.total() - sum(common.values())
                counts.clear()
                counts.update(common)

    def of(self, cells: Cells) -> IntArray:
        """Outcomes, shape (n,)."""
        outcomes = self._of_arrow(cells) if isinstance(cells, pa.Array) else self._of_python(cells)
        self._count(outcomes)
        return outcomes

    def outcome(self, cell: Any) -> int:
        """The outcome of one cell."""
        memo = self._memos.get(type(cell))
        return self._validate(cell) if memo is None else memo[cell]

    def refused(self, outcomes: IntArray) -> IntArray:
        """The positions of refusals."""
        positions = np.flatnonzero(outcomes <= REMARKED)
        if not len(positions):
            return positions
        refusals = np.array([remark.kind == "refused" for remark in self._remarks], np.bool_)
        refused: IntArray = positions[refusals[REMARKED - outcomes[positions]]]
        return refused

    def reasons(self, outcomes: IntArray) -> list[str]:
        """The reasons of these outcomes, all of which are refusals."""
        remarks = list(self._remarks)
        return [remarks[REMARKED - outcome].text for outcome in outcomes.tolist()]

    def _count(self, outcomes: IntArray) -> None:
        remarked = outcomes[outcomes <= REMARKED]
        if not len(remarked):
            return
        remarks = list(self._remarks)
        for index, count in enumerate(np.bincount(REMARKED - remarked).tolist()):
            if count and (counts := self.counts.get(remarks[index].kind)) is not None:
                counts[remarks[index].text] += count

    def _of_python(self, cells: Sequence[Any]) -> IntArray:
        kinds = set(map(type, cells)) - {NoneType} or {str}
        memo = self._memos.get(kinds.pop()) if len(kinds) == 1 else None
        look_up = memo.__getitem__ if memo is not None else self.outcome
        return np.fromiter(map(look_up, cells), np.int64, len(cells))

    def _of_arrow(self, cells: pa.Array) -> IntArray:
        try:
            encoded = cells.dictionary_encode()
        except pa.ArrowNotImplementedError:
            return self._of_python(cells.to_pylist())
        table: IntArray = np.append(self._of_python(encoded.dictionary.to_pylist()), self.outcome(None))
        indices = encoded.indices
        if indices.null_count:
            indices = indices.cast(pa.int64()).fill_null(len(table) - 1)
        outcomes: IntArray = table.take(indices.to_numpy())
        return outcomes

    def _validate(self, cell: Any) -> int:
        if (word := self._format.missing_word(cell)) is not None:
            return self._remark("missing", word)
        try:
            value = self._understand(cell)
        except Misfit as misfit:
            return self._remark("refused", str(misfit))
        if value is None:
            return NONE
        return NOTHING if value == "" else self._code(value, cell)

    def _remark(self, kind: Literal["refused", "missing", "unknown"], text: str) -> int:
        return REMARKED - self._remarks.setdefault(Remark(kind, text), len(self._remarks))

    def _code(self, value: str | float, cell: Any) -> int:
        spelled = " ".join(cell.split()) if isinstance(cell, str) else ""
        if self._vocabulary is not None:
            code = self._vocabulary.by_value.get(str(value))
            return self._remark("unknown", (spelled or str(value))[:_LONGEST]) if code is None else code
        # A class may change the text that it is given.
        key = spelled if isinstance(value, str) and normalise(spelled) == value else value
        return self.values.setdefault(key, len(self.values))


class _Memo(dict[Any, int]):
    def __init__(self, validate: Callable[[Any], int]) -> None:
        self._validate = validate

    def __missing__(self, cell: Any) -> int:
        outcome = self[cell] = self._validate(cell)
        return outcome
