"""Calibration: what confidence, settled and typicality say is what happens."""

from pathlib import Path

import numpy as np
import pytest

from models.profile import Profile
from models.segment_model import SegmentModel
from models.storage.registry import Registry
from training.calibration.calibration import Calibrated
from training.calibration.hiding import Trial
from training.calibration.reliability import calibration_error
from training.calibration.settled import chances_to_stay, settled_curve
from training.clustering.fit import Fit
from training.pipeline import Trained


def test_evidence_has_an_exponent_below_one(calibrated: Calibrated) -> None:
    assert calibrated.confidence is not None
    assert 0.3 < calibrated.confidence.exponent < 1
    gains = [(point.gain, point.exponent) for point in calibrated.confidence.exponents]
    assert abs(max(gains)[1] - calibrated.confidence.exponent) <= 0.05


def test_persona_stays_less_often_the_more_is_hidden(calibrated: Calibrated) -> None:
    assert calibrated.confidence is not None
    shares = [trials.accuracy for trials in calibrated.confidence.by_hidden]
    assert shares[0] > shares[5] > shares[-1]


def test_influential_field_can_move_more(calibrated: Calibrated) -> None:
    names = [encoding.name for encoding in calibrated.scorer.encoder.fields]
    fields = zip(names, calibrated.scorer.classifier.fields, strict=True)
    reach = {name: field.reach[0] for name, field in fields}
    assert reach["hobbies"] > reach["purchases_last_year"]


def test_chance_to_stay_is_calibrated(calibrated: Calibrated) -> None:
    assert calibrated.confidence is not None
    assert calibrated.confidence.error < 0.02


def test_settled_curve_recovers_the_chance_of_made_up_trials() -> None:
    rng = np.random.default_rng(0)
    leads = rng.uniform(0, 4, 20_000)
    truth = 1 / (1 + np.exp(-leads))
    trial = Trial(3, leads, rng.random(20_000) < truth, np.arange(20_000) % 5)
    points, chances = settled_curve([trial])
    assert (np.diff(points) > 0).all()
    assert (np.diff(chances) >= 0).all()
    np.testing.assert_allclose(np.interp([0.5, 1, 2, 3], points, chances), truth_at([0.5, 1, 2, 3]), atol=0.03)
    (held_out,) = chances_to_stay([trial], 5)
    assert calibration_error(held_out, trial.stays) < 0.01


def truth_at(leads: list[float]) -> np.ndarray:
    chances: np.ndarray = 1 / (1 + np.exp(-np.array(leads)))
    return chances


def test_lead_that_nothing_hidden_can_move_is_settled() -> None:
    trial = Trial(1, np.full(10, np.inf), np.ones(10, np.bool_), np.arange(10) % 5)
    assert settled_curve([trial]).tolist() == [[0.0, 1.0], [1.0, 1.0]]
    assert chances_to_stay([trial], 5)[0].tolist() == [1.0] * 10


def test_typicality_of_a_personas_members_is_evenly_spread(fitted: Fit, calibrated: Calibrated) -> None:
    scores = calibrated.scorer.scores(fitted.encoded.columns)
    assert scores.typicality is not None
    for persona in range(fitted.k):
        own = scores.typicality[scores.clusters == persona]
        deciles = np.quantile(own, np.linspace(0.1, 0.9, 9))
        np.testing.assert_allclose(deciles, np.linspace(0.1, 0.9, 9), atol=0.03)


def test_profile_of_random_answers_is_less_typical_than_a_member(trained: Trained) -> None:
    model: SegmentModel = Registry(trained.folder.parent).load(trained.folder.name, Profile).model
    vocabulary = {encoding.name: encoding.values for encoding in model.encoder.fields}
    rng = np.random.default_rng(0)
    typical = []
    for _ in range(200):
        answers = {
            name: tuple(rng.choice(vocabulary[name], 4, replace=False))
            for name in ("hobbies", "favourite_items", "gift_history")
        }
        typical.append(model.assign(Profile(**answers)).typicality)  # type: ignore[arg-type]
    assert np.median(np.array(typical, np.float64)) < 0.3


def test_empty_profile_is_assigned_the_largest_persona(trained: Trained) -> None:
    model: SegmentModel = Registry(trained.folder.parent).load(trained.folder.name, Profile).model
    answer = model.assign(Profile())
    assert answer.confidence == pytest.approx(answer.persona.share, abs=0.03)
    assert answer.confidence == max((answer.probabilities or {}).values())


def test_manifest_and_report_hold_the_calibration_error(trained: Trained) -> None:
    assert trained.manifest.metrics["calibration_error"] is not None
    assert '"by_hidden"' in Path(trained.folder / "report.json").read_text()
