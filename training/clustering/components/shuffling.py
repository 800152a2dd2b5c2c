"""Shuffled copies of encoded profiles: each block of columns among the profiles that answered its field.

Shuffling preserves every margin and the pattern of missing answers, and removes every dependence between blocks.
"""

from collections.abc import Sequence

import numpy as np

from models.profile.field_kinds import MultiLabel
from models.scoring.columns import FloatArray, IntArray
from models.scoring.encoder import Encoder

# The rows that answered a field (ascending), and some of its columns.
Block = tuple[IntArray, slice]


def whole_fields(vectors: FloatArray, encoder: Encoder) -> list[Block]:
    """The columns of each field that varies, with the rows that answered it; in all other rows they are 0."""
    fields = ((np.flatnonzero(vectors[:, span].any(axis=1)), span) for span in encoder.spans.values())
    return [(rows, span) for rows, span in fields if len(rows)]


def shuffled_together(vectors: FloatArray, encoder: Encoder) -> list[Block]:
    """The columns that are shuffled together, with the rows that answered: those of a field, or each item of a
    list.
    """
    blocks: list[Block] = []
    for rows, span in whole_fields(vectors, encoder):
        blocks += [(rows, columns) for columns in _parts(encoder, span)]
    return blocks


def shuffle(vectors: FloatArray, blocks: Sequence[Block], rng: np.random.Generator) -> FloatArray:
    """The vectors with each block of columns shuffled among the rows that answered its field; 0 elsewhere."""
    shuffled = np.zeros_like(vectors)
    for rows, block in blocks:
        shuffled[rows, block] = vectors[rng.permutation(rows), block]
    return shuffled


def _parts(encoder: Encoder, span: slice) -> list[slice]:
    encoding = next(field for field in encoder.fields if encoder.spans[field.name] == span)
    if isinstance(encoding.spec.kind, MultiLabel):
        return [slice(column, column + 1) for column in range(span.start, span.stop)]
    return [span]
