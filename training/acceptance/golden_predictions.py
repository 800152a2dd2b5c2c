"""Golden predictions: made-up profiles and the model's assignments, which must be reproduced whenever it is
loaded.

Answers are drawn from the vocabulary and not from the data, so that a manifest holds no real profile. A drawn
answer that the profile class refuses is left out, such as the mean of a field that nobody answered.
"""

import json
import math
from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ValidationError

from models.profile.field_kinds import Categorical, MultiLabel, Numeric
from models.scoring.encoder import FieldEncoding
from models.segment_model import SegmentModel
from models.storage.manifest import GoldenPrediction

COUNT = 12
UNKNOWN = "a value that no model knows"


def golden_predictions(
    model: SegmentModel, profile_class: type[BaseModel], seed: int
) -> tuple[GoldenPrediction, ...]:
    """The empty profile, and `COUNT` made-up ones with fewer and fewer answers."""
    rng = np.random.default_rng(seed)
    drafts = [{}, *[_draft(model, number / COUNT, rng) for number in range(COUNT)]]
    return tuple(_answer(model, profile_class, _fitting(draft, profile_class)) for draft in drafts)


def _draft(model: SegmentModel, hidden: float, rng: np.random.Generator) -> dict[str, object]:
    fields = [encoding for encoding in model.encoder.fields if rng.random() >= hidden]
    return {encoding.name: _value(encoding, rng) for encoding in fields}


def _value(encoding: FieldEncoding, rng: np.random.Generator) -> object:
    match encoding.spec.kind:
        case Numeric(log=log):
            centre = float(encoding.centre[0])
            return round(math.expm1(centre) if log else centre)
        case MultiLabel():
            choices = [*encoding.values, UNKNOWN]
            count = min(int(rng.integers(5)), len(choices))
            return [choices[index] for index in rng.choice(len(choices), count, replace=False)]
        case Categorical():
            return _one_of([*encoding.values, UNKNOWN], rng)
        case _:
            return _one_of(encoding.values, rng)


def _one_of(values: Sequence[str], rng: np.random.Generator) -> str:
    return values[int(rng.integers(len(values)))]


def _fitting(draft: dict[str, object], profile_class: type[BaseModel]) -> dict[str, object]:
    return {name: answer for name, answer in draft.items() if _fits({name: answer}, profile_class)}


def _fits(draft: dict[str, object], profile_class: type[BaseModel]) -> bool:
    try:
        profile_class.model_validate_json(json.dumps(draft))
    except ValidationError:
        return False
    return True


def _answer(model: SegmentModel, profile_class: type[BaseModel], draft: dict[str, object]) -> GoldenPrediction:
    answer = model.assign(profile_class.model_validate_json(json.dumps(draft)))
    probabilities = tuple((answer.probabilities or {}).values())
    return GoldenPrediction(profile=draft, persona_id=answer.persona.id, probabilities=probabilities)
