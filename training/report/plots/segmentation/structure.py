"""Natural, reproducible or constructive: the numbers that the verdict follows from."""

from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.report.analysis.structure import RECURS, SAME_GROUPS
from training.report.content.part import Table
from training.report.content.structure import DataStructure
from training.report.document import Density, Report
from training.report.drawing import style
from training.report.plots.plot import Plot
from training.text import percent


def draw_structure(report: Report) -> Figure | None:
    """The agreement of refits with the wanted one; beside it what density-based methods see."""
    if report.structure is None or report.density is None:
        return None
    figure = style.canvas(2.5, f"The segmentation is {report.structure.kind}")
    recurs, groups = style.panels(figure, 1, 2)
    _recurs(recurs, report.structure)
    _groups(groups, report.structure, report.density)
    return figure


def describe_structure(report: Report) -> str:
    """The verdict with its numbers."""
    return "The kind of segmentation was not judged." if report.structure is None else report.structure.sentence


def table_of_structure(report: Report) -> Table:
    """Each number with what is wanted."""
    return Table(
        caption="What a natural segmentation needs",
        columns=("Criterion", "Measured", "Wanted", "Reached"),
        rows=() if report.structure is None else tuple(_rows(report.structure, report.density)),
    )


def _rows(structure: DataStructure, density: Density | None) -> list[tuple[str, ...]]:
    agreement = structure.agreement
    rows: list[tuple[str, ...]] = [
        ("Refits agree (adjusted Rand index)", f"{agreement:.2f}", f"{RECURS:.2f}", _yes(agreement >= RECURS))
    ]
    for finding in () if density is None else density.findings:
        measured = "no group" if finding.agreement is None else f"{finding.agreement:.2f}"
        noise = f"{measured}, {percent(finding.noise_share)} noise"
        reached = _yes(finding.method in structure.seen)
        rows.append((f"{finding.method} sees the personas apart", noise, f"{SAME_GROUPS:.2f}", reached))
    return rows


def _yes(reached: bool) -> str:
    return "yes" if reached else "no"


def _recurs(axes: Axes, structure: DataStructure) -> None:
    colour = style.ACCENT if structure.agreement >= RECURS else style.WARNING
    bars = axes.barh(["Refits"], [structure.agreement], 0.5, color=colour)
    axes.bar_label(bars, [f"{structure.agreement:.2f}"], padding=4, fontsize=style.SMALL)
    _scale(axes, RECURS, "Does it recur? (dashed: wanted)")


def _groups(axes: Axes, structure: DataStructure, density: Density) -> None:
    findings = density.findings
    values = [max(finding.agreement or 0.0, 0.0) for finding in findings]
    colours = [style.ACCENT if finding.method in structure.seen else style.FAINT for finding in findings]
    words = [
        f"{value:.2f}" if finding.apart else f"{value:.2f}, not apart"
        for value, finding in zip(values, findings, strict=True)
    ]
    bars = axes.barh([finding.method for finding in findings], values, 0.5, color=colours)
    axes.bar_label(bars, words, padding=4, fontsize=style.SMALL)
    _scale(axes, SAME_GROUPS, "Are there separate groups?")


def _scale(axes: Axes, wanted: float, title: str) -> None:
    axes.axvline(wanted, color=style.MUTED, linestyle="--", linewidth=1)
    axes.set(xlim=(0, 1.35), xticks=(0, 0.25, 0.5, 0.75, 1), ylim=(-0.6, 1.6), xlabel="Adjusted Rand index")
    axes.set_title(title)
    axes.grid(visible=False, axis="y")


PLOTS: Final = (
    Plot(
        name="structure",
        draw=draw_structure,
        describe=describe_structure,
        caption="Left: how alike refits are. Right: how alike the groups of density-based methods are to the "
        "personas; grey where a method sees no separate groups.",
        finding=lambda report: "" if report.structure is None else report.structure.sentence,
        table=table_of_structure,
    ),
)
