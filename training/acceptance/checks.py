"""The acceptance checks of a candidate, alone and beside the active model.

Each check has a threshold (`models.acceptance`) and gives a verdict: a sentence with what was measured and what is
wanted. Some check the candidate, some the data against that of the active model: a poisoned file must not get a
model of its own that then looks tidy. A check that cannot be made says so: its outcome is "not_judged", which
neither counts as passed nor blocks an activation.
"""

from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from models.acceptance import Thresholds
from models.storage.manifest import Verdict
from training.acceptance.candidate import Candidate
from training.acceptance.candidate_checks import candidate_checks
from training.acceptance.comparison_checks import comparison_checks
from training.acceptance.verdicts import judged
from training.config import TrainingConfig
from training.personas.identity import ClusterMatching, Predecessor


@dataclass(frozen=True)
class CheckResults:
    """The measured values by metric name, and the verdicts."""

    metrics: dict[str, float | int | str | None]
    verdicts: tuple[Verdict, ...]


def run_checks(
    candidate: Candidate,
    predecessor: Predecessor | None,
    matching: ClusterMatching | None,
    thresholds: Thresholds,
    config: TrainingConfig,
) -> CheckResults:
    """Check a candidate alone and, where there is an active model, beside it."""
    with threadpool_limits(1):
        verdicts = list(candidate_checks(candidate, thresholds, config))
        if predecessor is not None and matching is not None:
            verdicts += comparison_checks(candidate, predecessor, matching, thresholds)
    held_out = len(candidate.dataset) - candidate.fitted_rows
    metrics: dict[str, float | int | str | None] = {"rows": candidate.fitted_rows, "held_out_rows": held_out}
    metrics |= {f"gate_{verdict.name}": verdict.value for verdict in verdicts if verdict.value is not None}
    return CheckResults(metrics, tuple(verdicts))


def unreadable_predecessor(error: str) -> Verdict:
    """The failed verdict where the active model cannot be read, so that no persona is carried on."""
    sentence = f"The active model cannot be read, so that every persona would get a new id: {error}"
    return judged("identity", False, sentence)
