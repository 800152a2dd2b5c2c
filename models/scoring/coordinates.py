"""The map of profiles: encoding, list lengths and PCA folded into additive tables.

These steps are linear, so a profile's PCA coordinates are a sum:

    z = base + Σ over answered fields ( constant + Σ over the field's terms  factor · row )

where factor is the number x for numeric and ordinal fields, 1 for the chosen value, 1/√(values ticked) for each
value ticked (`models.scoring.encoder`). A field without an answer adds nothing, which is the average answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.scoring.columns import CodeColumn, CodeListColumn, Column, Columns, FloatArray, NumberColumn, row_count
from models.scoring.encoder import Encoder, FieldEncoding, raw_numbers, tick_size


@dataclass(frozen=True, slots=True)
class FieldTable:
    """The contribution of one field to the coordinates, in r PCA dimensions.

    `constant` (r,) is added once if the field is answered. `rows` (terms, r) are multiplied by the factors: one
    row for a numeric or ordinal field, otherwise one for each known value.
    """

    constant: FloatArray
    rows: FloatArray


@dataclass(frozen=True, kw_only=True)
class ProfileMap:
    """Tables for every field of the encoder, `base` (r,) and the K-Means `centroids` (k, r)."""

    base: FloatArray
    tables: tuple[FieldTable, ...]
    centroids: FloatArray

    def coordinates(self, encoder: Encoder, columns: Columns) -> FloatArray:
        """The PCA coordinates of profiles, (n, r)."""
        z = np.tile(self.base, (row_count(columns), 1))
        for encoding, table in zip(encoder.fields, self.tables, strict=True):
            add_column(encoding, table, columns[encoding.name], z)
        return z

    def distances(self, encoder: Encoder, columns: Columns) -> FloatArray:
        """The Euclidean distances of profiles to every centroid, (n, k)."""
        return np.sqrt(squared_distances(self.coordinates(encoder, columns), self.centroids))

    def arrays(self) -> dict[str, FloatArray]:
        """The arrays of no single field, by their name in the artifact."""
        return {"base": self.base, "centroids": self.centroids}

    @classmethod
    def of(cls, arrays: Mapping[str, FloatArray], names: tuple[str, ...]) -> "ProfileMap":
        """Build the map of these fields. Raises `KeyError` where an array is missing."""
        tables = tuple(FieldTable(arrays[f"{name}.constant"], arrays[f"{name}.rows"]) for name in names)
        return cls(base=arrays["base"], tables=tables, centroids=arrays["centroids"])


def squared_distances(z: FloatArray, centroids: FloatArray) -> FloatArray:
    """Squared distances of z (n, r) to each centroid (k, r): (n, k)."""
    gaps = z[:, None, :] - centroids
    squares: FloatArray = np.einsum("nkr,nkr->nk", gaps, gaps)
    return squares


def add_column(encoding: FieldEncoding, table: FieldTable, column: Column, total: FloatArray) -> None:
    """Add what a column's known answers contribute to `total` (n, r)."""
    if isinstance(column, NumberColumn):
        x = raw_numbers(encoding.spec, column)
        rows = np.flatnonzero(~np.isnan(x))
        total[rows] += table.constant + x[rows, None] * table.rows[0]
    elif isinstance(column, CodeColumn):
        rows = np.flatnonzero(column.codes >= 0)
        total[rows] += table.constant + table.rows[column.codes[rows]]
    else:
        _add_lists(table, column, total)


def _add_lists(table: FieldTable, column: CodeListColumn, total: FloatArray) -> None:
    total[column.answered] += table.constant
    filled = np.flatnonzero(column.lengths)
    if len(filled):
        weighed = table.rows[column.codes] * tick_size(column)[:, None]
        total[filled] += np.add.reduceat(weighed, column.offsets[:-1][filled], axis=0)
