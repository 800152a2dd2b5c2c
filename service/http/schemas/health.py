"""Responses of `/` and `/livez`."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.storage.artifact import LoadedArtifact


class ModelSummary(BaseModel):
    """The active model, in short."""

    model_config = ConfigDict(frozen=True)

    version: str
    created_at: datetime
    simulated: bool = Field(description="Whether it was trained on simulated profiles.")
    origin: str = Field(description="Where the training data came from, in one sentence.")
    personas: int = Field(description="How many personas it has.")

    @classmethod
    def of(cls, loaded: LoadedArtifact) -> "ModelSummary":
        """The summary of a loaded model."""
        manifest = loaded.manifest
        return cls(
            version=manifest.version,
            created_at=manifest.created_at,
            simulated=manifest.origin.simulated,
            origin=manifest.origin.description,
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
