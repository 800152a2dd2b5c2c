"""The sizes of the personas."""

from matplotlib.figure import Figure

from training.report.document import Report
from training.report.drawing import style
from training.text import percent


def draw_sizes(report: Report) -> Figure | None:
    """A bar for each persona, largest first."""
    if len(report.personas) < 2:
        return None
    labels = style.persona_labels(report, 2.6)
    figure = style.canvas(0.75 + style.height_of(labels, 0.34), _finding(report))
    [axes] = style.panels(figure, 1, 1)
    shares = [persona.share * 100 for persona in report.personas]
    bars = axes.barh(labels, shares, 0.68, color=[style.colour(c) for c in range(len(labels))])
    labels = [f"{percent(p.share)}  ({p.size:,})" for p in report.personas]
    axes.bar_label(bars, labels, padding=4, fontsize=style.SMALL)
    axes.set(xlabel="Share of the profiles, in per cent", xlim=(0, max(*shares, 1) * 1.22))
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    return figure


def describe_sizes(report: Report) -> str:
    """The share of each persona."""
    labels = [f"{persona.name} {percent(persona.share)} ({persona.size:,})" for persona in report.personas]
    return f"{_finding(report)}. {'; '.join(labels)}."


def _finding(report: Report) -> str:
    shares = [persona.share for persona in report.personas]
    return (
        f"{len(shares)} personas: the largest holds {percent(max(shares))} of the profiles, "
        f"the smallest {percent(min(shares))}"
    )
