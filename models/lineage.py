"""Lineage: what became of each persona, version by version.

A refit's clusters are matched to the personas of the model before it (`training.personas.identity`). What came
of that is written into the manifest and carried on from version to version, so that it outlives the versions
themselves. Shares of members are of one reference sample that both models scored; nothing in it is about a
single person.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Fate = Literal["BORN", "KEPT", "RETIRED"]

# Older steps keep only births and retirements: a manifest must not grow without bound.
WHOLE_STEPS = 200


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Passage(_Part):
    """What became of one persona in one version."""

    persona_id: str
    name: str = Field(description="Its made name in this version; of a retired one, its last.")
    fate: Fate
    share: float | None = Field(default=None, description="Its share of the training data, 0–1.")
    match_score: float | None = Field(
        default=None, description="Mean of `overlap` and `nearness` with its best counterpart, 0–1."
    )
    overlap: float | None = Field(
        default=None, description="Jaccard similarity of its members before and after, 0–1."
    )
    nearness: float | None = Field(
        default=None, description="How near its mean answers before and after lie to each other, 0–1."
    )
    members_kept: float | None = Field(
        default=None, description="Share of its members before that it still has, 0–1."
    )
    split_from: str | None = Field(
        default=None, description="Of a new one: the persona, living on, that most of its members had."
    )
    merged_into: str | None = Field(
        default=None, description="Of a retired one: the persona that most of its members now have."
    )


class LineageStep(_Part):
    """One version, and what became of each persona in it. `previous` is the version that it was matched with."""

    version: str
    created_at: datetime
    previous: str | None = None
    passages: tuple[Passage, ...]


class RetiredPersona(_Part):
    """A persona that no cluster carries on. Its id is never used again."""

    id: str
    name: str
    sentence: str
    retired_in: str = Field(description="The first version without it.")
    merged_into: str | None = None


def shortened(steps: tuple[LineageStep, ...]) -> tuple[LineageStep, ...]:
    """The steps, those older than the last `WHOLE_STEPS` with births and retirements alone."""
    old, recent = steps[:-WHOLE_STEPS], steps[-WHOLE_STEPS:]
    thinned = (step.model_copy(update={"passages": _turns(step)}) for step in old)
    return (*(step for step in thinned if step.passages), *recent)


def _turns(step: LineageStep) -> tuple[Passage, ...]:
    return tuple(passage for passage in step.passages if passage.fate != "KEPT")
