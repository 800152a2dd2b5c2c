"""Statistics of the answers to each field, by which the next retrain detects data of another kind.

The strength of a field is its dependence on the others: personas are assigned from all other fields, and the
strength is the share of the field's encoded variance that those personas explain (ε², the correlation ratio less
what chance explains; Kelley, PNAS 21, 1935). A shuffled column has a strength of 0.
"""

import math
from typing import Final

import numpy as np

from models.scoring.columns import Column, Columns, FloatArray, IntArray, NumberColumn, known_rows
from models.scoring.encoder import FieldEncoding, fill, unanswered
from models.scoring.scorer import AnyScorer
from models.storage.manifest import FieldStats
from training.data.encoded import EncodedDataset

# The statistics are those of a sample of so many profiles.
FIELD_ROWS: Final = 50_000
# The jackknife's; with fewer rows there is no strength.
_FOLDS: Final = 10
_FEWEST_ROWS: Final = 2 * _FOLDS


def field_stats(sample: EncodedDataset, scorer: AnyScorer) -> dict[str, FieldStats]:
    """The statistics of every field that the scorer knows, on a sample of profiles in its encoder's vocabulary."""
    names = sample.dataset.columns.keys()
    return {
        encoding.name: _stats(sample, encoding, scorer)
        for encoding in scorer.encoder.fields
        if encoding.name in names
    }


def _stats(sample: EncodedDataset, encoding: FieldEncoding, scorer: AnyScorer) -> FieldStats:
    column = sample.dataset.columns[encoding.name]
    answered = known_rows(column)
    strength, error = _strength(encoding, sample.columns, scorer)
    return FieldStats(
        answered_share=_rounded(answered.mean()),
        commonest_share=_rounded(commonest_share(column)),
        strength=_rounded(strength),
        strength_error=_rounded(error),
        answered=int(answered.sum()),
    )


def commonest_share(column: Column) -> float:
    """The share of the most common answer among all who answered, 0–1; of lists that of the most common value."""
    answered_count = int(known_rows(column).sum())
    if isinstance(column, NumberColumn):
        counts = np.unique(column.values[~np.isnan(column.values)], return_counts=True)[1]
    else:
        counts = np.bincount(column.codes[column.codes >= 0])
    return float(counts.max(initial=0)) / max(answered_count, 1)


def unknown_values(encoded: EncodedDataset) -> tuple[int, int]:
    """The number of values of open fields that the encoder does not know, and of all."""
    dataset, coded = encoded.dataset, encoded.columns
    answered_count = sum(_values(dataset.columns[name]) for name in dataset.vocabularies)
    known_count = sum(_values(coded[name]) for name in dataset.vocabularies if name in coded)
    return answered_count - known_count, answered_count


def _values(column: Column) -> int:
    return 0 if isinstance(column, NumberColumn) else int(np.count_nonzero(column.codes >= 0))


def _strength(encoding: FieldEncoding, coded: Columns, scorer: AnyScorer) -> tuple[float, float]:
    """The strength of a field, and its standard error."""
    column = coded[encoding.name]
    rows = np.flatnonzero(known_rows(column))
    if len(rows) < _FEWEST_ROWS:
        return 0.0, 0.0
    others = {**coded, encoding.name: unanswered(encoding.spec, len(column))}
    clusters = scorer.scores({name: column.take(rows) for name, column in others.items()}).clusters
    vectors = np.zeros((len(rows), encoding.width))
    fill(encoding, column.take(rows), vectors)
    return explained_share(vectors, clusters, scorer.personas)


def explained_share(vectors: FloatArray, clusters: IntArray, k: int) -> tuple[float, float]:
    """The share of the variance of vectors (n, w) between k clusters, corrected for chance (ε²), and its standard
    error.

    The error is that of the jackknife, leaving out a tenth of the rows (Tukey, Ann. Math. Statist. 29, 1958, 614).
    The formula for normal numbers is too small where few people answer differently from the others.
    """
    centred = vectors - vectors.mean(axis=0)
    fold = np.arange(len(vectors)) % _FOLDS
    counts = np.bincount(fold * k + clusters, minlength=_FOLDS * k).reshape(_FOLDS, k)
    flat = np.zeros((_FOLDS * k, vectors.shape[1]))
    np.add.at(flat, fold * k + clusters, centred)
    sums = flat.reshape(_FOLDS, k, -1)
    squares = np.bincount(fold, np.square(centred).sum(axis=1), minlength=_FOLDS)
    whole = sums.sum(axis=0), counts.sum(axis=0), float(squares.sum())
    left_out = (
        _corrected_share(whole[0] - sums[one], whole[1] - counts[one], whole[2] - float(squares[one]))
        for one in range(_FOLDS)
    )
    error = math.sqrt(_FOLDS - 1) * float(np.std(list(left_out)))
    return max(0.0, _corrected_share(*whole)), error


def _corrected_share(sums: FloatArray, counts: IntArray, squares: float) -> float:
    """ε² from the sums (k, w) and numbers (k,) of the vectors of each cluster and the sum of all their squares."""
    rows, k = int(counts.sum()), len(counts)
    at_mean = float(np.square(sums.sum(axis=0)).sum()) / max(rows, 1)
    variation = squares - at_mean
    if variation <= 1e-12 * max(squares, 1.0) or rows <= k:
        return 0.0
    between = float((np.square(sums).sum(axis=1) / np.maximum(counts, 1)).sum()) - at_mean
    return 1 - (1 - between / variation) * (rows - 1) / (rows - k)


def _rounded(share: float) -> float:
    return round(float(share), 4)
