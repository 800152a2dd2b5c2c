"""List lengths in and out: both fits, their numbers, and the sentence, computed here by other means."""

from typing import Annotated

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel
from sklearn.metrics import adjusted_rand_score

from models.profile.field_kinds import MultiLabel, Numeric
from tests.training.conftest import QUICK
from training.clustering.fit import Fit, fit
from training.clustering.stability import refit_resamples
from training.data.dataset import Dataset, from_frame
from training.progress import Silent
from training.report.analysis.lengths import length_comparison
from training.report.analysis.stability import solutions_of
from training.report.content.lengths import LengthComparison
from training.text import percent

WHOLE = QUICK.model_copy(update={"criteria_rows": 5_000})


class Guest(BaseModel):
    """Somebody who ticks much or little, and something."""

    likes: Annotated[tuple[str, ...] | None, MultiLabel()] = None
    age: Annotated[float | None, Numeric()] = None


def guests() -> Dataset:
    """Half of them tick nearly everything, whatever they like."""
    rng = np.random.default_rng(0)
    items = np.array([f"item {number}" for number in range(16)])
    taste, much = rng.integers(2, size=600), rng.random(600) < 0.5
    chance = np.where(much, 0.8, 0.2)[:, None] + np.where(np.arange(16) // 8 == taste[:, None], 0.08, -0.08)
    lists = [items[ticked].tolist() for ticked in rng.random((600, 16)) < chance]
    return from_frame(pd.DataFrame({"likes": lists, "age": rng.normal(40, 9, 600)}), Guest)


@pytest.fixture(scope="module")
def tickers() -> Dataset:
    return guests()


@pytest.fixture(scope="module")
def without(tickers: Dataset) -> Fit:
    return fit(tickers, WHOLE.model_copy(update={"k": 2}), Silent())


@pytest.fixture(scope="module")
def compared(without: Fit) -> LengthComparison:
    config = WHOLE.model_copy(update={"k": 2})
    refits = refit_resamples(without, config, 3, np.random.default_rng(2))
    solved = solutions_of(without, config, refits, np.random.default_rng(0))
    result = length_comparison(without, config, solved, 2, np.random.default_rng(1))
    assert result is not None
    return result


@pytest.fixture(scope="module")
def with_lengths(tickers: Dataset) -> Fit:
    return fit(tickers, WHOLE.model_copy(update={"k": 2, "remove_lengths": False}), Silent())


def correlation_ratio(dataset: Dataset, clusters: list[int]) -> float:
    """η² of the number of ticks, from the answers themselves."""
    lists = [getattr(profile, "likes", None) or () for profile in dataset.profiles(np.arange(len(dataset)))]
    ticks = pd.Series(np.array([len(ticked) for ticked in lists], np.float64))
    means = ticks.groupby(np.array(clusters)).transform("mean")
    return float(((means - ticks.mean()) ** 2).sum() / ((ticks - ticks.mean()) ** 2).sum())


def test_model_stands_first_and_the_other_setting_second(compared: LengthComparison) -> None:
    assert [variant.removed for variant in compared.variants] == [True, False]
    assert [variant.k for variant in compared.variants] == [2, 2]
    assert (compared.rows, compared.refits, compared.lists) == (600, 2, ("likes",))


def test_both_solutions_are_those_of_the_two_settings(
    compared: LengthComparison, without: Fit, with_lengths: Fit
) -> None:
    assert compared.same == pytest.approx(adjusted_rand_score(without.clusters, with_lengths.clusters), abs=1e-4)


def test_explained_is_the_correlation_ratio_of_the_number_of_ticks(
    compared: LengthComparison, tickers: Dataset, without: Fit, with_lengths: Fit
) -> None:
    for variant, one in zip(compared.variants, (without, with_lengths), strict=True):
        expected = correlation_ratio(tickers, one.clusters.tolist())
        assert variant.explained[0] == pytest.approx(expected, abs=1e-4)
        of_segments = correlation_ratio(tickers, one.labels.tolist())
        assert variant.explained_by_segments[0] == pytest.approx(of_segments, abs=1e-4)
    own, other = compared.variants
    assert other.explained_by_segments[0] > 0.5 > own.explained_by_segments[0]


def test_stability_is_that_of_refits_with_the_same_setting(
    compared: LengthComparison, without: Fit, with_lengths: Fit, tickers: Dataset
) -> None:
    config = WHOLE.model_copy(update={"k": 2})
    same = refit_resamples(without, config, 3, np.random.default_rng(2))
    own = np.mean([adjusted_rand_score(without.clusters, one.applied_to(tickers).clusters) for one in same])
    turned = config.model_copy(update={"remove_lengths": False})
    refits = refit_resamples(with_lengths, turned, 2, np.random.default_rng(1))
    clusters = [refit.applied_to(tickers).clusters for refit in refits]
    other = np.mean([adjusted_rand_score(with_lengths.clusters, one) for one in clusters])
    assert [variant.agreement for variant in compared.variants] == pytest.approx([own, other], abs=1e-4)


def test_sentence_says_that_it_changes_the_personas(compared: LengthComparison) -> None:
    before, after = (percent(variant.explained_by_segments[0]) for variant in compared.variants)
    assert compared.sentence == (
        "Whether the number of ticks counts changes the personas: without it there are 2 personas, with it 2 as "
        f"well, and both agree to an adjusted Rand index of {compared.same:.2f}. It matters most to the length of "
        f"likes, of whose variance the segments of K-Means explain {before} without it and {after} with it."
    )


def test_sentence_says_that_it_hardly_matters(dataset: Dataset, fitted: Fit) -> None:
    result = length_comparison(fitted, QUICK, [], 1, np.random.default_rng(0))
    assert result is not None
    assert result.same > 0.8
    assert result.sentence.startswith("Whether the number of ticks counts hardly changes the personas: ")
    assert result.variants[0].agreement is None


def test_model_that_counts_lengths_is_compared_with_one_that_does_not(tickers: Dataset) -> None:
    config = WHOLE.model_copy(update={"k": 2, "remove_lengths": False})
    result = length_comparison(fit(tickers, config, Silent()), config, [], 1, np.random.default_rng(0))
    assert result is not None
    assert [variant.removed for variant in result.variants] == [False, True]
    assert "changes the personas: with it there are 2 personas, without it 2 as well" in result.sentence


def test_without_lists_or_refits_nothing_is_compared(without: Fit) -> None:
    numbers = from_frame(pd.DataFrame({"age": np.random.default_rng(0).normal(size=200)}), Guest)
    alone = fit(numbers, WHOLE.model_copy(update={"k": 2}), Silent())
    assert length_comparison(alone, WHOLE, [], 2, np.random.default_rng(0)) is None
    assert length_comparison(without, WHOLE, [], 0, np.random.default_rng(0)) is None
