"""The segment model: what training made, ready to answer which persona a profile is."""

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
from models.scoring.imputation import is_outlier, typicality, typicality_of
from models.scoring.scorer import Scorer, Scores
from models.scoring.single import Score


@dataclass(frozen=True, slots=True)
class Assignment:
    """The answer for one profile.

    `distances`: persona id → Euclidean distance in PCA units. `runner_up`: the next nearest persona (with nothing
    known, the next likeliest), None where there is one alone; `margin`: how much farther it is, negative only
    where nothing is known. `probabilities`: persona id → chance that the complete profile would be that persona;
    `confidence`: that of the persona; both None in a model of format 1. `typicality`: the share of the persona's
    profiles, as full as this one, that lie as far out or farther; None where nothing is known, and in format 1.
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
        """Whether the profile lies farther out than 99 % of its persona's; None where that cannot be told."""
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
        """The persona of one profile, the empty one included."""
        score = self.scorer.score(profile)
        cluster, distances, chances = score.cluster, score.distances, score.probabilities
        other = score.runner_up
        return Assignment(
            self.personas[cluster],
            dict(zip(self.by_id, distances, strict=True)),
            score.missing_fields,
            score.unknown_values,
            self.version,
            None if other is None else self.personas[other],
            None if other is None else distances[other] - distances[cluster],
            None if chances is None else chances[cluster],
            None if chances is None else dict(zip(self.by_id, chances, strict=True)),
            self.typicality_of(score),
        )

    def typicality(self, scores: Scores) -> FloatArray | None:
        """Of many scored profiles, (n,), NaN where nothing is known; None in a model of format 1."""
        completion = self.scorer.completion
        if completion is None:
            return None
        return typicality(completion, scores.distance, scores.clusters, scores.hidden)

    def nearest_values(self, field: str, value: str) -> tuple[str, ...]:
        """The known values of a field that a value may have been meant to be, the nearest first."""
        spelling = self._spellings.get(field)
        if spelling is None:
            values = next(each.values for each in self.encoder.fields if each.name == field)
            spelling = self._spellings[field] = Suggester(values)
        return spelling.nearest(value)

    @cached_property
    def _spellings(self) -> dict[str, Suggester]:
        return {}

    def typicality_of(self, score: Score) -> float | None:
        """Of one scored profile; None where nothing is known, and in a model of format 1."""
        if self._spread is None or not (row := score.hidden * len(self.personas)) < len(self._spread):
            return None
        return typicality_of(self._spread[row + score.cluster], score.distances[score.cluster])

    @cached_property
    def _spread(self) -> list[list[float]] | None:
        completion = self.scorer.completion
        return None if completion is None else completion.spread.tolist()
