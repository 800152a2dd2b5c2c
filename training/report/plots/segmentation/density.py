"""The findings of DBSCAN and HDBSCAN for the same scores."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from training.report.document import Density, Report
from training.report.drawing import style
from training.text import count, percent


def draw_density(report: Report) -> Figure | None:
    """The k-distance curve with its knee; beside it clusters and noise of each method."""
    density = report.density
    if density is None or not (density.k_distances or density.findings):
        return None
    figure = style.canvas(3.0, "What density-based methods see in the same profiles")
    parts = [bool(density.k_distances), bool(density.findings)]
    axes = style.panels(figure, 1, sum(parts))
    if parts[0]:
        _curve(axes[0], density)
    if parts[1]:
        _noise(axes[-1], density, len(report.personas))
    return figure


def describe_density(report: Report) -> str:
    """The finding of each method."""
    density = report.density
    return (
        ""
        if density is None
        else " ".join([density.sentence, *(finding.sentence for finding in density.findings)])
    )


def _curve(axes: Axes, density: Density) -> None:
    """Draw the thinned curve over the number of all rows."""
    distances = density.k_distances
    steps = [density.rows * index / max(len(distances) - 1, 1) for index in range(len(distances))]
    axes.plot(steps, distances, color=style.ACCENT, linewidth=1.8)
    axes.axhline(density.knee, color=style.WARNING, linestyle="--", linewidth=1.2)
    axes.annotate(
        f"knee at {density.knee:.2f}", (0, density.knee), (4, 4), xycoords=("axes fraction", "data"),
        textcoords="offset points", fontsize=style.SMALL, color=style.WARNING,
    )  # fmt: skip
    axes.set_title("Distance to the k-th neighbour")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.set(xlabel="Profiles, by their distance", ylabel="Distance among the scores")


def _noise(axes: Axes, density: Density, personas: int) -> None:
    """Draw the share of profiles in no cluster; K-Means has none."""
    findings = density.findings
    names = [finding.method for finding in findings]
    shares = [finding.noise_share * 100 for finding in findings]
    labels = [
        f"{count(finding.clusters, 'cluster')},\n{percent(finding.noise_share)} noise" for finding in findings
    ]
    bars = axes.barh(["K-Means", *names], [0.0, *shares], 0.6, color=style.COLOURS[1])
    axes.bar_label(bars, [f"{count(personas, 'persona')},\nno noise", *labels], padding=4, fontsize=style.SMALL)
    axes.set(xlim=(0, 150), xticks=range(0, 101, 25), xlabel="Noise: profiles in no cluster, in per cent")
    axes.set_title("Clusters and noise")
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
