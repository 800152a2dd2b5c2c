"""Calibration: the exponent, the temperatures, and how sure partial profiles are."""

from pathlib import Path

import pytest

from models.profile import Profile
from models.scoring.imputation import Imputation
from models.segment_model import SegmentModel
from models.storage.registry import Registry
from training.partial.calibration import Calibrated
from training.pipeline import Trained


def test_evidence_is_multiplied_by_the_exponent(calibrated: Calibrated) -> None:
    assert calibrated.confidence is not None
    assert 0 < calibrated.confidence.exponent < 1


def test_hiding_an_influential_field_lowers_confidence_more(calibrated: Calibrated) -> None:
    imputation = calibrated.scorer.imputation
    assert isinstance(imputation, Imputation)
    names = [encoding.name for encoding in calibrated.scorer.encoder.fields]
    scatter = {name: table.scatter[0] for name, table in zip(names, imputation.fields, strict=True) if table}
    assert scatter["hobbies"] > scatter["purchases_last_year"]
    assert calibrated.confidence is not None
    accuracies = [trials.accuracy for trials in calibrated.confidence.by_hidden]
    assert accuracies[0] > accuracies[5] > accuracies[-1]


def test_confidence_is_calibrated(calibrated: Calibrated) -> None:
    assert calibrated.confidence is not None
    assert calibrated.confidence.error < 0.035


def test_empty_profile_is_assigned_the_largest_persona(trained: Trained) -> None:
    model: SegmentModel = Registry(trained.folder.parent).load(trained.folder.name, Profile).model
    answer = model.assign(Profile())
    assert answer.persona.size == max(persona.size for persona in model.personas)
    assert answer.confidence == pytest.approx(answer.persona.share, abs=0.01)


def test_manifest_and_report_hold_the_calibration_error(trained: Trained) -> None:
    assert trained.manifest.metrics["calibration_error"] is not None
    assert '"by_hidden"' in Path(trained.folder / "report.json").read_text()
