"""The tables below figures hold the numbers of the report."""

import statistics

import pytest

from tests.support.sample_report import one_persona_report, sample_report
from training.report.content.part import Table
from training.report.document import Report
from training.report.plots.plot import Plot
from training.report.plots.registry import PLOTS

WITH_TABLE = [plot for plot in PLOTS if plot.table is not None]


@pytest.fixture(scope="module")
def report() -> Report:
    return sample_report()


def table_of(report: Report, name: str) -> Table:
    [plot] = [plot for plot in WITH_TABLE if plot.name == name]
    assert plot.table is not None
    return plot.table(report)


def test_every_figure_of_the_textbooks_has_a_table() -> None:
    assert {plot.name for plot in WITH_TABLE} == {
        "descriptors", "gap", "gorges", "lengths", "segment_profile", "segment_splits", "segment_stability",
        "separation", "sheet", "stability_by_k", "structure",
    }  # fmt: skip


@pytest.mark.parametrize("plot", WITH_TABLE, ids=lambda plot: plot.name)
def test_rows_of_a_table_have_a_cell_for_each_column(plot: Plot, report: Report) -> None:
    assert plot.table is not None
    table = plot.table(report)
    assert table.rows
    assert {len(row) for row in table.rows} == {len(table.columns)}


@pytest.mark.parametrize("plot", WITH_TABLE, ids=lambda plot: plot.name)
def test_report_without_the_part_has_an_empty_table_and_no_finding(plot: Plot) -> None:
    one = one_persona_report()
    choice = one.choice.model_copy(update={"curve": ()})
    lacking = one.model_copy(update={"choice": choice, "descriptors": None, "lengths": None, "segments": None})
    assert plot.table is not None
    assert plot.table(lacking).rows == ()
    assert plot.finding is None or plot.finding(lacking) == ""
    assert len(plot.describe(lacking).split()) > 5


def test_segment_stability_has_mean_extremes_and_counts(report: Report) -> None:
    assert report.stability is not None
    rows = table_of(report, "segment_stability").rows
    for row, persona, segment in zip(rows, report.personas, report.stability.segments, strict=True):
        assert segment is not None
        assert row[0] == persona.name
        assert row[1] == f"{statistics.fmean(segment.jaccards):.2f}"
        assert (row[2], row[4], row[6]) == tuple(
            f"{value(segment.jaccards):.2f}" for value in (min, statistics.median, max)
        )
        back = sum(value >= 0.75 for value in segment.jaccards)
        assert row[7:] == (str(back), str(sum(value <= 0.5 for value in segment.jaccards)))


def test_splits_name_the_two_largest_sources(report: Report) -> None:
    assert report.stability is not None
    rows = iter(table_of(report, "segment_splits").rows)
    before: list[int] = []
    for solution in report.stability.solutions:
        for segment in solution.segments:
            row = next(rows)
            assert row[2] == f"{segment.share * 100:.0f} %"
            largest = sorted(zip(segment.sources, before, strict=True), reverse=True)[:1]
            expected = [f"{cluster + 1} ({share * 100:.0f} %)" for share, cluster in largest] or ["–"]
            assert row[4].split(", ")[0] == expected[0]
        before = [segment.cluster for segment in solution.segments]


def test_structure_says_what_is_reached(report: Report) -> None:
    assert report.structure is not None
    rows = table_of(report, "structure").rows
    assert rows[0] == ("Refits agree (adjusted Rand index)", f"{report.structure.agreement:.2f}", "0.80", "yes")
    assert [row[3] for row in rows[1:]] == ["no", "yes"]


def test_profile_marks_the_markers(report: Report) -> None:
    assert report.segments is not None
    profile = report.segments.profile
    assert profile is not None
    for row, variable in zip(table_of(report, "segment_profile").rows, profile.variables, strict=True):
        assert row[1] == f"{variable.everyone * 100:.0f} %"
        assert tuple(cell.endswith("*") for cell in row[2:]) == variable.markers


def test_separation_has_every_similarity(report: Report) -> None:
    assert report.segments is not None
    assert report.segments.separation is not None
    rows = [row[1:] for row in table_of(report, "separation").rows]
    near = report.segments.separation.similarities
    assert rows == [tuple(f"{value:.2f}" for value in row) for row in near]


def test_gorges_have_the_members_in_fifths(report: Report) -> None:
    assert report.segments is not None
    assert report.segments.gorges is not None
    for row, gorge in zip(table_of(report, "gorges").rows, report.segments.gorges.gorges, strict=True):
        shares = [sum(gorge.members[4 * fifth : 4 * fifth + 4]) / sum(gorge.members) for fifth in range(5)]
        assert row[2:] == tuple(f"{share * 100:.0f} %" for share in shares)


def test_sheet_has_dashes_where_nothing_was_measured(report: Report) -> None:
    rows = table_of(report, "sheet").rows
    assert rows[2][3:9] == ("–",) * 6
    assert rows[0][1:4] == ("600", "20 %", "-0.05")


def test_descriptors_have_their_tests_and_shares(report: Report) -> None:
    rows = table_of(report, "descriptors").rows
    assert rows[0][:7] == ("Region", "χ² (few expected)", "300", "31.4 (12 df)", "p < 0.001", "p < 0.001",
                           "Cramér's V 0.21")  # fmt: skip
    assert report.descriptors is not None
    categories = report.descriptors.tests[0].categories
    assert categories is not None
    assert rows[1][0] == "– north"
    assert rows[1][7:12] == tuple(f"{(shares[0] or 0) * 100:.0f} %" for shares in categories.shares if shares)
    assert rows[-1][:3] == ("Country", "χ²", "9")


def test_lengths_stand_side_by_side(report: Report) -> None:
    first, second = table_of(report, "lengths").rows
    assert first[:3] == ("lengths removed (the model)", "5", "0.91")
    assert second == ("lengths count", "3", "–", "41.0 %, 5.0 %", "30.0 %, 4.0 %", "0.42")
