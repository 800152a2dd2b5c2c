"""Responses of `/models`."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from service.versions.catalogue import ModelVersion
from service.watching.drift import Suggestion


@dataclass(frozen=True, slots=True)
class ModelList:
    """A page of versions, the newest first, and whether a retrain is suggested."""

    items: tuple[ModelVersion, ...]
    next_cursor: str | None
    active: Annotated[str | None, Field(description="The active version.")]
    suggestion: Annotated[
        Suggestion | None,
        Field(
            description="Whether to retrain; none is started automatically. Null without a model or while the "
            "store is unavailable."
        ),
    ]
