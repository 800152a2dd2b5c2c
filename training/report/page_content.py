"""The content of the page: key numbers, metrics, insights by topic, and the glossary."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

import numpy as np

from models.persona import GiftAffinity
from training.personas.traits import MIN_SHARE
from training.report.analysis.grades import agreement_grade, silhouette_grade, stability_grade
from training.report.analysis.stability import of_stable_model
from training.report.analysis.structure import has_groups
from training.report.content.answers import FieldAnswers
from training.report.document import Insight, PersonaDetail, Report
from training.report.drawing.fonts import without_glyph
from training.report.drawing.labels import heading, present
from training.text import capitalised, number, percent

_MOST_GIFTS: Final = 5
_MOST_LETTERS: Final = 20
_ABOVE: Final = 1.05
_TOPICS: Final = {
    "personas": "Personas",
    "history_and_hobbies": "Hobbies and gifts",
    "age_and_gifts": "Age and gifts",
    "season": "Season and occasions",
    "quality": "Data quality",
}
_METRICS: Final = {
    "rows": "Profiles trained on",
    "explained_variance": "Variance that the retained components explain (share)",
    "inertia": "Inertia: squared distances to the centres, summed",
    "silhouette": "Mean silhouette",
    "scorer_rows_compared": "Profiles on which the service's scorer was compared with the pipeline",
    "scorer_largest_gap": "Largest difference between the two",
    "scorer_ties": "Profiles with two equally probable personas",
    "partial_profiles_tried": "Partial profiles on which it was tried how settled an assignment is",
    "calibration_error": "Calibration error of that",
}

GLOSSARY: Final = (
    ("Persona", "A group of profiles that resemble each other, with a name made from what sets it apart."),
    ("Profile", "A giver's answers, about themselves, the recipient and the gift. Any answer may be missing."),
    (
        "Lift",
        "How many times as likely an answer is among a persona's members as among everyone. "
        "2 × is twice as likely, ½ × half as likely. It is drawn toward 1 where few answered.",
    ),
    (
        "Beyond chance",
        "A difference larger than among so many people drawn at random, save one time in a hundred. The personas "
        "were made from the very answers compared here: it says that a difference is no accident of few answers, "
        "not that a persona is real.",
    ),
    (
        "Silhouette",
        "For each profile: is it nearer to its own persona or to the next? 1 is deep inside its own, 0 in the "
        "middle, below 0 nearer to another. With many yes-or-no answers values of 0.1 to 0.3 are common.",
    ),
    (
        "Gap statistic",
        "How much tighter the groups are than groups in data of the same spread that has none. Where it stops "
        "rising, more groups add little.",
    ),
    (
        "Stability (adjusted Rand index, Jaccard similarity)",
        "Profiles are drawn anew and every step is fitted again. The adjusted Rand index says how alike two such "
        "results are: 1 for the same, 0 for chance; from 0.80 stable, from 0.65 fairly. The Jaccard similarity "
        "says what share of one persona comes back: above 0.85 very stable, from 0.75 stable, below 0.60 better "
        "not relied upon.",
    ),
    (
        "Stability across solutions",
        "Whether a persona comes whole from one of the segments that there are when one fewer is asked for (1), "
        "or evenly from all of them (0).",
    ),
    (
        "Natural, reproducible, constructive",
        "Natural: the personas are groups in the data, with emptier space between them. Reproducible: there are "
        "no such groups, but another sample would be divided alike. Constructive: neither; the division is one "
        "of many.",
    ),
    (
        "Marker",
        "An answer whose share in a persona differs from everyone's by a quarter of the largest share in any "
        "persona, or by half of everyone's share.",
    ),
    (
        "Mean posterior and entropy R²",
        "The posterior is the probability of a persona given the answers. Entropy R² says how much of the "
        "uncertainty about the persona the answers take away: 1 is all of it.",
    ),
    (
        "Descriptor, Cramér's V, ε² and Holm's correction",
        "A descriptor is an answer that the model did not learn. Cramér's V and ε² say how strongly it goes with "
        "the persona, from 0 to 1. Among several tests one is easily significant by chance: Holm's correction "
        "allows for that.",
    ),
    (
        "Prediction strength",
        "Groups found in one half of the profiles are used to predict those of the other half; 1 is never wrong.",
    ),
    (
        "Calinski–Harabasz and Davies–Bouldin",
        "Two ways to weigh the distance between groups against the spread within them. The first should be high, "
        "the second low.",
    ),
    (
        "η² (eta squared)",
        "Which share of the differences in a number the personas explain. Of the length of a list it should be "
        "small, or the personas would tell how much people tick rather than what: above 10 % is a warning.",
    ),
    (
        "Principal component",
        "A direction in which profiles differ much: a weighted sum of answers that go together. Its share of the "
        "variance says how much of all differences it holds.",
    ),
    (
        "Confidence, settled, calibration error",
        "Confidence is the probability of the persona given the answers. Settled is the chance that answering the "
        "rest would not change it. The calibration error says by how much, on average, the latter differs from "
        "the share of personas that stay.",
    ),
    ("t-SNE", "A map that keeps neighbours together. Distances between far points mean nothing on it."),
    ("K-Means", "Finds centres such that the profiles lie as near as can be to one of them."),
    (
        "DBSCAN and HDBSCAN",
        "Find crowded regions of any shape; who stands in no crowd is called noise and gets no group.",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class KeyNumber:
    """A number at the top of the page, its label, and a note."""

    value: str
    label: str
    note: str = ""


def key_numbers(report: Report) -> list[KeyNumber]:
    """The most important numbers; those that do not exist are left out."""
    data, largest = report.data, max(report.personas, key=lambda persona: persona.share)
    numbers = [
        KeyNumber(f"{data.profiles:,}", "profiles", f"{data.distinct:,} different ones"),
        KeyNumber(str(len(report.personas)), "persona" if len(report.personas) == 1 else "personas"),
    ]
    if len(report.personas) > 1:
        numbers.append(KeyNumber(percent(largest.share), "in the largest persona", largest.name))
    numbers += _stability(report)
    silhouette = report.metrics.get("silhouette")
    if isinstance(silhouette, float):
        grade = silhouette_grade(silhouette, has_groups(report.structure))
        numbers.append(KeyNumber(f"{silhouette:.2f}", "mean silhouette, −1 to 1", capitalised(grade)))
    return numbers


def _stability(report: Report) -> list[KeyNumber]:
    """The agreement of refits with the model; in an older report the mean Jaccard similarity of its personas."""
    if report.stability is not None and len(report.personas) > 1:
        agreement = report.stability.agreement
        grade = agreement_grade(agreement, report.stability.least)
        return [KeyNumber(f"{agreement:.2f}", "agreement of refits, 0–1", capitalised(grade))]
    jaccards = present(detail.stability for detail in report.details)
    if not jaccards:
        return []
    mean = float(np.mean(jaccards))
    grade = stability_grade(mean, of_stable_model(report.stability, report.verdicts))
    return [KeyNumber(f"{mean:.2f}", "mean stability, 0–1", capitalised(grade))]


def stability_text(report: Report, detail: PersonaDetail) -> str:
    """The stability and separation of a persona, graded, with the numbers; "" where neither is known."""
    sentences = []
    if detail.stability is not None:
        grade = stability_grade(detail.stability, of_stable_model(report.stability, report.verdicts))
        sentences.append(f"{grade} when the profiles are drawn anew ({detail.stability:.2f})")
    if detail.silhouette is not None:
        grade = silhouette_grade(detail.silhouette, has_groups(report.structure))
        sentences.append(f"{grade} (silhouette {detail.silhouette:.2f})")
    return capitalised("; ".join(sentences))


def distinctive_gifts(affinities: Sequence[GiftAffinity]) -> list[GiftAffinity]:
    """The gifts more common than among everyone, the largest lift first."""
    above = [affinity for affinity in affinities if affinity.lift > _ABOVE and affinity.share >= MIN_SHARE]
    return sorted(above, key=lambda affinity: (-affinity.lift, affinity.category))[:_MOST_GIFTS]


def common_gifts(affinities: Sequence[GiftAffinity]) -> list[GiftAffinity]:
    """The gifts that most members have, the most common first."""
    return sorted(affinities, key=lambda affinity: (-affinity.share, affinity.category))[:_MOST_GIFTS]


def common_answers(answers: FieldAnswers) -> str:
    """The most common answers, each with its share, or the median of a number with its middle half."""
    if answers.number is not None:
        low, median, high = map(number, (answers.number.low, answers.number.median, answers.number.high))
        return median if low == high else f"{median} ({low}–{high})"
    return _together(", ".join(f"{answer.value} {percent(answer.share)}" for answer in answers.common))


def distinctive_answers(answers: FieldAnswers) -> str:
    """The most distinctive answers, each with its lift, its share and the number of members who give it."""
    return _together(
        ", ".join(
            f"{answer.value} {number(answer.lift)} × ({percent(answer.share)}, n = {answer.members:,})"
            for answer in answers.distinctive
        )
    )


def _together(text: str) -> str:
    """The text with numbers that no line parts from their signs."""
    return re.sub(r" (?=[%×])|(?<=n) (?==)|(?<==) ", "\u00a0", text)


def letters_without_a_glyph(report: Report) -> str:
    """A sentence about answers that the figures cannot show; "" where they show all."""
    letters = without_glyph(report.model_dump_json(include={"personas", "details", "lifts", "segments"}))
    if not letters:
        return ""
    some = letters[:_MOST_LETTERS] + ("…" if len(letters) > _MOST_LETTERS else "")
    return (
        f"No font of the machine that drew this page has {some}, so that they stand as boxes in the figures; the "
        "text and the tables have them. Install a font that has them, such as Noto Sans CJK, and draw the report "
        f"again: python -m training report {report.version}"
    )


def insights_by_topic(insights: Sequence[Insight]) -> list[tuple[str, list[str]]]:
    """Sentences by the titles of their topics."""
    order = list(_TOPICS)
    in_order = sorted(insights, key=lambda insight: order.index(insight.topic))
    return [
        (_TOPICS[topic], [insight.sentence for insight in group])
        for topic, group in groupby(in_order, key=lambda insight: insight.topic)
    ]


def metric_rows(report: Report) -> list[tuple[str, str]]:
    """The metrics that exist, by their titles."""
    return [
        (_METRICS.get(name, heading(name)), _value_text(value))
        for name, value in report.metrics.items()
        if value is not None
    ]


def day(moment: datetime) -> str:
    """A moment as day and minute in UTC."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def _value_text(value: float | int | str) -> str:
    if isinstance(value, str):
        return value
    if 0 < abs(value) < 0.001:
        return "under 0.001"
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1_000 else f"{value:.4g}"
