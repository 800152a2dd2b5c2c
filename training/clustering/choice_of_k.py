"""The number of personas: the gap statistic, after the parallel analysis has found structure.

The gap statistic (Tibshirani, Walther and Hastie, J. R. Statist. Soc. B 63, 2001) compares log W_k, the
within-cluster sum of squares of K-Means with k clusters, with its mean over data drawn uniformly from the box
around the scores. The scores are principal coordinates, so that the box is aligned with them (their variant b). A
gap that is largest at k = 1 means no groups: of a single cloud that is dense in its middle, the gap falls at once.
(Profiles spread evenly along a line have no dense middle, and are cut into pieces.) Otherwise the gap rises
steeply up to the number of groups and then slowly, since unplanted profiles and uneven groups make further splits
pay. The smallest k is chosen from which on at most the share `config.plateau` of the whole rise is left.

Only components that clearly exceed chance are used, without whitening: k groups need k − 1 of them, and each
weaker or whitened one adds noise in which further splits pay too (docs/decisions/0007).
"""

from dataclasses import dataclass

import numpy as np

from models.scoring.columns import FloatArray
from training.clustering.components import Components
from training.clustering.kmeans import random_kmeans
from training.config import TrainingConfig
from training.progress import Progress
from training.text import percent


@dataclass(frozen=True, slots=True)
class GapPoint:
    """The gap for one k. `gap_error`: s_k, the standard error including that of the simulation."""

    k: int
    inertia: float
    gap: float
    gap_error: float


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen k, why in one sentence, and the curve (empty when k was given)."""

    k: int
    sentence: str
    curve: tuple[GapPoint, ...] = ()


def choose_k(
    scores: FloatArray,
    components: Components,
    config: TrainingConfig,
    rng: np.random.Generator,
    progress: Progress,
    familiar: int | None = None,
) -> Choice:
    """Choose the number of clusters in PCA scores (n, r) of a sample.

    `familiar`: the k of the previous model, which stays where the gap statistic is nearly undecided between it and
    the best.
    """
    if config.k != "auto":
        return Choice(config.k, f"{config.k} {'persona was' if config.k == 1 else 'personas were'} asked for.")
    if not components.structured:
        why = (
            "No principal component beats chance"
            if components.linked
            else "The fields do not depend on each other"
        )
        return Choice(1, f"{why}: there is one segment, everyone.")
    scores = scores[:, : components.clear]
    # Rounded: the last digits of equal profiles' scores depend on their rows in the matrix.
    distinct = len(np.unique(scores.round(9), axis=0))
    ks = range(1, min(config.k_max, distinct) + 1)
    curve = []
    for number, k in enumerate(ks):
        progress.step("choosing the number of personas", number / len(ks))
        curve.append(_gap_point(scores, k, config, rng))
    best = _on_the_plateau(curve, config.plateau)
    stays = _undecided(curve, familiar, config)
    if stays is None or stays.k == best.k:
        return Choice(best.k, _reason(best, curve), tuple(curve))
    sentence = (
        f"{_reason(stays, curve)} The model before has {stays.k} as well, and {best.k} would hardly be better."
    )
    return Choice(stays.k, sentence, tuple(curve))


def _on_the_plateau(curve: list[GapPoint], plateau: float) -> GapPoint:
    """The smallest k whose gap is at most the share `plateau` of the curve's rise below the largest."""
    first, largest = curve[0], max(curve, key=lambda point: point.gap)
    if largest.gap <= first.gap:
        return first
    enough = largest.gap - plateau * (largest.gap - first.gap)
    return next(point for point in curve if point.gap >= enough)


def _undecided(curve: list[GapPoint], familiar: int | None, config: TrainingConfig) -> GapPoint | None:
    """The point of the familiar k, if a slightly lower or higher `plateau` would choose it."""
    slack = config.familiar_plateau
    lower = _on_the_plateau(curve, min(config.plateau + slack, 1.0))
    higher = _on_the_plateau(curve, max(config.plateau - slack, 0.0))
    points = [point for point in curve if point.k == familiar and lower.k <= point.k <= higher.k]
    return points[0] if points else None


def _reason(best: GapPoint, curve: list[GapPoint]) -> str:
    if best.k == 1:
        return "The gap statistic does not rise above one segment: the profiles form one cloud."
    first, largest = curve[0].gap, max(point.gap for point in curve)
    return (
        f"With {best.k} personas the gap statistic is {best.gap:.3f} ± {best.gap_error:.3f}, which is "
        f"{percent((best.gap - first) / (largest - first))} of its rise from one segment to its largest value."
    )


def _gap_point(scores: FloatArray, k: int, config: TrainingConfig, rng: np.random.Generator) -> GapPoint:
    fitted = random_kmeans(scores, k, 5, rng)
    draws = np.log([_reference(scores, k, rng) for _ in range(config.references)])
    inertia = float(fitted.inertia_)
    error = float(draws.std() * np.sqrt(1 + 1 / len(draws)))
    gap = float(draws.mean() - np.log(max(inertia, np.finfo(float).tiny)))
    return GapPoint(k, inertia, gap, error)


def _reference(scores: FloatArray, k: int, rng: np.random.Generator) -> float:
    """W_k of one uniform draw from the box around the scores."""
    box = rng.uniform(scores.min(axis=0), scores.max(axis=0), scores.shape)
    return max(float(random_kmeans(box, k, 2, rng).inertia_), np.finfo(float).tiny)
