"""Use case: what if some answers were others?"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from models.profile import Profile
from models.segment_model import SegmentModel
from service.segmenting.assignment import PersonaRef, Segmented, assign

MOVED = "Persona id → how much its probability rises (or falls, below 0); null where the model has none."
FARTHER = "Persona id → how much farther its centroid is afterwards (or nearer, below 0), in PCA units."


@dataclass(frozen=True, slots=True)
class Move:
    """How the answer moves."""

    persona_changed: bool
    probability_changes: Annotated[dict[str, float] | None, Field(description=MOVED)]
    distance_changes: Annotated[dict[str, float], Field(description=FARTHER)]


@dataclass(frozen=True, slots=True)
class ChangeAlone(Move):
    """How the answer would move by one of the changes alone."""

    field: str
    persona: PersonaRef


@dataclass(frozen=True, slots=True)
class Compared(Move):
    """A profile's answer before and after some changes, both by one model."""

    before: Segmented
    after: Segmented
    alone: Annotated[
        tuple[ChangeAlone, ...],
        Field(description="Each change by itself. What they do together need not be their sum."),
    ]


def compare(model: SegmentModel, profile: Profile, changes: Profile) -> Compared:
    """Answer a profile, and the same profile with every field that `changes` sets; null takes an answer back."""
    before, after = assign(model, profile), assign(model, changed(profile, changes, changes.model_fields_set))
    names = [name for name in type(profile).model_fields if name in changes.model_fields_set]
    alone = tuple(_alone(model, profile, changes, name, before) for name in names)
    return Compared(*_move(before, after), before, after, alone)


def changed(profile: Profile, changes: Profile, names: Iterable[str]) -> Profile:
    """The profile with the answers that `changes` gives to these fields."""
    return profile.model_copy(update={name: getattr(changes, name) for name in names})


def _alone(model: SegmentModel, profile: Profile, changes: Profile, name: str, before: Segmented) -> ChangeAlone:
    after = assign(model, changed(profile, changes, [name]))
    return ChangeAlone(*_move(before, after), name, after.persona)


def _move(before: Segmented, after: Segmented) -> tuple[bool, dict[str, float] | None, dict[str, float]]:
    chances = None
    if before.probabilities is not None and after.probabilities is not None:
        chances = _differences(before.probabilities, after.probabilities)
    return before.persona != after.persona, chances, _differences(before.distances, after.distances)


def _differences(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {name: after[name] - before[name] for name in before}
