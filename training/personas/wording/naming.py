"""Names of personas: an adjective and a noun from the findings that distinguish a persona most.

All personas of a model are named together, the clearest name first, so that each word goes to the persona it fits
best and no two names are equal. A persona whose findings have neither adjective nor noun is named by a clause
("People who buy for parents"), one that has nothing but rare values by what its members seldom do, and only one
without any finding is called "Everyone else".
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from training.personas.traits import Finding
from training.personas.wording.parts import Part, adjectives, clauses, negative_clauses, nouns
from training.text import capitalised

LONGEST: Final = 50
_SAME_FIELD_WEIGHT: Final = 0.5
_USED_WEIGHT: Final = 0.3
_PLAIN_WEIGHT: Final = 0.5
# A quotation is long enough without an adjective.
_QUOTED_WEIGHT: Final = 0.9
_LONG_WEIGHT: Final = 0.1
# Far below any other, so that they are used where there is nothing else.
_CLAUSE_WEIGHT: Final = 1e-3
_NEGATIVE_WEIGHT: Final = 1e-6


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
    chosen = _chosen(candidates, _reused(candidates, previous_names or {}))
    for persona in range(len(findings_by_cluster)):
        if persona not in chosen:
            own = [candidate for candidate in candidates if candidate.persona == persona]
            chosen[persona] = next(name for name in _spare(own, bool(candidates)) if name not in chosen.values())
    return tuple(chosen[persona] for persona in range(len(findings_by_cluster)))


def _spare(own: Sequence[_Candidate], others_have_traits: bool) -> Iterator[str]:
    """Names for a persona whose own are all taken, or that has none."""
    if own:
        best = min(own, key=lambda candidate: (-round(candidate.strength, 9), candidate.name)).name
        yield from (f"{best} {number}" for number in itertools.count(2))
    if others_have_traits:
        yield "Everyone else"
        yield from (f"Everyone else {number}" for number in itertools.count(2))
    yield from (f"Group {number}" for number in itertools.count(1))


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
    own_adjectives, own_nouns = adjectives(findings), nouns(findings, people)
    for adjective, noun in itertools.product(own_adjectives, own_nouns):
        if _go_together(adjective, noun):
            weight = _SAME_FIELD_WEIGHT if adjective.field == noun.field else 1.0
            strength = weight * (adjective.strength + noun.strength)
            yield _candidate(persona, (adjective.text, noun.text), strength)
    for adjective in own_adjectives:
        yield _candidate(persona, (adjective.text, people), _PLAIN_WEIGHT * adjective.strength)
    for noun in own_nouns:
        # A single word is a label and not a name.
        if " " in noun.text:
            weight = _PLAIN_WEIGHT if "“" not in noun.text else _QUOTED_WEIGHT
            yield _candidate(persona, (noun.text,), weight * noun.strength)
    for clause in clauses(findings, people):
        yield _candidate(persona, (clause.text,), _CLAUSE_WEIGHT * clause.strength)
    for clause in negative_clauses(findings, people):
        yield _candidate(persona, (clause.text,), _NEGATIVE_WEIGHT * clause.strength)


def _candidate(persona: int, words: tuple[str, ...], strength: float) -> _Candidate:
    name = capitalised(" ".join(words))
    return _Candidate(persona, name, words, strength * (_LONG_WEIGHT if len(name) > LONGEST else 1.0))


def _go_together(adjective: Part, noun: Part) -> bool:
    """Whether the halves do not repeat each other: "bookish" and "book givers" share a stem."""
    return adjective.value != noun.value and not _stems(adjective.text) & _stems(noun.text)


def _stems(text: str) -> set[str]:
    return {word[:4].casefold() for word in re.split(r"[\W_]+", text) if len(word) > 2}
