"""How firm the assignments of partial profiles are, how well that is known, and the exponent of the evidence."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.calibration.reliability import Confidence
from training.report.document import Report
from training.report.drawing import style
from training.text import percent


def draw_confidence(report: Report) -> Figure | None:
    """The reliability curve of `settled`, what happened by the number of hidden fields, and the exponents."""
    confidence = report.confidence
    if confidence is None:
        return None
    figure = style.canvas(3.0, _finding(confidence))
    curve, counts, *rest = style.panels(figure, 1, 3 if confidence.exponents else 2)
    _reliability(curve, confidence)
    _by_hidden(counts, confidence)
    for axes in rest:
        _exponents(axes, confidence)
    return figure


def describe_confidence(report: Report) -> str:
    """How often the persona stayed, and how settled it was said to be, by number of hidden fields."""
    confidence = report.confidence
    if confidence is None:
        return "How settled the assignments of partial profiles are was not measured."
    sentences = [
        f"{bin_.hidden} hidden: stayed in {percent(bin_.accuracy)}, settled by {percent(bin_.confidence)}"
        for bin_ in confidence.by_hidden
    ]
    return (
        f"{_finding(confidence)}. With fields hidden from complete profiles: {'; '.join(sentences)}. "
        f"The evidence has the exponent {confidence.exponent:.2f}, which predicts held-out answers best."
    )


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
    axes.set(xlim=(0, 108), ylim=(0, 104), xlabel="Settled, in per cent", ylabel="Persona stayed, in per cent")
    axes.set_title(f"Reliability (error {confidence.error:.3f})")


def _by_hidden(axes: Axes, confidence: Confidence) -> None:
    hidden = [bin_.hidden for bin_ in confidence.by_hidden]
    axes.plot(
        hidden, [bin_.accuracy * 100 for bin_ in confidence.by_hidden], "o-", color=style.ACCENT, label="stayed"
    )
    axes.plot(
        hidden,
        [bin_.confidence * 100 for bin_ in confidence.by_hidden],
        "s--",
        color=style.WARNING,
        label="settled",
    )
    axes.margins(x=0.1)
    axes.set(ylim=(0, 104), xlabel="Hidden fields", ylabel="Per cent")
    axes.set_title("By how much is hidden")
    axes.legend(loc="lower left")


def _exponents(axes: Axes, confidence: Confidence) -> None:
    exponents = [point.exponent for point in confidence.exponents]
    axes.plot(exponents, [point.gain for point in confidence.exponents], "o-", color=style.ACCENT)
    axes.axvline(confidence.exponent, color=style.MUTED, linestyle="--", linewidth=1)
    axes.set(xlabel="Exponent of the evidence", ylabel="Gain, in nats a person")
    axes.set_title("Held-out answers")
