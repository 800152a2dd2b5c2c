"""Clusters → Personas: sizes, traits, gift affinities, a name and a sentence.

All derives from the declarations of the profile class, so that any class can be described.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from models.persona import GiftAffinity, GiverTexts, Persona
from models.scoring.columns import IntArray
from training.data.dataset import Dataset
from training.personas.gifts import all_gifts, gift_categories, gift_fields
from training.personas.traits import Finding, ValueFinding, findings
from training.personas.value_table import ValueTable, value_table
from training.personas.wording.naming import names
from training.personas.wording.sentences import NO_GROUPS, giver_texts, persona_sentence, trait

EVERYONE: Final = "Everyone"
MOST_TRAITS: Final = 8
_MOST_OF_A_FIELD: Final = 3
_MOST_RARE: Final = 2
# A frequent value says more than a rare one.
_RARE_WEIGHT: Final = 0.5


class Description(NamedTuple):
    """Personas, and by id their texts in the giver's voice."""

    personas: tuple[Persona, ...]
    giver_texts: dict[str, GiverTexts]


def describe(
    dataset: Dataset, clusters: IntArray, ids: Sequence[str], previous_names: Mapping[int, str] | None = None
) -> Description:
    """The persona of each cluster 0 … len(ids) − 1, in that order; `clusters` (n,). Independent of the order of
    rows.

    `previous_names`: cluster → the name that its persona had in the previous model.
    """
    k = len(ids)
    findings_by_cluster = findings(dataset, clusters, k)
    sizes = np.bincount(clusters, minlength=k).tolist()
    affinities = _affinities(dataset, clusters, k)
    called = _names(dataset, findings_by_cluster, previous_names)
    chosen = [_strongest(some) for some in findings_by_cluster]
    personas = tuple(
        Persona(
            id=ids[cluster],
            name=called[cluster],
            sentence=persona_sentence(findings_by_cluster[cluster]) if k > 1 else NO_GROUPS,
            size=sizes[cluster],
            share=sizes[cluster] / max(len(dataset), 1),
            traits=tuple(map(trait, chosen[cluster])),
            gift_affinities=affinities[cluster],
        )
        for cluster in range(k)
    )
    # Where all are one persona, its sentence is about the answers, and no voice changes it.
    voiced = range(k) if k > 1 else ()
    return Description(
        personas, {ids[cluster]: giver_texts(findings_by_cluster[cluster], chosen[cluster]) for cluster in voiced}
    )


def _names(
    dataset: Dataset, findings_by_cluster: Sequence[Sequence[Finding]], previous_names: Mapping[int, str] | None
) -> tuple[str, ...]:
    if len(findings_by_cluster) == 1:
        return (EVERYONE,)
    giving = any(len(dataset.vocabularies[spec.name].values) for spec in gift_fields(dataset))
    return names(findings_by_cluster, "givers" if giving else "people", previous_names)


def _strongest(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The strongest findings, with a limit for each field, and no value twice."""
    chosen: list[Finding] = []
    for finding in sorted(findings, key=_trait_order):
        if len(chosen) < MOST_TRAITS and _adds(finding, chosen):
            chosen.append(finding)
    return tuple(chosen)


def _trait_order(finding: Finding) -> float:
    return -round(finding.strength * (_RARE_WEIGHT if _is_rare(finding) else 1.0), 9)


def _adds(finding: Finding, chosen: Sequence[Finding]) -> bool:
    values = {other.value for other in chosen if isinstance(other, ValueFinding)}
    of_field = sum(other.spec.name == finding.spec.name for other in chosen)
    if _is_rare(finding) and sum(map(_is_rare, chosen)) >= _MOST_RARE:
        return False
    repeated = isinstance(finding, ValueFinding) and finding.value in values
    return of_field < _MOST_OF_A_FIELD and not repeated


def _is_rare(finding: Finding) -> bool:
    return isinstance(finding, ValueFinding) and not finding.more


def _affinities(dataset: Dataset, clusters: IntArray, k: int) -> tuple[tuple[GiftAffinity, ...], ...]:
    """For each cluster the categories that enough members have, by share × lift."""
    categories = gift_categories(dataset)
    if not categories:
        return ((),) * k
    table = value_table(all_gifts(dataset, categories), clusters, k, len(categories))
    return tuple(
        tuple(sorted((_affinity(table, cluster, categories, code) for code in codes), key=_by_affinity))
        for cluster, codes in enumerate(np.flatnonzero(row).tolist() for row in table.shown)
    )


def _affinity(table: ValueTable, cluster: int, categories: Sequence[str], code: int) -> GiftAffinity:
    return GiftAffinity(
        category=categories[code],
        share=round(float(table.stated_shares[cluster, code]), 4),
        lift=round(float(table.stated_lifts[cluster, code]), 4),
    )


def _by_affinity(affinity: GiftAffinity) -> tuple[float, str]:
    return (-affinity.share * affinity.lift, affinity.category)
