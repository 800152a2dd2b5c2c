"""Which known values a value that is not known may have been meant to be.

Known values are looked up by what is left of them when one letter is dropped (symmetric deletion: Garbe, SymSpell,
2012): a value one letter away from a known one, too much, missing, wrong or swapped with its neighbour, shares
such a rest with it. Beside them stand values that share a whole word. The cost of one look-up grows with the
length of the value alone, never with the vocabulary: bodies full of unknown values are cheap to answer.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher

from models.profile.vocabulary import normalise

MOST_SUGGESTED = 3
# Longer values are not misspelled words.
_LONGEST = 40
_SHORTEST_WORD = 4
# Of the values that share a rest or a word, as many are compared.
_MOST_COMPARED = 5
_LEAST_ALIKE = 0.5


class Suggester:
    """The known values of one field, ready to be found by their neighbours."""

    def __init__(self, values: tuple[str, ...]) -> None:
        self._by_rest: dict[str, list[str]] = {}
        for value in values:
            for key in {*_rests(value), *_words(value)}:
                known = self._by_rest.setdefault(key, [])
                # The most common come first.
                if len(known) < _MOST_COMPARED:
                    known.append(value)

    def nearest(self, value: str) -> tuple[str, ...]:
        """The known values most like this one, the nearest first; often none."""
        text = normalise(value[: 2 * _LONGEST])
        if len(text) > _LONGEST:
            return ()
        found: dict[str, None] = {}
        for key in (*_rests(text), *_words(text)):
            found |= dict.fromkeys(self._by_rest.get(key, ()))
        alike = {known: SequenceMatcher(None, text, known).ratio() for known in list(found)[:_MOST_COMPARED]}
        near = sorted((known for known in alike if alike[known] >= _LEAST_ALIKE), key=lambda known: -alike[known])
        return tuple(near[:MOST_SUGGESTED])


def _rests(text: str) -> Iterator[str]:
    """The text, and what is left without each of its letters."""
    yield text
    if 2 < len(text) <= _LONGEST:
        yield from (text[:place] + text[place + 1 :] for place in range(len(text)))


def _words(text: str) -> Iterator[str]:
    words = text.split("_")
    return (word for word in words if len(word) >= _SHORTEST_WORD)
