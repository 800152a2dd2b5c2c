"""The next best question: the unanswered field with the largest expected information gain about the persona.

For each candidate the model has up to `MAX_KINDS` kinds of answers, with their mean contributions and their share
in each persona (`models.scoring.imputation`). Kind j has the probability p(j) = Σ over personas p · share. That
answer moves the profile to z − imputed + kind j, where the personas have the probabilities q(j). The gain is the
mutual information of answer and persona: the entropy of the mean of the q(j) minus the mean of their entropies, in
bits. It is never negative.
"""

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from models.scoring.columns import FloatArray
from models.scoring.imputation import FieldImputation, Imputation, probabilities
from models.scoring.scorer import Scorer
from models.scoring.single import Position, Score


@dataclass(frozen=True, slots=True)
class Question:
    """A field to ask for. `expected_gain`: the bits by which its answer is expected to lower the entropy."""

    field: str
    expected_gain: float


@dataclass(frozen=True, slots=True)
class Questions:
    """The fields to ask for, the best first. `entropy`: of the persona given the answers so far, in bits."""

    entropy: float
    questions: tuple[Question, ...]


def next_questions(scorer: Scorer, profile: BaseModel) -> Questions | None:
    """The fields without an answer by their expected gain; None in a model of format 1.

    A field whose values are all unknown to the model counts as answered.
    """
    imputation = scorer.imputation
    score = scorer.score(profile)
    if imputation is None or score.probabilities is None:
        return None
    missing = set(score.missing_fields)
    candidates = [
        (encoding.name, field)
        for encoding, field in zip(scorer.encoder.fields, imputation.fields, strict=True)
        if field is not None and encoding.name in missing
    ]
    gains = _gains(imputation, scorer.centroids, scorer.locate(profile), score, [field for _, field in candidates])
    questions = [Question(name, gain) for (name, _), gain in zip(candidates, gains, strict=True)]
    questions.sort(key=lambda question: -question.expected_gain)
    return Questions(float(_bits(np.array(score.probabilities))), tuple(questions))


def _gains(
    imputation: Imputation, centroids: FloatArray, position: Position, score: Score, fields: list[FieldImputation]
) -> list[float]:
    """The expected gain of each of these fields."""
    if not fields:
        return []
    chances, z, weights = (np.array(values) for values in (score.probabilities, position.z, position.weights))
    moved = np.concatenate([z - weights @ field.fill + field.kinds for field in fields])
    gaps = moved[:, None, :] - centroids
    hidden = np.full(len(moved), score.hidden - 1)
    after = probabilities(
        imputation, np.einsum("nkr,nkr->nk", gaps, gaps), hidden, _remaining_scatter(imputation, position, fields)
    )
    likely = np.concatenate([field.kind_shares @ chances for field in fields])
    starts = np.cumsum([0, *(len(field.kinds) for field in fields[:-1])])
    mean = np.add.reduceat(likely[:, None] * after, starts, axis=0)
    left = np.add.reduceat(likely * _bits(after), starts)
    gains: list[float] = np.maximum(_bits(mean) - left, 0.0).tolist()
    return gains


def _remaining_scatter(imputation: Imputation, position: Position, fields: list[FieldImputation]) -> FloatArray:
    """The scatter of the fields that stay hidden after each kind of answer to each of these fields."""
    hidden = [field for index, field in enumerate(imputation.fields) if field and position.hidden >> index & 1]
    whole = sum(float(field.scatter[0]) for field in hidden)
    return np.concatenate([np.full(len(field.kinds), whole - field.scatter[0]) for field in fields])


def _bits(chances: FloatArray) -> FloatArray:
    """The entropy of the last axis."""
    logs = np.log2(chances, where=chances > 0, out=np.zeros_like(chances))
    bits: FloatArray = -(chances * logs).sum(axis=-1)
    return bits
