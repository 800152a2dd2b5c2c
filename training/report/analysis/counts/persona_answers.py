"""What the members of a persona answer, field by field, from aggregates: no profile of a single person.

The most common answers and the most distinctive ones are two lists. The first is ranked by share, so that it
begins with the mode; the second by lift, and holds what exceeds everyone's share by more than chance.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from models.profile.field_kinds import FieldSpec, MultiLabel, Numeric
from models.scoring.columns import BoolArray, FloatArray, IntArray, NumberColumn
from training.data.dataset import Dataset
from training.personas.traits import MIN_COUNT, above_everyone, z_threshold
from training.report.analysis.counts.answers import FieldTable
from training.report.analysis.counts.roles import value_label
from training.report.content.answers import AnswerShare, FieldAnswers, NumberAnswer

_MOST_OF_A_CHOICE: Final = 3
_MOST_OF_A_LIST: Final = 5


def persona_answers(
    dataset: Dataset, tables: Sequence[FieldTable], clusters: IntArray, k: int
) -> tuple[tuple[FieldAnswers, ...], ...]:
    """For each of k personas the answers of its members, in the order of the fields.

    A field is left out for a persona where fewer than five members answered it, or share a value.
    """
    by_field = {table.spec.name: table for table in tables}
    threshold = z_threshold(k * sum(int(table.is_frequent.sum()) for table in tables))
    fields = [_field(dataset, spec, by_field, clusters, k, threshold) for spec in dataset.specs]
    return tuple(
        tuple(field for answers in fields if (field := answers[cluster]) is not None) for cluster in range(k)
    )


def _field(
    dataset: Dataset,
    spec: FieldSpec,
    tables: Mapping[str, FieldTable],
    clusters: IntArray,
    k: int,
    threshold: float,
) -> list[FieldAnswers | None]:
    column = dataset.columns[spec.name]
    if isinstance(spec.kind, Numeric) and isinstance(column, NumberColumn):
        return [_number(spec, column.values[clusters == cluster]) for cluster in range(k)]
    field = tables[spec.name]
    return [_values(field, cluster, above) for cluster, above in enumerate(above_everyone(field.table, threshold))]


def _number(spec: FieldSpec, values: FloatArray) -> FieldAnswers | None:
    values = values[~np.isnan(values)]
    if len(values) < MIN_COUNT:
        return None
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75), method="inverted_cdf").round(4).tolist()
    return FieldAnswers(
        title=spec.title, answered=len(values), number=NumberAnswer(median=median, low=low, high=high)
    )


def _values(field: FieldTable, cluster: int, above: BoolArray) -> FieldAnswers | None:
    """`above`: the values that exceed everyone's share."""
    table = field.table
    shown = table.shown[cluster]
    if not shown.any():
        return None
    most = _MOST_OF_A_LIST if isinstance(field.spec.kind, MultiLabel) else _MOST_OF_A_CHOICE
    common = [code for code in _ranked(table.most_shares[cluster]) if shown[code]][:most]
    distinctive = [code for code in _ranked(table.stated_lifts[cluster]) if above[code]][:most]
    return FieldAnswers(
        title=field.spec.title,
        answered=int(table.stated_answered[cluster]),
        common=tuple(_answer(field, cluster, code) for code in common),
        distinctive=tuple(_answer(field, cluster, code) for code in distinctive),
    )


def _answer(field: FieldTable, cluster: int, code: int) -> AnswerShare:
    return AnswerShare(
        value=value_label(field.spec, field.values[code], field.written_forms),
        members=int(field.table.counts[cluster, code]),
        share=round(float(field.table.stated_shares[cluster, code]), 4),
        share_everyone=round(float(field.table.stated_everyone[code]), 4),
        lift=round(float(field.table.stated_lifts[cluster, code]), 4),
    )


def _ranked(weights: FloatArray) -> list[int]:
    order: list[int] = np.argsort(-weights.round(9), kind="stable").tolist()
    return order
