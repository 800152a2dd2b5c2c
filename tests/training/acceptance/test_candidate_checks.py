"""Checks of a candidate alone: every number in a sentence is that of the data, computed here in another way."""

import json
import re

import joblib
import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import binomtest
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import Pipeline

from models.acceptance import Thresholds
from models.profile import Profile
from models.storage.artifact import ARRAYS, PIPELINE, REPORT
from models.storage.reading import read_artifact
from tests.training.acceptance.refits import PEOPLE, sentences
from tests.training.conftest import QUICK
from training.acceptance.candidate_checks import lower_limit, outlier_share
from training.clustering.fit import fit
from training.data.dataset import Dataset, from_frame
from training.data.encoded import EncodedDataset
from training.pipeline import Trained
from training.progress import Silent


@pytest.fixture(scope="module")
def people() -> Dataset:
    return from_frame(PEOPLE.frame, Profile)


@pytest.fixture(scope="module")
def pipeline(good: Trained) -> Pipeline:
    """The scikit-learn pipeline of the candidate, as it was written."""
    return joblib.load(good.folder / PIPELINE)


def held_out_rows(people: Dataset) -> list[int]:
    rng = np.random.default_rng(QUICK.seed)
    return sorted(rng.choice(len(people), len(people) // 10, replace=False).tolist())


def numbers(sentence: str) -> list[float]:
    return [float(text.replace(",", "")) for text in re.findall(r"\d[\d,]*(?:\.\d+)?", sentence)]


def test_components_that_beat_chance_are_those_of_the_eigenvalues(good: Trained) -> None:
    components = json.loads((good.folder / REPORT).read_text())["components"]
    beaten = np.greater(components["eigenvalues"], components["chance"])
    assert numbers(sentences(good.manifest, "passed")["structure"]) == [int(np.argmin(beaten))]


def test_smallest_and_largest_persona_are_those_of_the_pipeline(
    good: Trained, pipeline: Pipeline, people: Dataset
) -> None:
    shares = 100 * np.bincount(pipeline.predict(people)) / len(people)
    passed = sentences(good.manifest, "passed")
    assert numbers(passed["smallest_persona"]) == pytest.approx([shares.min(), 2], abs=0.051)
    assert numbers(passed["largest_persona"]) == pytest.approx([shares.max(), 80], abs=0.051)


def test_stability_is_that_of_fits_on_other_resamples(good: Trained, pipeline: Pipeline, people: Dataset) -> None:
    rng = np.random.default_rng(99)
    judged = people.take(np.array(held_out_rows(people)))
    own = pipeline.predict(judged)
    agreements = []
    for seed in range(3):
        rows = np.unique(rng.integers(len(people), size=len(people)))
        refit = fit(people.take(rows), QUICK.model_copy(update={"seed": seed}), Silent())
        agreements.append(adjusted_rand_score(own, refit.assigner.predict(judged)))
    count, stability, wanted = numbers(sentences(good.manifest, "passed")["stability"])
    assert (count, wanted) == (QUICK.bootstraps, 0.5)
    assert stability == pytest.approx(np.mean(agreements), abs=0.08)


def test_unknown_values_are_those_that_few_training_profiles_hold(good: Trained, people: Dataset) -> None:
    held_out = held_out_rows(people)
    trained = PEOPLE.frame.drop(index=held_out)
    unknown = total = 0
    for field in (field for field in good.manifest.fields if field.kind in ("categorical", "multi_label")):
        values = PEOPLE.frame[field.name].iloc[held_out].explode().dropna()
        frequent = trained[field.name].explode().value_counts()
        unknown += int((~values.isin(frequent[frequent >= 5].index)).sum())
        total += len(values)
    measured = numbers(sentences(good.manifest, "passed")["unknown_values"])
    limit = binomtest(unknown, total, alternative="greater").proportion_ci(0.95, "wilson").low
    assert measured == pytest.approx([100 * unknown / total, total, 100 * limit, 10], abs=0.051)


def test_outliers_are_those_beyond_the_fence_of_distances(good: Trained, people: Dataset) -> None:
    scorer = read_artifact(good.folder, Profile).model.scorer
    judged = people.take(np.array(held_out_rows(people)))
    coordinates = scorer.coordinates(EncodedDataset.of(judged, scorer.encoder).columns)
    nearest = cdist(coordinates, np.load(good.folder / ARRAYS)["centroids"]).min(axis=1)
    low, high = np.percentile(nearest, [25, 75])
    outliers = int((nearest > high + 3 * (high - low)).sum())
    limit = binomtest(outliers, len(nearest), alternative="greater").proportion_ci(0.95, "wilson").low
    measured = numbers(sentences(good.manifest, "passed")["outliers"])
    assert measured == pytest.approx([100 * outliers / len(nearest), len(nearest), 100 * limit, 2], abs=0.051)


def test_outliers_are_beyond_the_outer_fence() -> None:
    distances = np.array([[1.0, 9.0]] * 50 + [[2.0, 9.0]] * 49 + [[50.0, 60.0]])
    assert outlier_share(distances) == pytest.approx(0.01)


@pytest.mark.parametrize(("count", "rows"), [(0, 10), (3, 89), (40, 400), (10, 10)])
def test_lower_limit_is_wilsons(count: int, rows: int) -> None:
    expected = binomtest(count, rows, alternative="greater").proportion_ci(0.95, "wilson").low
    assert lower_limit(count / rows, rows) == pytest.approx(expected, abs=1e-4)


def test_few_outliers_of_a_small_sample_are_left_to_chance() -> None:
    most = Thresholds().gate_max_outlier_share
    assert lower_limit(0.035, 89) < most < lower_limit(0.035, 2_000)
