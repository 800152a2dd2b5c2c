"""Golden predictions: made-up profiles and the answers of a model, which every loading must reproduce.

They are drawn from the vocabulary rather than taken from the data, so that no real profile stands in a manifest.
"""

import math

import numpy as np
from pydantic import BaseModel

from models.encoder import FieldEncoding
from models.fields import Categorical, MultiLabel, Numeric
from models.manifest import GoldenPrediction
from models.segment_model import SegmentModel

COUNT = 12
UNKNOWN = "a value that no model knows"


def golden_predictions(
    model: SegmentModel, profile_class: type[BaseModel], seed: int
) -> tuple[GoldenPrediction, ...]:
    """The empty profile, and `COUNT` made-up ones from full to sparse."""
    rng = np.random.default_rng(seed)
    drafts = [{}, *[_draft(model, number / COUNT, rng) for number in range(COUNT)]]
    return tuple(_answer(model, profile_class, draft) for draft in drafts)


def _draft(model: SegmentModel, hidden: float, rng: np.random.Generator) -> dict[str, object]:
    fields = [encoding for encoding in model.encoder.fields if rng.random() >= hidden]
    return {encoding.name: _value(encoding, rng) for encoding in fields}


def _value(encoding: FieldEncoding, rng: np.random.Generator) -> object:
    match encoding.spec.kind:
        case Numeric(log=log):
            centre = float(encoding.centre[0])
            # The mean, since every answer in the data fitted the field's bounds, and so does their mean.
            return round(math.expm1(centre) if log else centre)
        case MultiLabel():
            choices = [*encoding.values, UNKNOWN]
            count = min(int(rng.integers(5)), len(choices))
            return [str(value) for value in rng.choice(choices, count, replace=False)]
        case Categorical():
            return str(rng.choice([*encoding.values, UNKNOWN]))
        case _:
            return str(rng.choice(encoding.values))


def _answer(model: SegmentModel, profile_class: type[BaseModel], draft: dict[str, object]) -> GoldenPrediction:
    answer = model.assign(profile_class.model_validate(draft))
    return GoldenPrediction(
        profile=draft, persona_id=answer.persona.id, distances=tuple(answer.distances.values())
    )
