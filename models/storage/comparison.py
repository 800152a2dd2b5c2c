"""The differences between two models; the text, the JSON and the API derive from this value.

"Before" is the first model, "after" the second. Shares and counts refer to the reference sample, which both models
scored; nothing is about a single person.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from models.persona import Persona
from models.scoring.columns import FloatArray, IntArray
from models.storage.manifest import Origin, Verdict

COMPARISON_FORMAT = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Side(_Part):
    """One of the two models."""

    version: str
    created_at: datetime
    origin: Origin


class Reference(_Part):
    """The profiles that both models scored."""

    rows: int
    simulated: bool
    description: str = Field(description="One sentence for people.")
    fingerprint: str = Field(description="sha256 of the parsed profiles.")


class PersonaAt(_Part):
    """A persona in one of the models."""

    id: str
    name: str
    share: float = Field(description="Share of the reference sample that the model assigns to this persona, 0–1.")


class Match(_Part):
    """A persona of the first model that survives in the second."""

    before: PersonaAt
    after: PersonaAt
    overlap: float = Field(
        description="Jaccard similarity of their members in the reference sample: members of both, "
        "divided by members of either; 0–1."
    )


class MetricChange(_Part):
    """One metric of both trainings; None where a training does not have it."""

    name: str
    title: str
    before: float | int | None
    after: float | int | None


class VerdictChange(_Part):
    """One check of both trainings; None where a training did not make it."""

    name: str
    before: Verdict | None
    after: Verdict | None


class VocabularyChange(_Part):
    """The differences in the known values of one field. Every value occurred in several training profiles."""

    field: str
    gained: int = Field(description="Values that only the second model knows.")
    lost: int = Field(description="Values that only the first model knows.")
    gained_values: tuple[str, ...] = Field(description="The most common values gained.")
    lost_values: tuple[str, ...] = Field(description="The most common values lost.")


class PersonaChanges(_Part):
    """The personas of both models on the reference sample.

    `matches` pairs the personas that survive; the others are `retired` and `born`. Surviving personas stand in one
    order in `before` and `after`, ahead of the others, so that the diagonal of `transitions` has who stayed:
    profiles by persona before (rows, as `before`) and after (columns, as `after`).
    """

    before: tuple[PersonaAt, ...]
    after: tuple[PersonaAt, ...]
    minimum_overlap: float = Field(description="Personas with less overlap do not match, 0–1.")
    matches: tuple[Match, ...]
    retired: tuple[PersonaAt, ...]
    born: tuple[PersonaAt, ...]
    transitions: tuple[tuple[int, ...], ...]
    changed_share: float = Field(
        description="Share of the sample whose persona after does not match their persona before, 0–1."
    )
    adjusted_rand: float = Field(
        description="Adjusted Rand index: 1 for the same groups, 0 for the agreement of chance."
    )


class Comparison(_Part):
    """Two models on one reference sample."""

    format: int = COMPARISON_FORMAT
    before: Side
    after: Side
    reference: Reference
    personas: PersonaChanges
    metrics: tuple[MetricChange, ...]
    verdicts: tuple[VerdictChange, ...]
    vocabulary: tuple[VocabularyChange, ...] = Field(description="Only the fields that differ.")
    sentences: tuple[str, ...] = Field(default=(), description="The changes in words, the most important first.")


def persona_changes(
    before: Sequence[Persona],
    after: Sequence[Persona],
    table: IntArray,
    pairs: Sequence[tuple[int, int]],
    minimum_overlap: float,
) -> PersonaChanges:
    """The changes, from `table` (a, b): the number of profiles by persona before and after, at least one in all.

    `pairs`: the indices of personas that survive, (before, after).
    """
    pairs = sorted(pairs)
    rows = _survivors_first([i for i, _ in pairs], len(before))
    columns = _survivors_first([j for _, j in pairs], len(after))
    before, after = [before[i] for i in rows], [after[j] for j in columns]
    table, pairs = table[np.ix_(rows, columns)], [(index, index) for index in range(len(pairs))]
    old, new = _shares(before, table.sum(axis=1)), _shares(after, table.sum(axis=0))
    either = table.sum(axis=1)[:, None] + table.sum(axis=0) - table
    overlaps = np.where(either > 0, table / np.maximum(either, 1), 1.0)
    stayed = sum(int(table[pair]) for pair in pairs)
    return PersonaChanges(
        before=old,
        after=new,
        minimum_overlap=minimum_overlap,
        matches=tuple(Match(before=old[i], after=new[j], overlap=float(overlaps[i, j])) for i, j in pairs),
        retired=_others(old, {i for i, _ in pairs}),
        born=_others(new, {j for _, j in pairs}),
        transitions=tuple(map(tuple, table.tolist())),
        changed_share=float((table.sum() - stayed) / table.sum()),
        adjusted_rand=adjusted_rand(table),
    )


def _survivors_first(survivors: list[int], count: int) -> list[int]:
    """All indices: those of the survivors in their order, then the others."""
    return [*survivors, *(index for index in range(count) if index not in survivors)]


def same_ids(before: Sequence[Persona], after: Sequence[Persona]) -> list[tuple[int, int]]:
    """The indices, before and after, of the personas that are in both."""
    indices = {persona.id: index for index, persona in enumerate(after)}
    return [(index, indices[persona.id]) for index, persona in enumerate(before) if persona.id in indices]


def adjusted_rand(table: IntArray) -> float:
    """The adjusted Rand index of two clusterings with the contingency table `table`.

    Hubert and Arabie, Journal of Classification 2 (1985), 193-218. 1 where its maximum equals its expectation.
    """
    both = float(_pairs(table).sum())
    first, second = float(_pairs(table.sum(axis=1)).sum()), float(_pairs(table.sum(axis=0)).sum())
    expected = first * second / max(float(_pairs(table.sum())), 1.0)
    most = (first + second) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def _pairs(counts: IntArray) -> FloatArray:
    whole = np.asarray(counts, np.float64)
    return whole * (whole - 1) / 2


def _shares(personas: Sequence[Persona], counts: IntArray) -> tuple[PersonaAt, ...]:
    shares = (counts / counts.sum()).tolist()
    pairs = zip(personas, shares, strict=True)
    return tuple(PersonaAt(id=persona.id, name=persona.name, share=share) for persona, share in pairs)


def _others(personas: Sequence[PersonaAt], taken: Collection[int]) -> tuple[PersonaAt, ...]:
    return tuple(persona for index, persona in enumerate(personas) if index not in taken)
