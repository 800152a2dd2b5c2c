"""Checks of a candidate alone, on profiles that it was not fitted on."""

from collections.abc import Iterator

import numpy as np

from models.acceptance import Thresholds
from models.scoring.columns import FloatArray
from models.storage.manifest import Verdict
from training.acceptance.candidate import Candidate
from training.acceptance.field_stats import unknown_share
from training.acceptance.repeated_rows import repeated_rows
from training.acceptance.verdicts import at_least, at_most, not_judged
from training.clustering.stability import whole_pipeline_stability
from training.config import TrainingConfig


def candidate_checks(candidate: Candidate, thresholds: Thresholds, config: TrainingConfig) -> Iterator[Verdict]:
    """Stability under resampling, unknown values, outliers and repeated rows."""
    yield _stability(candidate, thresholds, config)
    yield _unknown_values(candidate, thresholds)
    outliers = outlier_share(candidate.scorer.distances(candidate.held_out.columns))
    yield at_most(
        "outliers", outliers, thresholds.gate_max_outlier_share,
        f"{outliers:.1%} of the profiles lie far from every persona",
    )  # fmt: skip
    yield repeated_rows(candidate.dataset, thresholds)


def _stability(candidate: Candidate, thresholds: Thresholds, config: TrainingConfig) -> Verdict:
    if candidate.fit.k == 1:
        return not_judged("stability", "There is one persona, which every refit gives.")
    stability = whole_pipeline_stability(candidate.fit, candidate.held_out.dataset, config, candidate.refits)
    refits = len(stability.agreements)
    measured = (
        f"{refits} refits of resampled profiles agree with it to an adjusted Rand index of "
        f"{stability.agreement:.2f}"
        if refits
        else "No refit of resampled profiles has as many personas"
    )
    wanted = f"{thresholds.gate_min_stability:.2f}"
    return at_least("stability", stability.agreement, thresholds.gate_min_stability, measured, wanted)


def _unknown_values(candidate: Candidate, thresholds: Thresholds) -> Verdict:
    unknown = unknown_share(candidate.held_out)
    if unknown is None:
        return not_judged("unknown_values", "No profile has a value of an open vocabulary.")
    return at_most(
        "unknown_values", unknown, thresholds.gate_max_unknown_share,
        f"It does not know {unknown:.1%} of the values that people gave",
    )  # fmt: skip


def outlier_share(distances: FloatArray) -> float:
    """The share of rows whose nearest centroid is beyond Q3 + 3 IQR of all: Tukey's outer fence.

    Exploratory Data Analysis, 1977, ch. 2. `distances` (n, k).
    """
    nearest = distances.min(axis=1)
    low, high = np.quantile(nearest, [0.25, 0.75])
    return float(np.mean(nearest > high + 3 * (high - low)))
