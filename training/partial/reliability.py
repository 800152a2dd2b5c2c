"""Whether partial profiles' answers are as sure as they say: trials in which answers were hidden, judged."""

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
    """Trials of like confidence: how sure the answers were on average, and how many were right."""

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
    """How sure partial profiles' answers are, and how sure they may be: answers hidden from complete profiles."""

    rows: int = Field(description="Profiles whose answers were hidden, those with the fewest gaps.")
    exponent: float = Field(description="Exponent of the evidence: 1 would take answers for independent.")
    error: float = Field(description="Expected calibration error over all trials, 15 bins.")
    by_hidden: tuple[HiddenCount, ...]
    bins: tuple[ConfidenceBin, ...] = Field(description="The reliability curve over all trials.")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Profiles with `count` fields hidden: their `squares`, distances (n, k), `heat` (n,), by which those are
    divided before any temperature, their complete answers `targets` and
    their `folds` (n,)."""

    count: int
    squares: FloatArray
    heat: FloatArray
    targets: IntArray
    folds: IntArray


def judge(trials: Sequence[Trial], exponent: float, temperatures: FloatArray, rows: int) -> Confidence | None:
    """How sure the answers of all trials are, and how many are right; None where there was no trial."""
    if not trials:
        return None
    judged = [_judged(trial) for trial in trials]
    return Confidence(
        rows=rows,
        exponent=exponent,
        error=calibration_error(*map(np.concatenate, zip(*judged, strict=True))),
        by_hidden=tuple(
            HiddenCount(
                hidden=trial.count,
                trials=len(trial.targets),
                accuracy=round(float(right.mean()), 4),
                confidence=round(float(sure.mean()), 4),
                error=calibration_error(sure, right),
                temperature=round(float(temperatures[trial.count]), 4),
            )
            for trial, (sure, right) in zip(trials, judged, strict=True)
        ),
        bins=_bins(*map(np.concatenate, zip(*judged, strict=True))),
    )


def _judged(trial: Trial) -> tuple[FloatArray, BoolArray]:
    """Each profile's confidence, by a temperature fitted to the other folds, and whether the answer was right."""
    sure = np.empty(len(trial.targets))
    for fold in range(FOLDS):
        own = trial.folds == fold
        others = ~own if (~own).any() else own
        if own.any():
            temperature, _ = best_temperature(trial, others)
            sure[own] = softmax(-trial.squares[own] / (temperature * trial.heat[own])[:, None]).max(axis=1)
    right: BoolArray = trial.squares.argmin(axis=1) == trial.targets
    return sure, right


def calibration_error(sure: FloatArray, right: BoolArray) -> float:
    """Expected calibration error in `BINS` equal bins (Naeini, Cooper and Hauskrecht, AAAI 2015)."""
    return round(
        sum(abs(bin_.accuracy - bin_.confidence) * bin_.trials for bin_ in _bins(sure, right)) / len(sure), 4
    )


def _bins(sure: FloatArray, right: BoolArray) -> tuple[ConfidenceBin, ...]:
    indices = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    return tuple(
        ConfidenceBin(
            confidence=float(sure[indices == index].mean()),
            accuracy=float(right[indices == index].mean()),
            trials=int(np.count_nonzero(indices == index)),
        )
        for index in np.unique(indices)
    )


def best_temperature(trial: Trial, within: BoolArray | None = None) -> tuple[float, float]:
    """The temperature under which the trial's complete answers are likeliest, and the mean loss that it leaves."""
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
    """What the manifest says of the confidence."""
    return {
        "partial_profiles_tried": 0 if confidence is None else sum(bin_.trials for bin_ in confidence.by_hidden),
        "calibration_error": None if confidence is None else confidence.error,
    }
