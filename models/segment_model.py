"""The segment model: what training made, ready to answer which persona a profile is."""

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
    """A scorer and the personas of its centroids, in the same order."""

    version: str
    scorer: Scorer
    personas: tuple[Persona, ...]
    _ids: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.personas) != len(self.scorer.centroids):
            raise ModelError(
                f"Model {self.version} has {len(self.scorer.centroids)} centroids "
                f"but {len(self.personas)} personas."
            )
        object.__setattr__(self, "_ids", tuple(persona.id for persona in self.personas))

    @property
    def encoder(self) -> Encoder:
        """The fitted encoder, with the vocabulary of every field."""
        return self.scorer.encoder

    def assign(self, profile: BaseModel) -> Assignment:
        """The persona of one profile, the empty one included."""
        score = self.scorer.score(profile)
        return Assignment(
            self.personas[score.cluster],
            dict(zip(self._ids, score.distances, strict=True)),
            score.missing_fields,
            score.unknown_values,
            self.version,
        )
