"""Lineage: what became of each persona, version by version.

Training matches the clusters of a refit to the personas of the previous model (`training.personas.identity`). The
manifest records the result and repeats that of earlier versions, so that it outlives their folders. Shares of
members refer to one reference sample that both models scored; nothing is about a single person.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Fate = Literal["BORN", "KEPT", "RETIRED"]

# Older steps list only births and retirements: a manifest must not grow without limit.
WHOLE_STEPS = 200


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Passage(_Part):
    """The fate of one persona in one version."""

    persona_id: str
    name: str = Field(description="Its generated name in this version; the last one if it is retired.")
    fate: Fate
    share: float | None = Field(default=None, description="Its share of the training data, 0–1.")
    match_score: float | None = Field(
        default=None, description="Mean of `overlap` and `nearness` with its best match, 0–1."
    )
    overlap: float | None = Field(
        default=None, description="Jaccard similarity of its members before and after, 0–1."
    )
    nearness: float | None = Field(
        default=None, description="Similarity of its mean answers before and after, 0–1."
    )
    members_kept: float | None = Field(
        default=None, description="Share of its previous members that are still its members, 0–1."
    )
    split_from: str | None = Field(
        default=None, description="Of a new persona: the surviving persona that most of its members had before."
    )
    merged_into: str | None = Field(
        default=None, description="Of a retired persona: the persona that most of its members have now."
    )


class LineageStep(_Part):
    """One version, and the fate of each persona in it. `previous` is the version it was matched with."""

    version: str
    created_at: datetime
    previous: str | None = None
    passages: tuple[Passage, ...]


class RetiredPersona(_Part):
    """A persona that no cluster of a later version matches. Its id is never used again."""

    id: str
    name: str
    sentence: str
    retired_in: str = Field(description="The first version without it.")
    merged_into: str | None = None


def shortened(steps: tuple[LineageStep, ...]) -> tuple[LineageStep, ...]:
    """The steps; those before the last `WHOLE_STEPS` list only births and retirements."""
    old, recent = steps[:-WHOLE_STEPS], steps[-WHOLE_STEPS:]
    thinned = (step.model_copy(update={"passages": _births_and_retirements(step)}) for step in old)
    return (*(step for step in thinned if step.passages), *recent)


def _births_and_retirements(step: LineageStep) -> tuple[Passage, ...]:
    return tuple(passage for passage in step.passages if passage.fate != "KEPT")
