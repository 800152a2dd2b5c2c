"""What a number of the analysis means, in words: for titles, text alternatives and the page."""

from collections.abc import Iterable

from models.profile.vocabulary import label
from training.personas.wording.words import capitalised
from training.report.analysis.summary import DOUBTFUL, STABLE


def stability(jaccard: float) -> str:
    """A mean Jaccard similarity over bootstraps in words."""
    if jaccard >= 0.85:
        return "very stable"
    if jaccard >= STABLE:
        return "stable"
    return "fairly stable" if jaccard >= DOUBTFUL else "not stable"


def said(value: str) -> str:
    """A value as people write it: "gift_cards" → "Gift cards"."""
    return capitalised(label(value))


def count(number: int, one: str, many: str = "") -> str:
    """ "1 persona", "5 personas"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def present(values: Iterable[float | None]) -> list[float]:
    """The values that are there."""
    return [value for value in values if value is not None]
