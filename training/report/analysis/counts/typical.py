"""The typical answers of a persona's members, field by field, from aggregates: no profile of a single person."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from models.profile.field_kinds import FieldSpec, MultiLabel, Numeric, Ordinal
from models.scoring.columns import FloatArray, IntArray, NumberColumn
from training.data.dataset import Dataset
from training.personas.traits import MIN_COUNT, MIN_LIFT
from training.report.analysis.counts.answers import FieldTable
from training.report.analysis.counts.roles import value_label
from training.report.document import Typical
from training.text import number

MIN_SHARE: Final = 0.10
_MOST_OF_A_LIST: Final = 3


def typical_profiles(
    dataset: Dataset, tables: Sequence[FieldTable], clusters: IntArray, k: int
) -> tuple[tuple[Typical, ...], ...]:
    """For each of k personas its typical answers, in the order of the fields.

    A field is left out for a persona where fewer than five members answered it or share a value.
    """
    by_field = {table.spec.name: table for table in tables}
    fields = [_field(dataset, spec, by_field, clusters, k) for spec in dataset.specs]
    return tuple(tuple(answers[cluster] for answers in fields if answers[cluster]) for cluster in range(k))  # type: ignore[misc]


def _field(
    dataset: Dataset, spec: FieldSpec, tables: Mapping[str, FieldTable], clusters: IntArray, k: int
) -> list[Typical | None]:
    column = dataset.columns[spec.name]
    if isinstance(spec.kind, Numeric) and isinstance(column, NumberColumn):
        return [_number(spec, column.values[clusters == cluster]) for cluster in range(k)]
    return [_values(tables[spec.name], cluster) for cluster in range(k)]


def _number(spec: FieldSpec, values: FloatArray) -> Typical | None:
    """The median and the range of the middle half: "39 (29–47)"."""
    values = values[~np.isnan(values)]
    if len(values) < MIN_COUNT:
        return None
    low, median, high = map(number, np.quantile(values, (0.25, 0.5, 0.75), method="inverted_cdf").tolist())
    return Typical(title=spec.title, answer=median if low == high else f"{median} ({low}–{high})")


def _values(table: FieldTable, cluster: int) -> Typical | None:
    chosen = _chosen(table, cluster)
    if not chosen:
        return None
    return Typical(
        title=table.spec.title,
        answer=", ".join(value_label(table.spec, table.values[code], table.written_forms) for code in chosen),
        share=round(float(table.table.shares[cluster, chosen[0]]), 4),
    )


def _chosen(table: FieldTable, cluster: int) -> list[int]:
    """The most common level; of a choice or a list the values that are common and lifted, or else the most
    common.
    """
    counts, shares = table.table.counts[cluster], table.table.shares[cluster]
    common = [code for code in _ranked(shares) if counts[code] >= MIN_COUNT and table.is_frequent[code]]
    if isinstance(table.spec.kind, Ordinal):
        return common[:1]
    lifts = table.table.lifts[cluster]
    lifted = [code for code in _ranked(shares * lifts) if shares[code] >= MIN_SHARE and lifts[code] >= MIN_LIFT]
    lifted = [code for code in lifted if code in common]
    most = _MOST_OF_A_LIST if isinstance(table.spec.kind, MultiLabel) else 1
    return lifted[:most] or common[:1]


def _ranked(weights: FloatArray) -> list[int]:
    order: list[int] = np.argsort(-weights.round(9), kind="stable").tolist()
    return order
