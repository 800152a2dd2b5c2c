"""Persona identity: the clusters of a refit, matched with the personas of the previous model.

Both models score one reference sample. The match score of a cluster and a previous persona is the mean of two
measures from 0 to 1. Neither depends on axes, cluster numbers or PCA coordinates, which rotate and flip from fit
to fit:

- overlap: the Jaccard similarity of their members;
- nearness: 1 − |a − b| / (|a| + |b|), a and b being the means of their members' encoded answers, as differences
  from everyone's average answers.

A cluster carries a persona's id on where both the overlap and the score exceed `MINIMUM_OVERLAP`: it then shares
more members with that persona than with any other, and answers alike. A cluster without a persona is a new one,
and a persona without a cluster is retired; its id is never used again (docs/decisions/0014).
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.lineage import Passage, RetiredPersona
from models.persona import Persona
from models.scoring.columns import FloatArray, IntArray
from models.scoring.scorer import AnyScorer
from models.storage.artifact import LoadedArtifact
from models.storage.manifest import Manifest
from training.clustering.matching import MINIMUM_OVERLAP, cluster_means, crossed, jaccard
from training.config import TrainingConfig
from training.data.dataset import Dataset
from training.data.encoded import EncodedDataset

_MOST: Final = 0.5


@dataclass(frozen=True)
class Predecessor:
    """The previous model, the profiles of the run in its vocabulary, and the clusters (n,) it assigns."""

    loaded: LoadedArtifact
    encoded: EncodedDataset
    clusters: IntArray

    @classmethod
    def on(cls, loaded: LoadedArtifact, dataset: Dataset) -> "Predecessor":
        """A loaded model as the predecessor of a model of these profiles."""
        encoded = EncodedDataset.of(dataset, loaded.model.encoder)
        return cls(loaded, encoded, loaded.model.scorer.scores(encoded.columns).clusters)

    @property
    def scorer(self) -> AnyScorer:
        """Its scorer."""
        return self.loaded.model.scorer

    @property
    def personas(self) -> tuple[Persona, ...]:
        """Its personas, in the order of its clusters."""
        return self.loaded.model.personas

    @property
    def manifest(self) -> Manifest:
        """Its manifest."""
        return self.loaded.manifest


@dataclass(frozen=True)
class ClusterMatching:
    """Previous clusters (rows) matched with new ones (columns) on the reference sample.

    `table`: the number of shared profiles. `persona_of`: new cluster → the previous one whose persona it carries
    on.
    """

    table: IntArray
    overlap: FloatArray
    nearness: FloatArray
    persona_of: dict[int, int]

    @property
    def scores(self) -> FloatArray:
        """The match scores, 0–1."""
        return (self.overlap + self.nearness) / 2

    @property
    def retired(self) -> list[int]:
        """The previous clusters without a match."""
        carried_on = set(self.persona_of.values())
        return [old for old in range(len(self.table)) if old not in carried_on]

    @property
    def born(self) -> list[int]:
        """The new clusters without a match."""
        return [new for new in range(self.table.shape[1]) if new not in self.persona_of]

    def split_from(self, new: int) -> int | None:
        """For a new persona: the previous cluster, carried on by another, that most of its members were in."""
        old = _most(self.table[:, new])
        return old if old in self.persona_of.values() else None

    def merged_into(self, old: int) -> int | None:
        """For a retired persona: the new cluster of most of its members, if that has members of others too."""
        new = _most(self.table[old])
        if new is None:
            return None
        others = [row for row in range(len(self.table)) if row != old and _most(self.table[row]) == new]
        return new if new in self.persona_of or others else None


def match_clusters(
    predecessor: IntArray, clusters: IntArray, vectors: FloatArray, before: int, after: int
) -> ClusterMatching:
    """Match `after` clusters (n,) with `before` previous ones (n,) of the same profiles.

    `vectors` (n, width): the encoded profiles, before any projection.
    """
    table = crossed(predecessor, clusters, before, after)
    overlap = jaccard(table)
    nearness = _nearness(cluster_means(vectors, predecessor, before), cluster_means(vectors, clusters, after))
    scores = (overlap + nearness) / 2
    matches = np.argwhere((overlap > MINIMUM_OVERLAP) & (scores > MINIMUM_OVERLAP)).tolist()
    return ClusterMatching(table, overlap, nearness, {new: old for old, new in matches})


def _nearness(predecessor: FloatArray, means: FloatArray) -> FloatArray:
    """1 − |a − b| / (|a| + |b|) for each pair, (a, b); 0 where a cluster has no members, 1 where both are 0."""
    gaps = np.linalg.norm(predecessor[:, None] - means[None], axis=2)
    lengths = np.linalg.norm(predecessor, axis=1)[:, None] + np.linalg.norm(means, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        nearness = 1 - np.where(lengths > 0, gaps / lengths, np.where(np.isnan(lengths), np.nan, 0.0))
    changes: FloatArray = np.nan_to_num(nearness, nan=0.0)
    return changes


def _most(counts: IntArray) -> int | None:
    """The index of more than half of the counts; None without a majority."""
    index = int(counts.argmax())
    return index if counts[index] > _MOST * counts.sum() else None


# --- ids -------------------------------------------------------------------------------------------


def persona_ids(
    fingerprint: str,
    config: TrainingConfig,
    k: int,
    predecessor: Predecessor | None = None,
    matching: ClusterMatching | None = None,
) -> tuple[str, ...]:
    """The id of each of k clusters: that of the persona it carries on, or a new one."""
    if predecessor is None or matching is None:
        return mint(fingerprint, config, k)
    taken = {persona.id for persona in predecessor.personas} | {
        persona.id for persona in predecessor.manifest.retired
    }
    taken |= {passage.persona_id for step in predecessor.manifest.lineage for passage in step.passages}
    source = f"{predecessor.manifest.version}|{fingerprint}"
    fresh = (new_id for new_id in mint(source, config, k + len(taken)) if new_id not in taken)
    carried_on = {new: predecessor.personas[old].id for new, old in matching.persona_of.items()}
    return tuple(carried_on.get(cluster) or next(fresh) for cluster in range(k))


def mint(source: str, config: TrainingConfig, count: int) -> tuple[str, ...]:
    """`count` new persona ids, determined by the source and the configuration, so that a run is reproducible."""
    seed = f"{source}|{config.model_dump_json()}"
    return tuple(_id(f"{seed}|{number}") for number in range(count))


def _id(source: str) -> str:
    digest = hashlib.sha256(source.encode()).digest()[:10]
    return "p_" + base64.b32encode(digest).decode().rstrip("=").lower()


# --- lineage ---------------------------------------------------------------------------------------


def passages(
    personas: Sequence[Persona], predecessor: Predecessor | None, matching: ClusterMatching | None
) -> tuple[Passage, ...]:
    """The fate of every persona in this version: its own, in the order of the clusters, then the retired."""
    if predecessor is None or matching is None:
        return tuple(_of(persona, fate="BORN") for persona in personas)
    own = (
        _carried_on(persona, matching, matching.persona_of[cluster], cluster)
        if cluster in matching.persona_of
        else _born(persona, predecessor, matching, cluster)
        for cluster, persona in enumerate(personas)
    )
    return (*own, *(_retired(predecessor.personas[old], personas, matching, old) for old in matching.retired))


def catalogue(
    version: str, personas: Sequence[Persona], predecessor: Predecessor | None, matching: ClusterMatching | None
) -> tuple[RetiredPersona, ...]:
    """Every persona that was retired in this version or before."""
    if predecessor is None or matching is None:
        return ()
    newly = (
        RetiredPersona(
            id=predecessor.personas[old].id,
            name=predecessor.personas[old].name,
            sentence=predecessor.personas[old].sentence,
            retired_in=version,
            merged_into=_merged_into(personas, matching, old),
        )
        for old in matching.retired
    )
    return (*predecessor.manifest.retired, *newly)


def _carried_on(persona: Persona, matching: ClusterMatching, old: int, new: int) -> Passage:
    return _of(
        persona,
        fate="KEPT",
        **_measures(matching, old, new),
        members_kept=_share(matching.table[old, new], matching.table[old].sum()),
    )


def _born(persona: Persona, predecessor: Predecessor, matching: ClusterMatching, new: int) -> Passage:
    nearest, parent = int(matching.scores[:, new].argmax()), matching.split_from(new)
    return _of(
        persona,
        fate="BORN",
        **_measures(matching, nearest, new),
        split_from=None if parent is None else predecessor.personas[parent].id,
    )


def _retired(persona: Persona, personas: Sequence[Persona], matching: ClusterMatching, old: int) -> Passage:
    nearest = int(matching.scores[old].argmax())
    passage = _of(
        persona,
        fate="RETIRED",
        **_measures(matching, old, nearest),
        merged_into=_merged_into(personas, matching, old),
    )
    return passage.model_copy(update={"share": None, "members_kept": 0.0})


def _of(persona: Persona, **changes: object) -> Passage:
    return Passage.model_validate(
        {"persona_id": persona.id, "name": persona.name, "share": persona.share, **changes}
    )


def _measures(matching: ClusterMatching, old: int, new: int) -> dict[str, float]:
    measured = {"match_score": matching.scores, "overlap": matching.overlap, "nearness": matching.nearness}
    return {name: round(float(values[old, new]), 4) for name, values in measured.items()}


def _merged_into(personas: Sequence[Persona], matching: ClusterMatching, old: int) -> str | None:
    new = matching.merged_into(old)
    return None if new is None else personas[new].id


def _share(members: int, whole: int) -> float:
    return round(float(members) / max(int(whole), 1), 4)
