"""The number of personas: the gap curve, the prediction of answers, stability, and the other criteria."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from training.report.analysis.grades import DOUBTFUL, STABLE
from training.report.content.part import Table
from training.report.document import Candidate, Report
from training.report.drawing import style
from training.report.drawing.labels import present
from training.text import count

_ACROSS: Final = "Personas (band: chosen)"
# Attribute, title and reading of each criterion.
_OTHERS: Final = (
    ("silhouette", "Silhouette", "higher is better"),
    ("inertia", "Inertia", "look for a bend"),
    ("calinski_harabasz", "Calinski–Harabasz", "higher is better"),
    ("davies_bouldin", "Davies–Bouldin", "lower is better"),
    ("prediction_strength", "Prediction strength", "above 0.8 is strong"),
)


# --- gap and stability -----------------------------------------------------------------------------


def draw_gap(report: Report) -> Figure | None:
    """The gap, and where they were measured the gain in predicting answers and the stability of each cluster."""
    curve = report.choice.curve
    if not curve:
        return None
    figure = style.canvas(3.1, f"{count(report.choice.k, 'persona')}: what three criteria say of each number")
    drawn = [_gap]
    if _predicted(curve):
        drawn.append(_field_gain)
    if any(present(candidate.stability or ()) for candidate in curve):
        drawn.append(_stability)
    axes = style.panels(figure, 1, len(drawn))
    for draw, panel in zip(drawn, axes, strict=True):
        draw(panel, curve)
        _mark(panel, report.choice.k)
        panel.set_xlabel(_ACROSS)
    return figure


def describe_gap(report: Report) -> str:
    """The ends of the curve, the chosen number, and its stability."""
    curve = report.choice.curve
    if not curve:
        return f"{report.choice.sentence} Other numbers of personas were not compared."
    first, last = curve[0], curve[-1]
    sentence = f"The gap is {first.gap:.2f} at {first.k} and {last.gap:.2f} at {count(last.k, 'persona')}."
    if predicted := _predicted(curve):
        best = max(predicted, key=lambda candidate: candidate.field_gain or 0.0)
        sentence += (
            f" Other people's answers are predicted best with {count(best.k, 'persona')}, "
            f"{best.field_gain:.2f} nats a profile better than from everyone's shares."
        )
    chosen = _chosen(report)
    if chosen is not None and (values := present(chosen.stability or ())):
        sentence += (
            f" With {count(chosen.k, 'persona')} the least stable keeps a Jaccard similarity of "
            f"{min(values):.2f}, on average they keep {np.mean(values):.2f}."
        )
    return f"{report.choice.sentence} {sentence}"


def table_of_gap(report: Report) -> Table:
    """Gap, votes and gain for each number of personas."""
    votes = dict(report.choice.votes)
    return Table(
        caption="Gap statistic, votes of random halves, and prediction of other people's answers",
        columns=("Personas", "Gap", "± error", "Halves that choose it", "Gain in nats a profile", "± error"),
        rows=tuple(
            (
                str(candidate.k),
                f"{candidate.gap:.3f}",
                f"{candidate.gap_error:.3f}",
                str(votes.get(candidate.k, 0)) if votes else "–",
                _decimals(candidate.field_gain),
                _decimals(candidate.field_gain_error),
            )
            for candidate in report.choice.curve
        ),
    )


def _decimals(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _predicted(curve: Sequence[Candidate]) -> list[Candidate]:
    return [candidate for candidate in curve if candidate.field_gain is not None]


def _gap(axes: Axes, curve: Sequence[Candidate]) -> None:
    ks, gaps, errors = ([getattr(c, name) for c in curve] for name in ("k", "gap", "gap_error"))
    axes.errorbar(ks, gaps, errors, marker="o", markersize=4.5, capsize=3, color=style.ACCENT, linewidth=1.6)
    axes.set_title("Gap statistic")
    axes.set_ylabel("Gap, in natural logarithms")


def _field_gain(axes: Axes, curve: Sequence[Candidate]) -> None:
    predicted = _predicted(curve)
    ks, gains, errors = ([getattr(c, name) for c in predicted] for name in ("k", "field_gain", "field_gain_error"))
    axes.errorbar(ks, gains, errors, marker="o", markersize=4.5, capsize=3, color=style.ACCENT, linewidth=1.6)
    axes.set_title("Prediction of answers")
    axes.set_ylabel("Gain, in nats a profile")


def _stability(axes: Axes, curve: Sequence[Candidate]) -> None:
    """A dot for each cluster, and their means."""
    measured = [(c.k, values) for c in curve if (values := present(c.stability or ()))]
    for k, values in measured:
        axes.plot([k] * len(values), values, "o", color=style.COLOURS[4], markersize=4, alpha=0.75)
    means = [float(np.mean(values)) for _, values in measured]
    axes.plot([k for k, _ in measured], means, "D-", color=style.ACCENT, markersize=4.5, linewidth=1.6)
    lowest = min(min(values) for _, values in measured)
    axes.axhline(STABLE, color=style.MUTED, linestyle="--", linewidth=1)
    axes.set(ylim=(min(DOUBTFUL - 0.1, lowest - 0.05), 1.03))
    axes.set_title(f"Stability (dashed: {STABLE})")
    axes.set_ylabel("Mean Jaccard similarity, 0–1")


# --- the other criteria ----------------------------------------------------------------------------


def draw_criteria(report: Report) -> Figure | None:
    """A small panel for each criterion that was computed."""
    shown = [(name, *words) for name, *words in _OTHERS if _series(report, name)[0]]
    if not shown:
        return None
    title = "Other criteria, for comparison: they inform the choice"
    figure, axes = style.panel_grid(len(shown), 3, (0.5, 2.0), title)
    for panel, (name, called, advice) in zip(axes, shown, strict=True):
        ks, values = _series(report, name)
        panel.plot(ks, values, "o-", color=style.ACCENT, markersize=3.5, linewidth=1.4)
        panel.set_title(f"{called}\n({advice})", fontsize=style.SMALL)
        panel.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        _mark(panel, report.choice.k)
    figure.supxlabel(_ACROSS, fontsize=style.SMALL, color=style.MUTED)
    return figure


def describe_criteria(report: Report) -> str:
    """Each criterion at the chosen number of personas."""
    chosen = _chosen(report)
    sentence = [f"{called} {getattr(chosen, name):,.3g}" for name, called, _ in _OTHERS if _has(chosen, name)]
    names = ", ".join(called for name, called, _ in _OTHERS if _series(report, name)[0])
    if not sentence:
        return f"{names} for each number of personas that was tried."
    return f"At the chosen {count(report.choice.k, 'persona')}: {', '.join(sentence)}."


def _has(candidate: Candidate | None, name: str) -> bool:
    return getattr(candidate, name, None) is not None


def _series(report: Report, name: str) -> tuple[list[int], list[float]]:
    there = [candidate for candidate in report.choice.curve if _has(candidate, name)]
    return [candidate.k for candidate in there], present(getattr(candidate, name) for candidate in there)


# --- both ------------------------------------------------------------------------------------------


def _chosen(report: Report) -> Candidate | None:
    return next((candidate for candidate in report.choice.curve if candidate.k == report.choice.k), None)


def _mark(axes: Axes, k: int) -> None:
    """Mark the chosen number of personas with a band that is visible in grey as well."""
    axes.axvspan(k - 0.3, k + 0.3, color=style.COLOURS[5], alpha=0.28, linewidth=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
