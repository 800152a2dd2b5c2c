"""Labels of figures and of the page."""

from collections.abc import Iterable

from models.profile.vocabulary import label
from training.text import capitalised


def heading(value: str) -> str:
    """A value as a heading: "gift_cards" → "Gift cards"."""
    return capitalised(label(value))


def present(values: Iterable[float | None]) -> list[float]:
    """The values that are not None."""
    return [value for value in values if value is not None]
