"""The next best question: the unanswered field with the largest expected information gain about the persona.

The gain is the mutual information of the persona and the kind of answer, given the answers so far. Kind j of a
field has the probability p(j) = Σ over personas P(persona) · share(j | persona) (`FieldEvidence.kind_shares`), so

    gain = H(kind) − Σ over personas P(persona) · H(kind | persona)   in bits,  never negative

(Cover and Thomas, *Elements of Information Theory*, 2006, eq. 2.40).
"""

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from models.scoring.columns import FloatArray
from models.scoring.scorer import Scorer


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


def next_questions(scorer: Scorer, profile: BaseModel) -> Questions:
    """The fields without an answer by their expected gain. Leaves out fields whose answers say nothing.

    A field whose values are all unknown to the model counts as answered.
    """
    score = scorer.score(profile)
    chances, missing = np.array(score.probabilities), set(score.missing_fields)
    questions = [
        Question(encoding.name, _gain(chances, field.kind_shares))
        for encoding, field in zip(scorer.encoder.fields, scorer.classifier.fields, strict=True)
        if encoding.name in missing and len(field.kind_shares) > 1
    ]
    questions.sort(key=lambda question: -question.expected_gain)
    return Questions(float(_bits(chances)), tuple(questions))


def _gain(chances: FloatArray, kind_shares: FloatArray) -> float:
    """The mutual information of the persona, with probabilities `chances` (k,), and the kind, (m, k)."""
    gain = float(_bits(kind_shares @ chances) - chances @ _bits(kind_shares.T))
    return max(gain, 0.0)


def _bits(chances: FloatArray) -> FloatArray:
    """The entropy of the last axis."""
    logs = np.log2(chances, where=chances > 0, out=np.zeros_like(chances))
    bits: FloatArray = -(chances * logs).sum(axis=-1)
    return bits
