"""Columns: rows can be taken in any order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.scoring.columns import CodeListColumn, take

lists = st.lists(st.none() | st.sets(st.integers(0, 300), max_size=200).map(sorted), max_size=8)


def column_of(rows: list[list[int] | None]) -> CodeListColumn:
    return CodeListColumn(
        np.array([code for row in rows for code in row or ()], np.int64),
        np.cumsum([0, *(len(row or ()) for row in rows)], dtype=np.int64),
        np.array([row is not None for row in rows], np.bool_),
    )


def rows_of(column: CodeListColumn) -> list[list[int] | None]:
    ends = column.offsets.tolist()
    return [
        column.codes[start:end].tolist() if is_answered else None
        for start, end, is_answered in zip(ends, ends[1:], column.answered, strict=False)
    ]


@given(lists, st.data())
def test_taken_lists_are_those_of_the_rows(rows: list[list[int] | None], data: st.DataObject) -> None:
    wanted = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=12)) if rows else []
    taken = take({"hobbies": column_of(rows)}, np.array(wanted, np.int64))["hobbies"]
    assert isinstance(taken, CodeListColumn)
    assert rows_of(taken) == [rows[row] for row in wanted]
    assert taken.offsets.dtype == np.int64


@given(lists)
def test_rows_names_the_row_of_each_code(rows: list[list[int] | None]) -> None:
    expected = [number for number, row in enumerate(rows) for _ in row or ()]
    assert column_of(rows).rows.tolist() == expected
