"""The gap statistic for each number of clusters, where it levels off, and what random halves of the profiles say.

The gap statistic (Tibshirani, Walther and Hastie, J. R. Statist. Soc. B 63, 2001) compares log W_k, the
within-cluster sum of squares of K-Means with k clusters, with its mean over data drawn uniformly from the box
around the scores. The scores are principal coordinates, so that the box is aligned with them (their variant b). A
gap that is largest at k = 1 means no groups: of a single cloud that is dense in its middle, the gap falls at once.
(Profiles spread evenly along a line have no dense middle, and are cut into pieces.) Otherwise the gap rises
steeply up to the number of groups and then slowly, since unplanted profiles and uneven groups make further splits
pay. The smallest k is chosen from which on at most the share `config.plateau` of the whole rise is left.

A reference draw serves every k: what is random in it then cancels where two k are compared. More are drawn while
the choice lies within their error, so that it does not depend on the seed.

How sure a choice is follows from random halves of the profiles, drawn without replacement: statistics of halves
vary as those of new data of the full size would (the delete-d jackknife with d = n / 2; Shao and Wu, Annals of
Statistics 17, 1989). Bootstraps repeat profiles, which K-Means takes for tight clusters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.cluster import KMeans

from models.scoring.columns import FloatArray
from training.clustering.kmeans import fit_quietly, random_kmeans
from training.config import TrainingConfig

# Of larger data the references are a smaller draw: W grows with the rows, and log W_k − log n hardly changes.
_REFERENCE_ROWS: Final = 2_500
# There are at most so many times the configured references and halves.
_MOST_REFERENCES: Final = 5
_MOST_HALVES: Final = 3
# Few profiles have many local optima, and cost little.
_STARTS_TIMES_ROWS: Final = 20_000
_MOST_STARTS: Final = 50
_REFERENCE_STARTS_TIMES_ROWS: Final = 5_000
_MOST_REFERENCE_STARTS: Final = 5


@dataclass(frozen=True, kw_only=True)
class GapCurve:
    """The gap of K numbers of clusters, `ks` (K,) ascending.

    `inertias` (K,): W_k. `references` (draws, K): log W_k of each reference draw, for as many rows as the data.
    `halves` (halves, K): the gaps of random halves of the data.
    """

    ks: tuple[int, ...]
    inertias: FloatArray
    references: FloatArray
    halves: FloatArray

    @property
    def gaps(self) -> FloatArray:
        """The gaps, (K,)."""
        gaps: FloatArray = self.references.mean(axis=0) - _logarithm(self.inertias)
        return gaps

    @property
    def errors(self) -> FloatArray:
        """Their standard errors s_k, including that of the simulation, (K,)."""
        errors: FloatArray = self.references.std(axis=0) * np.sqrt(1 + 1 / len(self.references))
        return errors


def on_plateau(gaps: FloatArray, plateau: float) -> int:
    """The index of the first gap of (K,) that is at most the share `plateau` of the rise below the largest."""
    if gaps.max() <= gaps[0]:
        return 0
    return int(np.argmax(gaps >= gaps.max() - plateau * (gaps.max() - gaps[0])))


def gap_curve(
    scores: FloatArray,
    ks: Sequence[int],
    halves: int,
    config: TrainingConfig,
    rng: np.random.Generator,
    report: Callable[[float], None],
) -> GapCurve:
    """The gap curve of scores (n, r) for ascending `ks` from 1 on, with the gaps of random halves.

    `halves`: how many, and up to three times as many where they do not agree. `report`: is given the share that is
    done, 0–1.
    """
    starts = max(config.n_init, min(_MOST_STARTS, _STARTS_TIMES_ROWS // len(scores)))
    fits = []
    for number, k in enumerate(ks):
        report(0.3 * number / len(ks))
        fits.append(random_kmeans(scores, k, starts if k > 1 else 1, rng))
    inertias = np.array([fit.inertia_ for fit in fits])
    draws: list[FloatArray] = []
    for number in range(_MOST_REFERENCES * config.references):
        report(0.3 + 0.5 * min(number / config.references, 1.0))
        draws.append(_reference(scores, ks, rng))
        enough = len(draws) % config.references == 0
        if enough and not _near(np.array(draws)[:, 0], _logarithm(inertias), config.plateau):
            break
    references, of_halves = np.array(draws).transpose(1, 0, 2)
    report(0.8)
    gaps: list[FloatArray] = []
    while len(gaps) < _MOST_HALVES * halves and (not gaps or _divided(gaps, config.plateau)):
        gaps += [of_halves.mean(axis=0) - _half(scores, fits, rng) for _ in range(halves)]
    return GapCurve(
        ks=tuple(ks), inertias=inertias, references=references, halves=np.array(gaps).reshape(-1, len(fits))
    )


def _divided(halves: Sequence[FloatArray], plateau: float) -> bool:
    """Whether it is not plain that most of all halves would choose the number that most of these do."""
    most = np.bincount([on_plateau(gaps, plateau) for gaps in halves]).max()
    # Two standard errors of a share of one half.
    return bool(most / len(halves) < 0.5 + 1 / np.sqrt(len(halves)))


def _near(references: FloatArray, log_inertias: FloatArray, plateau: float) -> bool:
    """Whether the choice lies within two standard errors of the references (draws, K)."""
    gaps = references.mean(axis=0) - log_inertias
    best, largest = on_plateau(gaps, plateau), int(gaps.argmax())
    # For each draw by how much each k reaches the plateau, which begins at this mixture of two gaps.
    draws = references - log_inertias
    lead = draws - (1 - plateau) * draws[:, [largest]] - plateau * draws[:, [0]]
    if largest == 0:
        lead = draws[:, [0]] - draws
    error = lead.std(axis=0) / np.sqrt(len(lead))
    close = np.abs(lead.mean(axis=0)) < 2 * error
    return bool(close[1:].any() if largest == 0 else close[1 : best + 1].any())


def _reference(scores: FloatArray, ks: Sequence[int], rng: np.random.Generator) -> FloatArray:
    """log W_k of one uniform draw from the box around the scores, as for n rows, and of half of it, (2, K)."""
    rows = min(len(scores), _REFERENCE_ROWS)
    box = rng.uniform(scores.min(axis=0), scores.max(axis=0), (rows, scores.shape[1]))
    half = box[: rows // 2]
    starts = max(2, min(_MOST_REFERENCE_STARTS, _REFERENCE_STARTS_TIMES_ROWS // rows))
    fits = [random_kmeans(box, k, starts if k > 1 else 1, rng) for k in ks]
    of_half = [_warm(half, fit.cluster_centers_) for fit in fits]
    logarithms = _logarithm(np.array([[fit.inertia_ for fit in fits], of_half]))
    return np.asarray(logarithms + np.log(len(scores) / rows), np.float64)


def _half(scores: FloatArray, fits: Sequence[KMeans], rng: np.random.Generator) -> FloatArray:
    """log W_k (K,) of a random half of the scores, from the centroids of all."""
    half = scores[rng.permutation(len(scores))[: len(scores) // 2]]
    return _logarithm(np.array([_warm(half, fit.cluster_centers_) for fit in fits]))


def _warm(scores: FloatArray, centroids: FloatArray) -> float:
    """W of K-Means from these centroids; 0 where there are no more rows than centroids."""
    if len(scores) <= len(centroids):
        return 0.0
    return float(fit_quietly(KMeans(len(centroids), init=centroids, n_init=1), scores).inertia_)


def _logarithm(inertias: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.maximum(inertias, np.finfo(float).tiny)), np.float64)
