"""Use case: whether the stored users are still those that the model in force was trained on.

A suggestion to retrain, never an action. Both figures come from the store, so that every worker says the same:
drift is the total variation distance between the personas' shares of the users and of the training data, which is
the least share of people who would have to be of another persona for the two to agree.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from models.storage.artifact import LoadedArtifact
from service.store.ports.store import Store


@dataclass(frozen=True, slots=True)
class DriftBounds:
    """From when on a retrain is suggested."""

    users: int
    drift: float
    unknown_share: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Whether a retrain is suggested, and why."""

    suggested: bool
    reasons: tuple[str, ...]
    users: Annotated[int, Field(description="Stored users that the model in force has assigned.")]
    drift: Annotated[float, Field(description="Share of them of other personas than in training, 0–1.")]
    unknown_share: Annotated[float, Field(description="Share of their values that it does not know, 0–1.")]


def suggest(store: Store, loaded: LoadedArtifact, bounds: DriftBounds) -> Suggestion:
    """Compare the stored users with the training data. Raises `StoreUnavailable`."""
    tallies = store.tally(loaded.manifest.version)
    users = sum(tally.users for tally in tallies.values())
    told = sum(tally.told_values for tally in tallies.values())
    unknown = sum(tally.unknown_values for tally in tallies.values()) / max(told, 1)
    trained = {persona.id: persona.share for persona in loaded.manifest.personas}
    now = {persona_id: tally.users / max(users, 1) for persona_id, tally in tallies.items()}
    drift = sum(abs(now.get(each, 0.0) - trained.get(each, 0.0)) for each in {*now, *trained}) / 2
    drift = drift if users else 0.0
    reasons = _reasons(drift, unknown, bounds) if users >= bounds.users else ()
    return Suggestion(bool(reasons), reasons, users, round(drift, 4), round(unknown, 4))


def _reasons(drift: float, unknown: float, bounds: DriftBounds) -> tuple[str, ...]:
    reasons = []
    if drift > bounds.drift:
        reasons.append(
            f"{drift:.1%} of the stored users are of other personas than in the training data; "
            f"up to {bounds.drift:.0%} is usual."
        )
    if unknown > bounds.unknown_share:
        reasons.append(
            f"The model in force does not know {unknown:.1%} of the values that users told; "
            f"up to {bounds.unknown_share:.0%} is usual."
        )
    return tuple(reasons)
