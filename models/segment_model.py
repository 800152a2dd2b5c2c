"""The segment model: what training made, ready to assign a persona to any profile."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import BaseModel

from models.errors import ModelError
from models.persona import Persona
from models.profile.suggestions import Suggester
from models.profile.voice import Voice
from models.scoring.answer_rows import UnknownValue
from models.scoring.encoder import Encoder
from models.scoring.explanation.next_question import Questions, next_questions
from models.scoring.explanation.reasons import Explainer, Explanation
from models.scoring.scorer import AnyScorer, Scorer
from models.scoring.typicality import is_outlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """The assignment of one profile.

    `probabilities`: persona id → probability of the persona given the answers; `confidence`: that of the assigned
    one. `runner_up`: the next most probable persona, None where the model has one; `margin`: the confidence less
    the runner-up's probability. `settled`: the chance that answering the rest would not change the persona.
    `typicality`: the share of the persona's members whose answers are as unlikely, or more so
    (`models.scoring.typicality`); None where no answer is known. All numbers are None in format 1. `is_fallback`:
    whether the profile has no usable answer: it is empty, or the model knows none of its answers, so that everyone
    of whom nothing is known is assigned alike. An empty list, "answered: none", is an answer.
    """

    persona: Persona
    missing_fields: tuple[str, ...]
    unknown_values: tuple[UnknownValue, ...]
    model_version: str
    runner_up: Persona | None
    margin: float | None
    confidence: float | None
    probabilities: dict[str, float] | None
    settled: float | None
    typicality: float | None
    is_fallback: bool

    @property
    def is_outlier(self) -> bool | None:
        """Whether the answers are less likely than those of 99 % of the persona's members; None if unknown."""
        return is_outlier(self.typicality)


@dataclass(frozen=True)
class SegmentModel:
    """A scorer and its personas, in the same order; `by_id` has them by id."""

    version: str
    scorer: AnyScorer
    personas: tuple[Persona, ...]
    by_id: Mapping[str, Persona] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.personas) != self.scorer.personas:
            raise ModelError(
                f"Model {self.version} tells {self.scorer.personas} personas apart but names {len(self.personas)}."
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
        cluster, other, probabilities = score.cluster, score.runner_up, score.probabilities
        return Assignment(
            persona=self.personas[cluster],
            missing_fields=score.missing_fields,
            unknown_values=score.unknown_values,
            model_version=self.version,
            runner_up=None if other is None else self.personas[other],
            margin=score.margin,
            confidence=None if probabilities is None else probabilities[cluster],
            probabilities=None if probabilities is None else dict(zip(self.by_id, probabilities, strict=True)),
            settled=score.settled,
            typicality=score.typicality,
            is_fallback=score.is_fallback,
        )

    def distances(self, profile: BaseModel) -> dict[str, float]:
        """Persona id → Euclidean distance of the profile to the persona's centroid on the map, in PCA units."""
        (distances,) = self.scorer.distances(self.encoder.code([profile])).tolist()
        return dict(zip(self.by_id, distances, strict=True))

    def explain(self, profile: BaseModel, voice: Voice = "giver") -> Explanation | None:
        """The reasons of a profile's assignment, said to its giver or to an analyst.

        None where there is no runner-up, and in formats 1 and 2.
        """
        return None if self._explainer is None else self._explainer.explain(profile, voice)

    def next_questions(self, profile: BaseModel) -> Questions | None:
        """The questions that a profile leaves open, the best first; None in formats 1 and 2."""
        return next_questions(self.scorer, profile) if isinstance(self.scorer, Scorer) else None

    def nearest_values(self, field: str, value: str) -> tuple[str, ...]:
        """The known values of a field that an unknown value may have meant, the nearest first."""
        suggester = self._suggesters.get(field)
        if suggester is None:
            values = next(encoding.values for encoding in self.encoder.fields if encoding.name == field)
            suggester = self._suggesters[field] = Suggester(values)
        return suggester.nearest(value)

    @cached_property
    def _explainer(self) -> Explainer | None:
        return Explainer(self.scorer, self.personas) if isinstance(self.scorer, Scorer) else None

    @cached_property
    def _suggesters(self) -> dict[str, Suggester]:
        return {}
