"""Checks of a candidate alone, on profiles that it was not fitted on."""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from models.acceptance import Thresholds
from models.scoring.columns import FloatArray
from models.storage.manifest import Reading, Verdict
from training.acceptance.candidate import Candidate
from training.acceptance.field_stats import unknown_values
from training.acceptance.repeated_rows import repeated_rows
from training.acceptance.verdicts import at_least, at_most, not_judged
from training.clustering.stability import whole_pipeline_stability
from training.config import TrainingConfig
from training.text import count, percent_tenths

_FEWEST_VALUES: Final = 20
# Names of columns in a sentence.
_FEW_NAMES: Final = 5


def candidate_checks(candidate: Candidate, thresholds: Thresholds, config: TrainingConfig) -> Iterator[Verdict]:
    """Stability under resampling, unknown values, outliers, repeated rows and, for a file, its unused columns."""
    yield _stability(candidate, thresholds, config)
    yield _unknown_values(candidate, thresholds)
    yield _outliers(candidate, thresholds)
    yield repeated_rows(candidate.dataset, thresholds)
    if candidate.origin.reading is not None:
        yield _used_columns(candidate.origin.reading, thresholds)


def _used_columns(reading: Reading, thresholds: Thresholds) -> Verdict:
    share = reading.used_columns / max(reading.columns, 1)
    measured = f"{reading.used_columns} of the file's {count(reading.columns, 'column')} are used"
    if share < thresholds.gate_min_used_columns:
        examples = ", ".join(f"'{name}'" for name in reading.unused[:_FEW_NAMES])
        measured += f", and not {examples} (a mapping says which are left out on purpose: ignore)"
    return at_least("used_columns", share, thresholds.gate_min_used_columns, measured)


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
    unknown, values = unknown_values(candidate.held_out)
    if values < _FEWEST_VALUES:
        given = f"The profiles have {count(values, 'value')} of open vocabularies"
        return not_judged("unknown_values", f"{given}; at least {_FEWEST_VALUES} are needed.")
    certain = lower_limit(unknown / values, values)
    return at_most(
        "unknown_values", certain, thresholds.gate_max_unknown_share,
        f"It does not know {percent_tenths(unknown / values)} of {values:,} values in answers, "
        f"{percent_tenths(certain)} for certain",
    )  # fmt: skip


def _outliers(candidate: Candidate, thresholds: Thresholds) -> Verdict:
    rows = len(candidate.held_out)
    share = outlier_share(candidate.scorer.distances(candidate.held_out.columns))
    certain = lower_limit(share, rows)
    return at_most(
        "outliers", certain, thresholds.gate_max_outlier_share,
        f"{percent_tenths(share)} of {rows:,} profiles lie far from every persona, "
        f"{percent_tenths(certain)} for certain",
    )  # fmt: skip


def lower_limit(share: float, rows: int) -> float:
    """The lower limit of a share of the population, of which a sample has `share`: at 95 %, one-sided.

    The score interval (Wilson, JASA 22, 1927, 209–212).
    """
    z = 1.645
    centre = share + z**2 / (2 * rows)
    width = z * math.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2))
    return max(0.0, (centre - width) / (1 + z**2 / rows))


def outlier_share(distances: FloatArray) -> float:
    """The share of rows whose nearest centroid is beyond Q3 + 3 IQR of all: Tukey's outer fence.

    Exploratory Data Analysis, 1977, ch. 2. `distances` (n, k).
    """
    nearest = distances.min(axis=1)
    low, high = np.quantile(nearest, [0.25, 0.75])
    return float(np.mean(nearest > high + 3 * (high - low)))
