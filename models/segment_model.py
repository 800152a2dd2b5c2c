"""The segment model: what training made, ready to assign a persona to any profile."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import BaseModel

from models.errors import ModelError
from models.persona import Persona
from models.profile.suggestions import Suggester
from models.scoring.answer_rows import UnknownValue
from models.scoring.columns import FloatArray
from models.scoring.encoder import Encoder
from models.scoring.scorer import Scorer, Scores
from models.scoring.single import Score
from models.scoring.typicality import is_outlier, typicality, typicality_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """The assignment of one profile.

    `distances`: persona id → Euclidean distance in PCA units. `runner_up`: the next nearest persona (with no
    known answer the next most probable), None where the model has one; `margin`: how much farther it is, negative
    only where no answer is known. `probabilities`: persona id → probability that the complete profile is that
    persona; `confidence`: the probability of the assigned one; both None in format 1. `typicality`: the share of
    the persona's profiles with as many answers that lie as far out or farther; None where no answer is known, and
    in format 1.
    """

    persona: Persona
    distances: dict[str, float]
    missing_fields: tuple[str, ...]
    unknown_values: tuple[UnknownValue, ...]
    model_version: str
    runner_up: Persona | None
    margin: float | None
    confidence: float | None
    probabilities: dict[str, float] | None
    typicality: float | None

    @property
    def is_outlier(self) -> bool | None:
        """Whether the profile lies farther out than 99 % of its persona's profiles; None without a typicality."""
        return is_outlier(self.typicality)


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
        """Assign a persona to one profile, which may be empty."""
        score = self.scorer.score(profile)
        cluster, distances, probabilities = score.cluster, score.distances, score.probabilities
        other = score.runner_up
        return Assignment(
            persona=self.personas[cluster],
            distances=dict(zip(self.by_id, distances, strict=True)),
            missing_fields=score.missing_fields,
            unknown_values=score.unknown_values,
            model_version=self.version,
            runner_up=None if other is None else self.personas[other],
            margin=None if other is None else distances[other] - distances[cluster],
            confidence=None if probabilities is None else probabilities[cluster],
            probabilities=None if probabilities is None else dict(zip(self.by_id, probabilities, strict=True)),
            typicality=self.typicality_of(score),
        )

    def typicality(self, scores: Scores) -> FloatArray | None:
        """The typicality of many scored profiles, (n,), NaN where no answer is known; None in format 1."""
        imputation = self.scorer.imputation
        if imputation is None:
            return None
        return typicality(imputation, scores.distance, scores.clusters, scores.hidden)

    def nearest_values(self, field: str, value: str) -> tuple[str, ...]:
        """The known values of a field that an unknown value may have meant, the nearest first."""
        suggester = self._suggesters.get(field)
        if suggester is None:
            values = next(encoding.values for encoding in self.encoder.fields if encoding.name == field)
            suggester = self._suggesters[field] = Suggester(values)
        return suggester.nearest(value)

    @cached_property
    def _suggesters(self) -> dict[str, Suggester]:
        return {}

    def typicality_of(self, score: Score) -> float | None:
        """The typicality of one scored profile; None where no answer is known, and in format 1."""
        quantiles, row = self._distance_quantiles, score.hidden * len(self.personas)
        if quantiles is None or row >= len(quantiles):
            return None
        return typicality_of(quantiles[row + score.cluster], score.distances[score.cluster])

    @cached_property
    def _distance_quantiles(self) -> list[list[float]] | None:
        imputation = self.scorer.imputation
        return None if imputation is None else imputation.distance_quantiles.tolist()
