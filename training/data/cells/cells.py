"""Cells of a column, in Python or Arrow, and as columns of a frame."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa

Cells: TypeAlias = Sequence[Any] | pa.Array


def as_cells(column: "pd.Series[Any]") -> Cells:
    """The cells of a frame's column, with None for missing values."""
    if isinstance(column.dtype, pd.ArrowDtype):
        array = pa.array(column.array)
        return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    missing = column.isna().to_numpy()
    if not missing.any():
        return column.tolist()
    return [None if is_missing else cell for cell, is_missing in zip(column.tolist(), missing, strict=True)]


def plain(cells: Cells) -> Sequence[Any]:
    """The cells as values of Python."""
    return cells.to_pylist() if isinstance(cells, pa.Array) else cells


def as_series(cells: Cells) -> "pd.Series[Any]":
    """Cells as a frame's column, the reverse of `as_cells`."""
    if isinstance(cells, pa.Array):
        return pd.Series(pd.arrays.ArrowExtensionArray(cells))
    return pd.Series(cells, dtype=object)
