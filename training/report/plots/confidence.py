"""The confidence of partial profiles: its reliability, and accuracy by the number of hidden fields."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.calibration.reliability import Confidence
from training.report.document import Report
from training.report.drawing import style
from training.text import percent


def draw_confidence(report: Report) -> Figure | None:
    """The reliability curve; beside it accuracy and confidence by the number of hidden fields."""
    if report.confidence is None:
        return None
    figure = style.canvas(3.0, _finding(report.confidence))
    curve, counts = style.panels(figure, 1, 2)
    _reliability(curve, report.confidence)
    _by_hidden(counts, report.confidence)
    return figure


def describe_confidence(report: Report) -> str:
    """Accuracy and confidence by number of hidden fields."""
    confidence = report.confidence
    if confidence is None:
        return "The confidence of partial profiles was not measured."
    sentences = [
        f"{bin_.hidden} hidden: right in {percent(bin_.accuracy)}, sure by {percent(bin_.confidence)}"
        for bin_ in confidence.by_hidden
    ]
    return f"{_finding(confidence)}. With fields hidden from complete profiles: {'; '.join(sentences)}."


def _finding(confidence: Confidence) -> str:
    first = confidence.by_hidden[0]
    half = confidence.by_hidden[len(confidence.by_hidden) // 2]
    fields = "field" if first.hidden == 1 else "fields"
    return (
        f"The complete profile's persona is found in {percent(first.accuracy)} with {first.hidden} {fields} "
        f"hidden, in {percent(half.accuracy)} with {half.hidden}"
    )


def _reliability(axes: Axes, confidence: Confidence) -> None:
    sure = [bin_.confidence * 100 for bin_ in confidence.bins]
    right = [bin_.accuracy * 100 for bin_ in confidence.bins]
    most = max(bin_.trials for bin_ in confidence.bins)
    axes.plot([0, 100], [0, 100], color=style.MUTED, linestyle="--", linewidth=1)
    axes.plot(sure, right, color=style.ACCENT, linewidth=1.2)
    axes.scatter(sure, right, [8 + 60 * bin_.trials / most for bin_ in confidence.bins], color=style.ACCENT)
    axes.set(xlim=(0, 108), ylim=(0, 104), xlabel="Confidence, in per cent", ylabel="Right, in per cent")
    axes.set_title(f"Reliability (error {confidence.error:.3f})")


def _by_hidden(axes: Axes, confidence: Confidence) -> None:
    hidden = [bin_.hidden for bin_ in confidence.by_hidden]
    axes.plot(
        hidden, [bin_.accuracy * 100 for bin_ in confidence.by_hidden], "o-", color=style.ACCENT, label="right"
    )
    axes.plot(
        hidden,
        [bin_.confidence * 100 for bin_ in confidence.by_hidden],
        "s--",
        color=style.WARNING,
        label="confidence",
    )
    axes.margins(x=0.1)
    axes.set(ylim=(0, 104), xlabel="Hidden fields", ylabel="Per cent")
    axes.set_title("By how much is hidden")
    axes.legend(loc="lower left")
