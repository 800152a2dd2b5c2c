"""Data quality: what is answered, and whether the personas explain the length of lists."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.profile.vocabulary import label
from training.report.analysis.counts.quality import TOO_MUCH_EXPLAINED
from training.report.analysis.summary import lengths_explained_by_personas
from training.report.document import DataQuality, Report
from training.report.drawing import style
from training.report.drawing.labels import heading
from training.text import count, listed, percent


def draw_quality(report: Report) -> Figure | None:
    """Answered shares by field; beside them η² of each list's length, with its limit."""
    data = report.data
    parts = [bool(data.fields), bool(data.list_lengths)]
    if not any(parts):
        return None
    height = max(0.24 * len(data.fields), 0.5 * len(data.list_lengths))
    figure = style.canvas(1.3 + height, _finding(data))
    axes = style.panels(figure, 1, sum(parts))
    if parts[0]:
        _answered(axes[0], data)
    if parts[1]:
        _lengths(axes[-1], data)
    return figure


def describe_quality(report: Report) -> str:
    """Each field's share, and each list's η²."""
    data = report.data
    shares_answered = [f"{heading(field.title)} {percent(field.answered)}" for field in data.fields]
    lengths = [f"{heading(length.title)} {percent(length.explained)}" for length in data.list_lengths]
    sentences = [f"{_finding(data)}."]
    if shares_answered:
        sentences.append(f"Answered: {', '.join(shares_answered)}.")
    if lengths:
        sentences.append(f"Of the variance of a list's length the personas explain: {', '.join(lengths)}.")
    return " ".join(sentences)


def _finding(data: DataQuality) -> str:
    long = [label(length.title) for length in lengths_explained_by_personas(data)]
    if long:
        return f"The personas differ in how many values people tick: {listed(long)}"
    if not data.fields:
        return "How many values people tick hardly tells the personas apart"
    empty = sum(not field.answered for field in data.fields)
    if empty:
        return f"{count(empty, 'field')} of {len(data.fields)} {'is' if empty == 1 else 'are'} answered by nobody"
    least = min(data.fields, key=lambda field: field.answered)
    return f"Least answered is {heading(least.title).lower()}: {percent(least.answered)} of the profiles"


def _answered(axes: Axes, data: DataQuality) -> None:
    labels = [style.wrapped(heading(field.title), 1.5, style.SMALL, most=1) for field in data.fields]
    shares = [field.answered * 100 for field in data.fields]
    bars = axes.barh(range(len(labels)), shares, 0.7, color=style.ACCENT)
    axes.bar_label(bars, [f"{share:.0f}" for share in shares], padding=3, fontsize=7.5)
    axes.set_yticks(range(len(labels)), labels)
    axes.set(xlim=(0, 112), xticks=range(0, 101, 25), xlabel="Answered, in per cent of the profiles")
    axes.set_title("What is answered")
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")


def _lengths(axes: Axes, data: DataQuality) -> None:
    labels = [style.wrapped(heading(length.title), 1.2, style.SMALL, most=2) for length in data.list_lengths]
    shares = [length.explained * 100 for length in data.list_lengths]
    limit = TOO_MUCH_EXPLAINED * 100
    colours = [style.WARNING if share > limit else style.ACCENT for share in shares]
    bars = axes.barh(range(len(labels)), shares, 0.5, color=colours)
    axes.bar_label(bars, [f"{share:.1f}" for share in shares], padding=3, fontsize=7.5)
    axes.set_yticks(range(len(labels)), labels)
    axes.axvline(limit, color=style.WARNING, linestyle="--", linewidth=1.2)
    axes.set(xlim=(0, max(*shares, limit) * 1.25), xlabel="η² of the length by persona, per cent")
    axes.set_title("List lengths (dashed: limit)")
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
