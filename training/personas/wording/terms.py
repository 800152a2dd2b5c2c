"""Terms: values with the words that a sentence or a name may use for them.

English values follow English rules. All others, and proper nouns, stand in quotation marks as people wrote them,
without English plural, article or suffix (`training.personas.wording.english` says how the language is decided).
"""

import re
from dataclasses import dataclass
from typing import Final

from models.profile.vocabulary import label
from training.data.written_forms import WrittenForms
from training.personas.wording import english
from training.personas.wording.lexicon import ATTRIBUTE, GIVEN, LEXICON, MANY, NO_ANSWERS, SAID, YES_OR_NO
from training.personas.wording.words import NAMES

_LONGEST_SAID: Final = 60
# Open vocabularies hold whatever people type: before a noun there are up to three words.
_ATTRIBUTIVE: Final = re.compile(r"[^\W\d_]+([ '’&-][^\W\d_]+){0,2}")
_LONGEST_ATTRIBUTE: Final = 24


@dataclass(frozen=True, slots=True)
class Term:
    """A normalised value. `written`: what most people write, "" where that is the value's label. `is_name`: a
    proper noun by its capitals.
    """

    value: str
    written: str = ""
    is_name: bool = False

    @property
    def text(self) -> str:
        """The value as people wrote it, without quotation marks of its own; long ones are cut."""
        return cut(re.sub('[“”"]', "", self.written or label(self.value)))

    @property
    def quoted(self) -> str:
        """The text in quotation marks."""
        return f"“{self.text}”"

    @property
    def is_answer(self) -> bool:
        """Whether the value says anything: not so "n/a" and "other"."""
        return self.value not in NO_ANSWERS

    @property
    def is_yes_or_no(self) -> bool:
        """Whether the value answers a question, and says nothing without it."""
        return self.value in YES_OR_NO

    @property
    def is_english(self) -> bool:
        """Whether English rules hold for it."""
        if self.value in LEXICON or not self.is_answer:
            return self.is_answer
        return not self.is_name and self.value not in NAMES and english.is_english(label(self.value))

    @property
    def is_noun(self) -> bool:
        """Whether it names something, as far as can be known: of a foreign word it is assumed."""
        return not self.is_english or self.value in LEXICON or english.is_noun_phrase(label(self.value))

    @property
    def is_occupation(self) -> bool:
        """Whether somebody can *be* it: "a nurse", "retired"."""
        if self.value in SAID or self.value in MANY:
            return True
        text = label(self.value)
        return self.is_english and (english.is_person(text) or _is_state(text))

    def attribute(self, gift: bool = False, adjectives: bool = False) -> str:
        """The value before a noun: "board_games" → "board-game", of a gift field "useful" → "useful-gift".

        It is "" where it cannot stand there. `adjectives`: the noun takes them, as films do ("romantic").
        """
        if self.value in ATTRIBUTE:
            return ATTRIBUTE[self.value]
        text = label(self.value)
        if not self.is_english or len(text) > _LONGEST_ATTRIBUTE or not _ATTRIBUTIVE.fullmatch(text):
            return ""
        if self.value not in LEXICON and not english.is_compound(text):
            if " " in text or not english.is_adjective(text):
                return ""
            return f"{text}-gift" if gift else text * adjectives
        return english.singular(text).replace(" ", "-")

    def object(self, gift: bool = False) -> str:
        """The value after a verb: "DIY", of a gift field "practical gifts"."""
        if gift and self.value in GIVEN:
            return GIVEN[self.value]
        if self.value in SAID:
            return SAID[self.value]
        text = cut(label(self.value))
        if self.is_english and gift and not self.is_noun and english.is_adjective(text):
            return f"{text} gifts"
        return text if self.is_english and self.is_noun else self.quoted

    def modifier(self) -> str:
        """The value before a noun of the sentence: "romantic" films, "children's" films."""
        text = label(self.value)
        if self.value in SAID or not self.is_english:
            return self.object()
        if english.is_person(text) and english.is_plural(text):
            return english.possessive(text)
        return cut(text) if self.is_noun or english.is_adjective(text) else self.quoted

    def with_article(self, many: bool = False) -> str:
        """One of them, or `many`: "an engineer", "engineers"; "retired" either way."""
        text = cut(label(self.value))
        if many and self.value in MANY:
            return MANY[self.value]
        if self.value in SAID:
            return SAID[self.value]
        if self.is_english and _is_state(text):
            return text
        if not self.is_english or not self.is_noun:
            return self.quoted
        if many or english.is_plural(text):
            return english.plural(text)
        return english.with_article(text)


def term_of(value: str, written_forms: WrittenForms | None) -> Term:
    """The term of a value as its data set writes it."""
    if written_forms is None:
        return Term(value)
    return Term(value, written_forms.written.get(value, ""), value in written_forms.names)


def cut(text: str, longest: int = _LONGEST_SAID) -> str:
    """The text with at most so many characters."""
    return text if len(text) <= longest else f"{text[:longest].rstrip()}…"


def _is_state(text: str) -> bool:
    """Whether somebody can be it without an article: "retired", and not "basic"."""
    return english.is_adjective(text) and text.endswith(("ed", "freelance")) and not english.is_noun_phrase(text)
