"""Sentences from findings: one for each trait, and one for the persona.

Each is made in two voices (`models.profile.voice`): to an analyst about the members, and to a giver who is one of
them. To the giver they speak of "people like you", since no member has every trait.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from models.persona import GiverTexts, Trait
from models.profile.voice import Voice
from training.personas.traits import Finding, NumberFinding, ValueFinding
from training.personas.wording.parts import only, span, term
from training.personas.wording.phrases import (
    amount,
    is_gift,
    level,
    phrase,
    plural_level,
    plural_phrase,
    recipients_level,
    recipients_phrase,
    scale_of,
    template_of,
)
from training.personas.wording.terms import Term
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
LIKE_EVERYONE_TO_GIVER: Final = "Much like everyone: no answer sets you apart."
_YOURS: Final = "people like you"


def trait(finding: Finding) -> Trait:
    """A finding as a published trait."""
    if isinstance(finding, NumberFinding):
        return Trait(
            field=finding.spec.name,
            mean=round(finding.mean, 4),
            mean_everyone=round(finding.mean_everyone, 4),
            sentence=trait_sentence(finding, "analyst"),
        )
    return Trait(
        field=finding.spec.name,
        value=finding.value,
        share=round(finding.share, 4),
        lift=round(finding.lift, 4),
        sentence=trait_sentence(finding, "analyst"),
    )


def trait_sentence(finding: Finding, voice: Voice) -> str:
    """A trait in words."""
    if isinstance(finding, NumberFinding):
        return _number_sentence(finding, voice)
    return capitalised(_value_sentence(finding) if voice == "analyst" else _value_sentence_to_giver(finding))


def giver_texts(findings: Sequence[Finding], traits: Sequence[Finding]) -> GiverTexts:
    """For a giver of the persona: the persona's sentence from its findings, and one for each trait."""
    return GiverTexts(
        sentence=persona_sentence(findings, "giver"),
        traits=tuple(trait_sentence(finding, "giver") for finding in traits),
    )


def persona_sentence(findings: Sequence[Finding], voice: Voice = "analyst") -> str:
    """Who the members are, in one sentence of at most thirty words, from findings strongest first."""
    group = next(_groups(findings), "")
    people = group or "People"
    clauses = _clauses(findings)
    while clauses:
        start = f"{people} who" if voice == "analyst" else _yours(group)
        sentence = f"{start} tend to {_joined(clauses)}."
        if len(sentence.split()) <= MOST_WORDS:
            return sentence
        clauses = clauses[:-1]
    return _without_clauses(people, findings) if voice == "analyst" else _to_giver_without_clauses(group, findings)


def _yours(group: str) -> str:
    """The members as a giver among them hears of them: "People like you, mostly 20–30 year olds,"."""
    return f"{capitalised(_YOURS)}, {group[0].lower()}{group[1:]}," if group else capitalised(_YOURS)


def _value_sentence(finding: ValueFinding) -> str:
    does, do = phrase(finding.spec, [term(finding)]), plural_phrase(finding.spec, [term(finding)])
    against = f"against {percent(finding.share_everyone)} of everyone"
    if _is_rare(finding):
        return f"hardly any {do} ({percent(finding.share)}, {against})"
    if _is_share(finding):
        return f"{percent(finding.share)} {do}, {against}"
    return f"{_times(finding)} as likely as everyone to {does}"


def _value_sentence_to_giver(finding: ValueFinding) -> str:
    does, do = phrase(finding.spec, [term(finding)]), plural_phrase(finding.spec, [term(finding)])
    against = f"against {percent(finding.share_everyone)} of everyone"
    if _is_rare(finding):
        return f"hardly any {_YOURS} {do} ({percent(finding.share)}, {against})"
    if _is_share(finding):
        return f"{percent(finding.share)} of {_YOURS} {do}, {against}"
    return f"{_YOURS} are {_times(finding)} as likely as everyone to {does}"


def _is_rare(finding: ValueFinding) -> bool:
    return finding.share < _HARDLY_ANY and not finding.more


def _is_share(finding: ValueFinding) -> bool:
    """Whether the share says more than how many times as likely it is."""
    return finding.lift < 0.28 or 0.6 < finding.lift < 1.5 or finding.share > 0.75


def _times(finding: ValueFinding) -> str:
    if finding.more:
        return f"{number(finding.lift)} ×"
    return "a third" if finding.lift < 0.4 else "half"


def _number_sentence(finding: NumberFinding, voice: Voice) -> str:
    spec, scale, mean = finding.spec, scale_of(finding.spec), number(finding.mean)
    difference = amount(abs(finding.mean - finding.mean_everyone), scale.unit)
    compared = f"on average, {difference} {scale.more if finding.more else scale.less} than everyone"
    if spec.subject == "recipient":
        start = "Recipients" if voice == "analyst" else f"{capitalised(_YOURS)} give to recipients who"
        return f"{start} {recipients_level(spec, mean)} {compared}'s"
    if voice == "giver":
        return f"{capitalised(_YOURS)} {plural_level(spec, mean)} {compared}"
    # "41 years old on average" reads better than "are 41 years old".
    return f"{capitalised(level(spec, mean).removeprefix('be '))} {compared}"


def _without_clauses(people: str, findings: Sequence[Finding]) -> str:
    values = [finding for finding in findings if isinstance(finding, ValueFinding)]
    for finding in sorted(values, key=lambda finding: not finding.more):
        does = plural_phrase(finding.spec, [term(finding)])
        if finding.more:
            return f"{people} who {does} more often than most."
        return f"{people}, {'hardly any' if finding.share < _HARDLY_ANY else 'few'} of whom {does}."
    return LIKE_EVERYONE if people == "People" else f"{people}, otherwise much like everyone."


def _to_giver_without_clauses(group: str, findings: Sequence[Finding]) -> str:
    values = [finding for finding in findings if isinstance(finding, ValueFinding)]
    for finding in sorted(values, key=lambda finding: not finding.more):
        does = plural_phrase(finding.spec, [term(finding)])
        if finding.more:
            return f"{_yours(group)} {does} more often than most."
        return f"{'Hardly any' if finding.share < _HARDLY_ANY else 'Few'} {_YOURS} {does}."
    return f"{_yours(group)} are otherwise much like everyone." if group else LIKE_EVERYONE_TO_GIVER


def _groups(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        group = scale_of(finding.spec).group
        if group and isinstance(finding, NumberFinding) and finding.strength >= _CLEAR:
            yield f"Mostly {group.replace('{range}', span(finding))}"


def _joined(clauses: Sequence[Sequence[Finding]]) -> str:
    """The clauses, numbers last, and those about recipients as one at the end."""
    in_order = sorted(clauses, key=lambda group: isinstance(group[0], NumberFinding))
    of_giver = [_clause(group) for group in in_order if group[0].spec.subject == "giver"]
    of_recipients = [_recipients_clause(group) for group in in_order if group[0].spec.subject == "recipient"]
    merged = [f"give to people who {_listed(of_recipients)}"] if of_recipients else []
    return _listed([*of_giver, *merged])


def _listed(clauses: Sequence[str]) -> str:
    """Clauses joined with commas where one contains an "and" of its own."""
    if len(clauses) == 2 and not any(" and " in clause for clause in clauses):
        return " and ".join(clauses)
    return ", and ".join([", ".join(clauses[:-1]), clauses[-1]]) if clauses[1:] else clauses[0]


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
        return level(first.spec, _about(first))
    return phrase(first.spec, _terms(findings), many=True)


def _recipients_clause(findings: Sequence[Finding]) -> str:
    """The same of recipients, after "people who"."""
    first = findings[0]
    if isinstance(first, NumberFinding):
        return recipients_level(first.spec, _about(first))
    return recipients_phrase(first.spec, _terms(findings))


def _about(finding: NumberFinding) -> str:
    mean = f"about {finding.mean:,.0f}" if finding.mean >= 1 else number(finding.mean)
    return f"{only(finding)}{mean}" if finding.mean else mean


def _terms(findings: Sequence[Finding]) -> list[Term]:
    return [term(finding) for finding in findings if isinstance(finding, ValueFinding)]
