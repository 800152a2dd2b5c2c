"""How reliable the numbers of an assignment are: what they say, beside what happened."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from models.scoring.columns import BoolArray, FloatArray
from training.calibration.hiding import Trial
from training.calibration.settled import chances_to_stay
from training.classifier.classifier import FOLDS

BINS: Final = 15


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class ConfidenceBin(_Part):
    """Trials of similar chance: their mean chance, and the share in which the persona stayed."""

    confidence: float
    accuracy: float
    trials: int


class HiddenCount(_Part):
    """Trials with one number of hidden fields. `error`: expected calibration error, 15 bins."""

    hidden: int
    trials: int
    accuracy: float = Field(description="Share in which the complete profile's persona was found.")
    confidence: float = Field(description="Mean chance that the persona stays (`settled`).")
    error: float


class ExponentGain(_Part):
    """One exponent of the evidence, and how well held-out answers are predicted under it."""

    exponent: float
    gain: float = Field(
        description="Mean log likelihood of a person's answers, each given the others, above margins."
    )


class Confidence(_Part):
    """How reliable `settled` is, measured by hiding answers of complete profiles, and the choice of the exponent
    that `confidence` has."""

    rows: int = Field(description="Profiles with the fewest gaps whose answers were hidden, repeats counted.")
    exponent: float = Field(description="Exponent of the evidence: 1 would take answers for independent.")
    error: float = Field(description="Expected calibration error over all trials, 15 bins.")
    by_hidden: tuple[HiddenCount, ...]
    bins: tuple[ConfidenceBin, ...] = Field(description="The reliability curve over all trials.")
    exponents: tuple[ExponentGain, ...] = ()


def measure_confidence(
    trials: Sequence[Trial], exponent: float, gains: Mapping[float, float]
) -> Confidence | None:
    """The reliability of `settled` over all trials, each by a curve from the other folds; None without a trial."""
    if not trials:
        return None
    chances = chances_to_stay(trials, FOLDS)
    every = np.concatenate(chances), np.concatenate([trial.stays for trial in trials])
    return Confidence(
        rows=max(len(trial.leads) for trial in trials),
        exponent=exponent,
        error=calibration_error(*every),
        by_hidden=tuple(
            HiddenCount(
                hidden=trial.count,
                trials=len(trial.stays),
                accuracy=round(float(trial.stays.mean()), 4),
                confidence=round(float(own.mean()), 4),
                error=calibration_error(own, trial.stays),
            )
            for trial, own in zip(trials, chances, strict=True)
        ),
        bins=_bins(*every),
        exponents=tuple(ExponentGain(exponent=key, gain=round(gain, 5)) for key, gain in gains.items()),
    )


def calibration_error(confidences: FloatArray, correct: BoolArray) -> float:
    """Expected calibration error in `BINS` equal bins (Naeini, Cooper and Hauskrecht, AAAI 2015)."""
    gaps = [
        abs(interval.accuracy - interval.confidence) * interval.trials for interval in _bins(confidences, correct)
    ]
    return round(sum(gaps) / len(confidences), 4)


def _bins(confidences: FloatArray, correct: BoolArray) -> tuple[ConfidenceBin, ...]:
    indices = np.minimum((confidences * BINS).astype(np.int64), BINS - 1)
    return tuple(
        ConfidenceBin(
            confidence=float(confidences[indices == index].mean()),
            accuracy=float(correct[indices == index].mean()),
            trials=int(np.count_nonzero(indices == index)),
        )
        for index in np.unique(indices)
    )


def confidence_metrics(confidence: Confidence | None) -> dict[str, float | int | str | None]:
    """The metrics of the confidence in a manifest."""
    return {
        "partial_profiles_tried": 0
        if confidence is None
        else sum(trials.trials for trials in confidence.by_hidden),
        "calibration_error": None if confidence is None else confidence.error,
        "evidence_exponent": None if confidence is None else confidence.exponent,
    }
