"""Use case: whether the stored users still resemble the training data of the active model.

The result is a suggestion to retrain, never an action. Both figures come from the store, so that every worker has
the same: drift is the total variation distance between the personas' shares of the users and of the training data,
which is the least share of people who would have to change persona for the two to agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from models.storage.artifact import LoadedArtifact
from service.active_model.active_model import ActiveModel
from service.observability.metrics import Metrics
from service.store.ports.users import UserStore


@dataclass(frozen=True, slots=True)
class DriftThresholds:
    """What must be passed before a retrain is suggested: the least number of users, and two shares of 0–1."""

    users: int
    drift: float
    unknown_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Whether a retrain is suggested, and why."""

    suggested: bool
    reasons: tuple[str, ...]
    users: Annotated[int, Field(description="Stored users that the active model has assigned.")]
    drift: Annotated[float, Field(description="Share of them of other personas than in training, 0–1.")]
    unknown_share: Annotated[float, Field(description="Share of their values that it does not know, 0–1.")]


def suggest(users: UserStore, loaded: LoadedArtifact, thresholds: DriftThresholds) -> Suggestion:
    """Compare the stored users with the training data. Raises `StoreUnavailable`."""
    tallies = users.tally(loaded.manifest.version)
    count = sum(tally.users for tally in tallies.values())
    answered = sum(tally.answered_count for tally in tallies.values())
    unknown = sum(tally.unknown_count for tally in tallies.values()) / max(answered, 1)
    trained = {persona.id: persona.share for persona in loaded.manifest.personas}
    stored = {persona_id: tally.users / max(count, 1) for persona_id, tally in tallies.items()}
    drift = _total_variation(stored, trained) if count else 0.0
    reasons = _reasons(drift, unknown, thresholds) if count >= thresholds.users else ()
    return Suggestion(
        suggested=bool(reasons),
        reasons=reasons,
        users=count,
        drift=round(drift, 4),
        unknown_share=round(unknown, 4),
    )


def _total_variation(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Half the sum of the differences between two distributions, by persona id."""
    return sum(abs(one.get(persona_id, 0.0) - other.get(persona_id, 0.0)) for persona_id in {*one, *other}) / 2


def publish_drift(users: UserStore, model: ActiveModel, metrics: Metrics, thresholds: DriftThresholds) -> None:
    """Set the metrics of drift, where this worker has the active model. Raises `StoreUnavailable`."""
    loaded = model.loaded_if_current()
    if loaded is not None:
        suggestion = suggest(users, loaded, thresholds)
        metrics.persona_drift.set(suggestion.drift)
        metrics.unknown_share.set(suggestion.unknown_share)
        metrics.retrain_suggested.set(suggestion.suggested)


def _reasons(drift: float, unknown: float, thresholds: DriftThresholds) -> tuple[str, ...]:
    reasons = []
    if drift > thresholds.drift:
        reasons.append(
            f"{drift * 100:.1f} % of the stored users are of other personas than in the training data; "
            f"up to {thresholds.drift * 100:.0f} % is usual."
        )
    if unknown > thresholds.unknown_share:
        reasons.append(
            f"The active model does not know {unknown * 100:.1f} % of the values in users' answers; "
            f"up to {thresholds.unknown_share * 100:.0f} % is usual."
        )
    return tuple(reasons)
