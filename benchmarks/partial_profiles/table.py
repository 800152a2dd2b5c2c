"""The results as Markdown tables, with the settings of the run."""

import platform
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from typing import Final

import numpy as np

from benchmarks.partial_profiles.cache import Measured
from benchmarks.partial_profiles.measure import ROWS, TESTED, Tally, accuracy, error, merged
from benchmarks.partial_profiles.rivals import RIVALS

FIGURE: Final = "assignment-questions"
_CAVEAT: Final = """\
**Limits.** The authors of the pipeline also wrote the simulator. Answers are hidden in random sets; which answers
are missing in real profiles is not known, and people who skip a question may differ from those who answer it.
"Right" means the persona that the same model assigns to the complete profile, not a truth about the person. The
classifiers are tested against the same personas, of which they saw only examples."""


def report(measured: Mapping[str, Sequence[Measured]], command: str) -> str:
    """The whole document."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scikit-learn"))
    sections = [
        "# How well partial profiles are assigned",
        f"    .venv/bin/{command}",
        f"{date.today().isoformat()}; one thread; Python {platform.python_version()}, {packages}.",
        f"Simulated: a model of {ROWS:,} profiles with their natural gaps, tested on {TESTED:,} new profiles "
        "without missing answers, of 13 fields. Survey: five-fold cross-validation, tested on those who "
        "answered every field of the survey. For each number of fields a random set is hidden.",
        *(text for name, cases in measured.items() for text in _section(name, cases)),
        "## Question order",
        f"![Correct personas by the number of questions and their order]({FIGURE}.svg)",
        _questions(measured),
        "## The methods",
        "\n".join(f"- **{rival.name}**: {rival.note}." for rival in RIVALS),
        _CAVEAT,
    ]
    return "\n\n".join(sections) + "\n"


def _section(name: str, cases: Sequence[Measured]) -> list[str]:
    tallies = [tally for case in cases for tally in case.tallies]
    counts = sorted({tally.hidden for tally in tallies})
    return [
        f"## {name.capitalize()}",
        "Share of profiles with the complete profile's persona:",
        _table(tallies, counts, accurate=True),
        "Expected calibration error, 15 bins:",
        _table(tallies, counts, accurate=False),
    ]


def _table(tallies: Sequence[Tally], counts: Sequence[int], accurate: bool) -> str:
    middle = [count for count in counts if 1 <= count <= 6]
    head = ["hidden", *map(str, counts), f"{middle[0]}–{middle[-1]}"]
    lines = [_row(head), _row(["---"] * len(head))]
    for rival in RIVALS:
        own = [tally for tally in tallies if tally.rival == rival.name]
        if accurate or all(tally.sure for tally in own):
            lines.append(_row([rival.name, *_cells(own, rival.name, counts, middle, accurate)]))
    return "\n".join(lines)


def _cells(
    tallies: Sequence[Tally], rival: str, counts: Sequence[int], middle: Sequence[int], accurate: bool
) -> list[str]:
    by_count = [merged(tallies, rival, [count]) for count in counts]
    measure = accuracy if accurate else error
    # Each number of hidden fields has the same weight.
    mean = np.mean([measure(bins) for bins, count in zip(by_count, counts, strict=True) if count in middle])
    return [f"{value:.3f}" for value in (*map(measure, by_count), mean)]


def _questions(measured: Mapping[str, Sequence[Measured]]) -> str:
    lines = [_row(["", "order", "half sure after", "mean share right"]), _row(["---"] * 4)]
    for name, cases in measured.items():
        for order, curve in mean_curves(cases).items():
            after = next((str(n) for n, share in enumerate(curve) if share >= _ENOUGH), "–")
            lines.append(_row([name, order, after, f"{np.mean(curve):.3f}"]))
    return "\n".join(lines).replace("half sure after", f"questions until {_ENOUGH:.0%} are right")


_ENOUGH: Final = 0.80


def mean_curves(cases: Sequence[Measured]) -> dict[str, list[float]]:
    """The mean curve of each order, over the cases with the most questions."""
    orders = cases[0].curves
    longest = max(len(curve) for case in cases for curve in case.curves.values())
    whole = [case for case in cases if all(len(curve) == longest for curve in case.curves.values())]
    return {order: np.mean([case.curves[order] for case in whole], axis=0).tolist() for order in orders}


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
