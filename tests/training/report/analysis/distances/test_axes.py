"""Components in words: the answers that pull to either side."""

import numpy as np
import pytest

from training.clustering.fit import Fit
from training.report.analysis.distances.axes import MOST_LOADINGS, axes
from training.report.document import Report


def test_first_component_separates_the_old_from_the_young(report: Report) -> None:
    first = report.components.axes[0]
    sides = {loading.label: loading.correlation for loading in (*first.high, *first.low)}
    assert abs(sides["age"]) > 0.3
    assert sides["age"] * sides["gift history: practical gifts"] > 0
    assert first.sentence.startswith("Component 1 (")
    assert " against " in first.sentence


def test_loadings_are_correlations_in_descending_order(fitted: Fit) -> None:
    shares = fitted.pipeline["pca"].explained_variance_ratio_
    first = axes(fitted.encoded, fitted.scores, shares)[0]
    vectors = fitted.encoded.vectors()
    age = np.corrcoef(vectors[:, 0], fitted.scores[:, 0])[0, 1]
    correlations = {loading.label: loading.correlation for loading in (*first.high, *first.low)}
    assert correlations["age"] == pytest.approx(age, abs=1e-4)
    assert [loading.correlation for loading in first.high] == sorted(
        (loading.correlation for loading in first.high), reverse=True
    )
    assert max(len(first.high), len(first.low)) <= MOST_LOADINGS


def test_random_scores_have_no_loadings(fitted: Fit) -> None:
    noise = np.random.default_rng(0).normal(size=(len(fitted.encoded), 1))
    (axis,) = axes(fitted.encoded, noise, np.array([0.01]))
    assert (axis.high, axis.low) == ((), ())
    assert axis.sentence == "Component 1 (1.0 % of the variance): no answer stands out."


def test_every_component_has_a_sentence(report: Report, fitted: Fit) -> None:
    assert [axis.number for axis in report.components.axes] == list(range(1, fitted.components.retained + 1))
