"""What changed between two models, as a value: everything that the text, the JSON and the API say of it.

"Before" is the first model, "after" the second. Shares and counts are of the reference sample, which both
scored; nothing in it is about a single person.
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
    fingerprint: str = Field(description="sha256 of the profiles as they were understood.")


class PersonaAt(_Part):
    """A persona in one of the models."""

    id: str
    name: str
    share: float = Field(description="Share of the reference sample that the model gives this persona, 0–1.")


class Match(_Part):
    """A persona of the first model that lives on in the second."""

    before: PersonaAt
    after: PersonaAt
    overlap: float = Field(
        description="Jaccard similarity of their members in the reference sample: those in both, "
        "divided by those in either; 0–1."
    )


class MetricChange(_Part):
    """One figure of both trainings; None where a training does not have it."""

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
    """How the known values of one field differ. Every value was learned from several profiles."""

    field: str
    gained: int = Field(description="Values that only the second model knows.")
    lost: int = Field(description="Values that only the first model knows.")
    gained_values: tuple[str, ...] = Field(description="The most common of the values gained, a few.")
    lost_values: tuple[str, ...] = Field(description="The most common of the values lost, a few.")


class PersonaChanges(_Part):
    """The personas of both models on the reference sample.

    `transitions`: profiles by persona before (rows, as `before`) and after (columns, as `after`). `matches`
    pairs the personas that live on; the others are `retired` and `born`.
    """

    before: tuple[PersonaAt, ...]
    after: tuple[PersonaAt, ...]
    minimum_overlap: float = Field(description="Personas that overlap less do not count as the same, 0–1.")
    matches: tuple[Match, ...]
    retired: tuple[PersonaAt, ...]
    born: tuple[PersonaAt, ...]
    transitions: tuple[tuple[int, ...], ...]
    changed_share: float = Field(
        description="Share of the sample whose persona after is not the one that theirs lives on in, 0–1."
    )
    adjusted_rand: float = Field(description="Adjusted Rand index: 1 the same groups, 0 as alike as by chance.")


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
    sentences: tuple[str, ...] = Field(default=(), description="What changed, the most important first.")


def persona_changes(
    before: Sequence[Persona],
    after: Sequence[Persona],
    table: IntArray,
    pairs: Sequence[tuple[int, int]],
    minimum_overlap: float,
) -> PersonaChanges:
    """The changes that a table of profiles by persona before and after, (a, b), tells.

    `pairs`: the places of those that live on, (before, after). The table holds at least one profile.
    """
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


def same_ids(before: Sequence[Persona], after: Sequence[Persona]) -> list[tuple[int, int]]:
    """The places, before and after, of the personas that are in both."""
    places = {persona.id: place for place, persona in enumerate(after)}
    return [(place, places[persona.id]) for place, persona in enumerate(before) if persona.id in places]


def adjusted_rand(table: IntArray) -> float:
    """The adjusted Rand index of two clusterings whose crossed counts are `table`.

    Hubert and Arabie, Journal of Classification 2 (1985), 193-218. 1 where both leave no choice.
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
    return tuple(persona for place, persona in enumerate(personas) if place not in taken)
