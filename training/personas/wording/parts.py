"""The halves of names, from findings: an adjective and a noun, and clauses for what has neither."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.profile.field_kinds import FieldSpec, MultiLabel, Ordinal
from training.personas.traits import Finding, NumberFinding, ValueFinding
from training.personas.wording import english
from training.personas.wording.lexicon import ADJECTIVE, PEOPLE
from training.personas.wording.phrases import is_gift, plural_level, plural_phrase, scale_of, wording_of
from training.personas.wording.terms import Term, cut, term_of
from training.text import number

_MOST_PARTS: Final = 8
# Personas serve to choose gifts, so that gifts make the best names.
_GIFT_WEIGHT: Final = 1.5
# A quotation says what the value is, and not what the people are; a long or unreadable one says little.
_QUOTED_WEIGHT: Final = 0.7
_CLUMSY_WEIGHT: Final = 0.1
_LONGEST_QUOTED: Final = 32
_READABLE: Final = re.compile(r"[^“]*(“(?=.{,30}”)[^\W\d_][\w .,'’&/!+-]*”[^“]*)?")


@dataclass(frozen=True, slots=True)
class Part:
    """One half of a name, from one finding."""

    text: str
    field: str
    value: str
    strength: float


def adjectives(findings: Sequence[Finding]) -> list[Part]:
    """The adjectives of the strongest findings that have one."""
    return _parts(findings, {index: _adjective(finding) for index, finding in enumerate(findings)})


def nouns(findings: Sequence[Finding], people: str) -> list[Part]:
    """The nouns of the strongest findings that have one; `people`: the general noun."""
    return _parts(findings, {index: _noun(finding, people) for index, finding in enumerate(findings)})


def clauses(findings: Sequence[Finding], people: str) -> Iterator[Part]:
    """Whole names for what has neither adjective nor noun: "people who buy for parents", "60–62 year olds"."""
    for finding in findings:
        if isinstance(finding, NumberFinding):
            yield _part(finding, _number_clause(finding, people))
        elif finding.more:
            yield _part(finding, f"{people} who {plural_phrase(finding.spec, [term(finding)])}")


def negative_clauses(findings: Sequence[Finding], people: str) -> Iterator[Part]:
    """Whole names for what members seldom have: "people who seldom watch war films"."""
    for finding in findings:
        if isinstance(finding, ValueFinding) and not finding.more:
            does = plural_phrase(finding.spec, [term(finding)])
            seldom = re.sub("^(are )?", r"\g<1>seldom ", does, count=1)
            yield _part(finding, f"{people} who {seldom}")


def term(finding: ValueFinding) -> Term:
    """The term of a finding's value."""
    return term_of(finding.value, finding.written_forms)


def _parts(findings: Sequence[Finding], texts: Mapping[int, str]) -> list[Part]:
    return [_part(findings[index], text) for index, text in texts.items() if text][:_MOST_PARTS]


def _part(finding: Finding, text: str) -> Part:
    value = finding.value if isinstance(finding, ValueFinding) else ""
    weight = _GIFT_WEIGHT if is_gift(finding.spec) else 1.0
    if "“" in text:
        weight *= _QUOTED_WEIGHT if _READABLE.fullmatch(text) else _CLUMSY_WEIGHT
    return Part(text, finding.spec.name, value, weight * finding.strength)


# --- adjectives ------------------------------------------------------------------------------------


def _adjective(finding: Finding) -> str:
    ends = scale_of(finding.spec)
    if isinstance(finding, NumberFinding):
        return ends.high if finding.more else ends.low
    if not finding.more or not term(finding).is_answer:
        return ""
    template = wording_of(finding.spec).adjective
    if isinstance(finding.spec.kind, Ordinal):
        levels = finding.spec.levels
        middle = template.replace("{value}", finding.value)
        return {levels[0]: ends.low, levels[-1]: ends.high}.get(finding.value, middle)
    if not template:
        return ""
    return ADJECTIVE.get(finding.value) or _with_suffix(template, term(finding).attribute())


def _with_suffix(template: str, attribute: str) -> str:
    """The template with its value; proper nouns and long compounds get no suffix."""
    is_bare = template == "{value}"
    clumsy = attribute.count("-") > 1 or english.starts_with_adjective(attribute.replace("-", " "))
    suffixed = attribute == attribute.lower() and not clumsy
    return template.replace("{value}", attribute) if attribute and (is_bare or suffixed) else ""


# --- nouns -----------------------------------------------------------------------------------------


def _noun(finding: Finding, people: str) -> str:
    if isinstance(finding, NumberFinding) or not finding.more or not term(finding).is_answer:
        return ""
    if term(finding).is_yes_or_no:
        return ""
    spec, one = finding.spec, term(finding)
    template = wording_of(spec).noun
    if "{values}" in template:
        return template.replace("{values}", one.with_article(many=True)) if _is_trade(one) else ""
    # A template such as "{value} film fans" says more than the lexicon's word.
    if one.value in PEOPLE and template.count(" ") == 1 and not is_gift(spec):
        return PEOPLE[one.value]
    attribute = one.attribute(is_gift(spec), template.count(" ") > 1)
    return template.replace("{value}", attribute) if attribute else _following(spec, one, people)


def _is_trade(one: Term) -> bool:
    return one.is_occupation and one.is_english and one.with_article() != one.with_article(many=True)


def _following(spec: FieldSpec, one: Term, people: str) -> str:
    """The noun with a value that cannot stand before it: "fans of cultural offers", "fans of “Wandern”"."""
    wording = wording_of(spec)
    if not wording.noun:
        return ""
    last = wording.noun.split()[-1]
    # People answer, and a "{value}-plan group" does not.
    template = wording.of or f"{last if english.is_plural(last) else people} who answered “{{value}}”"
    if isinstance(spec.kind, MultiLabel) and not is_gift(spec) and not _reads_well(one, wording.of):
        template = f"{people} who ticked “{{value}}”"
    if "“" in template:
        return template.replace("{value}", cut(one.text, _LONGEST_QUOTED))
    text = one.object() if template.endswith("{value}") else one.modifier()
    return template.replace("{value}", text if "“" not in text else f"“{cut(one.text, _LONGEST_QUOTED)}”")


def _reads_well(one: Term, template: str) -> bool:
    """Whether a value fits "fans of {value}": things do, without a second "of"; adjectives do before films."""
    if not template.endswith("{value}"):
        return bool(template)
    return one.is_noun and not (one.is_english and " of " in one.text)


# --- clauses ---------------------------------------------------------------------------------------


def _number_clause(finding: NumberFinding, people: str) -> str:
    group = scale_of(finding.spec).group
    if group:
        return group.replace("{range}", span(finding))
    return f"{people} who {plural_level(finding.spec, f'{only(finding)}about {number(finding.mean)}')}"


def only(finding: NumberFinding) -> str:
    """What says that a number is below everyone's: "buy milk for only about 645"."""
    return "" if finding.more else "only "


def span(finding: NumberFinding) -> str:
    """The range of three in five members: "25–35"."""
    low, high = f"{finding.low:.0f}", f"{finding.high:.0f}"
    return low if low == high else f"{low}–{high}"
