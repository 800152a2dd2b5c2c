"""Statistics of the answers to each field, by which the next retrain detects data of another kind.

The strength of a field is its dependence on the others: personas are assigned from all other fields, and the
strength is the share of the field's encoded variance that those personas explain (ε², the correlation ratio less
what chance explains; Kelley, PNAS 21, 1935). A shuffled column has a strength of 0.
"""

from typing import Final

import numpy as np

from models.scoring.columns import Column, Columns, FloatArray, IntArray, NumberColumn, known_rows
from models.scoring.encoder import FieldEncoding, fill, unanswered
from models.scoring.scorer import AnyScorer
from models.storage.manifest import FieldStats
from training.clustering.matching import cluster_means
from training.data.encoded import EncodedDataset

# The statistics are those of a sample of so many profiles.
FIELD_ROWS: Final = 50_000


def field_stats(sample: EncodedDataset, scorer: AnyScorer) -> dict[str, FieldStats]:
    """The statistics of every field that the scorer knows, on a sample of profiles in its encoder's vocabulary."""
    columns = sample.dataset.columns
    return {
        encoding.name: FieldStats(
            answered_share=_rounded(known_rows(columns[encoding.name]).mean()),
            commonest_share=_rounded(commonest_share(columns[encoding.name])),
            strength=_rounded(_strength(encoding, sample.columns, scorer)),
            answered=int(known_rows(columns[encoding.name]).sum()),
        )
        for encoding in scorer.encoder.fields
        if encoding.name in columns
    }


def commonest_share(column: Column) -> float:
    """The share of the most common answer among all who answered, 0–1; of lists that of the most common value."""
    answered_count = int(known_rows(column).sum())
    if isinstance(column, NumberColumn):
        counts = np.unique(column.values[~np.isnan(column.values)], return_counts=True)[1]
    else:
        counts = np.bincount(column.codes[column.codes >= 0])
    return float(counts.max(initial=0)) / max(answered_count, 1)


def unknown_share(encoded: EncodedDataset) -> float | None:
    """The share of the values of open fields that the encoder does not know; None where there is no value."""
    dataset, coded = encoded.dataset, encoded.columns
    answered_count = sum(_values(dataset.columns[name]) for name in dataset.vocabularies)
    known_count = sum(_values(coded[name]) for name in dataset.vocabularies if name in coded)
    return (answered_count - known_count) / answered_count if answered_count else None


def _values(column: Column) -> int:
    return 0 if isinstance(column, NumberColumn) else int(np.count_nonzero(column.codes >= 0))


def _strength(encoding: FieldEncoding, coded: Columns, scorer: AnyScorer) -> float:
    column = coded[encoding.name]
    rows = np.flatnonzero(known_rows(column))
    if len(rows) < 2:
        return 0.0
    others = {**coded, encoding.name: unanswered(encoding.spec, len(column))}
    clusters = scorer.scores({name: column.take(rows) for name, column in others.items()}).clusters
    vectors = np.zeros((len(rows), encoding.width))
    fill(encoding, column.take(rows), vectors)
    return _explained(vectors, clusters, scorer.personas)


def _explained(vectors: FloatArray, clusters: IntArray, k: int) -> float:
    """The share of the variance of vectors (n, w) between k clusters, corrected for chance (ε²)."""
    centred = vectors - vectors.mean(axis=0)
    whole = float(np.square(centred).sum())
    sizes = np.bincount(clusters, minlength=k)
    means = np.nan_to_num(cluster_means(centred, clusters, k))
    if whole <= 0 or len(vectors) <= k:
        return 0.0
    between = float((sizes * np.square(means).sum(axis=1)).sum()) / whole
    return max(0.0, 1 - (1 - between) * (len(vectors) - 1) / (len(vectors) - k))


def _rounded(share: float) -> float:
    return round(float(share), 4)
