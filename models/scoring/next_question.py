"""The next best question: which unanswered field is expected to tell most about the persona.

For each candidate the model holds up to a few dozen kinds of answers, with their mean contributions and how common
each is in each persona (`models.scoring.imputation`). A kind j is given with chance p(j) = Σ personas p · share;
with it the profile would move to z − expected + kind j, and the probabilities there would be q(j). The gain is
the mutual information of answer and persona: the entropy of the mean of the q(j) less the mean of their
entropies, in bits. It is never negative.
"""

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from models.scoring.columns import FloatArray
from models.scoring.imputation import FieldImputation, Imputation, probabilities
from models.scoring.scorer import Scorer
from models.scoring.single import Located, Score


@dataclass(frozen=True, slots=True)
class Question:
    """A field to ask for, and by how many bits its answer is expected to lower the entropy of the persona."""

    field: str
    expected_gain: float


@dataclass(frozen=True, slots=True)
class Questions:
    """What may be asked next, the best first; `entropy` in bits, of the persona as things stand."""

    entropy: float
    questions: tuple[Question, ...]


def next_questions(scorer: Scorer, profile: BaseModel) -> Questions | None:
    """The fields without an answer by their expected gain; None in a model of format 1.

    A field that was answered with values that the model does not know is not asked for again.
    """
    completion = scorer.completion
    score = scorer.score(profile)
    if completion is None or score.probabilities is None:
        return None
    missing = set(score.missing_fields)
    asked = [
        (encoding.name, part)
        for encoding, part in zip(scorer.encoder.fields, completion.fields, strict=True)
        if part is not None and encoding.name in missing
    ]
    gains = _gains(completion, scorer.centroids, scorer.locate(profile), score, [part for _, part in asked])
    questions = [Question(name, gain) for (name, _), gain in zip(asked, gains, strict=True)]
    questions.sort(key=lambda question: -question.expected_gain)
    return Questions(float(_bits(np.array(score.probabilities))), tuple(questions))


def _gains(
    completion: Imputation, centroids: FloatArray, located: Located, score: Score, parts: list[FieldImputation]
) -> list[float]:
    """The expected gain of each of these fields."""
    if not parts:
        return []
    chances, z, weights = (np.array(each) for each in (score.probabilities, located.z, located.weights))
    moved = np.concatenate([z - weights @ part.fill + part.kinds for part in parts])
    gaps = moved[:, None, :] - centroids
    hidden = np.full(len(moved), score.hidden - 1)
    after = probabilities(
        completion, np.einsum("nkr,nkr->nk", gaps, gaps), hidden, _left(completion, located, parts)
    )
    likely = np.concatenate([part.kind_shares @ chances for part in parts])
    starts = np.cumsum([0, *(len(part.kinds) for part in parts[:-1])])
    mean = np.add.reduceat(likely[:, None] * after, starts, axis=0)
    left = np.add.reduceat(likely * _bits(after), starts)
    gains: list[float] = np.maximum(_bits(mean) - left, 0.0).tolist()
    return gains


def _left(completion: Imputation, located: Located, parts: list[FieldImputation]) -> FloatArray:
    """The scatter of the fields that stay hidden after each kind of answer to each of these fields."""
    hidden = [part for place, part in enumerate(completion.fields) if part and located.hidden >> place & 1]
    whole = sum(float(part.scatter[0]) for part in hidden)
    return np.concatenate([np.full(len(part.kinds), whole - part.scatter[0]) for part in parts])


def _bits(chances: FloatArray) -> FloatArray:
    """The entropy of the last axis."""
    logs = np.log2(chances, where=chances > 0, out=np.zeros_like(chances))
    bits: FloatArray = -(chances * logs).sum(axis=-1)
    return bits
