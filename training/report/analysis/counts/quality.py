"""The quality of the data of a fit."""

from typing import Final

import numpy as np
from scipy.special import fdtrc

from models.profile.field_kinds import FieldSpec
from models.profile.suggestions import Suggester
from models.scoring.columns import CodeListColumn, Column, FloatArray, IntArray, NumberColumn, known_rows
from models.scoring.encoder import Encoder, FieldEncoding
from training.data.dataset import Dataset
from training.personas.traits import MIN_COUNT, SIGNIFICANCE
from training.report.analysis.counts.answers import shown_of
from training.report.document import DataQuality, FieldQuality, ListLength, ValuesToLearn

# Above it, personas partly separate profiles by their number of ticks.
TOO_MUCH_EXPLAINED: Final = 0.10
MOST_TO_LEARN: Final = 12
# The most unknown values, most common first, whose spelling is compared with known ones.
MOST_SPELLED: Final = 2_000


def data_quality(dataset: Dataset, encoder: Encoder, clusters: IntArray, k: int) -> DataQuality:
    """What is answered, what is rare, and whether the personas explain list lengths."""
    encodings = {encoding.name: encoding for encoding in encoder.fields}
    return DataQuality(
        profiles=len(dataset),
        distinct=dataset.distinct_rows,
        refused=dict(dataset.refusals.by_reason),
        notes=dataset.notes,
        fields=tuple(_field(dataset, spec, encodings.get(spec.name)) for spec in dataset.specs),
        list_lengths=list_lengths(dataset, clusters, k),
        to_learn=values_to_learn(dataset, encoder),
    )


def values_to_learn(dataset: Dataset, encoder: Encoder) -> tuple[ValuesToLearn, ...]:
    """For each open field that has some, the values that the model does not know or does not distinguish."""
    values_by_field = (
        _to_learn(dataset, encoding) for encoding in encoder.fields if encoding.name in dataset.vocabularies
    )
    return tuple(values for values in values_by_field if values.unknown or values.next)


def _to_learn(dataset: Dataset, encoding: FieldEncoding) -> ValuesToLearn:
    column, values = dataset.columns[encoding.name], dataset.vocabularies[encoding.name].values
    codes = np.zeros(0, np.int64) if isinstance(column, NumberColumn) else column.codes[column.codes >= 0]
    counts = np.bincount(codes, minlength=len(values))
    codes = np.array([encoding.vocabulary.code(value) for value in values], np.int64)
    shared = np.bincount(encoding.column_of, minlength=max(encoding.width, 1)) > 1
    unknown = np.flatnonzero((codes < 0) & (counts > 0))
    # Without their own column: in the shared one, or beyond the number of values that are learned.
    together = np.append(shared[encoding.column_of], False)[codes]
    waiting = np.flatnonzero((counts >= MIN_COUNT) & ((codes < 0) | together))
    waiting = waiting[np.argsort(-counts[waiting], kind="stable")][:MOST_TO_LEARN]
    suggester = Suggester(encoding.values)
    return ValuesToLearn(
        field=encoding.name,
        title=encoding.spec.title,
        unknown=len(unknown),
        unknown_share=round(float(counts[unknown].sum() / max(counts.sum(), 1)), 4),
        misspelt=sum(bool(suggester.nearest(values[code])) for code in unknown[:MOST_SPELLED]),
        next=tuple(values[code] for code in waiting.tolist()),
    )


def list_lengths(dataset: Dataset, clusters: IntArray, k: int) -> tuple[ListLength, ...]:
    """For each answered list, the share of the variance of its length that the personas explain."""
    columns = ((spec, dataset.columns[spec.name]) for spec in dataset.specs)
    return tuple(
        _list_length(spec, column, clusters, k)
        for spec, column in columns
        if isinstance(column, CodeListColumn) and column.answered.any()
    )


def explained(values: FloatArray, groups: IntArray, k: int) -> float:
    """η²: the variance between k groups (n,) as a share of all variance of values (n,); 0 where there is none."""
    centred = values - values.mean()
    total = float((centred**2).sum())
    if total <= 0:
        return 0.0
    sizes = np.bincount(groups, minlength=k)
    between = np.bincount(groups, centred, minlength=k) ** 2 / np.maximum(sizes, 1)
    return float(between.sum()) / total


def beats_chance(length: ListLength, answers: int) -> bool:
    """Whether an η² exceeds chance among this many answers, by the F test at 1 %."""
    between, within = len(length.mean_lengths) - 1, answers - len(length.mean_lengths)
    if between < 1 or within < 1:
        return False
    if length.explained >= 1:
        return True
    ratio = (length.explained / between) / ((1 - length.explained) / within)
    return bool(fdtrc(between, within, ratio) < SIGNIFICANCE)


def _list_length(spec: FieldSpec, column: CodeListColumn, clusters: IntArray, k: int) -> ListLength:
    lengths = column.lengths[column.answered].astype(np.float64)
    groups = clusters[column.answered]
    sizes = np.bincount(groups, minlength=k)
    means = np.bincount(groups, lengths, minlength=k) / np.maximum(sizes, 1)
    return ListLength(
        field=spec.name,
        title=spec.title,
        explained=round(explained(lengths, groups, k), 4),
        mean_lengths=shown_of(means, sizes),
    )


def _field(dataset: Dataset, spec: FieldSpec, encoding: FieldEncoding | None) -> FieldQuality:
    column, values = dataset.columns[spec.name], None
    if spec.name in dataset.vocabularies:
        values = len(dataset.vocabularies[spec.name].values)
    elif spec.levels:
        values = len(np.unique(column.values[known_rows(column)])) if isinstance(column, NumberColumn) else None
    open_values = values if spec.name in dataset.vocabularies else None
    return FieldQuality(
        field=spec.name,
        title=spec.title,
        answered=round(float(known_rows(column).mean()), 4),
        values=values,
        rare_values=None if open_values is None else open_values - _own_columns(encoding),
        mean_ticks=_mean_ticks(column),
    )


def _own_columns(encoding: FieldEncoding | None) -> int:
    """The number of values with a column of their own."""
    if encoding is None:
        return 0
    return int(np.count_nonzero(np.bincount(encoding.column_of) == 1))


def _mean_ticks(column: Column) -> float | None:
    if not isinstance(column, CodeListColumn) or not column.answered.any():
        return None
    return round(float(column.lengths[column.answered].mean()), 4)
