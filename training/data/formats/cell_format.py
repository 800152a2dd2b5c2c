"""The format of a column's cells: its numbers, its lists, and its words for a missing answer."""

from dataclasses import dataclass

from models.profile.missing_words import USUAL_WORDS, MissingWords
from training.data.formats.list_format import DEFAULT
from training.data.formats.number_format import PLAIN, NumberFormat


@dataclass(frozen=True, slots=True)
class CellFormat:
    """How the cells of one field are written. `separator`: between the values of a list."""

    numbers: NumberFormat = PLAIN
    separator: str = DEFAULT
    words: MissingWords = USUAL_WORDS

    def missing_word(self, cell: object) -> str | None:
        """The word for a missing answer that a cell holds, as it is written; None for any other cell."""
        if isinstance(cell, str):
            text = cell.strip()
            return text if text and self.words.holds(text) else None
        if self.words.more and isinstance(cell, int | float) and not isinstance(cell, bool):
            text = cell_text(cell)
            return text if self.words.holds(text) else None
        return None


USUAL = CellFormat()


def cell_text(cell: object) -> str:
    """The text of a cell, whole floats as whole numbers; "" for none."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()
