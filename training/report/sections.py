"""The sections of the page, in order, and the reports that have them."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Final

from training.report.document import Report


def _always(_: Report) -> bool:
    return True


def _never(_: Report) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the page. `template`: a part of its own, shown above the plots; `fills`: whether a report
    has content for it.
    """

    anchor: str
    title: str
    lead: str
    plots: tuple[str, ...] = ()
    template: str | None = None
    fills: Callable[[Report], bool] = _never


SECTIONS: Final = (
    Section(anchor="glance", title="At a glance", lead="How the profiles divide.", plots=("sizes",)),
    Section(
        anchor="personas",
        title="The personas",
        lead="Each persona is a group of profiles with like answers. "
        "Its numbers compare its members with everyone.",
        template="personas",
        fills=lambda report: bool(report.personas),
    ),
    Section(
        anchor="sheet",
        title="The personas as segments",
        lead="What a segment must be to be worth serving: large enough, distinct, reachable and stable. "
        "Whether it fits you, no figure can say.",
        plots=("sheet", "separation", "gorges"),
    ),
    Section(
        anchor="insights",
        title="Key insights",
        lead="What stands out in the answers.",
        template="insights",
        fills=lambda report: bool(report.insights),
    ),
    Section(
        anchor="choice",
        title="Why this many",
        lead="How many groups there are is read from the data, by criteria that do not always agree.",
        plots=("gap", "criteria", "silhouettes"),
        template="choice",
        fills=_always,
    ),
    Section(
        anchor="stability",
        title="How stable the personas are",
        lead="Would other people of the same kind give the same personas? Every step was fitted anew on resampled "
        "profiles, and the results were compared.",
        plots=("structure", "stability_by_k", "segment_stability", "segment_splits"),
    ),
    Section(
        anchor="leanings",
        title="What each persona leans to",
        lead="Which answers are more or less likely among a persona's members than among everyone.",
        plots=("segment_profile", "lifts", "snake"),
    ),
    Section(
        anchor="descriptors",
        title="Who they are, besides",
        lead="Answers that the model did not learn: whether they differ between the personas is a test that the "
        "personas can fail.",
        plots=("descriptors",),
    ),
    Section(
        anchor="hobbies",
        title="Hobbies and gifts",
        lead="Which gifts go with which hobby, whatever the persona.",
        plots=("history_by_hobby",),
    ),
    Section(
        anchor="ages",
        title="Age and gifts",
        lead="How gifts change with age, whatever the persona.",
        plots=("gifts_by_age",),
    ),
    Section(
        anchor="maps",
        title="Maps of the profiles",
        lead="Every mark is a profile of a random sample. The components below say what directions mean.",
        plots=("pca", "tsne", "variance", "loadings"),
    ),
    Section(
        anchor="density",
        title="A second opinion: dense regions",
        lead="The personas come from K-Means, which gives everybody a group. DBSCAN and HDBSCAN look for crowds "
        "instead, and leave out who stands in none.",
        plots=("density",),
        template="density",
        fills=lambda report: report.density is not None,
    ),
    Section(
        anchor="confidence",
        title="Half-empty profiles",
        lead="Answers were hidden from the fullest profiles, every set of fields of a size being as likely, to "
        "see how often the persona stays once the rest is answered, and whether that is foreseen.",
        plots=("confidence",),
        template="confidence",
        fills=lambda report: report.confidence is not None,
    ),
    Section(
        anchor="quality",
        title="The data",
        lead="What the personas stand on.",
        plots=("quality", "lengths"),
        template="quality",
        fills=_always,
    ),
    Section(
        anchor="verdicts",
        title="Checks",
        lead="What training checked of its own result.",
        template="verdicts",
        fills=lambda report: bool(report.verdicts),
    ),
    Section(
        anchor="methods",
        title="Methods and glossary",
        lead="How the personas were made, and the words of this report in plain language.",
        template="methods",
        fills=_always,
    ),
)


def sections(report: Report, figures: Container[str]) -> tuple[Section, ...]:
    """The sections with content."""
    return tuple(
        section for section in SECTIONS if section.fills(report) or any(plot in figures for plot in section.plots)
    )
