"""Use cases: activate a version, and the record of activations."""

import logging
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from models.errors import ArtifactError, SegmentsError
from models.profile import Profile
from models.storage.registry import Activation, Registry
from service.active_model.active_model import active_version
from service.paging import ExpiredCursor, Page, decode_cursor
from service.personas.texts import By

log = logging.getLogger("service.versions")


class ActivationRefused(SegmentsError):
    """A version cannot be activated, because its verification fails."""


class ActivationRequest(BaseModel):
    """Why a version is activated, and who does it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)] = Field(
        description="Why, for those who look later."
    )
    by: By | None = Field(default=None, description="For whom; a note. The record names the key.")


@dataclass(frozen=True, slots=True)
class ActivationPage(Page[Activation]):
    """A page of activations, the latest first."""

    items: tuple[Activation, ...]


def activate(registry: Registry, version: str, request: ActivationRequest, actor: str) -> Activation:
    """Verify a version whole and activate it: promotion and rollback are the same. `actor`: for the record.

    The active version stays as it is, without another record. Raises `ModelNotFound`, `ActivationRefused` or
    `ArtifactNotWritten`.
    """
    registry.folder(version)
    latest = next(iter(registry.activations()), None)
    if version == active_version(registry) and latest is not None and latest.version == version:
        return latest
    try:
        registry.load(version, Profile)
    except ArtifactError as error:
        raise ActivationRefused(f"{error} The active model was left as it is.") from error
    activation = registry.activate(version, actor, request.reason, request.by)
    fields = {"model_version": version, "previous": activation.previous, "by": actor}
    log.info("a model was activated", extra={"fields": fields})
    return activation


def list_activations(registry: Registry, limit: int, cursor: str | None) -> ActivationPage:
    """A page of activations. Raises `UnusableCursor` or `ExpiredCursor`."""
    activations = registry.activations()
    if cursor is not None:
        shown_last = decode_cursor(cursor, 2)
        positions = [index for index, activation in enumerate(activations) if _key(activation) == shown_last]
        if not positions:
            raise ExpiredCursor
        activations = activations[positions[-1] + 1 :]
    return ActivationPage.cut(activations, limit, _key)


def _key(activation: Activation) -> tuple[str, str]:
    """What tells an activation from every other."""
    return activation.activated_at.isoformat(), activation.version
