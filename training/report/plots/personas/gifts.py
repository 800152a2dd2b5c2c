"""Gifts by hobby, and gifts by age."""

from typing import Final

import numpy as np
from matplotlib.figure import Figure

from models.profile.vocabulary import label
from models.scoring.columns import FloatArray
from training.report.document import Matrix, Report
from training.report.drawing import heat, style
from training.report.drawing.labels import heading
from training.text import number, percent

_MOST_ROWS: Final = 32
_MOST_COLUMNS: Final = 16


# --- by hobby --------------------------------------------------------------------------------------


def draw_history_by_hobby(report: Report) -> Figure | None:
    """Lift of each gift category among those of each hobby."""
    matrix = _most_informative(report.history_by_hobby)
    if matrix is None:
        return None
    values = _values(matrix)
    cells = [["" if np.isnan(lift) else f"{lift:.1f}" for lift in row] for row in values]
    figure = _canvas(matrix, _strongest_link(matrix))
    [axes] = style.panels(figure, 1, 1)
    heat.lift_map(axes, values, cells, _rows(matrix), _columns(matrix))
    axes.set(xlabel=heading(matrix.column_title), ylabel=heading(matrix.row_title))
    return figure


def describe_history_by_hobby(report: Report) -> str:
    """The strongest links."""
    matrix = report.history_by_hobby
    if matrix is None:
        return ""
    values = np.nan_to_num(_values(matrix))
    best = np.argsort(-values, axis=None, kind="stable")[:5]
    pairs = [(int(row), int(column)) for row, column in zip(*np.unravel_index(best, values.shape), strict=True)]
    pairs_said = [f"{matrix.rows[r]} and {matrix.columns[c]} ({number(values[r, c])} ×)" for r, c in pairs]
    return f"{heading(matrix.title)}. The strongest links: {', '.join(pairs_said)}.".replace("_", " ")


def _strongest_link(matrix: Matrix) -> str:
    values = np.nan_to_num(_values(matrix))
    row, column = np.unravel_index(values.argmax(), values.shape)
    return (
        f"The strongest link of hobbies and gifts: {heading(matrix.rows[row])} "
        f"and {heading(matrix.columns[column]).lower()} ({number(values[row, column])} × everyone's)"
    )


# --- by age ----------------------------------------------------------------------------------------


def draw_gifts_by_age(report: Report) -> Figure | None:
    """Share of each gift category in each age band."""
    matrix = _most_informative(report.gifts_by_age)
    if matrix is None:
        return None
    figure = _canvas(matrix, _widest_span(matrix))
    [axes] = style.panels(figure, 1, 1)
    heat.share_map(axes, _values(matrix), _rows(matrix), _columns(matrix))
    axes.set(xlabel=heading(matrix.column_title), ylabel=heading(matrix.row_title))
    return figure


def describe_gifts_by_age(report: Report) -> str:
    """The lowest and the highest age band of each category."""
    matrix = report.gifts_by_age
    return "" if matrix is None else " ".join(_span(matrix, row) for row in range(len(matrix.rows)))


def _widest_span(matrix: Matrix) -> str:
    values = _values(matrix)
    spans = np.nanmax(values, axis=1, initial=0) - np.nanmin(values, axis=1, initial=1)
    return f"What age changes most: {_span(matrix, int(spans.argmax())).rstrip('.')}"


def _span(matrix: Matrix, row: int) -> str:
    values = _values(matrix)[row]
    if np.isnan(values).all():
        return f"{heading(matrix.rows[row])}: too few to say."
    low, high = int(np.nanargmin(values)), int(np.nanargmax(values))
    return (
        f"{heading(matrix.rows[row])}, {percent(values[low])} ({label(matrix.columns[low])}) "
        f"against {percent(values[high])} ({label(matrix.columns[high])})."
    )


# --- both ------------------------------------------------------------------------------------------


def _values(matrix: Matrix) -> FloatArray:
    """The matrix as (rows, columns), NaN for None."""
    return np.array(matrix.values, dtype=np.float64)


def _most_informative(matrix: Matrix | None) -> Matrix | None:
    """The rows and columns that vary most, if there are too many, in their order; None if all are empty."""
    if matrix is None or np.isnan(values := _values(matrix)).all():
        return None
    rows, columns = _varied(values, _MOST_ROWS), _varied(values.T, _MOST_COLUMNS)
    changes = {
        "rows": tuple(matrix.rows[r] for r in rows),
        "columns": tuple(matrix.columns[c] for c in columns),
        "values": tuple(tuple(matrix.values[r][c] for c in columns) for r in rows),
    }
    return matrix.model_copy(update=changes)


def _varied(values: FloatArray, most: int) -> list[int]:
    spread = np.nan_to_num(values).std(axis=1)
    return sorted(np.argsort(-spread, kind="stable")[:most].tolist())


def _canvas(matrix: Matrix, title: str) -> Figure:
    return style.canvas(2.0 + 0.2 * len(matrix.rows), title)


def _rows(matrix: Matrix) -> list[str]:
    return [style.wrapped(heading(row), 1.5, style.SMALL, most=1) for row in matrix.rows]


def _columns(matrix: Matrix) -> list[str]:
    return [heat.column_label(heading(column), len(matrix.columns)) for column in matrix.columns]
