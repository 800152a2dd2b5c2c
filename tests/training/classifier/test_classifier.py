"""The classifier: what it learns, and the exponent that it chooses."""

import numpy as np
import pytest
from sklearn.base import clone

from models.profile import Profile
from tests.training.conftest import QUICK
from training.classifier.classifier import PersonaClassifier
from training.clustering.fit import Fit, fit
from training.data.dataset import from_frame
from training.progress import Silent
from training.simulation.simulate import SimulationConfig, simulate


def test_classifier_agrees_with_the_clusters_that_it_was_trained_on(fitted: Fit) -> None:
    assert (fitted.classifier.predict(fitted.encoded) == fitted.labels).mean() > 0.9
    np.testing.assert_array_equal(fitted.classifier.predict(fitted.encoded), fitted.clusters)


def test_probabilities_add_up_and_agree_with_the_prediction(fitted: Fit) -> None:
    chances = fitted.classifier.predict_proba(fitted.encoded)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)
    np.testing.assert_array_equal(chances.argmax(axis=1), fitted.clusters)


def test_classifier_is_nearer_to_the_planted_personas_than_the_clusters() -> None:
    from sklearn.metrics import adjusted_rand_score

    gains = []
    for seed in (1, 2, 3):
        simulated = simulate(SimulationConfig(rows=1_500, seed=seed))
        result = fit(from_frame(simulated.frame, Profile), QUICK.model_copy(update={"k": 5}), Silent())
        of = simulated.planted
        own, before = (adjusted_rand_score(simulated.truth[of], x[of]) for x in (result.clusters, result.labels))
        gains.append(own - before)
    assert np.mean(gains) > 0


def test_given_exponent_is_used(fitted: Fit) -> None:
    given = clone(fitted.classifier).set_params(exponent=0.5).fit(fitted.encoded, fitted.labels)
    assert given.exponent_ == 0.5
    assert given.gains_ == {}
    assert (
        given.predict_proba(fitted.encoded).max(axis=1).mean()
        < fitted.classifier.predict_proba(fitted.encoded).max(axis=1).mean()
    )


def test_exponent_falls_where_answers_of_a_person_repeat_each_other() -> None:
    frame = simulate(SimulationConfig(rows=1_500, seed=3)).frame
    plain = fit(from_frame(frame, Profile), QUICK, Silent())
    # The same answers again under another name say nothing new.
    doubled = frame.assign(favourite_movies=frame["hobbies"], favourite_items=frame["gift_history"])
    repeated = fit(from_frame(doubled, Profile), QUICK, Silent())
    assert repeated.classifier.exponent_ < plain.classifier.exponent_


def test_fit_is_the_same_for_the_same_seed(fitted: Fit) -> None:
    again = PersonaClassifier(seed=QUICK.seed).fit(fitted.encoded, fitted.labels)
    assert again.exponent_ == fitted.classifier.exponent_
    np.testing.assert_array_equal(
        again.predict_proba(fitted.encoded), fitted.classifier.predict_proba(fitted.encoded)
    )


def test_one_cluster_is_certain(fitted: Fit) -> None:
    one = PersonaClassifier().fit(fitted.encoded, np.zeros(len(fitted.encoded), np.int64))
    assert one.exponent_ == 1.0
    assert one.predict_proba(fitted.encoded) == pytest.approx(1.0)
