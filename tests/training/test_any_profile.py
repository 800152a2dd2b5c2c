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
from pydantic import BaseModel, ConfigDict, Field, create_model
from scipy.spatial.distance import cdist

from models.errors import ProfileShapeError
from models.persona import Persona
from models.profile.field_kinds import Categorical, MultiLabel, Numeric, Ordinal, declared_fields
from models.scoring.reasons import explain
from models.segment_model import SegmentModel
from models.storage.artifact import PIPELINE
from models.storage.manifest import Origin
from models.storage.reading import read_artifact
from training.clustering.compile import TOLERANCE, compile_scorer, prove_equal
from training.clustering.fit import fit
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.errors import UnusableInput
from training.partial.calibration import calibrate
from training.pipeline import train
from training.progress import Silent

QUICK = TrainingConfig(k=2, permutations=3, references=2, min_value_count=2, n_init=2)


class Dog(BaseModel):
    """Another shape: bounds and closed choices that made-up answers easily miss."""

    model_config = ConfigDict(frozen=True)
    weight: Annotated[float | None, Numeric(), Field(gt=0.5, lt=0.9)] = None
    barks: Annotated[int | None, Numeric(log=True), Field(ge=0)] = None
    teeth: Annotated[int | None, Numeric(), Field(ge=10)] = None
    size: Annotated[Literal["S", "M", "L"] | None, Ordinal()] = None
    breed: Annotated[Literal["Poodle", "Great Dane"] | None, Categorical()] = None
    toys: Annotated[list[str] | None, MultiLabel()] = None
    tricks: Annotated[frozenset[str] | None, MultiLabel()] = None


def dogs(count: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    large = rng.random(count) < 0.5
    return pd.DataFrame(
        {
            "weight": np.where(large, 0.8, 0.6) + 0.01 * rng.random(count),
            "barks": rng.integers(0, 200, count),
            "size": np.where(large, "L", "S"),
            "breed": np.where(large, "Great Dane", "Poodle"),
            "toys": [["ball", "Rope"] if each else ["squeaky duck"] for each in large],
            "tricks": [["sit"] if each else None for each in large],
        }
    )


def origin_of(dataset: Dataset) -> Origin:
    return Origin(
        source="file", simulated=False, description="Dogs.", rows=len(dataset), fingerprint=dataset.fingerprint
    )


@pytest.mark.parametrize("k", [1, 2, "auto"])
def test_a_model_of_dogs_is_trained_written_and_read(k: int | Literal["auto"], tmp_path: Path) -> None:
    dataset = from_frame(dogs(), Dog)
    config = QUICK.model_copy(update={"k": k})
    trained = train(dataset, origin_of(dataset), config, tmp_path, Silent())
    model = read_artifact(trained.folder, Dog).model
    pipeline = joblib.load(trained.folder / PIPELINE)
    profiles = dataset.profiles(np.arange(len(dataset)))
    found = [model.personas.index(model.assign(profile).persona) for profile in profiles]
    assert found == pipeline.predict(dataset).tolist()
    assert model.assign(Dog()).missing_fields == tuple(Dog.model_fields)


def test_golden_answers_keep_to_the_bounds_of_the_class(tmp_path: Path) -> None:
    dataset = from_frame(dogs(), Dog)
    manifest = train(dataset, origin_of(dataset), QUICK, tmp_path, Silent()).manifest
    golden = [Dog.model_validate(example.profile) for example in manifest.golden]
    assert all(dog.teeth is None for dog in golden)
    assert any(dog.toys for dog in golden)


def test_logarithms_are_for_numbers_that_are_never_negative() -> None:
    class Cold(BaseModel):
        degrees: Annotated[float | None, Numeric(log=True)] = None

    with pytest.raises(ProfileShapeError, match=r"Field\(ge=0\)"):
        declared_fields(Cold)


# --- random shapes ---------------------------------------------------------------------------------

ANNOTATIONS: dict[str, object] = {
    "number": Annotated[float | None, Numeric()],
    "count": Annotated[int | None, Numeric(log=True), Field(ge=0)],
    "level": Annotated[Literal["low", "middle", "high"] | None, Ordinal()],
    "choice": Annotated[str | None, Categorical()],
    "labels": Annotated[tuple[str, ...] | None, MultiLabel()],
    "set": Annotated[frozenset[str] | None, MultiLabel()],
}
WORDS = [f"word {number}" for number in range(300)]
words = st.sampled_from(WORDS[:4]) | st.sampled_from([*WORDS, "Word-1", "", " "])
ANSWERS: dict[str, st.SearchStrategy[Any]] = {
    "number": st.floats(-1e6, 1e6, allow_subnormal=False) | st.integers(-3, 3).map(float),
    "count": st.integers(0, 10_000),
    "level": st.sampled_from(["low", "middle", "high"]),
    "choice": words,
    "labels": st.lists(words, max_size=5) | st.just(WORDS[:250]),
    "set": st.lists(words, max_size=5),
}


@st.composite
def shapes(draw: st.DrawFn) -> tuple[type[BaseModel], pd.DataFrame]:
    """A random profile class of one to six fields, and some rows of it."""
    kinds = draw(st.lists(st.sampled_from(sorted(ANNOTATIONS)), min_size=1, max_size=6))
    named = {f"{kind}_{place}": kind for place, kind in enumerate(kinds)}
    fields: dict[str, Any] = {name: (ANNOTATIONS[kind], None) for name, kind in named.items()}
    count = draw(st.integers(2, 30))
    rows = {
        name: draw(st.lists(st.none() | ANSWERS[kind], min_size=count, max_size=count))
        for name, kind in named.items()
    }
    frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in rows.items()})
    return create_model("Shape", **fields), frame


@settings(max_examples=60, deadline=None)
@given(shapes(), st.sampled_from([1, 2, "auto"]))
def test_the_scorer_is_the_pipeline_whatever_the_shape(
    shape: tuple[type[BaseModel], pd.DataFrame], k: int | Literal["auto"]
) -> None:
    profile_class, frame = shape
    dataset = from_frame(frame, profile_class)
    try:
        fitted = fit(dataset, QUICK.model_copy(update={"k": k}), Silent())
    except UnusableInput:
        return
    scorer = compile_scorer(fitted.pipeline)
    prove_equal(fitted, scorer)
    profiles = [profile_class.model_validate(row) for row in _rows(frame)]
    single = [scorer.score(profile).distances for profile in profiles]
    coordinates = fitted.pipeline[:-1].transform(frame)
    expected = cdist(coordinates, fitted.pipeline["kmeans"].cluster_centers_)
    np.testing.assert_allclose(single, expected, atol=TOLERANCE)
    together = scorer.distances(scorer.encoder.code(profiles))
    np.testing.assert_allclose(together, expected, atol=TOLERANCE)


@settings(max_examples=15, deadline=None)
@given(shapes(), st.sampled_from([1, 2, 3]))
def test_whatever_the_shape_partial_profiles_are_answered_and_reasons_add_up(
    shape: tuple[type[BaseModel], pd.DataFrame], k: int
) -> None:
    profile_class, frame = shape
    dataset = from_frame(frame, profile_class)
    try:
        fitted = fit(dataset, QUICK.model_copy(update={"k": k}), Silent())
    except UnusableInput:
        return
    scorer = calibrate(fitted.encoded, fitted.clusters, compile_scorer(fitted.pipeline), 0).scorer
    profiles = [profile_class.model_validate(row) for row in _rows(frame)]
    alone, together = [scorer.score(each) for each in profiles], scorer.scores(scorer.encoder.code(profiles))
    np.testing.assert_allclose([score.distances for score in alone], together.distances, atol=TOLERANCE)
    chances = np.array([score.probabilities for score in alone], np.float64)
    np.testing.assert_allclose(chances, np.array(together.probabilities, np.float64), atol=1e-6)
    model = SegmentModel("v", scorer, nobodies(fitted.k))
    for profile in profiles:
        found = explain(model.scorer, model.personas, profile)
        if found is not None:
            total = found.base + sum(reason.contribution for reason in found.reasons)
            assert total == pytest.approx(found.lead, abs=TOLERANCE, rel=1e-12)


def nobodies(k: int) -> tuple[Persona, ...]:
    return tuple(
        Persona(id=f"p_{n}", name=str(n), sentence="", size=1, share=1 / k, traits=(), gift_affinities=())
        for n in range(k)
    )


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return typing.cast("list[dict[str, Any]]", frame.to_dict("records"))
