"""What distinguishes each cluster from everyone, as numbers: cluster × value tables, lift and significance.

Clusters are made from the answers that are compared here, so that significance means a difference larger than
chance among that many members, and not that the clusters are real.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtri, rel_entr

from models.affinities.counts import MIN_GROUP
from models.profile.field_kinds import FieldSpec, Numeric
from models.scoring.columns import BoolArray, FloatArray, IntArray, NumberColumn
from training.data.dataset import Dataset
from training.data.written_forms import WrittenForms
from training.personas.value_table import ValueTable, value_table

SIGNIFICANCE: Final = 0.01
MIN_COUNT: Final = MIN_GROUP
MIN_LIFT: Final = 1.2
MIN_SHARE: Final = 0.05
# "Hardly any" is only worth saying of common values.
MAX_LIFT_OF_RARE: Final = 0.5
MIN_COMMON_SHARE: Final = 0.10
MIN_DIFFERENCE: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueFinding:
    """A value that members have more often than everyone, or much less often. `strength` in nats (see
    `_information`). `written_forms`: how people write the values of the field.
    """

    spec: FieldSpec
    value: str
    share: float
    share_everyone: float
    lift: float
    strength: float
    written_forms: WrittenForms | None = None

    @property
    def more(self) -> bool:
        """More than everyone, rather than fewer."""
        return self.lift > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFinding:
    """A number that is higher or lower among the members. Three in five members are between `low` and `high`."""

    spec: FieldSpec
    mean: float
    mean_everyone: float
    low: float
    high: float
    strength: float

    @property
    def more(self) -> bool:
        """Higher than everyone, rather than lower."""
        return self.mean > self.mean_everyone


Finding = ValueFinding | NumberFinding


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberTable:
    """A number by cluster. `means` (k,) as given; `differences` (k,): members against everyone in standard
    deviations, after log(1 + x) where the field says so; `z` (k,): those differences in standard errors;
    `ranges` (k, 2): the quantiles at 20 % and 80 %.
    """

    members: IntArray
    means: FloatArray
    mean_everyone: float
    differences: FloatArray
    z: FloatArray
    ranges: FloatArray


def number_table(column: NumberColumn, clusters: IntArray, k: int, log: bool) -> NumberTable:
    """Compare a number among the members with everyone. At least one profile has it."""
    given = ~np.isnan(column.values)
    values, owners = column.values[given], clusters[given]
    used = np.log1p(values) if log else values
    members = np.bincount(owners, minlength=k)
    spread = max(float(used.std()), 1e-12)
    differences = (_means(used, owners, members) - used.mean()) / spread
    # The mean of a part varies less around the mean of the whole than around that of the rest.
    error = np.sqrt(np.maximum(1 - members / len(values), 0) / np.maximum(members, 1))
    z = np.divide(differences, error, where=error > 0, out=np.zeros(k))
    means, ranges = _means(values, owners, members), _ranges(values, owners, k)
    return NumberTable(
        members=members,
        means=means,
        mean_everyone=float(values.mean()),
        differences=differences,
        z=z,
        ranges=ranges,
    )


def z_threshold(comparisons: int) -> float:
    """The z beyond which a difference is significant among this many comparisons (Bonferroni, two-sided)."""
    return float(-ndtri(SIGNIFICANCE / 2 / max(comparisons, 1)))


def findings(dataset: Dataset, clusters: IntArray, k: int) -> tuple[tuple[Finding, ...], ...]:
    """For each cluster what distinguishes it, strongest first (ties by field and value)."""
    numbers, tables = _tables(dataset, clusters, k)
    comparisons = k * len(numbers) + k * sum(int(_known(table).sum()) for _, _, table in tables)
    threshold = z_threshold(comparisons)
    findings_by_cluster: list[list[Finding]] = [[] for _ in range(k)]
    for spec, number in numbers:
        for cluster in np.flatnonzero(_notable_numbers(number, threshold)).tolist():
            findings_by_cluster[cluster].append(_number_finding(spec, number, cluster))
    for spec, values, table in tables:
        for cluster, code in np.argwhere(_notable_values(table, threshold)).tolist():
            finding = _value_finding(
                spec, values[code], table, cluster, code, dataset.written_forms.get(spec.name)
            )
            findings_by_cluster[cluster].append(finding)
    return tuple(tuple(sorted(some, key=_order)) for some in findings_by_cluster)


def _tables(
    dataset: Dataset, clusters: IntArray, k: int
) -> tuple[list[tuple[FieldSpec, NumberTable]], list[tuple[FieldSpec, Sequence[str], ValueTable]]]:
    numbers: list[tuple[FieldSpec, NumberTable]] = []
    tables: list[tuple[FieldSpec, Sequence[str], ValueTable]] = []
    for spec in dataset.specs:
        column = dataset.columns[spec.name]
        if not isinstance(spec.kind, Numeric):
            values = spec.levels or dataset.vocabularies[spec.name].values
            tables.append((spec, values, value_table(column, clusters, k, len(values))))
        elif isinstance(column, NumberColumn) and not np.isnan(column.values).all():
            numbers.append((spec, number_table(column, clusters, k, spec.kind.log)))
    return numbers, tables


def _known(table: ValueTable) -> BoolArray:
    is_frequent: BoolArray = table.counts.sum(axis=0) >= MIN_COUNT
    return is_frequent


def above_everyone(table: ValueTable, threshold: float) -> BoolArray:
    """Which values each cluster gives more than everyone beyond chance, and enough members at all, (k, values)."""
    above: BoolArray = (
        (table.residuals > threshold)
        & (table.lifts >= MIN_LIFT)
        & (table.shares >= MIN_SHARE)
        & (table.counts >= MIN_COUNT)
    )
    return above


def _notable_values(table: ValueTable, threshold: float) -> BoolArray:
    fewer = (
        (table.residuals < -threshold)
        & (table.stated_lifts <= MAX_LIFT_OF_RARE)
        & (table.everyone >= MIN_COMMON_SHARE)
        & _known(table)
    )
    notable: BoolArray = above_everyone(table, threshold) | fewer
    return notable


def _notable_numbers(table: NumberTable, threshold: float) -> BoolArray:
    # A long tail can pull the mean the other way; one sentence cannot state such a difference.
    agree = np.sign(table.means - table.mean_everyone) == np.sign(table.differences)
    large = (np.abs(table.z) > threshold) & (np.abs(table.differences) >= MIN_DIFFERENCE)
    notable: BoolArray = agree & large & (table.members >= MIN_COUNT)
    return notable


def _value_finding(
    spec: FieldSpec, value: str, table: ValueTable, cluster: int, code: int, written_forms: WrittenForms | None
) -> ValueFinding:
    share, everyone = float(table.most_shares[cluster, code]), float(table.stated_everyone[code])
    return ValueFinding(
        spec=spec,
        value=value,
        share=share,
        share_everyone=everyone,
        lift=float(table.stated_lifts[cluster, code]),
        strength=_information(share, everyone),
        written_forms=written_forms,
    )


def _number_finding(spec: FieldSpec, table: NumberTable, cluster: int) -> NumberFinding:
    low, high = table.ranges[cluster].tolist()
    # The Kullback-Leibler divergence of two normal distributions with one spread, like `_information`.
    strength = float(table.differences[cluster]) ** 2 / 2
    return NumberFinding(
        spec=spec,
        mean=float(table.means[cluster]),
        mean_everyone=table.mean_everyone,
        low=low,
        high=high,
        strength=strength,
    )


def _information(share: float, everyone: float) -> float:
    """Kullback-Leibler divergence, in nats, of "has it or not" among the members from everyone.

    It combines lift and share: a value of 3 % of the members carries little information, however large its lift.
    """
    return float(rel_entr(share, everyone) + rel_entr(1 - share, 1 - everyone))


def _order(finding: Finding) -> tuple[float, str, str]:
    value = finding.value if isinstance(finding, ValueFinding) else ""
    # Sums of logarithms depend on the order of the rows in their last digits.
    return (-round(finding.strength, 9), finding.spec.name, value)


def _means(values: FloatArray, owners: IntArray, members: IntArray) -> FloatArray:
    sums = np.bincount(owners, values, minlength=len(members))
    means: FloatArray = sums / np.maximum(members, 1)
    return means


def _ranges(values: FloatArray, owners: IntArray, k: int) -> FloatArray:
    parts: Iterable[FloatArray] = (values[owners == cluster] for cluster in range(k))
    return np.array([np.quantile(values, (0.2, 0.8)) if len(values) else (0.0, 0.0) for values in parts])
