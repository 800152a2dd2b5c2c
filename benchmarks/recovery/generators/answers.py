"""The answers of n people, coded, and as profiles."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from benchmarks.recovery.generators.second.missing import HABITS
from benchmarks.recovery.generators.words import LISTS
from models.scoring.columns import BoolArray, IntArray

Values = tuple[str, ...] | tuple[int, ...]


@dataclass(frozen=True)
class Ticks:
    """Lists of one field. `ticks` (n, words); `given` (n,): who answered; who did not ticks nothing."""

    ticks: BoolArray
    given: BoolArray

    @property
    def lengths(self) -> IntArray:
        """How many words each person ticked, (n,)."""
        return np.asarray(self.ticks.sum(axis=1))


@dataclass(frozen=True)
class Answers:
    """`single`: for fields with one answer its code, (n,), −1 if missing. `lists`: the others."""

    single: dict[str, IntArray] = field(default_factory=dict)
    lists: dict[str, Ticks] = field(default_factory=dict)

    def frame(self, values: Callable[[str], Values]) -> pd.DataFrame:
        """The answers as profiles. `values`: all values of a field with one answer."""
        cells = {name: _single_cells(codes, values(name)) for name, codes in self.single.items()}
        cells |= {name: _list_cells(lists, name) for name, lists in self.lists.items()}
        return pd.DataFrame({name: pd.Series(cells[name], dtype=object) for name in HABITS if name in cells})


def _single_cells(codes: IntArray, values: Values) -> list[object]:
    return [values[code] if code >= 0 else None for code in codes.tolist()]


def _list_cells(lists: Ticks, name: str) -> list[object]:
    words = np.array([word for word, _ in LISTS[name]], dtype=object)
    rows = zip(lists.ticks, lists.given, strict=True)
    return [words[row].tolist() if is_given else None for row, is_given in rows]
