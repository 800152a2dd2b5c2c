"""Use case: how the assignment changes if some answers were others."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from models.profile import Profile
from models.segment_model import SegmentModel
from service.segmenting.assignment import PersonaRef, Segmented, assign

MOVED = "Persona id → how much its probability rises (or falls, below 0); null where the model has none."


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """How the assignment changes."""

    persona_changed: bool
    probability_changes: Annotated[dict[str, float] | None, Field(description=MOVED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAlone(Move):
    """How the assignment would change by one of the changes alone."""

    field: str
    persona: PersonaRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared(Move):
    """A profile's assignment before and after some changes, both by one model."""

    before: Segmented
    after: Segmented
    alone: Annotated[
        tuple[ChangeAlone, ...],
        Field(description="Each change by itself. What they do together need not be their sum."),
    ]


def compare(model: SegmentModel, profile: Profile, changes: Profile) -> Compared:
    """Assign a profile, and the same profile with every field that `changes` sets; null removes an answer."""
    names = [name for name in type(profile).model_fields if name in changes.model_fields_set]
    before, after = assign(model, profile), assign(model, changed(profile, changes, names))
    return Compared(
        persona_changed=before.persona != after.persona,
        probability_changes=_probability_changes(before, after),
        before=before,
        after=after,
        alone=tuple(_compare_alone(model, profile, changes, name, before) for name in names),
    )


def changed(profile: Profile, changes: Profile, names: Iterable[str]) -> Profile:
    """The profile with the answers that `changes` gives to these fields."""
    return profile.model_copy(update={name: getattr(changes, name) for name in names})


def _compare_alone(
    model: SegmentModel, profile: Profile, changes: Profile, name: str, before: Segmented
) -> ChangeAlone:
    after = assign(model, changed(profile, changes, [name]))
    return ChangeAlone(
        persona_changed=before.persona != after.persona,
        probability_changes=_probability_changes(before, after),
        field=name,
        persona=after.persona,
    )


def _probability_changes(before: Segmented, after: Segmented) -> dict[str, float] | None:
    if before.probabilities is None or after.probabilities is None:
        return None
    return _differences(before.probabilities, after.probabilities)


def _differences(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {name: after[name] - before[name] for name in before}
