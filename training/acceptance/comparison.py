"""What changed between two models.

Personas are matched by their members: both models score one reference sample, and personas are paired so that the
Jaccard similarities of their members have the largest sum. A pair counts above `MINIMUM_OVERLAP`
(`training.clustering.matching`).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from models.persona import Persona
from models.scoring.columns import FloatArray, IntArray
from models.storage.artifact import LoadedArtifact
from models.storage.comparison import (
    Comparison,
    MetricChange,
    PersonaChanges,
    Reference,
    Side,
    VerdictChange,
    VocabularyChange,
    persona_changes,
    same_ids,
)
from models.storage.manifest import Manifest
from training.clustering.matching import MINIMUM_OVERLAP, best_pairs, crossed, jaccard
from training.data.dataset import Dataset
from training.data.encoded import EncodedDataset
from training.errors import UnusableInput
from training.personas.wording.comparison import sentences

_FEW: Final = 5
_METRICS: Final = {
    "rows": "profiles trained on",
    "personas": "personas",
    "components": "components",
    "explained_variance": "variance explained",
    "silhouette": "silhouette",
    "smallest_persona_share": "smallest persona's share",
    "largest_persona_share": "largest persona's share",
}


def compare(
    before: LoadedArtifact,
    after: LoadedArtifact,
    sample: Dataset,
    reference: Reference,
    minimum_overlap: float = MINIMUM_OVERLAP,
    *,
    by_id: bool = False,
) -> Comparison:
    """Compare two models on the profiles of `sample`, which `reference` describes.

    `by_id`: match personas by their ids, as a refit has assigned them (`training.personas.identity`), and not by
    their members. Raises `UnusableInput` where there is no profile.
    """
    if not len(sample):
        raise UnusableInput("There is no profile to compare the models on.")
    clusters_before, clusters_after = (_clusters(model, sample) for model in (before, after))
    table = crossed(clusters_before, clusters_after, len(before.model.personas), len(after.model.personas))
    return compare_crossed(before, after, table, reference, minimum_overlap, by_id=by_id)


def _clusters(model: LoadedArtifact, sample: Dataset) -> IntArray:
    """The clusters that a model assigns, (n,)."""
    profiles = EncodedDataset.of(sample, model.model.encoder)
    return model.model.scorer.scores(profiles.columns).clusters


def compare_crossed(
    before: LoadedArtifact,
    after: LoadedArtifact,
    table: IntArray,
    reference: Reference,
    minimum_overlap: float = MINIMUM_OVERLAP,
    *,
    by_id: bool = False,
) -> Comparison:
    """Compare two models by the number of profiles that each pair of their clusters shares: `table` (before,
    after).
    """
    comparison = Comparison(
        before=_side(before.manifest),
        after=_side(after.manifest),
        reference=reference,
        personas=_persona_changes(before, after, table, minimum_overlap, by_id),
        metrics=_metrics(before.manifest, after.manifest),
        verdicts=_verdicts(before.manifest, after.manifest),
        vocabulary=_vocabulary(before.manifest, after.manifest),
    )
    return comparison.model_copy(update={"sentences": sentences(comparison)})


def _side(manifest: Manifest) -> Side:
    return Side(version=manifest.version, created_at=manifest.created_at, origin=manifest.origin)


# --- personas --------------------------------------------------------------------------------------


def _persona_changes(
    before: LoadedArtifact, after: LoadedArtifact, table: IntArray, minimum: float, by_id: bool
) -> PersonaChanges:
    old, new = before.model.personas, after.model.personas
    if by_id:
        return persona_changes(old, new, table, same_ids(old, new), 0.0)
    overlaps = _overlaps(table, old, new)
    pairs = [pair for pair in best_pairs(overlaps) if overlaps[pair] > minimum]
    return persona_changes(old, new, table, pairs, minimum)


def _overlaps(table: IntArray, old: Sequence[Persona], new: Sequence[Persona]) -> FloatArray:
    """Jaccard similarities, the shape of `table`; equal ids count as 1 where neither persona has a member."""
    nobody = (table.sum(axis=1)[:, None] == 0) & (table.sum(axis=0) == 0)
    same = np.array([[float(one.id == other.id) for other in new] for one in old])
    overlaps: FloatArray = np.where(nobody, same, jaccard(table))
    return overlaps


# --- what the manifests say ------------------------------------------------------------------------


def _metrics(before: Manifest, after: Manifest) -> tuple[MetricChange, ...]:
    return tuple(
        MetricChange(
            name=name,
            title=title,
            before=_number(before.metrics.get(name)),
            after=_number(after.metrics.get(name)),
        )
        for name, title in _METRICS.items()
    )


def _number(value: object) -> float | int | None:
    return value if isinstance(value, float | int) else None


def _verdicts(before: Manifest, after: Manifest) -> tuple[VerdictChange, ...]:
    old, new = ({verdict.name: verdict for verdict in side.verdicts} for side in (before, after))
    return tuple(VerdictChange(name=name, before=old.get(name), after=new.get(name)) for name in old | new)


def _vocabulary(before: Manifest, after: Manifest) -> tuple[VocabularyChange, ...]:
    old, new = _known_values(before), _known_values(after)
    changes = (_values_changed(name, old.get(name, ()), new.get(name, ())) for name in old | new)
    return tuple(change for change in changes if change.gained or change.lost)


def _known_values(manifest: Manifest) -> dict[str, tuple[str, ...]]:
    """The known values of the open fields, most common first."""
    return {field.name: field.values for field in manifest.fields if field.kind in ("categorical", "multi_label")}


def _values_changed(name: str, old: Sequence[str], new: Sequence[str]) -> VocabularyChange:
    gained = [value for value in new if value not in set(old)]
    lost = [value for value in old if value not in set(new)]
    return VocabularyChange(
        field=name,
        gained=len(gained),
        lost=len(lost),
        gained_values=tuple(gained[:_FEW]),
        lost_values=tuple(lost[:_FEW]),
    )


def reference_of(sample: Dataset, what: str, simulated: bool) -> Reference:
    """The description of a reference sample: `what` follows the number of profiles."""
    return Reference(
        rows=len(sample),
        simulated=simulated,
        description=f"{len(sample):,} {what}.",
        fingerprint=sample.fingerprint,
    )
