"""Any profile class: what holds for `Profile` holds for every shape that declares its fields."""

import typing
from pathlib import Path
from typing import Annotated, Any, Literal

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from scipy.spatial.distance import cdist

from models.errors import ProfileShapeError
from models.persona import Persona
from models.profile.field_kinds import Numeric, declared_fields
from models.scoring.explanation.reasons import Explainer
from models.scoring.scorer import Scorer
from models.storage.artifact import PIPELINE
from models.storage.manifest import Origin
from models.storage.reading import read_artifact
from tests.support.profile_classes import Dog, dogs, fitted_or_rejected, profile_classes
from training.calibration.calibration import calibrate
from training.clustering.compile import TOLERANCE, prove_equal
from training.clustering.fit import Fit, fit
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.pipeline import train
from training.progress import Silent

QUICK = TrainingConfig(k=2, permutations=3, references=2, min_value_count=2, n_init=2)


def origin_of(dataset: Dataset) -> Origin:
    return Origin(
        source="file", simulated=False, description="Dogs.", rows=len(dataset), fingerprint=dataset.fingerprint
    )


@pytest.mark.parametrize("k", [1, 2, "auto"])
def test_model_of_another_profile_class_is_trained_written_and_read(
    k: int | Literal["auto"], tmp_path: Path
) -> None:
    dataset = from_frame(dogs(), Dog)
    config = QUICK.model_copy(update={"k": k})
    trained = train(dataset, origin_of(dataset), config, tmp_path, Silent())
    model = read_artifact(trained.folder, Dog).model
    pipeline = joblib.load(trained.folder / PIPELINE)
    profiles = dataset.profiles(np.arange(len(dataset)))
    clusters = [model.personas.index(model.assign(profile).persona) for profile in profiles]
    assert clusters == pipeline.predict(dataset).tolist()
    assert model.assign(Dog()).missing_fields == tuple(Dog.model_fields)


def test_golden_predictions_satisfy_the_limits_of_the_profile_class(tmp_path: Path) -> None:
    dataset = from_frame(dogs(), Dog)
    manifest = train(dataset, origin_of(dataset), QUICK, tmp_path, Silent()).manifest
    golden = [Dog.model_validate(example.profile) for example in manifest.golden]
    assert all(dog.teeth is None for dog in golden)
    assert any(dog.toys for dog in golden)


def test_log_scale_requires_a_field_that_is_never_negative() -> None:
    class Cold(BaseModel):
        degrees: Annotated[float | None, Numeric(log=True)] = None

    with pytest.raises(ProfileShapeError, match=r"Field\(ge=0\)"):
        declared_fields(Cold)


# --- random classes --------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(profile_classes(), st.sampled_from([1, 2, "auto"]))
def test_scorer_equals_the_pipeline_for_any_profile_class(
    shape: tuple[type[BaseModel], pd.DataFrame], k: int | Literal["auto"]
) -> None:
    profile_class, frame = shape
    dataset = from_frame(frame, profile_class)
    fitted = fitted_or_rejected(lambda: fit(dataset, QUICK.model_copy(update={"k": k}), Silent()))
    scorer = scorer_of(fitted)
    assert prove_equal(fitted, scorer).rows == len(frame)
    profiles = [profile_class.model_validate(row) for row in _rows(frame)]
    single = [scorer.score(profile).probabilities for profile in profiles]
    np.testing.assert_allclose(np.array(single, np.float64), fitted.assigner.predict_proba(frame), atol=TOLERANCE)
    coordinates = fitted.pipeline[:-1].transform(frame)
    expected = cdist(coordinates, fitted.pipeline["kmeans"].cluster_centers_)
    np.testing.assert_allclose(scorer.distances(scorer.encoder.code(profiles)), expected, atol=TOLERANCE)


@settings(max_examples=15, deadline=None)
@given(profile_classes(), st.sampled_from([1, 2, 3]))
def test_single_and_batch_scores_agree_and_reasons_add_up_for_any_profile_class(
    shape: tuple[type[BaseModel], pd.DataFrame], k: int
) -> None:
    profile_class, frame = shape
    dataset = from_frame(frame, profile_class)
    fitted = fitted_or_rejected(lambda: fit(dataset, QUICK.model_copy(update={"k": k}), Silent()))
    scorer = scorer_of(fitted)
    profiles = [profile_class.model_validate(row) for row in _rows(frame)]
    alone = [scorer.score(profile) for profile in profiles]
    together = scorer.scores(scorer.encoder.code(profiles))
    typicality = np.array([score.typicality for score in alone], np.float64)
    np.testing.assert_allclose(typicality, np.array(together.typicality, np.float64), atol=1e-6)
    probabilities = np.array([score.probabilities for score in alone], np.float64)
    np.testing.assert_allclose(probabilities, np.array(together.probabilities, np.float64), atol=1e-6)
    personas = unnamed_personas(fitted.k)
    explainer = Explainer(scorer, personas)
    explanations = [explainer.explain(profile) for profile in profiles]
    assert (None in explanations) == (fitted.k == 1)
    for explanation in filter(None, explanations):
        total = explanation.base + sum(reason.contribution for reason in explanation.reasons)
        assert total == pytest.approx(explanation.lead, abs=TOLERANCE, rel=1e-12)


def scorer_of(fitted: Fit) -> Scorer:
    return calibrate(fitted, 0).scorer


def unnamed_personas(k: int) -> tuple[Persona, ...]:
    return tuple(
        Persona(id=f"p_{n}", name=str(n), sentence="", size=1, share=1 / k, traits=(), gift_affinities=())
        for n in range(k)
    )


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return typing.cast("list[dict[str, Any]]", frame.to_dict("records"))
