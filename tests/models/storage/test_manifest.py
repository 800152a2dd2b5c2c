"""Verdicts in manifests: three outcomes, and what older manifests say of them."""

import pytest

from models.storage.manifest import Manifest, Outcome, Verdict
from testkit.small_model import small_manifest


def verdict(outcome: Outcome) -> Verdict:
    return Verdict(name="stability", outcome=outcome, sentence="It was checked.")


@pytest.mark.parametrize(
    ("passed", "sentence", "outcome"),
    [
        (True, "Refits agree.", "passed"),
        (False, "Refits do not agree.", "failed"),
        (True, "Not judged: the active model was made from simulated profiles.", "not_judged"),
    ],
)
def test_verdict_of_an_older_manifest_has_an_outcome(passed: bool, sentence: str, outcome: Outcome) -> None:
    read = Verdict.model_validate({"name": "stability", "passed": passed, "sentence": sentence})
    assert (read.outcome, read.passed) == (outcome, outcome == "passed")


def test_written_verdict_says_whether_it_passed_and_reads_as_it_was() -> None:
    for outcome in ("passed", "failed", "not_judged"):
        written = verdict(outcome).model_dump(mode="json")
        assert written["passed"] is (outcome == "passed")
        assert Verdict.model_validate(written) == verdict(outcome)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((), "passed"),
        (("passed", "passed"), "passed"),
        (("passed", "not_judged"), "not_judged"),
        (("failed", "not_judged", "passed"), "failed"),
    ],
)
def test_outcome_of_all_checks_is_the_worst(outcomes: tuple[Outcome, ...], expected: Outcome) -> None:
    manifest: Manifest = small_manifest(verdicts=tuple(map(verdict, outcomes)))
    assert manifest.outcome == expected
    assert len(manifest.verdicts_that("failed")) == outcomes.count("failed")
