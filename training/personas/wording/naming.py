"""Names of personas: an adjective and a noun from the findings that distinguish a persona most.

All personas of a model are named together, the clearest name first, so that each word goes to the persona it fits
best and no two names are equal.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.profile.field_kinds import Ordinal
from training.personas.traits import Finding, NumberFinding, ValueFinding
from training.personas.wording.lexicon import ADJECTIVE, PEOPLE
from training.personas.wording.phrases import attributive, is_gift, scale_of, wording_of
from training.text import capitalised

_MOST_PARTS: Final = 8
# Personas serve to choose gifts, so that gifts make the best names.
_GIFT_WEIGHT: Final = 1.5
_SAME_FIELD_WEIGHT: Final = 0.5
_USED_WEIGHT: Final = 0.3
_PLAIN_WEIGHT: Final = 0.5
_MIDDLING: Final = ("Middle-of-the-road", "All-round", "Everyday", "Easy-going", "Open-minded", "Versatile")


@dataclass(frozen=True, slots=True)
class _Part:
    """One half of a name, from one finding."""

    text: str
    field: str
    value: str
    strength: float


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A possible name of a persona; `words` are its halves, which other names may repeat."""

    persona: int
    name: str
    words: tuple[str, ...]
    strength: float


def names(
    findings_by_cluster: Sequence[Sequence[Finding]], people: str, previous_names: Mapping[int, str] | None = None
) -> tuple[str, ...]:
    """One unique name for each persona, from its findings, strongest first.

    `people`: the general noun ("givers"). `previous_names`: the names that personas had before, all different; one
    is reused while the findings that it was made from still hold.
    """
    candidates = [
        candidate
        for persona, some in enumerate(findings_by_cluster)
        for candidate in _candidates(persona, some, people)
    ]
    reused = _reused(candidates, previous_names or {})
    chosen = _chosen(candidates, reused)
    middling = (name for name in _middling(people) if name not in chosen.values())
    return tuple(chosen.get(persona) or next(middling) for persona in range(len(findings_by_cluster)))


def _reused(candidates: Sequence[_Candidate], previous_names: Mapping[int, str]) -> list[_Candidate]:
    """Previous names that could still be made; a plain one ("Everyday givers") while there are no findings."""
    some = {candidate.persona for candidate in candidates}
    plain = [_Candidate(persona, name, (), 0.0) for persona, name in previous_names.items() if persona not in some]
    return [
        candidate for candidate in candidates if previous_names.get(candidate.persona) == candidate.name
    ] + plain


def _chosen(candidates: Sequence[_Candidate], reused: Sequence[_Candidate]) -> dict[int, str]:
    """A name by persona: those reused, then repeatedly the strongest candidate that is still free."""
    chosen = {candidate.persona: candidate.name for candidate in reused}
    used = {word for candidate in reused for word in candidate.words}
    candidates = [
        candidate
        for candidate in candidates
        if candidate.persona not in chosen and candidate.name not in chosen.values()
    ]
    while candidates:
        best = min(
            candidates, key=lambda candidate: (-_weighed(candidate, used), candidate.name, candidate.persona)
        )
        chosen[best.persona] = best.name
        used.update(best.words)
        candidates = [
            candidate
            for candidate in candidates
            if candidate.persona != best.persona and candidate.name != best.name
        ]
    return chosen


def _weighed(candidate: _Candidate, used: set[str]) -> float:
    repeated = sum(word in used for word in candidate.words)
    # Rounded: sums of logarithms depend on the order of the rows in their last digits.
    return round(candidate.strength * _USED_WEIGHT**repeated, 9)


def _candidates(persona: int, findings: Sequence[Finding], people: str) -> Iterator[_Candidate]:
    adjectives, nouns = _adjectives(findings), _nouns(findings)
    for adjective, noun in itertools.product(adjectives, nouns):
        if _go_together(adjective, noun):
            weight = _SAME_FIELD_WEIGHT if adjective.field == noun.field else 1.0
            strength = weight * (adjective.strength + noun.strength)
            yield _candidate(persona, (adjective.text, noun.text), strength)
    for adjective in adjectives:
        yield _candidate(persona, (adjective.text, people), _PLAIN_WEIGHT * adjective.strength)
    for noun in nouns:
        # A single word is a label and not a name.
        if " " in noun.text:
            yield _candidate(persona, (noun.text,), _PLAIN_WEIGHT * noun.strength)


def _candidate(persona: int, words: tuple[str, ...], strength: float) -> _Candidate:
    return _Candidate(persona, capitalised(" ".join(words)), words, strength)


def _adjectives(findings: Sequence[Finding]) -> list[_Part]:
    words = (_part(finding, _adjective(finding)) for finding in findings)
    return [word for word in words if word.text][:_MOST_PARTS]


def _nouns(findings: Sequence[Finding]) -> list[_Part]:
    words = (_part(finding, _noun(finding)) for finding in findings)
    return [word for word in words if word.text][:_MOST_PARTS]


def _part(finding: Finding, text: str) -> _Part:
    value = finding.value if isinstance(finding, ValueFinding) else ""
    weight = _GIFT_WEIGHT if is_gift(finding.spec) else 1.0
    return _Part(text, finding.spec.name, value, weight * finding.strength)


def _adjective(finding: Finding) -> str:
    ends = scale_of(finding.spec)
    if isinstance(finding, NumberFinding):
        return ends.high if finding.more else ends.low
    if not finding.more:
        return ""
    if isinstance(finding.spec.kind, Ordinal):
        levels = finding.spec.levels
        return {levels[0]: ends.low, levels[-1]: ends.high}.get(finding.value, "")
    return _filled(wording_of(finding.spec).adjective, finding.value, ADJECTIVE)


def _noun(finding: Finding) -> str:
    if isinstance(finding, NumberFinding) or not finding.more:
        return ""
    nicer = {} if is_gift(finding.spec) else PEOPLE
    return _filled(wording_of(finding.spec).noun, finding.value, nicer)


def _filled(template: str, value: str, nicer: Mapping[str, str]) -> str:
    """A template with its value; the lexicon's word instead, unless it would lose what the template adds."""
    text = attributive(value)
    if not template or not text:
        return ""
    qualified = template.count(" ") > 1
    return template.replace("{value}", text) if qualified else nicer.get(value, template.replace("{value}", text))


def _go_together(adjective: _Part, noun: _Part) -> bool:
    """Whether the halves do not repeat each other: "bookish" and "book givers" share a stem."""
    return adjective.value != noun.value and not _stems(adjective.text) & _stems(noun.text)


def _stems(text: str) -> set[str]:
    return {word[:4].casefold() for word in re.split(r"[\W_]+", text) if len(word) > 2}


def _middling(people: str) -> Iterator[str]:
    yield from (f"{word} {people}" for word in _MIDDLING)
    yield from (f"{word} {people} {again}" for again in itertools.count(2) for word in _MIDDLING)
