"""The separation of each persona: the silhouettes of its members."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.report.analysis.grades import silhouette_grade
from training.report.analysis.structure import has_groups
from training.report.document import Report
from training.report.drawing import style
from training.text import percent


def draw_silhouettes(report: Report) -> Figure | None:
    """A blade for each persona: its members' silhouettes, largest on top."""
    if not any(report.silhouettes):
        return None
    labels = style.persona_labels(report, 2.3)
    figure = style.canvas(1.0 + style.height_of(labels, 0.62), _finding(report))
    [axes] = style.panels(figure, 1, 1)
    _blades(axes, report, labels)
    mean = _mean(report)
    axes.axvline(mean, color=style.INK, linestyle="--", linewidth=1.2)
    axes.annotate(
        f"mean {mean:.2f}", (mean, 1), (4, -2), xycoords=("data", "axes fraction"), textcoords="offset points",
        va="top", fontsize=style.SMALL,
    )  # fmt: skip
    axes.axvline(0, color=style.MUTED, linewidth=0.8)
    axes.set_xlabel("Silhouette: 1 is deep inside its own persona, below 0 is nearer to another")
    axes.grid(visible=False, axis="y")
    return figure


def describe_silhouettes(report: Report) -> str:
    """Each persona's mean, and how many of its members lie nearer to another."""
    sentences = [
        f"{persona.name}: mean {np.mean(values):.2f}, {percent(_below(values))} of its members below zero"
        for persona, values in zip(report.personas, report.silhouettes, strict=True)
        if values
    ]
    return f"{_finding(report)}. {'; '.join(sentences)}."


def _blades(axes: Axes, report: Report, labels: list[str]) -> None:
    """Draw blades as high as they have members; those with hardly any get some room as well."""
    pause = 0.03 * sum(map(len, report.silhouettes))
    bottom, middles = 0.0, []
    for cluster, values in enumerate(report.silhouettes):
        height = max(len(values), 2 * pause)
        ys = bottom + np.linspace(0, height, len(values)) if values else np.array([])
        axes.fill_betweenx(ys, 0, np.array(values), color=style.colour(cluster), linewidth=0)
        middles.append(bottom + height / 2)
        bottom += height + pause
    axes.set_yticks(middles, labels)
    axes.set_ylim(bottom, -2 * pause)


def _below(silhouettes: Sequence[float]) -> float:
    """The share of members that are nearer to another persona."""
    return sum(silhouette < 0 for silhouette in silhouettes) / len(silhouettes)


def _mean(report: Report) -> float:
    """The mean silhouette of the metrics, so that every page shows one number; else that of the blades."""
    sentences = report.metrics.get("silhouette")
    if isinstance(sentences, float):
        return sentences
    return float(np.mean(np.concatenate([np.array(values) for values in report.silhouettes])))


def _finding(report: Report) -> str:
    grade = silhouette_grade(_mean(report), has_groups(report.structure))
    return f"The personas are {grade}: mean silhouette {_mean(report):.2f}"
