"""Identity: whatever else changes, a persona that is still there keeps its id, and ids are never used again."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.lineage import LineageStep, Passage
from models.persona import Persona
from models.profile import Profile
from models.scoring.columns import IntArray
from models.segment_model import SegmentModel
from models.storage.artifact import LoadedArtifact
from models.storage.reading import read_artifact
from testkit.reordered import reordered
from tests.training.conftest import QUICK
from training.clustering.fit import Fit, fit
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.personas.identity import (
    ClusterMatching,
    Predecessor,
    catalogue,
    match_clusters,
    mint,
    passages,
    persona_ids,
)
from training.pipeline import Trained
from training.progress import Silent
from training.simulation.simulate import Simulated, SimulationConfig, simulate


@dataclass(frozen=True)
class Refit:
    """A refit beside the model before: its clusters' ids, and what became of whom."""

    predecessor: Predecessor
    fitted: Fit
    matching: ClusterMatching
    ids: tuple[str, ...]

    @property
    def personas(self) -> tuple[Persona, ...]:
        sizes = np.bincount(self.fitted.clusters, minlength=self.fitted.k)
        return tuple(
            Persona(
                id=persona_id, name=f"N{cluster}", sentence="", size=int(sizes[cluster]),
                share=float(sizes[cluster] / sizes.sum()), traits=(), gift_affinities=(),
            )
            for cluster, persona_id in enumerate(self.ids)
        )  # fmt: skip

    @property
    def passages(self) -> dict[str, Passage]:
        return {
            passage.persona_id: passage for passage in passages(self.personas, self.predecessor, self.matching)
        }

    def fates(self, fate: str) -> list[Passage]:
        return [passage for passage in self.passages.values() if passage.fate == fate]


@pytest.fixture(scope="module")
def before(trained: Trained) -> LoadedArtifact:
    return read_artifact(trained.folder, Profile)


def refitted(before: LoadedArtifact, dataset: Dataset, config: TrainingConfig = QUICK) -> Refit:
    predecessor = Predecessor.on(before, dataset)
    fitted = fit(dataset, config, Silent(), predecessor.clusters)
    matching = match_clusters(
        predecessor.clusters, fitted.clusters, fitted.encoded.vectors(), len(predecessor.personas), fitted.k
    )
    return Refit(
        predecessor, fitted, matching, persona_ids(dataset.fingerprint, config, fitted.k, predecessor, matching)
    )


def known_ids(before: LoadedArtifact) -> set[str]:
    return {persona.id for persona in before.model.personas}


def simulated(rows: int = 2_000, seed: int = 3, personas: int = 5) -> Simulated:
    return simulate(SimulationConfig(rows=rows, seed=seed, personas=personas))


# --- nothing has changed ---------------------------------------------------------------------------


def test_order_of_rows_changes_no_id(before: LoadedArtifact, dataset: Dataset) -> None:
    order = np.random.default_rng(0).permutation(len(dataset))
    assert set(refitted(before, dataset.take(order)).ids) == known_ids(before)


def test_order_of_columns_changes_no_id(before: LoadedArtifact) -> None:
    frame = simulated().frame
    assert set(refitted(before, from_frame(frame[list(frame)[::-1]], Profile)).ids) == known_ids(before)


@pytest.mark.parametrize("seed", [2, 77])
def test_seed_changes_no_id(before: LoadedArtifact, dataset: Dataset, seed: int) -> None:
    config = QUICK.model_copy(update={"seed": seed})
    assert set(refitted(before, dataset, config).ids) == known_ids(before)


def test_one_percent_more_data_changes_no_id(before: LoadedArtifact) -> None:
    frame = pd.concat([simulated().frame, simulated(20, seed=8).frame], ignore_index=True)
    assert set(refitted(before, from_frame(frame, Profile)).ids) == known_ids(before)


def test_other_people_of_the_same_kinds_change_no_id(before: LoadedArtifact) -> None:
    refit = refitted(before, from_frame(simulated(3_000, seed=21).frame, Profile))
    assert set(refit.ids) == known_ids(before)
    assert all(passage.fate == "KEPT" and (passage.members_kept or 0) > 0.8 for passage in refit.passages.values())


def test_personas_in_another_order_keep_their_ids(before: LoadedArtifact, dataset: Dataset) -> None:
    order = [3, 0, 4, 1, 2]
    personas = tuple(before.model.personas[old] for old in order)
    model = SegmentModel(before.model.version, reordered(before.model.scorer, order), personas)
    refit = refitted(dataclasses.replace(before, model=model), dataset)
    assert set(refit.ids) == known_ids(before)


@given(order=st.permutations(range(5)))
@settings(max_examples=20, deadline=None)
def test_relabelled_clusters_are_the_same_personas(fitted: Fit, order: list[int]) -> None:
    relabelled = np.array(order)[fitted.clusters]
    matching = match_clusters(fitted.clusters, relabelled, fitted.encoded.vectors(), 5, 5)
    assert matching.persona_of == {new: old for old, new in enumerate(order)}
    assert matching.scores[list(matching.persona_of.values()), list(matching.persona_of)] == pytest.approx(1.0)


# --- somebody comes, goes, splits or merges --------------------------------------------------------


def test_sixth_persona_gets_the_one_new_id(before: LoadedArtifact) -> None:
    dataset = from_frame(simulated(3_000, seed=21, personas=6).frame, Profile)
    refit = refitted(before, dataset, QUICK.model_copy(update={"k": 6}))
    assert len(set(refit.ids) - known_ids(before)) == len(refit.fates("BORN")) == 1
    assert known_ids(before) < set(refit.ids)
    assert refit.fates("BORN")[0].split_from is None


def test_persona_without_a_match_is_retired(before: LoadedArtifact) -> None:
    dataset = from_frame(simulated(3_000, seed=21, personas=4).frame, Profile)
    refit = refitted(before, dataset, QUICK.model_copy(update={"k": 4}))
    assert set(refit.ids) < known_ids(before)
    (retired,) = catalogue("v", refit.personas, refit.predecessor, refit.matching)
    assert {retired.id} == known_ids(before) - set(refit.ids)
    assert retired.retired_in == "v"


def mixed(people: Simulated, kinds: tuple[str, str]) -> pd.DataFrame:
    """The people, those of two kinds with their answers dealt anew among them: one kind."""
    rng, frame = np.random.default_rng(0), people.frame.copy()
    rows = np.flatnonzero(np.isin(people.truth, kinds))
    for name in frame:
        column = frame[name].to_numpy(dtype=object, copy=True)
        column[rows] = column[rng.permutation(rows)]
        frame[name] = pd.Series(column, dtype=object)
    return frame


@pytest.mark.parametrize("seed", [21, 24])
def test_two_personas_that_become_one_are_merged_into_the_larger_or_a_new_one(
    before: LoadedArtifact, seed: int
) -> None:
    """Which of the two it is depends on a few members, where both are of about one size; nobody gets lost."""
    people = simulated(3_000, seed=seed)
    kinds = ("trendy_tech_shopper", "holiday_generalist")
    refit = refitted(before, from_frame(mixed(people, kinds), Profile), QUICK.model_copy(update={"k": 4}))
    retired, born = refit.fates("RETIRED"), refit.fates("BORN")
    assert len(retired) - len(born) == 1
    [heir] = {passage.merged_into for passage in retired}
    assert heir in ({passage.persona_id for passage in born} or known_ids(before) & set(refit.ids))


def clustered(counts: list[list[int]]) -> tuple[IntArray, IntArray]:
    """Profiles with these counts by known cluster (rows) and new one (columns)."""
    cells = [(old, new) for old, row in enumerate(counts) for new, many in enumerate(row) for _ in range(many)]
    old, new = zip(*cells, strict=True)
    return np.array(old), np.array(new)


def matched(counts: list[list[int]]) -> ClusterMatching:
    """Matched by these counts; everybody answers what their known cluster does."""
    old, new = clustered(counts)
    vectors = np.eye(len(counts))[old]
    return match_clusters(old, new, vectors - vectors.mean(axis=0), len(counts), len(counts[0]))


def test_split_persona_carries_its_id_on_to_the_larger_half() -> None:
    matching = matched([[60, 0, 40], [0, 100, 0]])
    assert (matching.persona_of, matching.born) == ({0: 0, 1: 1}, [2])
    assert matching.split_from(2) == 0


def test_merged_personas_carry_on_the_id_of_the_larger() -> None:
    matching = matched([[100, 0], [0, 60], [0, 90]])
    assert (matching.persona_of, matching.retired) == ({0: 0, 1: 2}, [1])
    assert matching.merged_into(1) == 1


def test_personas_of_one_size_that_become_one_are_merged_into_a_new_one() -> None:
    matching = matched([[100, 0], [0, 60], [0, 60]])
    assert (matching.persona_of, matching.retired, matching.born) == ({0: 0}, [1, 2], [1])
    assert (matching.merged_into(1), matching.merged_into(2)) == (1, 1)


def test_persona_split_evenly_is_dissolved() -> None:
    matching = matched([[50, 0, 50], [0, 100, 0]])
    assert (matching.persona_of, matching.retired, matching.born) == ({1: 1}, [0], [0, 2])


def test_cluster_of_alike_answers_and_too_few_shared_members_is_a_new_persona() -> None:
    matching = matched([[45, 55, 0], [0, 0, 100]])
    assert matching.overlap[0, 1] == pytest.approx(0.55)
    assert matching.scores[0, 0] > 0.5
    assert (matching.persona_of, matching.born) == ({1: 0, 2: 1}, [0])


def test_one_cluster_of_everyone_carries_no_persona_on() -> None:
    previous = np.array([0] * 984 + [1] * 8 + [2] * 8)
    vectors = np.eye(3)[previous]
    matching = match_clusters(previous, np.zeros(1_000, np.int64), vectors - vectors.mean(axis=0), 3, 1)
    assert 0.45 < matching.scores[0, 0] < 0.5 < matching.overlap[0, 0]
    assert (matching.persona_of, matching.retired, matching.born) == ({}, [0, 1, 2], [0])


def test_mixed_cluster_is_a_new_persona_without_a_parent() -> None:
    matching = matched([[80, 0, 20], [0, 80, 20], [30, 30, 40]])
    assert all(matching.split_from(new) is None for new in matching.born)


def test_previous_persona_without_members_is_retired_without_a_merge() -> None:
    vectors = np.eye(2)[[0, 0, 1, 1]]
    matching = match_clusters(np.array([0, 0, 2, 2]), np.array([0, 0, 1, 1]), vectors, 3, 2)
    assert (matching.retired, matching.merged_into(1)) == ([1], None)


# --- ids -------------------------------------------------------------------------------------------


def test_retired_id_is_never_minted_again(before: LoadedArtifact, dataset: Dataset) -> None:
    source = f"{before.manifest.version}|{dataset.fingerprint}"
    used = mint(source, QUICK, 3)
    retired = tuple(Passage(persona_id=persona_id, name="", fate="RETIRED") for persona_id in used)
    step = LineageStep(version="x", created_at=before.manifest.created_at, passages=retired)
    manifest = before.manifest.model_copy(update={"lineage": (step,)})
    predecessor = Predecessor.on(dataclasses.replace(before, manifest=manifest), dataset)
    nobody = ClusterMatching(np.zeros((5, 5), np.int64), np.zeros((5, 5)), np.zeros((5, 5)), {})
    ids = persona_ids(dataset.fingerprint, QUICK, 5, predecessor, nobody)
    assert len(set(ids)) == 5
    assert not set(ids) & (set(used) | known_ids(before))


def test_same_refit_mints_the_same_ids(before: LoadedArtifact, dataset: Dataset) -> None:
    config = QUICK.model_copy(update={"k": 7})
    assert refitted(before, dataset, config).ids == refitted(before, dataset, config).ids
