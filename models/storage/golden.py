"""Golden predictions: assignments that a model must reproduce whenever it is loaded."""

import json

import numpy as np
from pydantic import BaseModel, ValidationError

from models.errors import ArtifactDamaged, ArtifactUnsupported
from models.segment_model import SegmentModel
from models.storage.manifest import GoldenPrediction

GOLDEN_TOLERANCE = 1e-9


def check_golden(
    model: SegmentModel, golden: tuple[GoldenPrediction, ...], profile_class: type[BaseModel]
) -> None:
    """Raise `ArtifactDamaged` unless the model reproduces every golden prediction."""
    for number, example in enumerate(golden):
        try:
            profile = profile_class.model_validate_json(json.dumps(example.profile))
        except ValidationError as error:
            raise ArtifactUnsupported(
                f"Golden profile {number} of {model.version} does not fit {profile_class.__name__}."
            ) from error
        assignment = model.assign(profile)
        same = assignment.persona.id == example.persona_id
        if example.distances:
            same &= _equal(tuple(model.distances(profile).values()), example.distances)
        if example.probabilities:
            same &= _equal(tuple((assignment.probabilities or {}).values()), example.probabilities)
        if not same:
            raise ArtifactDamaged(f"Model {model.version} does not reproduce its golden prediction {number}.")


def _equal(numbers: tuple[float, ...], expected: tuple[float, ...]) -> bool:
    return len(numbers) == len(expected) and np.allclose(numbers, expected, 0, GOLDEN_TOLERANCE)
