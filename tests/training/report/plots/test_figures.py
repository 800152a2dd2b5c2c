"""Every figure: what it is drawn from, and that what is written in it can be read."""

from itertools import pairwise
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from tests.support.sample_report import minimal_report, one_persona_report, sample_report
from training.report.document import Components, Matrix, Report
from training.report.drawing.saving import saved
from training.report.drawing.style import styled
from training.report.plots.plot import Plot
from training.report.plots.registry import PLOTS, drawn

LONG = "Extraordinarily well-prepared Christmas-market shoppers with a soft spot for porcelain No."
LONG_NAMES = tuple(f"{LONG} {number}" for number in range(7))
HOSTILE = ("$\\frac{", "<script>alert(1)</script>", "a\x00b\x1bc", "礼物 🎁", "--><svg>", "W" * 200)

every_plot = pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.name)


@pytest.fixture(scope="module")
def report() -> Report:
    return sample_report()


def names_drawn(report: Report) -> set[str]:
    return {plot.name for plot in PLOTS if drawn(plot, report) is not None}


def settled(figure: Figure) -> Figure:
    """The figure after its layout."""
    with styled():
        figure.draw_without_rendering()
    return figure


def boxes_of_names(axes: Axes) -> list[Bbox]:
    """Where the names beside the rows stand, from the top down; of numbers all that are in view."""
    low, high = sorted(axes.get_ylim())
    ticks = [tick for tick in axes.yaxis.get_major_ticks() if low <= tick.get_loc() <= high]
    labels = [label for tick in ticks for label in (tick.label1, tick.label2)]
    boxes = [label.get_window_extent() for label in labels if label.get_visible() and label.get_text()]
    return sorted(boxes, key=lambda box: -box.y1)


@every_plot
def test_full_report_has_every_figure_and_equal_bytes_each_time(plot: Plot, report: Report) -> None:
    first, second = drawn(plot, report), drawn(plot, report)
    assert first is not None
    assert second is not None
    picture = saved(first, "svg")
    assert picture == saved(second, "svg")
    assert b"<dc:date>" not in picture


@every_plot
def test_every_figure_has_a_text_alternative(plot: Plot, report: Report) -> None:
    text = plot.describe(report)
    assert len(text.split()) > 8
    assert "nan" not in text.lower().split()
    assert plot.caption.endswith(".")


def test_report_of_one_persona_has_no_figure_that_compares_personas() -> None:
    result = names_drawn(one_persona_report())
    assert result == {"variance", "loadings", "pca", "tsne", "history_by_hobby", "gifts_by_age", "quality"}


def test_minimal_report_has_no_figure() -> None:
    assert not names_drawn(minimal_report())


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        ({"maps": ()}, {"pca", "tsne"}),
        ({"density": None}, {"density", "structure"}),
        ({"stability": None}, {"stability_by_k", "segment_stability", "segment_splits"}),
        ({"snake": ()}, {"snake"}),
        ({"descriptors": None}, {"descriptors"}),
        ({"lengths": None}, {"lengths"}),
        ({"segments": None}, {"segment_profile", "separation", "gorges", "sheet"}),
        ({"silhouettes": ((),) * 5}, {"silhouettes"}),
        ({"components": Components(kept=3, beat_chance=3, eigenvalues=(), chance=())}, {"variance", "loadings"}),
    ],
)
def test_figures_without_data_are_left_out(report: Report, missing: dict[str, Any], gone: set[str]) -> None:
    lacking = report.model_copy(update=missing)
    assert not any(drawn(plot, lacking) for plot in PLOTS if plot.name in gone)


def test_matrix_without_values_is_left_out(report: Report) -> None:
    unknown = Matrix(title="t", row_title="r", column_title="c", rows=("a",), columns=("b",), values=((None,),))
    assert "history_by_hobby" not in names_drawn(report.model_copy(update={"history_by_hobby": unknown}))


def test_matrix_with_an_empty_row_is_drawn(report: Report) -> None:
    values = ((None, None), (0.2, 0.4))
    partly = Matrix(title="t", row_title="r", column_title="c", rows=("a", "b"), columns=("x", "y"), values=values)
    lacking = report.model_copy(update={"history_by_hobby": partly, "gifts_by_age": partly})
    assert {"history_by_hobby", "gifts_by_age"} <= names_drawn(lacking)
    assert all(plot.describe(lacking) for plot in PLOTS)


@every_plot
def test_long_names_are_neither_cut_off_nor_overlapping(plot: Plot) -> None:
    result = drawn(plot, sample_report(LONG_NAMES))
    assert result is not None
    figure = settled(result)
    inside, width, height = figure.get_tightbbox(), *figure.get_size_inches()
    assert inside.x0 >= -0.01
    assert inside.y0 >= -0.01
    assert inside.x1 <= width + 0.01
    assert inside.y1 <= height + 0.01
    for axes in figure.axes:
        assert all(upper.y0 >= lower.y1 - 1 for upper, lower in pairwise(boxes_of_names(axes)))


@every_plot
def test_twenty_personas_are_drawn(plot: Plot) -> None:
    assert drawn(plot, sample_report(tuple(f"Persona {number}" for number in range(20)))) is not None


def test_user_text_is_drawn_literally() -> None:
    hostile = sample_report(HOSTILE)
    for plot in PLOTS:
        figure = drawn(plot, hostile)
        assert figure is not None
        assert b"\x00" not in saved(figure, "svg")


def test_drawing_leaves_no_matplotlib_state(report: Report) -> None:
    before = dict(mpl.rcParams)
    assert names_drawn(report)
    assert dict(mpl.rcParams) == before
    assert pyplot.get_fignums() == []


def test_personas_differ_by_marker_and_colour(report: Report) -> None:
    figure = next(drawn(plot, report) for plot in PLOTS if plot.name == "pca")
    assert figure is not None
    shapes = [np.asarray(cloud.get_paths()[0].vertices) for cloud in figure.axes[0].collections]
    assert len({shape.tobytes() for shape in shapes}) == len(report.personas)


def test_maps_of_many_points_stay_small(report: Report) -> None:
    figure = next(drawn(plot, report) for plot in PLOTS if plot.name == "tsne")
    assert figure is not None
    assert len(saved(figure, "svg")) < 300_000
