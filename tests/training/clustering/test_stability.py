"""Stability of the whole pipeline: every step refitted on resamples, compared on one set of profiles."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from models.scoring.columns import FloatArray, IntArray
from tests.training.conftest import QUICK
from training.clustering.fit import Fit, fit, segmented_anew
from training.clustering.stability import (
    Stability,
    refit_resamples,
    stability_of,
    whole_pipeline_stability,
)
from training.data.dataset import Dataset
from training.errors import UnusableInput
from training.progress import Silent


@pytest.fixture(scope="module")
def refits(fitted: Fit) -> tuple[Fit, ...]:
    return refit_resamples(fitted, QUICK, 4, np.random.default_rng(5))


@pytest.fixture(scope="module")
def judged(dataset: Dataset) -> Dataset:
    return dataset.take(np.arange(0, len(dataset), 3))


def _best_jaccards(own: IntArray, other: IntArray, k: int) -> list[float]:
    """Hennig's similarities, by sets of rows."""
    groups = [set(np.flatnonzero(other == cluster)) for cluster in np.unique(other)]
    return [
        max(len(members & group) / len(members | group) for group in groups)
        for members in (set(np.flatnonzero(own == cluster)) for cluster in range(k))
    ]


def _shuffled(dataset: Dataset) -> Dataset:
    """The same answers, every field shuffled on its own: nothing goes together."""
    rng = np.random.default_rng(0)
    columns = {name: column.take(rng.permutation(len(dataset))) for name, column in dataset.columns.items()}
    return replace(dataset, columns=columns)


def test_agreements_and_jaccards_are_those_of_the_refits_on_the_judged_profiles(
    fitted: Fit, refits: tuple[Fit, ...], judged: Dataset
) -> None:
    stable = whole_pipeline_stability(fitted, judged, QUICK, refits)
    own = fitted.assigner.predict(judged)
    others = [refit.assigner.predict(judged) for refit in refits]
    np.testing.assert_allclose(stable.agreements, [adjusted_rand_score(own, other) for other in others])
    np.testing.assert_allclose(stable.jaccards, [_best_jaccards(own, other, fitted.k) for other in others])
    assert stable.agreement == pytest.approx(np.mean([adjusted_rand_score(own, other) for other in others]))


def test_every_step_is_fitted_anew_on_distinct_profiles_of_the_sample(
    fitted: Fit, refits: tuple[Fit, ...]
) -> None:
    lines = set(fitted.encoded.dataset.line_numbers.tolist())
    for refit in refits:
        drawn = refit.encoded.dataset.line_numbers.tolist()
        assert len(set(drawn)) == len(drawn)
        assert set(drawn) < lines
        # A bootstrap draw of n holds 1 − 1/e of the n profiles.
        assert len(drawn) / QUICK.criteria_rows == pytest.approx(1 - np.exp(-1), abs=0.04)
        centres = [[encoding.centre for encoding in one.encoder.fields] for one in (refit, fitted)]
        assert any(not np.array_equal(new, old) for new, old in zip(*centres, strict=True))
        assert not _same_axes(refit, fitted)
    assert not _same_axes(refits[0], refits[1])


def _same_axes(one: Fit, other: Fit) -> bool:
    first, second = (fit_.pipeline["pca"].components_ for fit_ in (one, other))
    return first.shape == second.shape and np.allclose(first, second)


def test_a_refit_is_the_fit_of_its_own_profiles(refits: tuple[Fit, ...]) -> None:
    [first, *_] = refits
    seed = first.pipeline["kmeans"].random_state
    again = fit(first.encoded.dataset, QUICK.model_copy(update={"seed": seed}), Silent())
    np.testing.assert_array_equal(first.clusters, again.clusters)


def test_stability_of_planted_segments_is_high_and_of_shuffled_answers_low(fitted: Fit, dataset: Dataset) -> None:
    planted = whole_pipeline_stability(fitted, dataset, QUICK)
    nothing = _shuffled(dataset)
    noise = whole_pipeline_stability(fit(nothing, QUICK, Silent()), nothing, QUICK)
    assert planted.agreement > 0.8
    assert noise.agreement < 0.5


def test_stability_is_the_same_in_every_run(fitted: Fit, judged: Dataset) -> None:
    first, second = (whole_pipeline_stability(fitted, judged, QUICK) for _ in range(2))
    np.testing.assert_array_equal(first.agreements, second.agreements)
    assert len(first.agreements) == QUICK.bootstraps


def test_one_segment_always_recurs(dataset: Dataset) -> None:
    one = fit(dataset, QUICK.model_copy(update={"k": 1}), Silent())
    assert whole_pipeline_stability(one, dataset, QUICK).agreement == 1.0


def test_without_a_refit_nothing_is_stable() -> None:
    assert Stability(agreements=np.zeros(0), jaccards=np.zeros((0, 2))).agreement == 0.0
    assert stability_of(np.array([0, 1]), [], 2).jaccards.shape == (0, 2)


def test_resamples_without_enough_distinct_segments_give_no_refit(dataset: Dataset) -> None:
    few = dataset.take(np.repeat(np.arange(8), 6))
    eight = fit(few, QUICK.model_copy(update={"k": 8}), Silent())
    alike = replace(eight, encoded=eight.encoded.take(np.zeros(20, np.int64)))
    assert refit_resamples(alike, QUICK, 3, np.random.default_rng(0)) == ()


def test_segments_are_compared_with_more_or_fewer_segments() -> None:
    own, other = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 2, 1, 1, 2])
    stable = stability_of(own, [other, np.zeros(6, np.int64)], 2)
    expected: FloatArray = np.array([[2 / 3, 2 / 3], [0.5, 0.5]])
    np.testing.assert_allclose(stable.jaccards, expected)
    np.testing.assert_allclose(stable.agreements, [adjusted_rand_score(own, other), 0.0], atol=1e-12)


def test_another_number_of_segments_is_what_a_fit_with_that_number_gives_but_for_its_exponent(
    fitted: Fit, dataset: Dataset
) -> None:
    whole = fit(dataset, QUICK.model_copy(update={"k": 3}), Silent())
    three = segmented_anew(fitted, 3, QUICK)
    assert three.k == 3
    assert three.classifier.exponent_ == fitted.classifier.exponent_
    assert adjusted_rand_score(three.labels, whole.labels) == 1.0
    assert adjusted_rand_score(three.clusters, whole.clusters) > 0.98
    np.testing.assert_array_equal(three.applied_to(dataset).clusters, three.clusters)
    assert segmented_anew(fitted, fitted.k, QUICK) is fitted


def test_more_segments_than_profiles_are_refused(fitted: Fit) -> None:
    with pytest.raises(UnusableInput):
        segmented_anew(fitted, len(fitted.scores) + 1, QUICK)


def test_repeated_profiles_would_be_taken_for_structure(fitted: Fit, refits: tuple[Fit, ...]) -> None:
    dataset = fitted.encoded.dataset
    rows = np.random.default_rng(0).integers(len(dataset), size=len(dataset))
    repeated = fit(dataset.take(rows), QUICK, Silent())
    retained = [refit.components.retained for refit in refits]
    assert repeated.components.retained > max(retained)
