"""Sentences from findings: one for each trait, and one for the persona."""

from collections.abc import Iterator, Sequence
from typing import Final

from models.persona import Trait
from training.personas.traits import Finding, NumberFinding, ValueFinding
from training.personas.wording.phrases import amount, is_gift, phrase, plural_phrase, scale_of
from training.text import capitalised, number, percent

MOST_WORDS: Final = 30
_MOST_CLAUSES: Final = 4
_MOST_VALUES: Final = 2
# 0.5 standard deviations; below, the ages of a persona are nearly everyone's.
_CLEAR: Final = 0.5**2 / 2
# "Tend to" overstates what one member in ten does.
_TENDENCY: Final = 0.15

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
    does, do = phrase(finding.spec, [finding.value]), plural_phrase(finding.spec, [finding.value])
    against = f"against {percent(finding.share_everyone)} of everyone"
    if finding.share < 0.1 and not finding.more:
        return f"hardly any {do} ({percent(finding.share)}, {against})"
    if finding.lift < 0.28 or 0.6 < finding.lift < 1.5 or finding.share > 0.75:
        return f"{percent(finding.share)} {do}, {against}"
    if not finding.more:
        return f"{'a third' if finding.lift < 0.4 else 'half'} as likely as everyone to {does}"
    return f"{number(finding.lift)} × as likely as everyone to {does}"


def _number_sentence(finding: NumberFinding) -> str:
    scale = scale_of(finding.spec)
    # "41 years old on average" reads better than "are 41 years old".
    level = capitalised(_level(finding, number(finding.mean)).removeprefix("be "))
    difference = amount(abs(finding.mean - finding.mean_everyone), scale.unit)
    return f"{level} on average, {difference} {scale.more if finding.more else scale.less} than everyone"


def _level(finding: NumberFinding, value: str) -> str:
    template = scale_of(finding.spec).phrase or f"have {{value}} as {finding.spec.title}"
    return template.replace("{value}", value)


def _without_clauses(people: str, findings: Sequence[Finding]) -> str:
    for finding in findings:
        if isinstance(finding, ValueFinding) and not finding.more:
            return f"{people}, hardly any of whom {plural_phrase(finding.spec, [finding.value])}."
    return LIKE_EVERYONE if people == "People" else f"{people}, otherwise much like everyone."


def _groups(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        group = scale_of(finding.spec).group
        if group and isinstance(finding, NumberFinding) and finding.strength >= _CLEAR:
            low, high = f"{finding.low:.0f}", f"{finding.high:.0f}"
            yield f"Mostly {group.replace('{range}', low if low == high else f'{low}–{high}')}"


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
    by_field: dict[str, list[Finding]] = {}
    for finding in filter(_tellable, findings):
        clause = by_field.setdefault("gifts" if is_gift(finding.spec) else finding.spec.name, [])
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
        return _level(first, f"about {first.mean:,.0f}" if first.mean >= 1 else number(first.mean))
    return phrase(
        first.spec, [finding.value for finding in findings if isinstance(finding, ValueFinding)], many=True
    )
