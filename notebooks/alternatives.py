"""An encoding that the project does not use, for comparison in the notebook."""

import numpy as np
from scipy.sparse import csr_matrix

from models.scoring.columns import CodeListColumn, FloatArray, IntArray
from training.data.encoded import EncodedDataset


def ticks_in_full(encoded: EncodedDataset) -> FloatArray:
    """Our vectors (n, width) without the division of ticks by their number: every tick counts in full.

    Every column has its usual mean and standard deviation among those who answered; missing answers stay 0.
    """
    vectors = encoded.vectors()
    for encoding in encoded.encoder.fields:
        column = encoded.columns[encoding.name]
        if isinstance(column, CodeListColumn):
            ours = vectors[:, encoded.encoder.spans[encoding.name]]
            ticks = _ticks(column, encoding.column_of, encoding.width)[column.answered]
            spread = ours[column.answered].std(axis=0)
            ours[column.answered] = (ticks - ticks.mean(axis=0)) / np.maximum(ticks.std(axis=0), 1e-9) * spread
    return vectors


def _ticks(column: CodeListColumn, column_of: IntArray, width: int) -> FloatArray:
    """The number of ticks in each column, (n, width)."""
    ones, shape = np.ones(len(column.codes)), (len(column), width)
    ticks: FloatArray = csr_matrix((ones, column_of[column.codes], column.offsets), shape=shape).toarray()
    return ticks
