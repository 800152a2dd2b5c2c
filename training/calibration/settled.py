"""How settled an assignment is: the chance that answering the rest would not change the persona.

It rises with the persona's lead over the runner-up and falls with what the hidden fields can move. The lead, in
units of the root of the summed `FieldEvidence.reach` of the hidden fields, is one number for any set of fields;
isotonic regression (Zadrozny and Elkan, KDD 2002) of what happened in trials gives the chance.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from sklearn.isotonic import IsotonicRegression

from models.scoring.columns import BoolArray, FloatArray
from training.calibration.hiding import Trial

# Points of the stored curve.
POINTS: Final = 41


def settled_curve(trials: Sequence[Trial]) -> FloatArray:
    """The curve, (2, m): leads, ascending, and the chance at each; always 1 without a trial."""
    if not trials:
        return np.array([[0.0, 1.0], [1.0, 1.0]])
    return _curve(np.concatenate([trial.leads for trial in trials]), np.concatenate([t.stays for t in trials]))


def _curve(leads: FloatArray, stays: BoolArray) -> FloatArray:
    finite = np.isfinite(leads)
    if not finite.any():
        return np.array([[0.0, 1.0], [1.0, 1.0]])
    leads, stays = leads[finite], stays[finite]
    regression = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(leads, stays)
    points = np.unique(np.append(np.quantile(leads, np.linspace(0, 1, POINTS)), 0.0))
    if len(points) < 2:
        points = np.array([points[0], points[0] + 1.0])
    # The mean over each interval's trials: isotonic regression is a step function, and its steps are sharp.
    middles = (points[:-1] + points[1:]) / 2
    edges = np.concatenate([points[:1], middles, points[-1:]])
    fitted = regression.predict(leads)
    owner = np.clip(np.searchsorted(edges, leads, side="right") - 1, 0, len(points) - 1)
    counts = np.bincount(owner, minlength=len(points))
    means = np.bincount(owner, fitted, minlength=len(points)) / np.maximum(counts, 1)
    chances = np.where(counts > 0, means, regression.predict(points))
    return np.array([points, np.maximum.accumulate(chances)])


def chances_to_stay(trials: Sequence[Trial], folds: int) -> list[FloatArray]:
    """The chance of each trial's profiles by a curve from all other folds, (n,) for each trial."""
    result = [np.ones(len(trial.leads)) for trial in trials]
    for fold in range(folds):
        others = [_without(trial, fold) for trial in trials]
        curve = settled_curve([trial for trial in others if len(trial.leads)])
        for trial, chances in zip(trials, result, strict=True):
            own = np.flatnonzero((trial.folds == fold) & np.isfinite(trial.leads))
            chances[own] = np.interp(trial.leads[own], *curve)
    return result


def _without(trial: Trial, fold: int) -> Trial:
    rows = trial.folds != fold
    return Trial(trial.count, trial.leads[rows], trial.stays[rows], trial.folds[rows])
