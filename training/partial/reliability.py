"""The reliability of partial profiles' assignments: trials in which answers were hidden, evaluated."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import minimize_scalar

from models.scoring.columns import BoolArray, FloatArray, IntArray
from models.scoring.imputation import softmax

FOLDS: Final = 5
BINS: Final = 15
_LOG_TEMPERATURES: Final = (-8.0, 12.0)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class ConfidenceBin(_Part):
    """Trials of similar confidence: their mean confidence, and the share that was right."""

    confidence: float
    accuracy: float
    trials: int


class HiddenCount(_Part):
    """Trials with one number of hidden fields. `error`: expected calibration error, 15 bins."""

    hidden: int
    trials: int
    accuracy: float = Field(description="Share in which the complete profile's persona was found.")
    confidence: float = Field(description="Mean confidence.")
    error: float
    temperature: float


class Confidence(_Part):
    """How reliable the confidence of partial profiles is, measured by hiding answers of complete profiles."""

    rows: int = Field(description="Profiles whose answers were hidden, those with the fewest gaps.")
    exponent: float = Field(description="Exponent of the evidence: 1 would take answers for independent.")
    error: float = Field(description="Expected calibration error over all trials, 15 bins.")
    by_hidden: tuple[HiddenCount, ...]
    bins: tuple[ConfidenceBin, ...] = Field(description="The reliability curve over all trials.")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Profiles with `count` fields hidden: `squares` (n, k), their squared distances; `heat` (n,), by which those
    are divided before any temperature; `targets` (n,), their complete assignments; `folds` (n,).
    """

    count: int
    squares: FloatArray
    heat: FloatArray
    targets: IntArray
    folds: IntArray


def measure_confidence(
    trials: Sequence[Trial], exponent: float, temperatures: FloatArray, rows: int
) -> Confidence | None:
    """The confidence and accuracy of all trials; None without a trial."""
    if not trials:
        return None
    measured = [_confidences(trial) for trial in trials]
    return Confidence(
        rows=rows,
        exponent=exponent,
        error=calibration_error(*map(np.concatenate, zip(*measured, strict=True))),
        by_hidden=tuple(
            HiddenCount(
                hidden=trial.count,
                trials=len(trial.targets),
                accuracy=round(float(correct.mean()), 4),
                confidence=round(float(confidences.mean()), 4),
                error=calibration_error(confidences, correct),
                temperature=round(float(temperatures[trial.count]), 4),
            )
            for trial, (confidences, correct) in zip(trials, measured, strict=True)
        ),
        bins=_bins(*map(np.concatenate, zip(*measured, strict=True))),
    )


def _confidences(trial: Trial) -> tuple[FloatArray, BoolArray]:
    """Each profile's confidence, with a temperature fitted to the other folds, and whether its assignment was
    right.
    """
    confidences = np.empty(len(trial.targets))
    for fold in range(FOLDS):
        own = trial.folds == fold
        others = ~own if (~own).any() else own
        if own.any():
            temperature, _ = best_temperature(trial, others)
            scaled = trial.squares[own] / (temperature * trial.heat[own])[:, None]
            confidences[own] = softmax(-scaled).max(axis=1)
    correct: BoolArray = trial.squares.argmin(axis=1) == trial.targets
    return confidences, correct


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


def best_temperature(trial: Trial, within: BoolArray | None = None) -> tuple[float, float]:
    """The temperature with the largest likelihood of the trial's complete assignments, and the mean loss."""
    squares, targets = trial.squares / trial.heat[:, None], trial.targets
    if within is not None:
        squares, targets = squares[within], targets[within]
    beyond = squares - squares.min(axis=1, keepdims=True)
    own = float(beyond[np.arange(len(targets)), targets].mean())

    def loss(log: float) -> float:
        """Mean negative log likelihood of the targets under softmax(−d²/T)."""
        heat = np.exp(-log)
        return float(np.log(np.exp(-beyond * heat).sum(axis=1)).mean() + own * heat)

    optimum = minimize_scalar(loss, bounds=_LOG_TEMPERATURES, method="bounded", options={"xatol": 1e-3})
    return float(np.exp(optimum.x)), float(optimum.fun)


def confidence_metrics(confidence: Confidence | None) -> dict[str, float | int | str | None]:
    """The metrics of the confidence in a manifest."""
    return {
        "partial_profiles_tried": 0
        if confidence is None
        else sum(trials.trials for trials in confidence.by_hidden),
        "calibration_error": None if confidence is None else confidence.error,
    }
