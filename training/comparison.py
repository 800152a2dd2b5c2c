"""What changed between two models, as a value: everything that the text, the JSON and the API say of it.

"Before" is the first model, "after" the second. Shares and counts are of the reference sample, which both
scored; nothing in it is about a single person.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from models.manifest import Origin, Verdict

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
