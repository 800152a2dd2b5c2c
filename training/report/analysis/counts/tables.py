"""Tables for figures: lifts of informative values, numbers by persona, gifts by hobby and by age."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import rel_entr

from models.scoring.columns import BoolArray, FloatArray, IntArray, NumberColumn
from training.data.dataset import Dataset
from training.personas.traits import MIN_COUNT, z_threshold
from training.personas.value_table import ValueTable
from training.report.analysis.counts.answers import (
    Crossed,
    FieldTable,
    Holders,
    NumberFieldTable,
    crossed,
    holders_of,
    shown_of,
    stated_of,
)
from training.report.analysis.counts.bands import Bands, bands
from training.report.analysis.counts.roles import age_field, gift_field, hobby_field, value_label
from training.report.document import LiftRow, Matrix, SnakeRow
from training.text import capitalised

MOST_LIFT_ROWS: Final = 30
_MOST_OF_A_FIELD: Final = 6
MOST_HOBBIES: Final = 20
MOST_GIFTS: Final = 16


def lift_rows(tables: Sequence[FieldTable]) -> tuple[LiftRow, ...]:
    """The values that best distinguish the personas, at most thirty and six of a field, grouped by field.

    Only values that differ significantly in at least one persona (adjusted residuals, Bonferroni over all cells).
    Within a field they are in the order of the persona with the largest lift.
    """
    threshold = z_threshold(sum(int(field.is_frequent.sum()) * len(field.table.answered) for field in tables))
    strongest = sorted(
        (-strength, index, code)
        for index, field in enumerate(tables)
        for strength, code in _informative(field, threshold)[:_MOST_OF_A_FIELD]
    )[:MOST_LIFT_ROWS]
    chosen = sorted((index, _leader(tables[index].table, code), code) for _, index, code in strongest)
    return tuple(_lift_row(tables[index], code, threshold) for index, _, code in chosen)


def snake_rows(tables: Sequence[NumberFieldTable]) -> tuple[SnakeRow, ...]:
    """Numeric and ordinal fields by persona."""
    return tuple(_snake_row(field) for field in tables)


def history_against_hobbies(dataset: Dataset) -> Crossed | None:
    """Gifts by hobby, over the profiles that answered both; None where a field is missing."""
    gifts, hobbies = gift_field(dataset), hobby_field(dataset)
    if gifts is None or hobbies is None:
        return None
    return _unless_empty(holders_of(dataset, hobbies, MOST_HOBBIES), holders_of(dataset, gifts, MOST_GIFTS))


def history_by_hobby(pairs: Crossed | None) -> Matrix | None:
    """The lifts of each gift category among the gifts of each hobby; None where fewer than five are expected, or
    counted.
    """
    if pairs is None:
        return None
    first, second = pairs.first, pairs.second
    return Matrix(
        title=f"{capitalised(second.spec.title)} by {first.spec.title}: share of all, relative to everyone's",
        row_title=first.spec.title,
        column_title=second.spec.title,
        rows=_labels(first),
        columns=_labels(second),
        values=_cells(pairs.lifts, pairs.enough & (pairs.counts >= MIN_COUNT)),
    )


def age_bands(dataset: Dataset) -> Bands | None:
    """The profiles by age, or by the first number of the class; None where it cannot be divided."""
    spec = age_field(dataset)
    column = dataset.columns[spec.name] if spec else None
    return bands(column.values) if isinstance(column, NumberColumn) else None


def gifts_by_age(dataset: Dataset, ages: Bands | None) -> Matrix | None:
    """The share of each gift category in each age band, among the profiles that answered both.

    None where fewer than five have it.
    """
    age, gifts = age_field(dataset), gift_field(dataset)
    if ages is None or age is None or gifts is None:
        return None
    gifts_held = holders_of(dataset, gifts, MOST_GIFTS)
    if not gifts_held.values:
        return None
    shares, answers = shares_by_band(ages, gifts_held)
    return Matrix(
        title=f"{capitalised(gifts.title)} by {age.title}: share of those who answered",
        row_title=gifts.title,
        column_title=age.title,
        rows=_labels(gifts_held),
        columns=ages.labels,
        values=_cells(shares.T, (shares * answers[:, None]).round().T >= MIN_COUNT),
    )


def shares_by_band(ages: Bands, gifts_held: Holders) -> tuple[FloatArray, IntArray]:
    """The share of each value in each band, (bands, values), and the profiles that answered, (bands,)."""
    rows = np.flatnonzero(gifts_held.answered & (ages.band_of >= 0))
    shape = (len(rows), len(ages.labels))
    member = csr_matrix((np.ones(len(rows)), (np.arange(len(rows)), ages.band_of[rows])), shape=shape)
    answers = np.bincount(ages.band_of[rows], minlength=len(ages.labels))
    counts = np.asarray((member.T @ gifts_held.ticks[rows]).todense(), np.float64)
    return counts / np.maximum(answers, 1)[:, None], answers


def _unless_empty(hobbies: Holders, gifts: Holders) -> Crossed | None:
    return crossed(hobbies, gifts) if hobbies.values and gifts.values else None


def _informative(field: FieldTable, threshold: float) -> list[tuple[float, int]]:
    """Values with a significant difference and their information, strongest first."""
    table = field.table
    shares, everyone = table.shares, table.everyone
    # The mutual information of answer and persona, in nats.
    information = rel_entr(shares, everyone) + rel_entr(1 - shares, 1 - everyone)
    information[table.answered == 0] = 0.0
    weights = table.answered / max(int(table.answered.sum()), 1)
    strength = (weights[:, None] * information).sum(axis=0).round(9)
    notable = field.is_frequent & (np.abs(table.residuals) > threshold).any(axis=0)
    return sorted(((float(strength[code]), code) for code in np.flatnonzero(notable).tolist()), key=_by_strength)


def _by_strength(item: tuple[float, int]) -> tuple[float, int]:
    return (-item[0], item[1])


def _leader(table: ValueTable, code: int) -> int:
    return int(table.lifts[:, code].argmax())


def _lift_row(field: FieldTable, code: int, threshold: float) -> LiftRow:
    table = field.table
    return LiftRow(
        field=field.spec.name,
        title=field.spec.title,
        value=value_label(field.spec, field.values[code], field.written_forms),
        lifts=_rounded(table.stated_lifts[:, code]),
        shares=stated_of(table.stated_shares[:, code]),
        significant=tuple((np.abs(table.residuals[:, code]) > threshold).tolist()),
        share_everyone=round(float(table.stated_everyone[code]), 4),
    )


def _snake_row(field: NumberFieldTable) -> SnakeRow:
    table = field.table
    return SnakeRow(
        title=field.spec.title,
        differences=shown_of(table.differences, table.members),
        means=shown_of(table.means, table.members),
        mean_everyone=round(table.mean_everyone, 4),
    )


def _labels(field: Holders) -> tuple[str, ...]:
    return tuple(value_label(field.spec, value, field.written_forms) for value in field.values)


def _cells(values: FloatArray, shown: BoolArray) -> tuple[tuple[float | None, ...], ...]:
    return tuple(
        tuple(value if is_shown else None for value, is_shown in zip(row, row_shown, strict=True))
        for row, row_shown in zip(values.round(4).tolist(), shown.tolist(), strict=True)
    )


def _rounded(values: FloatArray) -> tuple[float, ...]:
    return tuple(values.round(4).tolist())
