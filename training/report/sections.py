"""The sections of the page, in order, and which of them a report fills."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Final

from training.report.document import Report


def _always(_: Report) -> bool:
    return True


def _never(_: Report) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page. `part`: a template of its own, shown above the plots; `fills` says whether a report
    has something for that template.
    """

    anchor: str
    title: str
    lead: str
    plots: tuple[str, ...] = ()
    part: str | None = None
    fills: Callable[[Report], bool] = _never


_ALL: Final = (
    Section("glance", "At a glance", "How the profiles divide.", ("sizes",)),
    Section(
        "personas",
        "The personas",
        "Each persona is a group of profiles with like answers. Its numbers compare its members with everyone.",
        part="personas",
        fills=lambda report: bool(report.personas),
    ),
    Section(
        "insights",
        "Key insights",
        "What stands out in the answers.",
        part="insights",
        fills=lambda report: bool(report.insights),
    ),
    Section(
        "choice",
        "Why this many",
        "How many groups there are is read from the data, by criteria that do not always agree.",
        ("gap", "criteria", "silhouettes"),
        "choice",
        _always,
    ),
    Section(
        "leanings",
        "What each persona leans to",
        "Which answers are more or less likely among a persona's members than among everyone.",
        ("lifts", "snake"),
    ),
    Section(
        "hobbies",
        "Hobbies and gifts",
        "Which gifts go with which hobby, whatever the persona.",
        ("history_by_hobby",),
    ),
    Section(
        "ages", "Age and gifts", "How gifts change with age, whatever the persona.", ("gifts_by_age",)
    ),
    Section(
        "maps",
        "Maps of the profiles",
        "Every mark is a profile of a random sample. The components below say what directions mean.",
        ("pca", "tsne", "variance", "loadings"),
    ),
    Section(
        "density",
        "A second opinion: dense regions",
        "The personas come from K-Means, which gives everybody a group. DBSCAN and HDBSCAN look for crowds "
        "instead, and leave out who stands in none.",
        ("density",),
        "density",
        lambda report: report.density is not None,
    ),
    Section(
        "confidence",
        "Half-empty profiles",
        "Answers were hidden from the fullest profiles, every set of fields of a size being as likely, to see how "
        "often the complete profile's persona is found and whether the confidence holds.",
        ("confidence",),
        "confidence",
        lambda report: report.confidence is not None,
    ),
    Section(
        "quality",
        "The data",
        "What the personas stand on.",
        ("quality",),
        "quality",
        _always,
    ),
    Section(
        "verdicts",
        "Checks",
        "What training checked of its own result.",
        part="verdicts",
        fills=lambda report: bool(report.verdicts),
    ),
    Section(
        "methods",
        "Methods and glossary",
        "How the personas were made, and the words of this report in plain language.",
        part="methods",
        fills=_always,
    ),
)  # fmt: skip


def sections(report: Report, figures: Container[str]) -> tuple[Section, ...]:
    """The sections that have something to show."""
    return tuple(
        section for section in _ALL if section.fills(report) or any(plot in figures for plot in section.plots)
    )
