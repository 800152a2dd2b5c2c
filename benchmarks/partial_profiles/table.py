"""The results as Markdown tables, with the settings of the run."""

import platform
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from typing import Final

import numpy as np

from benchmarks.partial_profiles.cache import Measured
from benchmarks.partial_profiles.cases import FEW_ROWS, ROWS, TESTED, Setting, Truth
from benchmarks.partial_profiles.measure import accuracy, error, noise
from benchmarks.partial_profiles.results import (
    CONFIDENCE_TARGETS,
    MOST_JUDGED,
    OURS,
    SETTLED_TARGET,
    Measure,
    Results,
    bias,
    misses,
    results_of,
)
from benchmarks.partial_profiles.rivals import RIVALS
from benchmarks.recovery.overview import NOTHING, markdown_table

FIGURE: Final = "assignment-questions"
_ENOUGH: Final = 0.80
_NAMED_TARGETS: Final = ", ".join(f"{target} ({name})" for name, target in CONFIDENCE_TARGETS.items())
_TRUTHS: Final = f"""\
Two things can be right. **The complete profile's persona** is the one that the same model assigns before anything
is hidden; `settled` is the chance of it. **The planted persona** is the generator's, matched to the model's on the
training profiles; `confidence` is the chance of it, and people of no persona are left out.

Models are fitted to {ROWS:,} or {FEW_ROWS:,} profiles with gaps, and tested on {TESTED:,} others. They have 13
fields, 9 without lists. The test profiles of our simulator are complete. Those of the second generator (that of
[RECOVERY.md](RECOVERY.md)) have gaps of their own; further fields are hidden, and only complete profiles are
judged by the complete profile's persona. A survey is tested by five-fold cross-validation on those who answered
all of it. For each number of fields a random set is hidden. Figures are means over models; a survey's folds are
taken together.

**Errors** are expected calibration errors, 15 bins, of each model with each number of hidden fields. Perfect
probabilities would show one, too, by chance: "if perfect" is what the same probabilities would show on average if
they were right and trials independent. A profile counts once for each set that is hidden, so chance does a little
more than that. "Too sure by" is the mean probability less the share that is right.

**Targets** for the errors, with 0 to {MOST_JUDGED} hidden fields (with a survey's five fields, 0 to 4):
{SETTLED_TARGET} for `settled`, and for `confidence` with our simulator {_NAMED_TARGETS}.
With the second generator there is no target for `confidence`."""
_CAVEAT: Final = """\
**Limits.** The authors of the pipeline also wrote the simulator, and chose the way to the exponent on other draws
of both generators. Answers are hidden in random sets; which answers are missing in real profiles is not known, and
people who skip a question may differ from those who answer it. Logistic regression and gradient boosting learn the
same model's personas, from examples, and find no groups of their own: that they are no better about planted
personas is no merit of our rule. Their probabilities are about the model's persona; about the planted one they are
the less calibrated the more the two differ."""


def report(measured: Mapping[Setting, Sequence[Measured]], command: str) -> str:
    """The whole document."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scikit-learn"))
    results = results_of(measured)
    sections = [
        "# How well partial profiles are assigned",
        f"    .venv/bin/{command}",
        f"{date.today().isoformat()}; one thread; Python {platform.python_version()}, {packages}.",
        _TRUTHS,
        *_overview(results),
        *(text for result in results for text in _section(result)),
        "## Question order",
        f"![Correct personas by the number of questions and their order]({FIGURE}.svg)",
        "Right is the complete profile's persona.",
        _questions(measured),
        "## The methods",
        "\n".join(f"- **{rival.name}**: {rival.note}." for rival in RIVALS),
        _CAVEAT,
    ]
    return "\n\n".join(sections) + "\n"


def _overview(results: Sequence[Results]) -> list[str]:
    missed = misses(results)
    return [
        "## In short",
        "Our rule. The complete profile's persona, and how far `settled` is off:",
        _overview_table(results, "complete", 1),
        "The planted persona, and how far `confidence` is off. The ceiling is the generator's own formula with "
        "nothing hidden:",
        _overview_table(results, "planted", 0),
        "**Targets missed**, by number of hidden fields:" if missed else "No target was missed.",
        *(["\n".join(f"- {sentence}" for sentence in missed)] if missed else []),
        *_widely_off(results),
        *_better_calibrated(results),
    ]


def _widely_off(results: Sequence[Results]) -> list[str]:
    """A sentence where `confidence` has no target, and a mean error above the most lenient one."""
    most = max(CONFIDENCE_TARGETS.values())
    untargeted = [result for result in results if result.has("planted") and result.target("planted") is None]
    errors = {result.setting.described: _mean_error(result, OURS) for result in untargeted}
    wide = [f"{described} ({value:.3f})" for described, value in errors.items() if value > most]
    return [f"Without a target, but off by more than {most}: `confidence`, {'; '.join(wide)}."] if wide else []


def _better_calibrated(results: Sequence[Results]) -> list[str]:
    """A sentence where other methods' probabilities of the planted persona have a smaller mean error than ours."""
    better = [
        f"{result.setting.described}: {rival.name} ({_mean_error(result, rival.name):.3f}, ours "
        f"{_mean_error(result, OURS):.3f})"
        for result in results
        if result.has("planted")
        for rival in RIVALS
        if result.has_chances(rival.name) and _mean_error(result, rival.name) < _mean_error(result, OURS)
    ]
    lines = "\n".join(f"- {line}." for line in better)
    return (
        ["Better calibrated about the planted persona than ours, over 0 to 6 hidden fields:", lines]
        if better
        else []
    )


def _mean_error(result: Results, rival: str) -> float:
    return result.mean(error, rival, "planted", result.counts_between(0))


def _overview_table(results: Sequence[Results], truth: Truth, least: int) -> str:
    planted = truth == "planted"
    head = ["data", "profiles", *(["ceiling", "right, 0 hidden"] if planted else [])]
    head += [
        f"right, {least}–{MOST_JUDGED} hidden",
        f"error, 0–{MOST_JUDGED} hidden",
        "largest",
        "if perfect",
        "too sure by",
        "target",
    ]
    return markdown_table(head, [_overview_row(r, truth, least) for r in results if r.has(truth)])


def _overview_row(result: Results, truth: Truth, least: int) -> list[str]:
    judged = result.counts_between(0)
    largest = max(result.mean(error, OURS, truth, [count]) for count in judged)
    target, ceiling = result.target(truth), result.ceiling
    cells = [result.setting.title, f"{result.setting.rows:,}" if result.setting.rows else NOTHING]
    if ceiling is not None and truth == "planted":
        cells += [f"{ceiling:.3f}", f"{result.mean(accuracy, OURS, truth, [0]):.3f}"]
    figures = (
        result.mean(accuracy, OURS, truth, result.counts_between(least)),
        result.mean(error, OURS, truth, judged),
        largest,
        result.mean(noise, OURS, truth, judged),
    )
    lean = f"{result.mean(bias, OURS, truth, judged):+.3f}"
    return [*cells, *(f"{figure:.3f}" for figure in figures), lean, NOTHING if target is None else f"{target:.2f}"]


def _section(result: Results) -> list[str]:
    texts = [f"## {result.setting.described[0].upper()}{result.setting.described[1:]}"]
    if result.setting.has_questions:
        texts += [
            "Share of profiles with the complete profile's persona:",
            _table(result, accuracy, "complete", 1),
            "Error of the probability of that, ours being `settled`:",
            _table(result, error, "complete", 0),
        ]
    if result.has("planted"):
        texts += [
            "Share of people with the planted persona:",
            _table(result, accuracy, "planted", 0),
            "Error of the probability of that, ours being `confidence`:",
            _table(result, error, "planted", 0),
        ]
    return texts


def _table(result: Results, measure: Measure, truth: Truth, least: int) -> str:
    middle = result.counts_between(least)
    head = ["hidden", *map(str, result.counts), f"{middle[0]}–{middle[-1]}"]
    columns = [*([count] for count in result.counts), middle]
    rivals = [rival.name for rival in RIVALS if measure is accuracy or result.has_chances(rival.name)]
    rows = [[rival, *_means(result, measure, rival, truth, columns)] for rival in rivals]
    if measure is error:
        rows.insert(1, [f"{OURS}, if perfect", *_means(result, noise, OURS, truth, columns)])
    return markdown_table(head, rows)


def _means(
    result: Results, measure: Measure, rival: str, truth: Truth, columns: Sequence[Sequence[int]]
) -> list[str]:
    return [f"{result.mean(measure, rival, truth, counts):.3f}" for counts in columns]


def _questions(measured: Mapping[Setting, Sequence[Measured]]) -> str:
    rows = []
    for name, orders in question_curves(measured).items():
        for order, curve in orders.items():
            after = next((str(n) for n, share in enumerate(curve) if share >= _ENOUGH), NOTHING)
            rows.append([name, order, after, f"{np.mean(curve):.3f}"])
    return markdown_table(["", "order", f"questions until {_ENOUGH:.0%} are right", "mean share right"], rows)


def question_curves(measured: Mapping[Setting, Sequence[Measured]]) -> dict[str, dict[str, list[float]]]:
    """The mean curve of each order, by the title of the setting, where it was measured."""
    return {
        setting.title: _mean_curves(cases)
        for setting, cases in measured.items()
        if any(case.curves for case in cases)
    }


def _mean_curves(cases: Sequence[Measured]) -> dict[str, list[float]]:
    """The mean curve of each order, over the cases with the most questions."""
    orders = cases[0].curves
    longest = max(len(curve) for case in cases for curve in case.curves.values())
    whole = [case for case in cases if all(len(curve) == longest for curve in case.curves.values())]
    return {order: np.mean([case.curves[order] for case in whole], axis=0).tolist() for order in orders}
