"""Values and numbers as words: filling in the wording of a field."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from models.profile.field_kinds import Categorical, FieldSpec, MultiLabel, Numeric, Ordinal, Scale, Wording
from models.profile.vocabulary import label, normalise
from training.personas.wording import english
from training.personas.wording.lexicon import GIVEN, SAID
from training.personas.wording.terms import Term, cut
from training.text import listed, number

_SECOND_PERSON: Final = {r"^be\b": "are", r"^tick\b": "ticked", r"\bthemselves$": "yourself"}
_TICKED: Final = "tick {value}"
_ANSWERED: Final = "answer {value} for "
# Of a recipient, who neither ticks nor answers.
_LISTED: Final = "have {value} among their "
_STATED: Final = "have {value} for "
_BEING: Final = "be {a_value}"
# "watch {value} films", and not "have {value} as occupation".
_BEFORE_NOUN: Final = re.compile(r"\{value\} (?!in\b|as\b)\w")


def wording_of(spec: FieldSpec) -> Wording:
    """The wording of a field that holds values; a plain one where the class declares none."""
    given = Wording() if isinstance(spec.kind, Numeric) else spec.kind.wording
    if given.phrase:
        return given
    joint = "in" if isinstance(spec.kind, MultiLabel) else "as"
    plain = f"have {{value}} {joint} {spec.title}"
    if given != Wording():
        return Wording(plain, given.adjective, given.noun, given.of)
    title = Term(normalise(spec.title)).attribute()
    return Wording(
        plain, "", f"{{value}}-{title} group" if title else "", f"people with “{{value}}” {joint} {spec.title}"
    )


def scale_of(spec: FieldSpec) -> Scale:
    """The scale of a numeric or ordinal field, a plain one where none is declared; empty for other fields."""
    if isinstance(spec.kind, Categorical | MultiLabel):
        return Scale()
    title = Term(normalise(spec.title)).attribute()
    if spec.kind.scale != Scale() or not title:
        return spec.kind.scale
    return Scale(low=f"low-{title}", high=f"high-{title}", phrase=_plain_level(spec))


def is_gift(spec: FieldSpec) -> bool:
    """Whether the field is about gifts."""
    return isinstance(spec.kind, Categorical | MultiLabel) and spec.kind.gift


def phrase(spec: FieldSpec, terms: Sequence[Term], many: bool = False) -> str:
    """What givers with these values do, as an infinitive: "give books", "give to somebody who is into gaming".

    `many`: of several people, who are "students" and not "a student".
    """
    if spec.subject == "giver":
        return _joined(spec, terms, many, _infinitive)
    if many:
        return f"give to people who {recipients_phrase(spec, terms)}"
    return f"give to somebody who {_joined(spec, terms, many, english.third_person)}"


def recipients_phrase(spec: FieldSpec, terms: Sequence[Term]) -> str:
    """What the recipients of a field about them do, after a plural subject: "are into gaming and board games"."""
    return _joined(spec, terms, True, _after_plural)


def _joined(spec: FieldSpec, terms: Sequence[Term], many: bool, conjugated: Callable[[str], str]) -> str:
    """What those do whom the field's sentences speak of."""
    joining = "and" if isinstance(spec.kind, MultiLabel) else "or"
    terms_by_template: dict[str, list[Term]] = {}
    for term in terms:
        terms_by_template.setdefault(template_of(spec, term), []).append(term)
    clauses = [
        _filled(conjugated(template), listed([_filling(spec, term, template, many) for term in some], joining))
        for template, some in terms_by_template.items()
    ]
    return f" {joining} ".join(clauses)


def template_of(spec: FieldSpec, term: Term) -> str:
    """The phrase of a field that suits a value, with a place for it.

    People are not "home duties", but have them as occupation; what is no thing ("meet people") can only be ticked.
    """
    template = wording_of(spec).phrase
    if term.is_yes_or_no and isinstance(spec.kind, Categorical) and not spec.kind.wording.phrase:
        return f"{_ANSWERED if spec.subject == 'giver' else _STATED}{spec.title}"
    if template == _BEING and not term.is_occupation:
        return f"have {{value}} as {spec.title}"
    is_list_of_things = isinstance(spec.kind, MultiLabel) and template.endswith("{value}") and not is_gift(spec)
    if not is_list_of_things or term.is_noun:
        return template
    return _TICKED if spec.subject == "giver" else f"{_LISTED}{spec.title}"


def plural_phrase(spec: FieldSpec, terms: Sequence[Term]) -> str:
    """The phrase after a plural subject: "are students", "give to people who are into gaming"."""
    return phrase(spec, terms, many=True) if spec.subject == "recipient" else recipients_phrase(spec, terms)


def plural_level(spec: FieldSpec, value: str) -> str:
    """The phrase of a number after a plural subject: "buy 9 days ahead", "are 27 years old"."""
    return _after_plural(level(spec, value, many=True))


def recipients_level(spec: FieldSpec, value: str) -> str:
    """The phrase of a number about recipients after a plural subject: "are 27 years old"."""
    return _after_plural(_own_level(spec, value))


def _after_plural(infinitive: str) -> str:
    return re.sub(r"^be\b", "are", infinitive)


def _infinitive(infinitive: str) -> str:
    return infinitive


def phrase_after_subject(spec: FieldSpec, value: str = "") -> str:
    """The phrase after the one whom the field's sentences speak of; of a number with `{value}` in its place.

    After "You": "are a student"; of a field about recipients after "Your mother": "is into gaming".
    """
    is_number = isinstance(spec.kind, Numeric)
    if spec.subject == "recipient":
        if is_number:
            return english.third_person(_own_level(spec, "{value}"))
        return _joined(spec, [Term(value)], False, english.third_person)
    text = _own_level(spec, "{value}") if is_number else phrase(spec, [Term(value)])
    for infinitive, said_to_you in _SECOND_PERSON.items():
        text = re.sub(infinitive, said_to_you, text)
    return text


def level(spec: FieldSpec, value: str, many: bool = False) -> str:
    """The phrase of a number: "buy 9 days ahead", "give to somebody who is 27 years old"."""
    own = _own_level(spec, value)
    if spec.subject == "giver":
        return own
    if many:
        return f"give to people who {_after_plural(own)}"
    return f"give to somebody who {english.third_person(own)}"


def _own_level(spec: FieldSpec, value: str) -> str:
    return (scale_of(spec).phrase or _plain_level(spec)).replace("{value}", value)


def _plain_level(spec: FieldSpec) -> str:
    """A phrase for a number without one: "have 6 purchases", and "have 645 for milk", which fits any title."""
    counted = english.is_english(spec.title) and english.is_plural(spec.title)
    return f"have {{value}} {spec.title}" if counted else f"have {{value}} for {spec.title}"


def amount(value: float, unit: str) -> str:
    """A number with its unit: "9 years", "1 year"."""
    text = number(value)
    return f"{text} {english.singular(unit) if text == '1' else unit}".rstrip()


def value_text(term: Term, gift: bool = False) -> str:
    """A value on its own, as in a chart: "DIY", of a gift field "practical gifts"; never quoted."""
    text = (GIVEN.get(term.value, "") if gift else "") or SAID.get(term.value)
    return text or (cut(label(term.value)) if term.is_english else term.text)


def _filled(template: str, text: str) -> str:
    # Not `replace` one after the other: a value may look like a template.
    return re.sub(r"\{(a_)?value\}", lambda _: text, template)


def _filling(spec: FieldSpec, term: Term, template: str, many: bool) -> str:
    """The value in the form that a template takes."""
    if template == _TICKED or template.startswith((_ANSWERED, _STATED, _LISTED)):
        return term.quoted
    if isinstance(spec.kind, Ordinal):
        return label(term.value)
    if "{a_value}" in template:
        text = label(term.value)
        if template == _BEING and not many and english.is_plural(text) and english.is_person(text):
            return english.with_article(english.singular(text))
        return term.with_article(many)
    return term.modifier() if _BEFORE_NOUN.search(template) else term.object(is_gift(spec))
