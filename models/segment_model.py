"""The segment model: what training made, ready to answer which persona a profile is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from models.encoder import Encoder
from models.errors import ModelError
from models.persona import Persona
from models.scorer import Scorer
from models.terms import UnknownValue


@dataclass(frozen=True, slots=True)
class Assignment:
    """The answer for one profile. `distances`: persona id → Euclidean distance in PCA units."""

    persona: Persona
    distances: dict[str, float]
    missing_fields: tuple[str, ...]
    unknown_values: tuple[UnknownValue, ...]
    model_version: str


@dataclass(frozen=True)
class SegmentModel:
    """A scorer and the personas of its centroids, in the same order; `by_id` has them by id."""

    version: str
    scorer: Scorer
    personas: tuple[Persona, ...]
    by_id: Mapping[str, Persona] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.personas) != len(self.scorer.centroids):
            raise ModelError(
                f"Model {self.version} has {len(self.scorer.centroids)} centroids "
                f"but {len(self.personas)} personas."
            )
        object.__setattr__(self, "by_id", {persona.id: persona for persona in self.personas})
        if len(self.by_id) != len(self.personas):
            raise ModelError(f"Model {self.version} has two personas of one id.")

    @property
    def encoder(self) -> Encoder:
        """The fitted encoder, with the vocabulary of every field."""
        return self.scorer.encoder

    def assign(self, profile: BaseModel) -> Assignment:
        """The persona of one profile, the empty one included."""
        score = self.scorer.score(profile)
        return Assignment(
            self.personas[score.cluster],
            dict(zip(self.by_id, score.distances, strict=True)),
            score.missing_fields,
            score.unknown_values,
            self.version,
        )
