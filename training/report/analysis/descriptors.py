"""Descriptors by persona: do answers that the model did not learn differ between its personas?

Since no persona was made from these answers, a test of them is a test. Categories: Pearson's χ², with Cramér's V
as the size of the effect (Mathematical Methods of Statistics, 1946, ch. 21). Numbers and levels: the rank test of
Kruskal and Wallis (Journal of the American Statistical Association 47, 1952, 583–621), with ε² = H / (n − 1)
(Tomczak and Tomczak, Trends in Sport Sciences 21, 2014, 19–25). The p values of all descriptors are corrected
together by Holm's method (Scandinavian Journal of Statistics 6, 1979, 65–70), as in Dolnicar, Grün and Leisch
(Market Segmentation Analysis, 2018, ch. 9). As everywhere in the report, a difference is beyond chance at 1 %.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.stats import chi2_contingency, kruskal

from models.persona import Persona
from models.profile.field_kinds import FieldSpec
from models.scoring.columns import CodeColumn, Column, FloatArray, IntArray, NumberColumn
from training.clustering.matching import crossed
from training.data.descriptors import Descriptors
from training.personas.traits import MIN_COUNT, SIGNIFICANCE
from training.personas.value_table import ValueTable
from training.report.analysis.counts.answers import stated_of
from training.report.analysis.counts.roles import value_label
from training.report.analysis.insights import quoted
from training.report.content.descriptors import CategoryShares, DescriptorReport, DescriptorTest, NumberSpread
from training.text import listed, number, percent

MOST_VALUES: Final = 12
OTHER: Final = "other"
PERCENTILES: Final = (0.10, 0.25, 0.50, 0.75, 0.90)
_SPARSE: Final = 0.2
_LEAST_EXPECTED: Final = 5
# What a persona holds more of, and what less, is named from this Pearson residual on.
_NOTABLE: Final = 2.0


def descriptor_report(
    descriptors: Descriptors, clusters: IntArray, personas: Sequence[Persona]
) -> DescriptorReport | None:
    """The test of every descriptor between the clusters (n,); None without any, or with one persona."""
    if not descriptors.specs or len(personas) < 2:
        return None
    tests = [
        _tested(spec, descriptors.columns[spec.name], _labels(descriptors, spec), clusters, len(personas))
        for spec in descriptors.specs
    ]
    corrected = holm([test.p for test in tests])
    tests = [_with_verdict(test, p, personas) for test, p in zip(tests, corrected, strict=True)]
    tests.sort(key=lambda test: (2.0 if test.p_holm is None else test.p_holm, -(test.effect or 0.0)))
    return DescriptorReport(tests=tuple(tests), sentence=_together(tests))


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Holm's corrected p values, in the same order; None stays, and does not count."""
    there = sorted((p, index) for index, p in enumerate(values) if p is not None)
    corrected: list[float | None] = [None] * len(values)
    largest = 0.0
    for rank, (p, index) in enumerate(there):
        largest = max(largest, min(1.0, p * (len(there) - rank)))
        corrected[index] = largest
    return corrected


# --- tests -----------------------------------------------------------------------------------------


def _labels(descriptors: Descriptors, spec: FieldSpec) -> tuple[str, ...]:
    """The values of a descriptor by their codes, as people write them."""
    if spec.name not in descriptors.vocabularies:
        return ()
    forms = descriptors.written_forms.get(spec.name)
    return tuple(value_label(spec, value, forms) for value in descriptors.vocabularies[spec.name].values)


def _tested(spec: FieldSpec, column: Column, values: Sequence[str], clusters: IntArray, k: int) -> DescriptorTest:
    if isinstance(column, NumberColumn):
        return _ranks(spec, column.values, clusters, k)
    assert isinstance(column, CodeColumn)
    return _contingency(spec, column.codes, values, clusters, k)


def _contingency(
    spec: FieldSpec, codes: IntArray, values: Sequence[str], clusters: IntArray, k: int
) -> DescriptorTest:
    names, pooled = _pooled(codes, values)
    rows = np.flatnonzero(pooled >= 0)
    table = crossed(clusters[rows], pooled[rows], k, len(names))
    counted = ValueTable(table, table.sum(axis=1), one_answer=True)
    members = tuple(counted.stated_answered.tolist())
    test = DescriptorTest(title=spec.title, test="chi_squared", answers=len(rows), members=members, sentence="")
    there = table[table.sum(axis=1) > 0]
    if min(there.shape) < 2:
        return test
    result = chi2_contingency(there, correction=False)
    effect = float(np.sqrt(result.statistic / (len(rows) * (min(there.shape) - 1))))
    return test.model_copy(
        update={
            "statistic": float(result.statistic),
            "degrees": int(result.dof),
            "p": float(result.pvalue),
            "effect": round(effect, 4),
            "categories": _shares(names, counted, float(np.mean(result.expected_freq < _LEAST_EXPECTED))),
        }
    )


def _pooled(codes: IntArray, values: Sequence[str]) -> tuple[tuple[str, ...], IntArray]:
    """The values with five profiles or more, at most twelve, in alphabetical order, then "other"; and the codes in
    these, −1 for none. Rare values that are together still fewer than five are left out.
    """
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    common = [code for code in np.argsort(-counts, kind="stable").tolist() if counts[code] >= MIN_COUNT]
    shown = sorted(common[:MOST_VALUES], key=lambda code: values[code])
    table = np.full(len(values) + 1, -1)
    table[shown] = np.arange(len(shown))
    rest = np.setdiff1d(np.arange(len(values)), shown)
    if counts[rest].sum() < MIN_COUNT:
        return tuple(values[code] for code in shown), table[codes]
    table[rest] = len(shown)
    return (*(values[code] for code in shown), OTHER), table[codes]


def _shares(names: tuple[str, ...], table: ValueTable, few: float) -> CategoryShares:
    expected = table.answered[:, None] * table.everyone
    enough = table.answered >= MIN_COUNT
    residuals = np.where(table.shown, (table.counts - expected) / np.sqrt(np.maximum(expected, 1e-12)), 0.0)
    return CategoryShares(
        values=names,
        shares=tuple(
            stated_of(row) if is_shown else None
            for row, is_shown in zip(table.stated_shares, enough.tolist(), strict=True)
        ),
        everyone=tuple(table.stated_everyone.round(4).tolist()),
        residuals=_rows(residuals),
        sparse=few > _SPARSE,
    )


def _ranks(spec: FieldSpec, values: FloatArray, clusters: IntArray, k: int) -> DescriptorTest:
    groups = [values[(clusters == cluster) & ~np.isnan(values)] for cluster in range(k)]
    answers = sum(map(len, groups))
    test = DescriptorTest(
        title=spec.title,
        test="kruskal_wallis",
        answers=answers,
        members=tuple(len(group) if len(group) >= MIN_COUNT else 0 for group in groups),
        numbers=tuple(map(_spread, groups)),
        sentence="",
    )
    there = [group for group in groups if len(group)]
    if len(there) < 2 or len(np.unique(np.concatenate(there))) < 2:
        return test
    result = kruskal(*there)
    return test.model_copy(
        update={
            "statistic": float(result.statistic),
            "degrees": len(there) - 1,
            "p": float(result.pvalue),
            "effect": round(float(result.statistic) / (answers - 1), 4),
        }
    )


def _spread(values: FloatArray) -> NumberSpread | None:
    if len(values) < MIN_COUNT:
        return None
    return NumberSpread(percentiles=tuple(np.quantile(values, PERCENTILES).round(4).tolist()))


def _rows(values: FloatArray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in values.round(4).tolist())


# --- sentences -------------------------------------------------------------------------------------


def _with_verdict(test: DescriptorTest, p: float | None, personas: Sequence[Persona]) -> DescriptorTest:
    differs = p is not None and p < SIGNIFICANCE
    decided = test.model_copy(update={"p_holm": p, "differs": differs})
    return decided.model_copy(update={"sentence": _sentence(decided, personas)})


def _sentence(test: DescriptorTest, personas: Sequence[Persona]) -> str:
    if test.p_holm is None:
        return f"{test.title} cannot be tested: too few answers differ."
    numbers = f"({effect_text(test)}, {p_text(test.p_holm)} after Holm's correction)"
    if not test.differs:
        return f"{test.title} does not differ between the personas beyond chance {numbers}."
    where = _where_shares(test, personas) if test.categories else _where_numbers(test, personas)
    return f"{test.title} differs between the personas {numbers}{where}."


def _where_shares(test: DescriptorTest, personas: Sequence[Persona]) -> str:
    """The cell with the largest residual upwards."""
    categories = test.categories
    if categories is None:
        return ""
    residuals = np.array(categories.residuals)
    cluster, value = (int(at) for at in np.unravel_index(residuals.argmax(), residuals.shape))
    shares = categories.shares[cluster]
    if shares is None or residuals[cluster, value] < _NOTABLE:
        return ""
    share, everyone = shares[value], categories.everyone[value]
    if share is None:
        return ""
    return (
        f": most of all, {quoted(personas[cluster])} holds “{categories.values[value]}” in {percent(share)}, "
        f"everyone in {percent(everyone)}"
    )


def _where_numbers(test: DescriptorTest, personas: Sequence[Persona]) -> str:
    medians = sorted(
        (spread.percentiles[2], cluster) for cluster, spread in enumerate(test.numbers) if spread is not None
    )
    if len(medians) < 2 or medians[0][0] == medians[-1][0]:
        return ""
    (low, lowest), (high, highest) = medians[0], medians[-1]
    return (
        f": the median is {number(low)} in {quoted(personas[lowest])} and {number(high)} in "
        f"{quoted(personas[highest])}"
    )


def effect_text(test: DescriptorTest) -> str:
    """The size of the effect with its name."""
    name = "Cramér's V" if test.test == "chi_squared" else "ε²"
    return f"{name} {test.effect or 0.0:.2f}"


def p_text(p: float) -> str:
    """A p value as people write it."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _together(tests: Sequence[DescriptorTest]) -> str:
    differing = [f"{test.title} ({effect_text(test)})" for test in tests if test.differs]
    if len(tests) == 1:
        does = ", which no persona was made from, differs" if differing else " does not differ"
        effect = f": {differing[0]}" if differing else ""
        return f"The only descriptor{does} between the personas beyond chance{effect}."
    described = f"{len(tests)} descriptors"
    if not differing:
        return f"None of {described} differs between the personas beyond chance."
    verb = "differs" if len(differing) == 1 else "differ"
    return (
        f"{len(differing)} of {described}, which no persona was made from, {verb} between the personas beyond "
        f"chance: {listed(differing)}."
    )
