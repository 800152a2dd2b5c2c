"""What a file said that was not understood, in sentences with counts: words for missing answers, unknown
values.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from models.console import printable_line
from training.data.cells.outcomes import OTHERS
from training.text import count

_EXAMPLES: Final = 3

Counts = Mapping[str, Counter[str]]


def merged(counts: Iterable[Counts]) -> dict[str, Counter[str]]:
    """Counts by field, added up; fields without any are left out."""
    total: dict[str, Counter[str]] = {}
    for by_field in counts:
        for field, counter in by_field.items():
            if counter:
                total.setdefault(field, Counter()).update(counter)
    return total


def missing_sentence(counts: Counts) -> str | None:
    """How many cells were read as missing answers, by field, with the most common words."""
    if not counts:
        return None
    cells = sum(counter.total() for counter in counts.values())
    return f"Read as missing answers: {count(cells, 'cell')} ({_by_field(counts)})."


def unknown_sentence(counts: Counts) -> str | None:
    """How many values the model does not know, by field, with the most common ones."""
    if not counts:
        return None
    values = sum(counter.total() for counter in counts.values())
    what = "value that the model does not know was" if values == 1 else "values that the model does not know were"
    return f"{values:,} {what} left out ({_by_field(counts)})."


def _by_field(counts: Counts) -> str:
    ranked = sorted(counts.items(), key=lambda item: -item[1].total())
    return "; ".join(f"{field}: {counter.total():,}, {_examples(counter)}" for field, counter in ranked)


def _examples(counter: Counter[str]) -> str:
    ranked = sorted(counter.items(), key=lambda item: (item[0] == OTHERS, -item[1], item[0]))
    words = [f"'{printable_line(word)}' {number:,}" for word, number in ranked[:_EXAMPLES] if word != OTHERS]
    more = " …" if len(ranked) > _EXAMPLES else ""
    return ", ".join(words) + more
