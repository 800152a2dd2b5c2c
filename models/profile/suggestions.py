"""Suggestions for an unknown value: the known values that it resembles.

Known values are indexed by each text that remains when one letter is deleted (symmetric deletion: Garbe, SymSpell,
2012). A value that differs from a known one by one letter, added, missing, wrong or swapped with its neighbour,
shares such a text with it. Values that share a whole word are candidates, too. The cost of a look-up depends on
the length of the value and not on the vocabulary, so that requests full of unknown values stay cheap.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher

from models.profile.vocabulary import normalise

MAX_SUGGESTIONS = 3
# Longer values are not misspelled words.
_MAX_LENGTH = 40
_MIN_WORD_LENGTH = 4
# At most this many of the candidates are compared.
_MAX_CANDIDATES = 5
_MIN_SIMILARITY = 0.5


class Suggester:
    """The known values of one field, indexed for look-up by similar values."""

    def __init__(self, values: tuple[str, ...]) -> None:
        self._by_key: dict[str, list[str]] = {}
        for value in values:
            for key in {*_deletions(value), *_words(value)}:
                candidates = self._by_key.setdefault(key, [])
                # The most common values come first.
                if len(candidates) < _MAX_CANDIDATES:
                    candidates.append(value)

    def nearest(self, value: str) -> tuple[str, ...]:
        """The known values most similar to this one, the nearest first; often none."""
        text = normalise(value[: 2 * _MAX_LENGTH])
        if len(text) > _MAX_LENGTH:
            return ()
        candidates: dict[str, None] = {}
        for key in (*_deletions(text), *_words(text)):
            candidates |= dict.fromkeys(self._by_key.get(key, ()))
        compared = list(candidates)[:_MAX_CANDIDATES]
        similarity = {candidate: SequenceMatcher(None, text, candidate).ratio() for candidate in compared}
        similar = [candidate for candidate in compared if similarity[candidate] >= _MIN_SIMILARITY]
        near = sorted(similar, key=lambda candidate: -similarity[candidate])
        return tuple(near[:MAX_SUGGESTIONS])


def _deletions(text: str) -> Iterator[str]:
    """The text itself, and the text without each of its letters."""
    yield text
    if 2 < len(text) <= _MAX_LENGTH:
        yield from (text[:index] + text[index + 1 :] for index in range(len(text)))


def _words(text: str) -> Iterator[str]:
    words = text.split("_")
    return (word for word in words if len(word) >= _MIN_WORD_LENGTH)
