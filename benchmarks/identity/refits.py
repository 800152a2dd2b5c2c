"""Retrains on other people of one population, each compared with the model before it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.identity.populations import Population, Table
from models.storage.artifact import LoadedArtifact
from models.storage.manifest import Manifest, Origin
from models.storage.reading import read_artifact
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.data.encoded import EncodedDataset
from training.pipeline import train
from training.progress import Silent
from training.report.settings import AnalysisConfig

PANEL = 10_000
LITTLE = AnalysisConfig(rows=200, bootstraps=0, splits=0, map_rows=0, density=False)


@dataclass(frozen=True)
class Retrain:
    """One retrain compared with the model before it. `same`: share of the panel with the same persona."""

    rows: int
    personas_before: int
    personas: int
    same: float
    same_ids: bool
    same_names: int
    failed: tuple[str, ...]
    unjudged: tuple[str, ...]


def fitted(dataset: Dataset, k: int | str, seed: int, before: LoadedArtifact | None, out: Path) -> LoadedArtifact:
    """A model of the data, after the model before. Its origin is a file: as for a real retrain, the checks
    compare it.
    """
    origin = Origin(
        source="file",
        simulated=False,
        description=f"{len(dataset):,} profiles of a benchmark.",
        rows=len(dataset),
        fingerprint=dataset.fingerprint,
    )
    config = TrainingConfig.model_validate({"k": k, "seed": seed})
    trained = train(dataset, origin, config, out, Silent(), LITTLE, previous=before)
    return read_artifact(trained.folder, dataset.profile_class)


def retrains(population: Population, k: int | str, sizes: list[int], count: int, out: Path) -> Iterator[Retrain]:
    """Retrains in a row on samples of these sizes; on a table, each on one half after a model of the other."""
    if isinstance(population, Table):
        for seed in range(count):
            halves = (from_frame(half, population.profile_class) for half in population.samples([1, 1], seed))
            first, second = halves
            before = fitted(first, k, seed, None, out)
            yield _compared(before, fitted(second, k, seed, before, out), second)
        return
    rows = [sizes[number % len(sizes)] for number in range(count + 1)]
    samples = (from_frame(frame, population.profile_class) for frame in population.samples([PANEL, *rows], 100))
    panel, first, *others = samples
    before = fitted(first, k, 0, None, out)
    for number, sample in enumerate(others, 1):
        after = fitted(sample, k, number, before, out)
        yield _compared(before, after, panel)
        before = after


def _compared(before: LoadedArtifact, after: LoadedArtifact, panel: Dataset) -> Retrain:
    names = {persona.id: persona.name for persona in before.model.personas}
    return Retrain(
        rows=after.manifest.origin.rows,
        personas_before=len(names),
        personas=len(after.model.personas),
        same=float(np.mean(ids(before, panel) == ids(after, panel))),
        same_ids=set(names) == set(after.model.by_id),
        same_names=sum(names.get(persona.id) == persona.name for persona in after.model.personas),
        failed=failed(after.manifest),
        unjudged=tuple(verdict.name for verdict in after.manifest.verdicts_that("not_judged")),
    )


def ids(loaded: LoadedArtifact, panel: Dataset) -> NDArray[np.str_]:
    """The persona's id of each profile of the panel."""
    clusters = loaded.model.scorer.scores(EncodedDataset.of(panel, loaded.model.encoder).columns).clusters
    return np.array([persona.id for persona in loaded.model.personas])[clusters]


def failed(manifest: Manifest) -> tuple[str, ...]:
    """The names of the failed checks."""
    return tuple(verdict.name for verdict in manifest.verdicts_that("failed"))


def exchanged(population: Population, k: int | str, rows: int, out: Path) -> float:
    """Half of the people exchanged, `rows` of them: the share of the others that keep their persona."""
    gone, stayed, new = population.samples([rows] * 3, 1)
    made = population.profile_class
    before = fitted(from_frame(pd.concat([gone, stayed], ignore_index=True), made), k, 1, None, out)
    after = fitted(from_frame(pd.concat([stayed, new], ignore_index=True), made), k, 2, before, out)
    panel = from_frame(stayed, made)
    return float(np.mean(ids(before, panel) == ids(after, panel)))
