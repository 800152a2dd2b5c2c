"""Sentences from findings: one for each trait, and one for the persona."""

from collections.abc import Iterator, Sequence
from typing import Final

from models.persona import Trait
from training.personas.traits import Finding, NumberFinding, ValueFinding
from training.personas.wording.parts import only, span, term
from training.personas.wording.phrases import (
    amount,
    is_gift,
    level,
    phrase,
    plural_phrase,
    scale_of,
    template_of,
)
from training.text import capitalised, number, percent

MOST_WORDS: Final = 30
_MOST_CLAUSES: Final = 4
_MOST_VALUES: Final = 2
# 0.5 standard deviations; below, the ages of a persona are nearly everyone's.
_CLEAR: Final = 0.5**2 / 2
# "Tend to" overstates what one member in ten does.
_TENDENCY: Final = 0.15
_HARDLY_ANY: Final = 0.1

NO_GROUPS: Final = "The answers show no groups that set themselves apart."
LIKE_EVERYONE: Final = "Much like everyone: no answer sets them apart."


def trait(finding: Finding) -> Trait:
    """A finding as a published trait."""
    if isinstance(finding, NumberFinding):
        return Trait(
            field=finding.spec.name,
            mean=round(finding.mean, 4),
            mean_everyone=round(finding.mean_everyone, 4),
            sentence=_number_sentence(finding),
        )
    return Trait(
        field=finding.spec.name,
        value=finding.value,
        share=round(finding.share, 4),
        lift=round(finding.lift, 4),
        sentence=capitalised(_value_sentence(finding)),
    )


def persona_sentence(findings: Sequence[Finding]) -> str:
    """Who the members are, in one sentence of at most thirty words, from findings strongest first."""
    people = next(_groups(findings), "People")
    clauses = _clauses(findings)
    while clauses:
        sentence = f"{people} who tend to {_joined(clauses)}."
        if len(sentence.split()) <= MOST_WORDS:
            return sentence
        clauses = clauses[:-1]
    return _without_clauses(people, findings)


def _value_sentence(finding: ValueFinding) -> str:
    does, do = phrase(finding.spec, [term(finding)]), plural_phrase(finding.spec, [term(finding)])
    against = f"against {percent(finding.share_everyone)} of everyone"
    if finding.share < _HARDLY_ANY and not finding.more:
        return f"hardly any {do} ({percent(finding.share)}, {against})"
    if finding.lift < 0.28 or 0.6 < finding.lift < 1.5 or finding.share > 0.75:
        return f"{percent(finding.share)} {do}, {against}"
    if not finding.more:
        return f"{'a third' if finding.lift < 0.4 else 'half'} as likely as everyone to {does}"
    return f"{number(finding.lift)} × as likely as everyone to {does}"


def _number_sentence(finding: NumberFinding) -> str:
    scale = scale_of(finding.spec)
    # "41 years old on average" reads better than "are 41 years old".
    mean = capitalised(level(finding.spec, number(finding.mean)).removeprefix("be "))
    difference = amount(abs(finding.mean - finding.mean_everyone), scale.unit)
    return f"{mean} on average, {difference} {scale.more if finding.more else scale.less} than everyone"


def _without_clauses(people: str, findings: Sequence[Finding]) -> str:
    values = [finding for finding in findings if isinstance(finding, ValueFinding)]
    for finding in sorted(values, key=lambda finding: not finding.more):
        does = plural_phrase(finding.spec, [term(finding)])
        if finding.more:
            return f"{people} who {does} more often than most."
        return f"{people}, {'hardly any' if finding.share < _HARDLY_ANY else 'few'} of whom {does}."
    return LIKE_EVERYONE if people == "People" else f"{people}, otherwise much like everyone."


def _groups(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        group = scale_of(finding.spec).group
        if group and isinstance(finding, NumberFinding) and finding.strength >= _CLEAR:
            yield f"Mostly {group.replace('{range}', span(finding))}"


def _joined(clauses: Sequence[Sequence[Finding]]) -> str:
    """The clauses, numbers last, joined with commas where one contains an "and" of its own."""
    clause_texts = [
        _clause(group) for group in sorted(clauses, key=lambda group: isinstance(group[0], NumberFinding))
    ]
    if len(clause_texts) == 2 and not any(" and " in clause for clause in clause_texts):
        return " and ".join(clause_texts)
    return ", and ".join([", ".join(clause_texts[:-1]), clause_texts[-1]]) if clause_texts[1:] else clause_texts[0]


def _clauses(findings: Sequence[Finding]) -> list[list[Finding]]:
    """The strongest fields with their strongest values; only one of the nearly equivalent gift fields."""
    by_field: dict[tuple[str, str], list[Finding]] = {}
    for finding in filter(_tellable, findings):
        template = template_of(finding.spec, term(finding)) if isinstance(finding, ValueFinding) else ""
        field = ("gifts", "") if is_gift(finding.spec) else (finding.spec.name, template)
        clause = by_field.setdefault(field, [])
        if not clause or clause[0].spec is finding.spec:
            clause.append(finding)
    most = _MOST_VALUES if len(by_field) > 1 else _MOST_VALUES + 1
    return [clause[:most] for clause in by_field.values()][:_MOST_CLAUSES]


def _tellable(finding: Finding) -> bool:
    if isinstance(finding, NumberFinding):
        return not scale_of(finding.spec).group
    return finding.more and finding.share >= _TENDENCY


def _clause(findings: Sequence[Finding]) -> str:
    first = findings[0]
    if isinstance(first, NumberFinding):
        mean = f"about {first.mean:,.0f}" if first.mean >= 1 else number(first.mean)
        return level(first.spec, f"{only(first)}{mean}" if first.mean else mean)
    terms = [term(finding) for finding in findings if isinstance(finding, ValueFinding)]
    return phrase(first.spec, terms, many=True)
