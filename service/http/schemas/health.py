"""Responses of `/` and `/livez`."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.storage.artifact import LoadedArtifact

# By the source of the training data. The route is open: how many people, and the name of a file, are for keys with
# the scope `personas:read` (`/personas`) or `models:read` (`/models`).
_ORIGINS = {
    "simulated": "Simulated profiles: a stand-in until there are real ones.",
    "file": "Profiles from a file.",
    "users": "Stored profiles of users.",
}


class ModelSummary(BaseModel):
    """The active model, in short."""

    model_config = ConfigDict(frozen=True)

    version: str
    created_at: datetime
    simulated: bool = Field(description="Whether it was trained on simulated profiles.")
    origin: str = Field(description="What kind of data it was trained on; `/models` has the details.")
    personas: int = Field(description="How many personas it has.")

    @classmethod
    def of(cls, loaded: LoadedArtifact) -> "ModelSummary":
        """The summary of a loaded model."""
        manifest = loaded.manifest
        return cls(
            version=manifest.version,
            created_at=manifest.created_at,
            simulated=manifest.origin.simulated,
            origin=_ORIGINS[manifest.origin.source],
            personas=len(manifest.personas),
        )


class Index(BaseModel):
    """The service, its active model, and where to go next."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    model: ModelSummary | None
    links: dict[str, str]


class Alive(BaseModel):
    """The process responds."""

    model_config = ConfigDict(frozen=True)

    status: Literal["alive"] = "alive"
