"""A sheet to judge the personas by, one row each.

The criteria are those that Dolnicar, Grün and Leisch (Market Segmentation Analysis, 2018, ch. 4) collect and that
data can answer: large enough, distinct, identifiable and reachable by what they answer, and stable. Whether a
segment fits a firm's strengths, and is worth serving, is for people to say.
"""

from collections.abc import Sequence

import numpy as np

from models.persona import Persona
from models.scoring.columns import BoolArray, IntArray, known_rows
from training.data.dataset import Dataset
from training.report.analysis.grades import silhouette_grade, stability_grade
from training.report.content.segments import Posteriors, ProfileVariable, SheetRow
from training.report.document import PersonaDetail
from training.text import count, listed, percent


def sheet(
    dataset: Dataset,
    clusters: IntArray,
    personas: Sequence[Persona],
    details: Sequence[PersonaDetail],
    *,
    markers: Sequence[ProfileVariable] = (),
    sure: Posteriors | None = None,
    of_stable_model: bool = True,
    groups: bool = True,
) -> tuple[SheetRow, ...]:
    """A row for each persona; empty for one persona.

    `markers`: the answers of the segment profile; `sure`: the probabilities; `of_stable_model`: whether refits
    agree with the model as well as is wanted (`grades.stability_grade`); `groups`: whether the personas may be
    separate groups (`grades.silhouette_grade`).
    """
    if len(personas) < 2:
        return ()
    return tuple(
        _row(
            persona,
            details[cluster],
            reach=_reach(dataset, clusters == cluster, persona),
            posterior=(None, None) if sure is None else (sure.own[cluster], sure.entropy_r2_of[cluster]),
            markers=sum(variable.markers[cluster] for variable in markers),
            of_stable_model=of_stable_model,
            groups=groups,
        )
        for cluster, persona in enumerate(personas)
    )


def _reach(dataset: Dataset, is_member: BoolArray, persona: Persona) -> tuple[tuple[str, ...], float | None]:
    """The titles of the fields of a persona's traits, and the mean share of its members who answered them."""
    defining = {trait.field for trait in persona.traits}
    specs = [spec for spec in dataset.specs if spec.name in defining]
    if not specs or not is_member.any():
        return (), None
    answered = [float(known_rows(dataset.columns[spec.name])[is_member].mean()) for spec in specs]
    return tuple(spec.title for spec in specs), round(float(np.mean(answered)), 4)


def _row(
    persona: Persona,
    detail: PersonaDetail,
    *,
    reach: tuple[tuple[str, ...], float | None],
    posterior: tuple[float | None, float | None],
    markers: int,
    of_stable_model: bool,
    groups: bool,
) -> SheetRow:
    row = SheetRow(
        size=persona.size,
        share=persona.share,
        silhouette=detail.silhouette,
        posterior=posterior[0],
        entropy_r2=posterior[1],
        fields=reach[0],
        reach=reach[1],
        stability=detail.stability,
        markers=markers,
        sentence="",
    )
    return row.model_copy(update={"sentence": _sentence(persona, row, of_stable_model, groups)})


def _sentence(persona: Persona, row: SheetRow, of_stable_model: bool, groups: bool) -> str:
    parts = [f"{percent(row.share)} of the profiles ({row.size:,})", f"marked by {count(row.markers, 'answer')}"]
    if row.silhouette is not None:
        parts.append(f"{silhouette_grade(row.silhouette, groups)} (silhouette {row.silhouette:.2f})")
    if row.posterior is not None:
        certain = "" if row.entropy_r2 is None else f" (entropy R² {row.entropy_r2:.2f})"
        parts.append(f"assigned with a mean probability of {row.posterior:.2f}{certain}")
    if row.reach is not None:
        parts.append(f"{percent(row.reach)} of its members answer what defines it ({listed(row.fields)})")
    if row.stability is not None:
        grade = stability_grade(row.stability, of_stable_model)
        parts.append(f"{grade} (Jaccard similarity {row.stability:.2f})")
    return f"{persona.name}: {'; '.join(parts)}."
