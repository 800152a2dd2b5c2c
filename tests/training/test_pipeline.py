"""A run: from a dataset to an artifact that verifies, repeats and says where it comes from."""

from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from models.profile import Profile
from models.scoring.columns import Column
from models.storage.artifact import ARRAYS, PIPELINE
from models.storage.reading import read_artifact
from tests.training.conftest import QUICK, origin_of
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.errors import UnusableInput
from training.pipeline import Trained, train
from training.progress import Silent
from training.simulation.simulate import SimulationConfig, simulate


def columns_of(frame: pd.DataFrame) -> Dataset:
    return from_frame(frame, Profile)


def test_written_artifact_verifies_and_assigns(trained: Trained) -> None:
    loaded = read_artifact(trained.folder, Profile)
    answer = loaded.model.assign(Profile(age=30, hobbies=("gaming",)))
    assert answer.persona in loaded.manifest.personas
    assert set(answer.probabilities or ()) == {persona.id for persona in loaded.manifest.personas}


def test_manifest_holds_origin_configuration_and_libraries(trained: Trained, dataset: Dataset) -> None:
    manifest = trained.manifest
    assert manifest.origin.simulated
    assert manifest.origin.rows == manifest.metrics["rows"] == len(dataset)
    assert manifest.origin.fingerprint == dataset.fingerprint
    assert manifest.configuration["seed"] == QUICK.seed
    assert {"python", "numpy", "scikit-learn"} <= set(manifest.libraries)
    assert sum(persona.size for persona in manifest.personas) == len(dataset)


def test_artifact_has_the_affinities_of_its_personas(trained: Trained) -> None:
    affinities = read_artifact(trained.folder, Profile).affinities
    assert affinities is not None
    assert affinities.fits(len(trained.manifest.personas))
    assert None in affinities.by_field
    assert frozenset((None, "store_preference")) in affinities.by_pair


def test_same_data_configuration_and_seed_give_byte_equal_arrays(
    trained: Trained, dataset: Dataset, tmp_path: Path
) -> None:
    again = train(dataset, origin_of(dataset), QUICK, tmp_path, Silent())
    assert (again.folder / ARRAYS).read_bytes() == (trained.folder / ARRAYS).read_bytes()
    assert [p.id for p in again.manifest.personas] == [p.id for p in trained.manifest.personas]


def test_pickled_pipeline_assigns_as_the_scorer_does(trained: Trained) -> None:
    dataset = from_frame(simulate(SimulationConfig(rows=200, seed=4)).frame, Profile)
    pipeline = joblib.load(trained.folder / PIPELINE)
    model = read_artifact(trained.folder, Profile).model
    rows = np.arange(200)
    profiles = dataset.profiles(rows)
    frame = pd.DataFrame([profile.model_dump() for profile in profiles])
    assignments = [model.assign(profile) for profile in profiles]
    expected = [model.personas[cluster].id for cluster in pipeline.predict(frame)]
    assert [assignment.persona.id for assignment in assignments] == expected
    chances = [[*(assignment.probabilities or {}).values()] for assignment in assignments]
    np.testing.assert_allclose(pipeline.predict_proba(frame), chances, atol=1e-9)


def test_golden_predictions_hold_no_real_profile(trained: Trained, dataset: Dataset) -> None:
    real = {repr(profile) for profile in dataset.profiles(np.arange(len(dataset)))}
    golden = [Profile.model_validate(example.profile) for example in trained.manifest.golden]
    assert Profile() in golden
    assert not {repr(profile) for profile in golden if profile != Profile()} & real


def test_equal_profiles_are_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"age": [30] * 10, "hobbies": [["reading"]] * 10})
    with pytest.raises(UnusableInput, match="All profiles are the same"):
        train(columns_of(frame), origin_of(columns_of(frame)), QUICK, tmp_path, Silent())
    assert list(tmp_path.iterdir()) == []


def test_more_personas_than_distinct_profiles_are_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"age": [20, 30, 40] * 10})
    config = TrainingConfig(k=4)
    with pytest.raises(UnusableInput, match="only 3 different profiles"):
        train(columns_of(frame), origin_of(columns_of(frame)), config, tmp_path, Silent())


def test_empty_dataset_is_refused(tmp_path: Path, dataset: Dataset) -> None:
    nobody = dataset.take(np.zeros(0, np.int64))
    with pytest.raises(UnusableInput, match="no profile"):
        train(nobody, origin_of(nobody), QUICK, tmp_path, Silent())


@pytest.mark.parametrize("k", [1, 2, "auto"])
def test_ten_profiles_are_enough_to_train(k: int | str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"age": [20, 21, 60, 61] * 3, "hobbies": [["gaming"], None, ["yoga"], []] * 3})
    config = TrainingConfig(k=k, permutations=5, references=3)
    trained = train(columns_of(frame), origin_of(columns_of(frame)), config, tmp_path, Silent())
    read_artifact(trained.folder, Profile)


def test_field_without_answers_is_trained_over(dataset: Dataset, tmp_path: Path) -> None:
    nobody: dict[str, Column] = dict(dataset.columns)
    frame = pd.DataFrame({"age": range(20, 80), "hobbies": [None] * 60, "occupation": [None] * 60})
    some = columns_of(frame)
    assert set(some.columns) == set(nobody)
    trained = train(some, origin_of(some), TrainingConfig(k=2, permutations=5), tmp_path, Silent())
    assert read_artifact(trained.folder, Profile).model.assign(Profile()).persona.id
