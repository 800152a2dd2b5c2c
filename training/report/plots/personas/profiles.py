"""The answers of the personas: the heatmap of lifts, and the snake plot of numbers."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.report.document import LiftRow, Report
from training.report.drawing import heat, style
from training.report.drawing.labels import heading
from training.text import listed, number

MOST_ROWS: Final = 40


# --- lifts -----------------------------------------------------------------------------------------


def draw_lifts(report: Report) -> Figure | None:
    """Values by persona: the colour is the lift, the number the share; insignificant ones are muted."""
    rows = strongest(report.lifts)
    if not rows or len(report.personas) < 2:
        return None
    lines = _with_headings(rows)
    figure = style.canvas(1.5 + 0.2 * len(lines), "What each persona leans to, against everyone")
    [axes] = style.panels(figure, 1, 1)
    names = [f"{n} {persona.name}" for n, persona in enumerate(report.personas, 1)]
    heat.lift_map(
        axes,
        np.array([_lifts(line, len(names)) for line in lines]),
        [_cells(line, len(names)) for line in lines],
        [_label(line) for line in lines],
        [heat.column_label(name, len(names)) for name in names],
    )
    _mute(axes, rows)
    _embolden(axes, lines)
    return figure


def describe_lifts(report: Report) -> str:
    """The values with the largest lifts of each persona."""
    sentences = []
    for cluster, persona in enumerate(report.personas):
        more = [row for row in report.lifts if row.significant[cluster] and row.lifts[cluster] > 1]
        more.sort(key=lambda row: -row.lifts[cluster])
        top = [f"{row.title} {heading(row.value).lower()} ({number(row.lifts[cluster])} ×)" for row in more[:3]]
        sentences.append(f"{persona.name}: {listed(top) or 'nothing that is beyond chance'}")
    return f"Values that are more likely among a persona's members than among everyone. {'; '.join(sentences)}."


def strongest(rows: Sequence[LiftRow], most: int = MOST_ROWS) -> list[LiftRow]:
    """The rows that distinguish some persona most, in the order given."""
    strongest_rows = set(sorted(range(len(rows)), key=lambda index: -_strength(rows[index]))[:most])
    return [row for index, row in enumerate(rows) if index in strongest_rows]


def _strength(row: LiftRow) -> float:
    """The largest significant factor, up or down, in powers of two."""
    sure = [lift for lift, is_sure in zip(row.lifts, row.significant, strict=True) if is_sure]
    return max((abs(math.log2(max(lift, 0.01))) for lift in sure), default=0.0)


def _with_headings(rows: Sequence[LiftRow]) -> list[LiftRow | str]:
    """The title of each field above its rows."""
    lines: list[LiftRow | str] = []
    for title, group in groupby(rows, key=lambda row: row.title):
        lines += [heading(title), *group]
    return lines


def _lifts(line: LiftRow | str, personas: int) -> list[float]:
    """The lifts of a row; 1 where they are insignificant."""
    if isinstance(line, str):
        return [float("nan")] * personas
    return [lift if sure else 1.0 for lift, sure in zip(line.lifts, line.significant, strict=True)]


def _cells(line: LiftRow | str, personas: int) -> list[str]:
    return [""] * personas if isinstance(line, str) else [_in_percent(share) for share in line.shares]


def _in_percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.0f}"


def _label(line: LiftRow | str) -> str:
    return style.wrapped(line if isinstance(line, str) else heading(line.value), 1.7, style.SMALL, most=1)


def _mute(axes: Axes, rows: Sequence[LiftRow]) -> None:
    """Grey the insignificant shares. Headings have no text, so that texts are in the order of the rows."""
    sure = [is_significant for row in rows for is_significant in row.significant]
    for text, is_sure in zip(axes.texts, sure, strict=True):
        if is_sure:
            text.set_fontweight("bold")
        else:
            text.set_color(style.MUTED)


def _embolden(axes: Axes, lines: Sequence[LiftRow | str]) -> None:
    """Headings bold, on white."""
    axes.set_facecolor("white")
    for label, line in zip(axes.get_yticklabels(), lines, strict=True):
        if isinstance(line, str):
            label.set_fontweight("bold")


# --- numbers ---------------------------------------------------------------------------------------


def draw_snake(report: Report) -> Figure | None:
    """A line for each persona through its differences from everyone."""
    rows = report.snake
    if not rows or len(report.personas) < 2:
        return None
    figure = style.canvas(
        1.0 + 0.5 * len(rows) + style.legend_height(report), "How the personas differ in numbers and levels"
    )
    [axes] = style.panels(figure, 1, 1)
    positions = range(len(rows))
    for cluster in range(len(report.personas)):
        values = np.array([row.differences[cluster] for row in rows], np.float64)
        axes.plot(values, positions, marker=style.marker(cluster), color=style.colour(cluster), linewidth=1.6)
    axes.axvline(0, color=style.INK, linewidth=1)
    axes.set_yticks(positions, [_numbered(row.title, row.mean_everyone) for row in rows])
    axes.set(xlabel="Difference from everyone, in standard deviations", ylim=(len(rows) - 0.5, -0.5))
    style.persona_legend(figure, report, line=True)
    return figure


def describe_snake(report: Report) -> str:
    """The lowest and the highest persona of each field."""
    return " ".join(_extremes(report, index) for index in range(len(report.snake)))


def _numbered(title: str, mean: float) -> str:
    return f"{style.wrapped(heading(title), 1.8, style.SMALL, most=2)}\n(everyone: {number(mean)})"


def _extremes(report: Report, index: int) -> str:
    row = report.snake[index]
    means = [
        (difference, cluster, mean)
        for cluster, (difference, mean) in enumerate(zip(row.differences, row.means, strict=True))
        if difference is not None and mean is not None
    ]
    if not means:
        return f"{heading(row.title)}: too few answers."
    (_, low, lowest), (_, high, highest) = min(means), max(means)
    return (
        f"{heading(row.title)}: lowest in {report.personas[low].name} ({number(lowest)}), "
        f"highest in {report.personas[high].name} ({number(highest)}), "
        f"{number(row.mean_everyone)} for everyone."
    )
