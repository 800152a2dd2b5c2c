"""Descriptors by persona: a mosaic for each of categories, boxes for each of numbers."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.report.analysis.descriptors import effect_text, p_text
from training.report.content.descriptors import CategoryShares, DescriptorReport, DescriptorTest
from training.report.content.part import Table
from training.report.document import Report
from training.report.drawing import style
from training.report.plots.plot import Plot
from training.text import count, number, percent

MOST_PANELS: Final = 6
_COLUMNS: Final = 2
# The shades of Pearson residuals in a mosaic (Zeileis, Meyer and Hornik, J. Comput. Graph. Stat. 16, 2007).
_SHADES: Final = ((4.0, "#3b6fb0"), (2.0, "#a6c4e5"), (-2.0, "#e4e7eb"), (-4.0, "#eeb8a8"), (-np.inf, "#c0583a"))


def draw_descriptors(report: Report) -> Figure | None:
    """The descriptors that differ most: columns of a mosaic are personas, as wide as they have answers."""
    shown = _shown(report)
    if not shown or report.descriptors is None:
        return None
    title = f"{_differing(report.descriptors)} between the personas"
    figure, panels = style.panel_grid(len(shown), _COLUMNS, (0.5, 2.9), title)
    for axes, test in zip(panels, shown, strict=True):
        _panel(axes, test)
    return figure


def describe_descriptors(report: Report) -> str:
    """The sentence of every descriptor."""
    if report.descriptors is None:
        return "There are no descriptors to compare between the personas."
    return " ".join([report.descriptors.sentence, *(test.sentence for test in report.descriptors.tests)])


def table_of_descriptors(report: Report) -> Table:
    """The test of every descriptor, and its answers by persona."""
    tests = () if report.descriptors is None else report.descriptors.tests
    names = [f"{index} {persona.name}" for index, persona in enumerate(report.personas, 1)]
    return Table(
        caption="Tests of the descriptors; answers by persona in per cent, of numbers the median",
        columns=("Descriptor", "Test", "Answers", "Statistic", "p", "p (Holm)", "Effect", *names, "Everyone"),
        rows=tuple(row for test in tests for row in _rows(test, len(names))),
    )


def _rows(test: DescriptorTest, personas: int) -> list[tuple[str, ...]]:
    medians = ["–" if spread is None else number(spread.percentiles[2]) for spread in test.numbers]
    cells = [*medians, "–"] if medians else [""] * (personas + 1)
    rows: list[tuple[str, ...]] = [(test.title, *_figures(test), *cells)]
    categories = test.categories
    if categories is not None:
        for index, value in enumerate(categories.values):
            shares = [
                "–" if by_persona is None or (share := by_persona[index]) is None else percent(share)
                for by_persona in categories.shares
            ]
            rows.append((f"– {value}", *[""] * 6, *shares, percent(categories.everyone[index])))
    return rows


def _figures(test: DescriptorTest) -> tuple[str, ...]:
    name = "χ²" if test.test == "chi_squared" else "Kruskal–Wallis"
    if test.p is None or test.p_holm is None or test.statistic is None:
        return (name, f"{test.answers:,}", "–", "–", "–", "–")
    sparse = " (few expected)" if test.categories is not None and test.categories.sparse else ""
    statistic = f"{test.statistic:.1f} ({test.degrees} df)"
    return (
        f"{name}{sparse}",
        f"{test.answers:,}",
        statistic,
        p_text(test.p),
        p_text(test.p_holm),
        effect_text(test),
    )


def _differing(described: DescriptorReport) -> str:
    differing = sum(test.differs for test in described.tests)
    verb = "differs" if differing == 1 else "differ"
    return f"{differing} of {count(len(described.tests), 'descriptor')} {verb}"


def _shown(report: Report) -> list[DescriptorTest]:
    tests = () if report.descriptors is None else report.descriptors.tests
    drawable = [test for test in tests if test.categories is not None or any(test.numbers)]
    return drawable[:MOST_PANELS]


def _panel(axes: Axes, test: DescriptorTest) -> None:
    if test.categories is not None:
        _mosaic(axes, test, test.categories)
    else:
        _boxes(axes, test)
    words = "" if test.p_holm is None else f"\n{effect_text(test)}, {p_text(test.p_holm)}"
    axes.set_title(f"{style.wrapped(test.title, 3.0, 9.5, bold=True, most=1)}{words}")
    axes.grid(visible=False)


def _mosaic(axes: Axes, test: DescriptorTest, categories: CategoryShares) -> None:
    widths = np.array(test.members) / max(sum(test.members), 1)
    lefts = np.concatenate([[0.0], np.cumsum(widths)[:-1]])
    columns = [None if shares is None else _heights(shares) for shares in categories.shares]
    for cluster, shares in enumerate(columns):
        bottom = 0.0
        for share, residual in zip(shares or (), categories.residuals[cluster] if shares else (), strict=True):
            axes.bar(
                lefts[cluster],
                share,
                widths[cluster],
                bottom,
                align="edge",
                color=shade(residual),
                edgecolor="white",
            )
            bottom += share
    first = next((shares for shares in columns if shares), categories.everyone)
    middles = np.cumsum([0.0, *first])[:-1] + np.array(first) / 2
    _name_values(axes, middles.tolist(), categories.values, first)
    axes.set_xticks((lefts + widths / 2).tolist(), [str(index + 1) for index in range(len(widths))])
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="Persona (width: answers)")


def _heights(shares: Sequence[float | None]) -> list[float]:
    """The shares of a column that is full: withheld ones divide what the others leave."""
    withheld = sum(share is None for share in shares)
    rest = max(1 - sum(share for share in shares if share is not None), 0.0) / max(withheld, 1)
    return [rest if share is None else share for share in shares]


def _name_values(axes: Axes, middles: list[float], values: Sequence[str], shares: Sequence[float]) -> None:
    """Names beside the first column; those of slices that are too thin for a line are left out."""
    tall = [index for index, share in enumerate(shares) if share >= 0.05]
    names = [style.wrapped(values[index], 1.1, 7.5, most=1) for index in tall]
    axes.set_yticks([middles[index] for index in tall], names, fontsize=7.5)


def shade(residual: float) -> str:
    """The colour of a cell: blue holds more than expected, red less, dark from a residual of 4, grey below 2."""
    if residual >= 0:
        return next(colour for least, colour in _SHADES if residual >= least)
    return next(colour for least, colour in _SHADES if residual > least)


def _boxes(axes: Axes, test: DescriptorTest) -> None:
    there = [(cluster, spread.percentiles) for cluster, spread in enumerate(test.numbers) if spread is not None]
    axes.bxp(
        [
            {"whislo": low, "q1": first, "med": median, "q3": third, "whishi": high}
            for _, (low, first, median, third, high) in there
        ],
        positions=[cluster for cluster, _ in there],
        widths=0.55,
        showfliers=False,
        patch_artist=True,
        boxprops={"facecolor": "#a6c4e5", "edgecolor": style.INK},
        medianprops={"color": style.INK, "linewidth": 1.6},
    )
    axes.set_xticks(range(len(test.numbers)), [str(index + 1) for index in range(len(test.numbers))])
    axes.set_xlabel("Persona (whiskers: 10 % to 90 %)")


PLOTS: Final = (
    Plot(
        name="descriptors",
        draw=draw_descriptors,
        describe=describe_descriptors,
        caption="No persona was made from these answers. Each column is a persona, each slice of it an answer's "
        "share. Blue: more than expected; red: less; dark: much. Grey does not differ from what is expected.",
        finding=lambda report: "" if report.descriptors is None else report.descriptors.sentence,
        table=table_of_descriptors,
    ),
)
