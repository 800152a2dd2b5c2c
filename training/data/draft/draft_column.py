"""A column of a file's first rows, as a first mapping sees it: what it holds, and which fields that suits."""

import datetime
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from models.console import printable_line
from models.profile.field_kinds import FieldSpec, MultiLabel, Numeric
from training.data.formats.number_format import find_number_format
from training.data.mapping.ratings import is_tick

MOST_LEVELS: Final = 12
_MOST_EXAMPLES: Final = 3
_FIRST_YEAR: Final = 1850


@dataclass(frozen=True)
class DraftColumn:
    """A column of the first rows: its distinct texts, without words for missing answers, the most common first."""

    name: str
    texts: tuple[str, ...]

    @cached_property
    def numbers(self) -> list[float] | None:
        """The distinct numbers; None where a text is no number."""
        number_format = find_number_format(self.texts).format
        try:
            return sorted(number_format.number(text) for text in self.texts) if self.texts else None
        except ValueError:
            return None

    @cached_property
    def is_ticked(self) -> bool:
        """Whether every cell is ticked, or not."""
        numbers = self.numbers
        if numbers is not None:
            return set(numbers) <= {0, 1}
        return bool(self.texts) and all(is_tick(text, self.name) for text in self.texts)

    @property
    def is_rated(self) -> bool:
        """Whether every cell is a whole number from 1 to at most 10, and not one number alone."""
        numbers = self.numbers or []
        return len(numbers) > 2 and all(number in range(1, 11) for number in numbers)

    @property
    def are_dates(self) -> bool:
        """Whether every cell is a date as 1984-03-31."""
        with suppress(ValueError):
            return bool(self.texts) and all(datetime.date.fromisoformat(text[:10]) for text in self.texts)
        return False

    @property
    def are_years(self) -> bool:
        """Whether every cell is a year in which somebody may be born who is alive, or was when it was asked."""
        this_year = datetime.date.today().year
        return bool(self.texts) and all(
            text.isdecimal() and _FIRST_YEAR <= int(text) <= this_year for text in self.texts
        )

    @property
    def is_amount(self) -> bool:
        """Whether it holds numbers, and more of them than categories have."""
        return self.numbers is not None and len(self.texts) > MOST_LEVELS

    def suits(self, spec: FieldSpec) -> bool:
        """Whether the column can be read as the field; what its name says may be something else."""
        match spec.kind:
            case Numeric():
                return self.numbers is not None or self.are_dates or not self.texts
            case MultiLabel():
                return self.numbers is None and not self.is_ticked
        return True

    @property
    def facts(self) -> str:
        """What it holds, for a comment."""
        examples = ", ".join(printable_line(text[:30]) for text in self.texts[:_MOST_EXAMPLES])
        more = ", …" if len(self.texts) > _MOST_EXAMPLES else ""
        return f"{len(self.texts):,} different: {examples}{more}" if self.texts else "empty"
