"""Open vocabularies: the normalised form of a value, and the codes of the values that a model knows."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field

_SEPARATORS = re.compile(r"[\s\-_‐-―]+")


def normalise(value: str) -> str:
    """The normalised form of a value: NFKC, case folded, words joined by single underscores.

    "Board  Games", "board-games" and "BOARD_GAMES" all become "board_games"; blank text becomes "".
    Idempotent.
    """
    previous, text = None, value
    # Case folding can undo NFKC, and the reverse; a few rounds reach a fixed point.
    while text != previous:
        previous = text
        text = unicodedata.normalize("NFKC", text).casefold()
    return _SEPARATORS.sub("_", text).strip("_")


def label(value: str) -> str:
    """A normalised value as people read it: "board_games" → "board games"."""
    return value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The normalised values that a model knows for one field; a value's code is its position."""

    values: tuple[str, ...]
    by_value: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_value", {value: code for code, value in enumerate(self.values)})

    def code(self, value: str) -> int:
        """The code of a value, normalised if needed; −1 for an unknown value."""
        code = self.by_value.get(value)
        return self.by_value.get(normalise(value), -1) if code is None else code

    def codes(self, values: Collection[str]) -> list[int]:
        """The distinct codes of the known values in a list, ascending."""
        codes = {self.by_value.get(value, -1) for value in values}
        if -1 in codes:
            codes = {code for value in values if (code := self.code(value)) >= 0}
        return sorted(codes)
