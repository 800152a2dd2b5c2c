"""Words that stand for a missing answer: what tools, forms and people write where there is none.

One declaration for training, scoring and the API. A word that a model knows as a value is a value: a mapping may
say that "None" is a real answer about shops, and then the model has learned it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from models.profile.vocabulary import normalise

# In the normalised form of `normalise`, in which dashes alone are "".
MISSING_WORDS: Final = frozenset(
    {
        # spreadsheets and their errors
        *("#n/a", "#na", "#n/a_n/a", "#div/0!", "#ref!", "#value!", "#name?", "#num!", "#null!", "#spill!"),
        # programs and databases
        *("nan", "<na>", "na", "nat", "null", "<null>", "(null)", "nil", "none", "undefined", "\\n", "1.#ind"),
        *("1.#qnan", "(blank)", "(empty)", "missing", "(missing)", "#missing"),
        # people and forms
        *("n/a", "n.a.", "n.a", "n/a.", "n._a.", "n_/_a", "?", "??", "???", ".", "..", "...", "/", "//"),
        *("unknown", "(unknown)", "unspecified", "not_specified", "not_available", "not_applicable", "not_given"),
        *("not_answered", "unanswered", "no_answer", "no_data", "no_response"),
    }
)


# Characters of the longest text that is compared with words.
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class MissingWords:
    """The words for a missing answer in a column: the usual ones, `more` of them, and without `answers`.

    All are normalised (`models.profile.vocabulary.normalise`).
    """

    more: frozenset[str] = frozenset()
    answers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, more: Iterable[str] = (), answers: Iterable[str] = ()) -> "MissingWords":
        """The words as people write them."""
        return cls(frozenset(map(normalise, more)), frozenset(map(normalise, answers)))

    def holds(self, text: str) -> bool:
        """Whether a text stands for a missing answer, as dashes alone and blank text do."""
        if len(text) > _LONGEST:
            return False
        word = normalise(text)
        if word in self.answers:
            return False
        return not word or word in MISSING_WORDS or word in self.more


USUAL_WORDS: Final = MissingWords()


def is_missing_word(text: str) -> bool:
    """Whether a text stands for a missing answer, whatever its case; also dashes alone and blank text."""
    return USUAL_WORDS.holds(text)
