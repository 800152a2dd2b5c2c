"""The manifest: what an artifact says of itself, in JSON, read before anything else is."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.lineage import LineageStep, RetiredPersona
from models.persona import Persona
from models.profile.field_kinds import KindName

# Raise this when the files change their meaning, and keep an old artifact in tests/data.
# 1: tables and centroids. 2: and what is expected of answers that were not given (`models.scoring.imputation`).
FORMAT = 2
READABLE = (1, 2)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Origin(_Part):
    """Where the training data came from. `simulated` is said wherever the model is shown."""

    source: Literal["simulated", "file", "users"]
    simulated: bool
    description: str = Field(description="One sentence for people.")
    rows: int = Field(description="Profiles trained on.")
    refused_rows: int = Field(default=0, description="Rows that did not fit the profile.")
    fingerprint: str = Field(description="sha256 of the profiles as they were understood.")


class FieldManifest(_Part):
    """One field of the encoder; its centre, weight and rows are arrays named after it.

    `completed`: it can be hidden, and has the arrays of a `FieldImputation`; `phrases` are that one's.
    """

    name: str
    kind: KindName
    levels: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    column_of: tuple[int, ...] = ()
    completed: bool = False
    phrases: tuple[str, ...] = ()


class Verdict(_Part):
    """One check that training made of its own result."""

    name: str
    passed: bool
    sentence: str
    value: float | None = Field(default=None, description="What was measured.")
    bound: float | None = Field(default=None, description="What it was held against.")


class GoldenPrediction(_Part):
    """A profile and the answer that the model gave when it was made; loading must reproduce it."""

    profile: dict[str, Any]
    persona_id: str
    distances: tuple[float, ...]


class FieldFigures(_Part):
    """What the training data's answers to one field were like, for the next retrain's gate to compare with."""

    answered_share: float = Field(description="Share of the profiles that answered it, 0–1.")
    commonest_share: float = Field(description="Share of those answers that the most common one holds, 0–1.")
    strength: float = Field(
        description="Share of its variance that the personas explain which the other fields alone assign, 0–1."
    )


class Manifest(_Part):
    """Everything about a model but its arrays. `files`: name → sha256 of every other file."""

    format: int = FORMAT
    version: str
    created_at: datetime
    origin: Origin
    configuration: dict[str, Any]
    libraries: dict[str, str]
    metrics: dict[str, float | int | str | None]
    choice_of_k: str = Field(description="Why there are this many personas, in one sentence.")
    verdicts: tuple[Verdict, ...] = ()
    fields: tuple[FieldManifest, ...]
    personas: tuple[Persona, ...] = Field(description="In the order of the centroids.")
    golden: tuple[GoldenPrediction, ...]
    previous: str | None = Field(
        default=None, description="The version in force at its training, whose personas it carries on."
    )
    lineage: tuple[LineageStep, ...] = Field(
        default=(), description="What became of each persona, version by version, this one last."
    )
    retired: tuple[RetiredPersona, ...] = Field(
        default=(), description="Personas that no cluster carries on; their ids are never used again."
    )
    field_figures: dict[str, FieldFigures] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every verdict holds."""
        return all(verdict.passed for verdict in self.verdicts)
