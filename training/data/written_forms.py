"""How people write the values of an open field, which models know in their normalised form alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from models.profile.vocabulary import label, normalise
from models.scoring.columns import IntArray

# Capitals mean nothing where so many values have them, as in a survey with headings for values.
_USUAL: Final = 0.5


@dataclass(frozen=True, slots=True)
class WrittenForms:
    """How people write the values of one field.

    `written`: value → what most people write, where it differs from `label(value)`. `names`: values
    with more capitals than are usual in the field, such as "Star Wars" and "IT" among "cooking" and "Board games".
    A capital at the beginning alone says nothing.
    """

    written: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()


def written_forms(texts: Sequence[str], counts: IntArray) -> WrittenForms:
    """The written forms of a field from all texts that occur, and how often they do, shape (texts,).

    Ties go to the alphabetically first, so that the order of the rows does not matter.
    """
    ranked = sorted(zip(counts.tolist(), texts, strict=True), key=lambda pair: (-pair[0], pair[1]))
    common: dict[str, str] = {}
    for count, text in ranked:
        if count:
            common.setdefault(normalise(text), label(text))
    written = {value: text for value, text in common.items() if text != label(value)}
    return WrittenForms(written, _names(common))


def _names(common: Mapping[str, str]) -> frozenset[str]:
    unusual = [has for has in (_goes_on_large, _shouts) if not _is_usual(has, common.values())]
    return frozenset(value for value, text in common.items() if any(has(text.split()) for has in unusual))


def _is_usual(has: Callable[[Sequence[str]], bool], texts: Iterable[str]) -> bool:
    """Whether at least half of the texts have it; of those of several words where only these can."""
    able = [words for text in texts if len(words := text.split()) > (has is _goes_on_large)]
    return sum(map(has, able)) >= _USUAL * max(len(able), 1)


def _goes_on_large(words: Sequence[str]) -> bool:
    return any(word[0].isupper() for word in words[1:])


def _shouts(words: Sequence[str]) -> bool:
    return any(len(word) > 1 and word.isupper() for word in words)
