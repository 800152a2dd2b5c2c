"""The headline, and the insights on personas and data quality."""

from collections.abc import Sequence
from typing import Final

from models.persona import Persona
from models.storage.manifest import Manifest
from training.report.analysis.counts.quality import TOO_MUCH_EXPLAINED, beats_chance
from training.report.analysis.grades import DOUBTFUL, STABLE, UNSTABLE, agreement_grade, silhouette_grade
from training.report.analysis.insights import quoted
from training.report.analysis.structure import has_groups
from training.report.content.stability import WholeStability
from training.report.content.structure import DataStructure
from training.report.document import DataQuality, Insight, ListLength, PersonaDetail
from training.text import listed, percent

_COUNTS: Final = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
_SELDOM_ANSWERED: Final = 0.5
_MOST_SELDOM: Final = 3
_MOST_WARNINGS: Final = 2
_MANY_REPEATED: Final = 0.05


def headline(manifest: Manifest, silhouette: float | None, kind: DataStructure | None = None) -> str:
    """One sentence: the number of personas, their separation, and the size of the largest."""
    personas = manifest.personas
    rows = f"{manifest.origin.rows:,} {'simulated ' if manifest.origin.simulated else ''}profiles"
    if len(personas) == 1:
        why = "groups were not looked for" if manifest.configuration.get("k") == 1 else "no groups were found"
        return f"One persona, everyone: {why} among {rows}."
    many = _COUNTS[len(personas)] if len(personas) < len(_COUNTS) else f"{len(personas)}"
    apart = ""
    if silhouette is not None:
        apart = f", {silhouette_grade(silhouette, has_groups(kind))} (silhouette {silhouette:.2f})"
    return (
        f"{many} personas{apart}: the largest, {quoted(personas[0])}, are {percent(personas[0].share)} of {rows}."
    )


def on_personas(
    personas: Sequence[Persona],
    details: Sequence[PersonaDetail],
    whole: WholeStability | None = None,
    kind: DataStructure | None = None,
) -> tuple[Insight, ...]:
    """The kind of the segmentation, and the sizes, separation and stability of the personas.

    `whole`: the stability of their model.
    """
    if len(personas) == 1:
        return (Insight(topic="personas", sentence="There is one persona: everyone."),)
    last = personas[-1]
    sizes = (
        f"The largest persona is {quoted(personas[0])} with {percent(personas[0].share)} of the profiles, "
        f"the smallest {quoted(last)} with {percent(last.share)}."
    )
    of_kind = "" if kind is None else kind.sentence
    sentences = [of_kind, sizes, _separate(personas, details), _stable(personas, details, whole)]
    return tuple(Insight(topic="personas", sentence=sentence) for sentence in sentences if sentence)


def on_quality(data: DataQuality) -> tuple[Insight, ...]:
    """Warnings on the quality of the data, most serious first; without a warning, the least answered field."""
    warnings = [*_lengths(data), *_refused(data), *_repeated(data), *_seldom(data)]
    sentences = warnings[:_MOST_WARNINGS] or _least_answered(data)
    return tuple(Insight(topic="quality", sentence=sentence) for sentence in sentences)


def lengths_explained_by_personas(data: DataQuality) -> list[ListLength]:
    """The lists whose length the personas explain too much of, beyond chance."""
    answers = {field.field: round(field.answered * data.profiles) for field in data.fields}
    return [
        length
        for length in data.list_lengths
        if length.explained > TOO_MUCH_EXPLAINED and beats_chance(length, answers.get(length.field, 0))
    ]


def _separate(personas: Sequence[Persona], details: Sequence[PersonaDetail]) -> str:
    values = sorted(
        (detail.silhouette, index) for index, detail in enumerate(details) if detail.silhouette is not None
    )
    if len(values) < 2:
        return ""
    (low, blurred), (high, clear) = values[0], values[-1]
    return (
        f"{quoted(personas[clear])} is the most distinct persona (mean silhouette {high:.2f}), "
        f"{quoted(personas[blurred])} the least ({low:.2f})."
    )


def _stable(personas: Sequence[Persona], details: Sequence[PersonaDetail], whole: WholeStability | None) -> str:
    if whole is not None and agreement_grade(whole.agreement, whole.least) == UNSTABLE:
        return (
            f"Refits of redrawn profiles hardly agree with the model (adjusted Rand index {whole.agreement:.2f}, "
            f"at least {whole.least:.2f} is wanted): who is in which persona is not to be relied upon."
        )
    values = [(detail.stability, index) for index, detail in enumerate(details) if detail.stability is not None]
    if not values:
        return ""
    least = min(values)[0]
    every = "Every persona" if len(values) == len(details) else "Every persona with enough profiles to tell"
    if least >= STABLE:
        return f"{every} is found again when profiles are redrawn (Jaccard similarity at least {least:.2f})."
    shaky = [f"{quoted(personas[index])} ({value:.2f})" for value, index in values if value < DOUBTFUL]
    if not shaky:
        return f"When profiles are redrawn, personas come back in part (Jaccard similarity at least {least:.2f})."
    return f"When profiles are redrawn, these personas do not come back reliably (Jaccard): {listed(shaky)}."


def _lengths(data: DataQuality) -> list[str]:
    return [
        f"Personas are partly about how much people tick: they explain {percent(length.explained)} "
        f"of the variance of the length of {length.title}."
        for length in lengths_explained_by_personas(data)
    ]


def _refused(data: DataQuality) -> list[str]:
    refused = sum(data.refused.values())
    return [f"{refused:,} answers did not fit, and their rows were left out."] if refused else []


def _repeated(data: DataQuality) -> list[str]:
    repeated = 1 - data.distinct / max(data.profiles, 1)
    sentence = f"{percent(repeated)} of the profiles repeat another one to the letter."
    return [sentence] if repeated > _MANY_REPEATED else []


def _seldom(data: DataQuality) -> list[str]:
    # A field that nobody answers was not filled: the file is about other things.
    filled = [field for field in data.fields if field.answered]
    seldom = sorted((field.answered, field.title) for field in filled if field.answered < _SELDOM_ANSWERED)
    values = listed([f"{title} ({percent(share)})" for share, title in seldom[:_MOST_SELDOM]])
    if len(seldom) > _MOST_SELDOM:
        return [f"{len(seldom)} fields are answered by fewer than half of the profiles, least of all {values}."]
    return [f"Answered by fewer than half of the profiles: {values}."] if seldom else []


def _least_answered(data: DataQuality) -> list[str]:
    filled = [field for field in data.fields if field.answered]
    if not filled:
        return []
    least = min(filled, key=lambda field: field.answered)
    if least.answered == 1:
        return [f"All profiles answer every field{'' if len(filled) == len(data.fields) else ' with answers'}."]
    every = "Every field" if len(filled) == len(data.fields) else "Every field with answers"
    return [f"{every} is answered by at least {percent(least.answered)} of the profiles (least: {least.title})."]
