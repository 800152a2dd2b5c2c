"""Values and numbers as words: filling in the wording of a field."""

import re
from collections.abc import Sequence
from typing import Final

from models.profile.field_kinds import Categorical, FieldSpec, MultiLabel, Numeric, Scale, Wording
from models.profile.vocabulary import label, normalise
from training.personas.wording.lexicon import ATTRIBUTE, GIVEN, MANY, SAID
from training.text import listed, number

# Open vocabularies hold whatever people type: a name takes up to three words.
_NAMEABLE: Final = re.compile(r"[^\W\d_]+([ '’&-][^\W\d_]+){0,2}")
_LONGEST_NAMEABLE: Final = 24
_LONGEST_SAID: Final = 60
_NO_PLURALS: Final = ("ss", "us", "ics", "is", "'s", "news", "sports")


def wording_of(spec: FieldSpec) -> Wording:
    """The wording of a field that holds values; a plain one where the class declares none."""
    given = Wording() if isinstance(spec.kind, Numeric) else spec.kind.wording
    if given.phrase:
        return given
    title = attributive(normalise(spec.title))
    noun = f"{{value}}-{title} group" if title and given == Wording() else given.noun
    verb = "have {value} in" if isinstance(spec.kind, MultiLabel) else "have {value} as"
    return Wording(f"{verb} {spec.title}", given.adjective, noun)


def scale_of(spec: FieldSpec) -> Scale:
    """The scale of a numeric or ordinal field, a plain one where none is declared; empty for other fields."""
    if isinstance(spec.kind, Categorical | MultiLabel):
        return Scale()
    title = attributive(normalise(spec.title))
    if spec.kind.scale != Scale() or not title:
        return spec.kind.scale
    return Scale(low=f"low-{title}", high=f"high-{title}", phrase=f"have {spec.title} of {{value}}")


def is_gift(spec: FieldSpec) -> bool:
    """Whether the field is about gifts."""
    return isinstance(spec.kind, Categorical | MultiLabel) and spec.kind.gift


def phrase(spec: FieldSpec, values: Sequence[str], many: bool = False) -> str:
    """What people with these values do, as an infinitive: "be into gaming and board games".

    `many`: of several people, who are "students" and not "a student".
    """
    template = wording_of(spec).phrase
    if "{a_value}" in template:
        texts = [_plural_text(value) if many else _with_article(value) for value in values]
    else:
        texts = [value_text(value, is_gift(spec)) for value in values]
    joined = listed(texts, "and" if isinstance(spec.kind, MultiLabel) else "or")
    return re.sub(r"\{(a_)?value\}", lambda _: joined, template)


def plural_phrase(spec: FieldSpec, values: Sequence[str]) -> str:
    """The phrase after a plural subject: "are into gaming and board games", "are students"."""
    return re.sub(r"^be\b", "are", phrase(spec, values, many=True))


def second_person(spec: FieldSpec, value: str = "") -> str:
    """The phrase after "You": "are into gaming", "are a student"; of a number with `{value}` in its place."""
    if isinstance(spec.kind, Numeric):
        text = scale_of(spec).phrase or f"have {{value}} as {spec.title}"
    else:
        text = phrase(spec, [value])
    return re.sub(r"^be\b", "are", text)


def attributive(value: str) -> str:
    """A value before a noun: "board_games" → "board-game"; "" when it cannot stand in a name."""
    if value in ATTRIBUTE:
        return ATTRIBUTE[value]
    text = label(value)
    if len(text) > _LONGEST_NAMEABLE or not _NAMEABLE.fullmatch(text):
        return ""
    return _singular(text).replace(" ", "-")


def amount(value: float, unit: str) -> str:
    """A number with its unit: "9 years", "1 year"."""
    text = number(value)
    return f"{text} {_singular(unit) if text == '1' else unit}".rstrip()


def value_text(value: str, gift: bool = False) -> str:
    """A value on its own: "DIY", of a gift field "practical gifts"; long ones are cut."""
    if gift and value in GIVEN:
        return GIVEN[value]
    text = SAID.get(value) or label(value)
    return text if len(text) <= _LONGEST_SAID else f"{text[:_LONGEST_SAID].rstrip()}…"


def _with_article(value: str) -> str:
    return SAID[value] if value in SAID else f"{_article(value_text(value))} {value_text(value)}"


def _plural_text(value: str) -> str:
    return MANY.get(value) or SAID.get(value) or _plural(value_text(value))


def _article(text: str) -> str:
    return "an" if text[:1] in tuple("aeiou") else "a"


def _plural(text: str) -> str:
    if text.endswith(("s", "x", "ch", "sh")):
        return f"{text}es"
    ends_in_y = text.endswith("y") and text[-2:-1] not in tuple("aeiou")
    return f"{text[:-1]}ies" if ends_in_y else f"{text}s"


def _singular(text: str) -> str:
    """A cautious English singular: "toys" → "toy", while "fitness", "politics" and "glass" are unchanged."""
    if (text.endswith(_NO_PLURALS) and not text.endswith(("topics", "comics"))) or len(text) < 4:
        return text
    if text.endswith("ies") and len(text) > 5 and not text.endswith("movies"):
        return f"{text[:-3]}y"
    if text.endswith(("shes", "ches", "xes", "sses")):
        return text[:-2]
    return text.removesuffix("s")
