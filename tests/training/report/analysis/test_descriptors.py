"""Tests of descriptors: statistics by their formulas, corrections by hand, and sentences with their numbers."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, rankdata

from models.persona import Persona
from models.profile.field_kinds import Categorical, FieldSpec, Numeric
from models.profile.vocabulary import Vocabulary
from models.scoring.columns import CodeColumn, FloatArray, IntArray, NumberColumn
from testkit import ROOT
from training.data.descriptors import Descriptors
from training.report.analysis.descriptors import descriptor_report, holm, p_text
from training.report.content.descriptors import DescriptorReport, DescriptorTest

PEOPLE = tuple(
    Persona(id=name, name=name, sentence="", size=10, share=0.5, traits=(), gift_affinities=())
    for name in ("Gamers", "Gardeners", "Readers")
)
VOLUNTEERS = Path(os.environ.get("VOLUNTEERS_CSV", ROOT.parent / "shared" / "data" / "volunteers.csv"))


def categories(codes: IntArray, values: tuple[str, ...], title: str = "region") -> Descriptors:
    spec = FieldSpec(title, Categorical(), (), title, descriptor=True)
    return Descriptors(specs=(spec,), columns={title: CodeColumn(codes)}, vocabularies={title: Vocabulary(values)})


def numbers(values: FloatArray, title: str = "income") -> Descriptors:
    spec = FieldSpec(title, Numeric(), (), title, descriptor=True)
    return Descriptors(specs=(spec,), columns={title: NumberColumn(values)})


def only(descriptors: Descriptors, clusters: IntArray, k: int = 3) -> DescriptorTest:
    report = descriptor_report(descriptors, clusters, PEOPLE[:k])
    assert report is not None
    return report.tests[0]


@pytest.fixture
def clusters() -> IntArray:
    return np.repeat([0, 1, 2], 100)


@pytest.fixture
def codes(clusters: IntArray) -> IntArray:
    """Three values that lean to a cluster each; one in ten is missing."""
    rng = np.random.default_rng(1)
    leaning = np.where(rng.random(300) < 0.4, clusters, rng.integers(3, size=300))
    return np.where(rng.random(300) < 0.1, -1, leaning)


# --- categories ------------------------------------------------------------------------------------


def test_categories_have_pearsons_chi_squared_and_cramers_v(clusters: IntArray, codes: IntArray) -> None:
    test = only(categories(codes, ("a", "b", "c")), clusters)
    pairs = [(c, v) for c, v in zip(clusters.tolist(), codes.tolist(), strict=True) if v >= 0]
    cells, n = Counter(pairs), len(pairs)
    rows, columns = Counter(c for c, _ in pairs), Counter(v for _, v in pairs)
    statistic = sum(
        (cells[c, v] - rows[c] * columns[v] / n) ** 2 / (rows[c] * columns[v] / n) for c in rows for v in columns
    )
    assert test.statistic == pytest.approx(statistic)
    assert (test.degrees, test.answers) == (4, n)
    assert test.members == tuple(rows[c] for c in range(3))
    assert test.p == pytest.approx(chi2.sf(statistic, 4))
    assert test.effect == pytest.approx((statistic / (n * 2)) ** 0.5, abs=1e-4)


def test_shares_and_residuals_are_those_of_the_members_who_answered(clusters: IntArray, codes: IntArray) -> None:
    shown = only(categories(codes, ("a", "b", "c")), clusters).categories
    assert shown is not None
    answered = pd.DataFrame({"cluster": clusters, "code": codes}).query("code >= 0")
    table = pd.crosstab(answered.cluster, answered.code).to_numpy()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    np.testing.assert_allclose(
        np.array(shown.shares, np.float64), table / table.sum(axis=1, keepdims=True), atol=1e-4
    )
    np.testing.assert_allclose(shown.everyone, table.sum(axis=0) / table.sum(), atol=1e-4)
    np.testing.assert_allclose(shown.residuals, (table - expected) / np.sqrt(expected), atol=1e-4)
    assert not shown.sparse


def test_values_of_fewer_than_five_profiles_are_together(clusters: IntArray) -> None:
    codes = np.tile([0, 0, 0, 0, 0, 0, 1, 1, 1, 1], 30)
    codes[:3], codes[3:6] = 2, 3
    shown = only(categories(codes, ("many", "some", "secret one", "secret two")), clusters).categories
    assert shown is not None
    assert shown.values == ("many", "some", "other")
    assert shown.everyone[2] == pytest.approx(6 / 300, abs=0.01)
    assert shown.sparse


def test_rare_values_that_are_few_together_are_left_out(clusters: IntArray) -> None:
    codes = np.tile([0, 1], 150)
    codes[:2] = 2
    test = only(categories(codes, ("a", "b", "secret")), clusters)
    assert test.answers == 298
    assert "secret" not in test.model_dump_json()


def test_one_value_cannot_be_tested(clusters: IntArray) -> None:
    test = only(categories(np.zeros(300, np.int64), ("a",)), clusters)
    assert (test.p, test.p_holm, test.effect, test.differs) == (None, None, None, False)
    assert test.sentence == "region cannot be tested: too few answers differ."


def test_persona_without_answers_is_left_out_of_the_test(clusters: IntArray, codes: IntArray) -> None:
    test = only(categories(np.where(clusters == 1, -1, codes), ("a", "b", "c")), clusters)
    assert (test.degrees, test.members[1]) == (2, 0)


# --- numbers ---------------------------------------------------------------------------------------


def test_numbers_have_kruskal_and_wallis_h_with_ties(clusters: IntArray) -> None:
    values = np.random.default_rng(2).integers(0, 12, 300) + clusters.astype(float)
    values[::7] = np.nan
    test = only(numbers(values), clusters)
    there = ~np.isnan(values)
    ranks, groups, n = rankdata(values[there]), clusters[there], int(there.sum())
    sums = [(ranks[groups == c].sum() ** 2) / (groups == c).sum() for c in range(3)]
    ties = sum(count**3 - count for count in Counter(values[there].tolist()).values())
    statistic = (12 / (n * (n + 1)) * sum(sums) - 3 * (n + 1)) / (1 - ties / (n**3 - n))
    assert test.statistic == pytest.approx(statistic)
    assert test.p == pytest.approx(chi2.sf(statistic, 2))
    assert test.effect == pytest.approx(statistic * (n + 1) / (n**2 - 1), abs=1e-4)
    assert test.answers == n


def test_spread_of_numbers_is_in_percentiles(clusters: IntArray) -> None:
    values = np.arange(300, dtype=float)
    test = only(numbers(values), clusters)
    assert test.numbers[0] is not None
    assert test.numbers[0].percentiles == pytest.approx([9.9, 24.75, 49.5, 74.25, 89.1])
    assert test.sentence.endswith("the median is 50 in “Gamers” and 250 in “Readers”.")


def test_few_numbers_are_not_shown(clusters: IntArray) -> None:
    values = np.where((clusters == 2) & (np.arange(300) > 203), np.nan, np.arange(300, dtype=float))
    test = only(numbers(values), clusters)
    assert [spread is None for spread in test.numbers] == [False, False, True]


def test_equal_numbers_cannot_be_tested(clusters: IntArray) -> None:
    assert only(numbers(np.ones(300)), clusters).p is None


# --- all together ----------------------------------------------------------------------------------


def test_holm_corrects_from_the_smallest_p() -> None:
    assert holm([0.01, None, 0.04, 0.03]) == [pytest.approx(0.03), None, pytest.approx(0.06), pytest.approx(0.06)]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def several(clusters: IntArray, codes: IntArray) -> DescriptorReport:
    rng = np.random.default_rng(3)
    one, two = categories(codes, ("a", "b", "c")), numbers(rng.normal(size=300))
    report = descriptor_report(
        Descriptors(
            specs=(*two.specs, *one.specs),
            columns={**one.columns, **two.columns},
            vocabularies=one.vocabularies,
        ),
        clusters,
        PEOPLE,
    )
    assert report is not None
    return report


def test_descriptors_that_differ_stand_first(clusters: IntArray, codes: IntArray) -> None:
    report = several(clusters, codes)
    assert [test.title for test in report.tests] == ["region", "income"]
    assert [test.differs for test in report.tests] == [True, False]
    first, second = report.tests
    assert first.p is not None
    assert first.p_holm == pytest.approx(2 * first.p)
    assert second.p_holm == pytest.approx(second.p)


def test_sentences_hold_effect_p_and_where_the_difference_is(clusters: IntArray, codes: IntArray) -> None:
    report = several(clusters, codes)
    region = report.tests[0]
    assert region.categories is not None
    residuals = np.array(region.categories.residuals)
    cluster, value = divmod(int(residuals.argmax()), 3)
    members = codes[(clusters == cluster) & (codes >= 0)]
    share, everyone = np.mean(members == value), np.mean(codes[codes >= 0] == value)
    assert region.sentence == (
        f"region differs between the personas (Cramér's V {region.effect:.2f}, p < 0.001 after Holm's "
        f"correction): most of all, “{PEOPLE[cluster].name}” holds “{'abc'[value]}” in {share * 100:.0f} %, "
        f"everyone in {everyone * 100:.0f} %."
    )
    assert report.tests[1].sentence.startswith("income does not differ between the personas beyond chance (ε² 0.")
    assert report.sentence.startswith("1 of 2 descriptors, which no persona was made from, differs")
    assert f"region (Cramér's V {region.effect:.2f})" in report.sentence


def test_nothing_that_differs_is_said_so(clusters: IntArray) -> None:
    report = descriptor_report(numbers(np.random.default_rng(0).normal(size=300)), clusters, PEOPLE)
    assert report is not None
    assert report.sentence == "The only descriptor does not differ between the personas beyond chance."


def test_without_descriptors_or_for_one_persona_there_is_no_report(clusters: IntArray) -> None:
    assert descriptor_report(Descriptors(), clusters, PEOPLE) is None
    assert descriptor_report(numbers(np.ones(300)), np.zeros(300, np.int64), PEOPLE[:1]) is None


@pytest.mark.parametrize(("p", "text"), [(1e-9, "p < 0.001"), (0.0123, "p = 0.012"), (1.0, "p = 1.000")])
def test_p_values_are_written_as_usual(p: float, text: str) -> None:
    assert p_text(p) == text


@pytest.mark.skipif(
    not VOLUNTEERS.exists(), reason="The volunteers of the R package flexclust are not part of this."
)
def test_age_groups_of_the_volunteers_depend_on_gender() -> None:
    table = pd.read_csv(VOLUNTEERS)[["GENDER", "AGEG"]].dropna()
    ages = table["AGEG"].astype("category").cat
    codes, values = np.array(ages.codes, np.int64), tuple(ages.categories)
    is_male = np.array(table["GENDER"] == "male", np.int64)
    result = only(categories(codes, values), is_male, 2)
    counts = pd.crosstab(table["GENDER"], table["AGEG"]).to_numpy()
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    assert result.statistic == pytest.approx(((counts - expected) ** 2 / expected).sum())
