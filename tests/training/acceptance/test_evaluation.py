"""The verdicts: what a fit has to hold to be activated by itself."""

import math

import pytest

from models.storage.manifest import Manifest
from tests.training.conftest import QUICK
from training.acceptance.evaluation import evaluate
from training.clustering.compile import Equivalence
from training.clustering.fit import Fit, fit
from training.data.dataset import Dataset
from training.pipeline import Trained
from training.progress import Silent

PROOF = Equivalence(2_000, 0.0, 0)


def test_fit_of_planted_personas_passes(trained: Trained) -> None:
    manifest: Manifest = trained.manifest
    assert manifest.outcome == "passed"
    names = {verdict.name for verdict in manifest.verdicts}
    assert names >= {"structure", "smallest_persona", "largest_persona"}


@pytest.mark.parametrize(
    ("threshold", "name", "sentence"),
    [
        ({"min_persona_share": 0.9}, "smallest_persona", "at least 90.0 % is wanted"),
        ({"max_persona_share": 0.1}, "largest_persona", "at most 10.0 % is wanted"),
    ],
)
def test_persona_beyond_a_threshold_fails_by_name(
    fitted: Fit, threshold: dict[str, float], name: str, sentence: str
) -> None:
    evaluation = evaluate(fitted, PROOF, QUICK.model_copy(update=threshold))
    failed = [verdict for verdict in evaluation.verdicts if not verdict.passed]
    assert [verdict.name for verdict in failed] == [name]
    assert sentence in failed[0].sentence


def test_one_persona_fails_as_the_largest_and_as_no_structure(dataset: Dataset) -> None:
    everyone = fit(dataset, QUICK.model_copy(update={"k": 1}), Silent())
    failed = {verdict.name: verdict for verdict in evaluate(everyone, PROOF, QUICK).verdicts if not verdict.passed}
    assert failed.keys() == {"structure", "largest_persona"}
    assert failed["structure"].sentence.endswith("but there is one persona, everyone.")
    assert failed["largest_persona"].value == 1.0


def test_every_metric_is_a_number(fitted: Fit) -> None:
    metrics = evaluate(fitted, PROOF, QUICK).metrics
    assert all(isinstance(value, int | float) and math.isfinite(value) for value in metrics.values())
    assert -1 <= float(metrics["silhouette"] or 0) <= 1
