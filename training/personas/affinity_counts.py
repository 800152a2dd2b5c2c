"""Counts how many members of each persona have each value, and each two values: what affinities are made from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from models.affinities.counts import MIN_GROUP, AffinityCounts, FieldCounts, PairCounts
from models.profile.field_kinds import MultiLabel, Numeric
from models.scoring.columns import (
    BoolArray,
    CodeColumn,
    CodeListColumn,
    Column,
    IntArray,
    NumberColumn,
    known_rows,
)
from training.data.dataset import Dataset
from training.personas.disclosure import hides_gifts, in_fives, protect_lines
from training.personas.gifts import all_gifts, gift_categories, gift_fields
from training.personas.value_table import ValueTable, value_table

MOST_VALUES: Final = 40
MOST_CROSSED: Final = 20
MOST_PAIRS: Final = 60
_RANGES: Final = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True, kw_only=True)
class _Coded:
    """A field in codes of `values`. `one_answer`: at most one a profile. `name`: None for all gift fields."""

    name: str | None
    values: Sequence[str]
    column: CodeColumn | CodeListColumn
    one_answer: bool
    is_gift: bool
    crossed: bool


def affinity_counts(dataset: Dataset, clusters: IntArray, k: int) -> AffinityCounts:
    """The counts of k personas; `clusters` (n,). Without cells of fewer than `MIN_GROUP` members."""
    fields = list(_coded_fields(dataset))
    tables = {field.name: value_table(field.column, clusters, k, len(field.values)) for field in fields}
    secret = _secret_gifts(fields, tables)
    counted = [_field_counts(field, tables[field.name], secret.get(field.name)) for field in fields]
    ordered = [field for field in fields if field.crossed and field.values]
    pairs = [
        pair
        for first, second in list(_pairs(ordered))[:MOST_PAIRS]
        if (pair := _pair_counts(first, second, clusters, k)) is not None
    ]
    return AffinityCounts(fields=tuple(filter(None, counted)), pairs=tuple(pairs))


# --- fields as codes -------------------------------------------------------------------------------


def _coded_fields(dataset: Dataset) -> Iterator[_Coded]:
    categories, gifts = gift_categories(dataset), gift_fields(dataset)
    if categories:
        column = all_gifts(dataset, categories)
        yield _Coded(name=None, values=categories, column=column, one_answer=False, is_gift=True, crossed=True)
    for spec in dataset.specs:
        values, own = _coded(dataset, spec.name)
        is_list = isinstance(spec.kind, MultiLabel)
        yield _Coded(
            name=spec.name,
            values=values,
            column=own,
            one_answer=not is_list,
            is_gift=spec in gifts,
            crossed=spec in gifts or not (is_list or isinstance(spec.kind, Numeric)),
        )


def _coded(dataset: Dataset, name: str) -> tuple[Sequence[str], CodeColumn | CodeListColumn]:
    column: Column = dataset.columns[name]
    if not isinstance(column, NumberColumn):
        return dataset.vocabularies[name].values, column
    spec = next(spec for spec in dataset.specs if spec.name == name)
    if spec.levels:
        return spec.levels, CodeColumn(np.nan_to_num(column.values, nan=-1).astype(np.int64))
    return _ranges(column)


def _ranges(column: NumberColumn) -> tuple[tuple[str, ...], CodeColumn]:
    """A number as ranges between everyone's quintiles: "up to 24", "25 to 31", "more than 31"."""
    is_given = known_rows(column)
    given = column.values[is_given]
    if not len(given):
        return (), CodeColumn(np.full(len(column), -1, np.int64))
    edges = np.unique(np.quantile(given, _RANGES, method="inverted_cdf"))
    edges = edges[edges < given.max()]
    codes = np.where(is_given, np.searchsorted(edges, column.values, side="left"), -1).astype(np.int64)
    whole = bool((given == np.floor(given)).all())
    return tuple(_range_label(edges.tolist(), code, whole) for code in range(len(edges) + 1)), CodeColumn(codes)


def _range_label(edges: Sequence[float], code: int, whole: bool) -> str:
    if not edges:
        return "all"
    if code == 0:
        return f"up to {edges[0]:g}"
    if code == len(edges):
        return f"more than {edges[-1]:g}"
    low, high = edges[code - 1], edges[code]
    if not whole:
        return f"more than {low:g}, up to {high:g}"
    return f"{low + 1:g} to {high:g}" if low + 1 < high else f"{high:g}"


# --- one field -------------------------------------------------------------------------------------


def _secret_gifts(fields: Sequence[_Coded], tables: dict[str | None, ValueTable]) -> dict[str | None, BoolArray]:
    """For each single gift field the cells, in its own codes, that would give a small group away."""
    gifts = [field for field in fields if field.is_gift and field.name is not None and field.values]
    if len(gifts) < 2:
        return {}
    merged = next(field for field in fields if field.name is None)
    index = {category: code for code, category in enumerate(merged.values)}
    own_codes = {field.name: [index[value] for value in field.values] for field in gifts}
    counts = []
    for field in gifts:
        of_all = np.zeros_like(tables[None].counts)
        of_all[:, own_codes[field.name]] = tables[field.name].counts
        counts.append(of_all)
    is_secret = hides_gifts(tables[None].counts, counts)
    return {field.name: is_secret[:, own_codes[field.name]] for field in gifts}


def _field_counts(field: _Coded, table: ValueTable, secret: BoolArray | None) -> FieldCounts | None:
    """The counts of a field; None where no persona has enough members with any value."""
    is_shown: BoolArray = table.counts >= MIN_GROUP
    if secret is not None:
        is_shown = is_shown & ~secret
    listed = _most_common(np.where(is_shown.any(axis=0), table.counts.sum(axis=0), 0), MOST_VALUES)
    if not len(listed):
        return None
    counts, shown = table.counts[:, listed], is_shown[:, listed]
    hidden = np.where(shown, 0, counts).sum(axis=0).tolist()
    return FieldCounts(
        field=field.name,
        values=tuple(field.values[code] for code in listed.tolist()),
        answered=_answered(
            field, table, np.where(shown, counts, 0).sum(axis=1), (~shown).sum(axis=1), len(listed)
        ),
        counts=tuple(
            tuple(count if is_open else None for count, is_open in zip(row, open_row, strict=True))
            for row, open_row in zip(counts.tolist(), shown.tolist(), strict=True)
        ),
        others=tuple(map(in_fives, hidden, (~shown).sum(axis=0).tolist())),
        prior=table.stated_prior,
    )


def _answered(
    field: _Coded, table: ValueTable, shown: IntArray, withheld: IntArray, listed: int
) -> tuple[int | None, ...]:
    """The members who answered; of a field with one answer with the withheld ones in fives."""
    unlisted = len(field.values) - listed if field.one_answer else 0
    totals = zip(table.answered.tolist(), shown.tolist(), (withheld + unlisted).tolist(), strict=True)
    return tuple(
        None
        if answered < MIN_GROUP
        else shown_here + in_fives(answered - shown_here, missing)
        if field.one_answer
        else answered
        for answered, shown_here, missing in totals
    )


def _most_common(totals: IntArray, most: int) -> IntArray:
    """The codes of the values that are listed, at most so many, ascending; `totals`: 0 for those that are not."""
    order = np.argsort(-totals, kind="stable")
    return np.sort(order[totals[order] > 0][:most])


# --- two fields ------------------------------------------------------------------------------------


def _pairs(fields: Sequence[_Coded]) -> Iterator[tuple[_Coded, _Coded]]:
    """The fields to cross, those with gifts first. Two gift fields are not crossed: `hides_gifts`."""
    pairs = [pair for pair in combinations(fields, 2) if not (pair[0].is_gift and pair[1].is_gift)]
    yield from sorted(pairs, key=lambda pair: not any(field.is_gift for field in pair))


def _pair_counts(first: _Coded, second: _Coded, clusters: IntArray, k: int) -> PairCounts | None:
    """The crossed counts of two fields; None where no persona has enough members with any two values."""
    both = np.flatnonzero(known_rows(first.column) & known_rows(second.column))
    owners = clusters[both]
    one, other = (_shortened(field, both) for field in (first, second))
    shape = (k, len(one.values), len(other.values))
    if 0 in shape:
        return None
    rows, codes = _ticks(one.column)
    ticks = csr_matrix((np.ones(len(rows)), (owners[rows] * shape[1] + codes, rows)), (k * shape[1], len(both)))
    columns, other_codes = _ticks(other.column)
    others = csr_matrix((np.ones(len(columns)), (columns, other_codes)), (len(both), shape[2]))
    table = np.asarray((ticks @ others).todense()).round().astype(np.int64).reshape(shape)
    answered = np.bincount(owners, minlength=k)
    prior = ValueTable(table.reshape(k, -1), answered).stated_prior
    shown = _protected(
        table,
        (one, other),
        (
            value_table(one.column, owners, k, shape[1]).counts,
            value_table(other.column, owners, k, shape[2]).counts,
        ),
    )
    if not shown.any():
        return None
    return _as_pair(one, other, table, shown, answered, prior)


def _shortened(field: _Coded, rows: IntArray) -> _Coded:
    """The field of these rows, with its most common values alone."""
    column = field.column.take(rows)
    codes = column.codes[column.codes >= 0]
    totals = np.bincount(codes, minlength=len(field.values))
    listed = _most_common(np.where(totals >= MIN_GROUP, totals, 0), MOST_CROSSED)
    new_code = np.full(len(field.values) + 1, -1, np.int64)
    new_code[listed] = np.arange(len(listed))
    values = tuple(field.values[code] for code in listed.tolist())
    if isinstance(column, CodeColumn):
        return replace(field, values=values, column=CodeColumn(new_code[column.codes]))
    is_listed = new_code[column.codes] >= 0
    offsets = np.concatenate([[0], np.cumsum(is_listed)])[column.offsets].astype(np.int64)
    return replace(
        field, values=values, column=CodeListColumn(new_code[column.codes[is_listed]], offsets, column.answered)
    )


def _ticks(column: CodeColumn | CodeListColumn) -> tuple[IntArray, IntArray]:
    """Row and code of every value given."""
    if isinstance(column, CodeListColumn):
        return column.rows, column.codes
    rows = np.flatnonzero(column.codes >= 0)
    return rows, column.codes[rows]


def _protected(table: IntArray, fields: tuple[_Coded, _Coded], totals: tuple[IntArray, IntArray]) -> BoolArray:
    """Which cells are shown. `totals`: the counts (k, values) of either field among those who answered both.

    Along the values of a field with one answer the cells add up to the counts of the other field.
    """
    shown: BoolArray = table >= MIN_GROUP
    axes = [axis for axis, field in ((1, fields[0]), (2, fields[1])) if field.one_answer]
    while True:
        before = int(shown.sum())
        for axis in axes:
            unlisted = totals[2 - axis] - table.sum(axis=axis)
            shown = protect_lines(table, shown, unlisted, axis)
        if int(shown.sum()) == before:
            return shown


def _as_pair(
    first: _Coded, second: _Coded, table: IntArray, shown: BoolArray, answered: IntArray, prior: float | None
) -> PairCounts:
    persona, value, by_value = np.nonzero(shown)
    pairs = np.argwhere(shown.any(axis=0))
    hidden = np.where(shown, 0, table).sum(axis=0)
    withheld = (~shown).sum(axis=0)
    assert second.name is not None, "all gift fields together come first"
    return PairCounts(
        field=first.name,
        by=second.name,
        values=tuple(first.values),
        by_values=tuple(second.values),
        answered=tuple(count if count >= MIN_GROUP else None for count in answered.tolist()),
        prior=prior,
        persona=tuple(persona.tolist()),
        value=tuple(value.tolist()),
        by_value=tuple(by_value.tolist()),
        count=tuple(table[shown].tolist()),
        others=tuple(in_fives(int(hidden[a, b]), int(withheld[a, b])) for a, b in pairs.tolist()),
    )
