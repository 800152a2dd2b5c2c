"""Whether personas keep their identity over retrains, and whether the acceptance checks refuse poisoned data.

    .venv/bin/python -m benchmarks.identity [--difficulty medium hard] [--k 5 auto] [--retrains 10] [--poison]

Ten retrains in a row, each on new simulated people of the same population, with its own seed and size, after the
model before it. Both models score a panel of 10,000 people; "half of the people exchanged" means that 5,000 of
10,000 rows stay. All data is simulated.
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from models.storage.manifest import Manifest, Origin
from models.storage.reading import read_artifact
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame
from training.data.encoded import EncodedDataset
from training.pipeline import train
from training.progress import Silent
from training.report.settings import AnalysisConfig
from training.simulation.simulate import DIFFICULTIES, SimulationConfig, simulate

SIZES = (5_000, 50_000, 8_000, 30_000, 12_000, 20_000, 6_000, 40_000, 10_000, 25_000, 15_000)
PANEL = 10_000
LITTLE = AnalysisConfig(rows=200, bootstraps=0, splits=0, map_rows=0, density=False)


@dataclass(frozen=True)
class Retrain:
    """One retrain compared with the model before it."""

    rows: int
    personas: int
    same: float
    same_ids: bool
    same_names: int
    passed: bool
    failed: tuple[str, ...]


def people(rows: int, seed: int, difficulty: str) -> pd.DataFrame:
    return simulate(SimulationConfig(rows=rows, seed=seed, overlap=DIFFICULTIES[difficulty])).frame


def fitted(
    frame: pd.DataFrame, k: int | str, seed: int, before: LoadedArtifact | None, out: Path
) -> LoadedArtifact:
    dataset = from_frame(frame, Profile)
    origin = Origin(
        # As for a real retrain: simulated data is not compared with real data.
        source="file",
        simulated=False,
        description=f"{len(dataset):,} simulated profiles of a benchmark.",
        rows=len(dataset),
        fingerprint=dataset.fingerprint,
    )
    config = TrainingConfig.model_validate({"k": k, "seed": seed})
    trained = train(dataset, origin, config, out, Silent(), LITTLE, previous=before)
    return read_artifact(trained.folder, Profile)


def retrains(difficulty: str, k: int | str, count: int, out: Path) -> Iterator[Retrain]:
    panel = from_frame(people(PANEL, 999, difficulty), Profile)
    before = fitted(people(SIZES[0], 100, difficulty), k, 0, None, out)
    for number in range(1, count + 1):
        rows = SIZES[number % len(SIZES)]
        after = fitted(people(rows, 100 + number, difficulty), k, number, before, out)
        yield beside(before, after, panel, rows)
        before = after


def beside(before: LoadedArtifact, after: LoadedArtifact, panel: Dataset, rows: int) -> Retrain:
    names = {persona.id: persona.name for persona in before.model.personas}
    return Retrain(
        rows=rows,
        personas=len(after.model.personas),
        same=float(np.mean(ids(before, panel) == ids(after, panel))),
        same_ids=set(names) == set(after.model.by_id),
        same_names=sum(names.get(persona.id) == persona.name for persona in after.model.personas),
        passed=after.manifest.outcome != "failed",
        failed=failed(after.manifest),
    )


def ids(loaded: LoadedArtifact, panel: Dataset) -> NDArray[np.str_]:
    clusters = loaded.model.scorer.scores(EncodedDataset.of(panel, loaded.model.encoder).columns).clusters
    return np.array([persona.id for persona in loaded.model.personas])[clusters]


def failed(manifest: Manifest) -> tuple[str, ...]:
    return tuple(verdict.name for verdict in manifest.verdicts_that("failed"))


def exchanged(difficulty: str, k: int | str, out: Path) -> float:
    """Half of 10,000 people exchanged: the share of the others that keep their persona."""
    frames = [people(5_000, seed, difficulty) for seed in (1, 2, 3)]
    before = fitted(pd.concat(frames[:2], ignore_index=True), k, 1, None, out)
    after = fitted(pd.concat(frames[1:], ignore_index=True), k, 2, before, out)
    stayed = from_frame(frames[1], Profile)
    return float(np.mean(ids(before, stayed) == ids(after, stayed)))


# --- poison ----------------------------------------------------------------------------------------


def poisons(difficulty: str, rows: int) -> Iterator[tuple[str, pd.DataFrame]]:
    rng = np.random.default_rng(0)
    clean = people(rows, 2, difficulty)
    yield "clean", clean
    kinds = ("bookish_home_cook", "trendy_tech_shopper")
    giant = SimulationConfig(
        rows=rows, seed=5, personas=kinds, weights=(19, 1), noise=0.01, overlap=DIFFICULTIES[difficulty]
    )
    yield "one giant cluster", simulate(giant).frame
    for name in Profile.model_fields:
        frame = clean.copy()
        frame[name] = frame[name].to_numpy(dtype=object)[rng.permutation(rows)]
        yield f"{name} shuffled", frame
    for name, answer in (("last_gift_category", "books"), ("budget_range", "low"), ("age", 30)):
        frame = clean.copy()
        frame[name] = frame[name].astype(object).where(rng.random(rows) >= 0.9, answer)
        yield f"90 % of {name} one value", frame
    yield "one row 200 times", pd.concat([clean, clean.iloc[[7] * 200]], ignore_index=True)
    yield "200 rows twice", pd.concat([clean, clean.iloc[:200]], ignore_index=True)


def judged(difficulty: str, rows: int, k: int | str, out: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    before = fitted(people(rows, 1, difficulty), k, 1, None, out)
    for name, frame in poisons(difficulty, rows):
        yield name, failed(fitted(frame, k, 2, before, out).manifest)


# --- the command -----------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--difficulty", nargs="+", choices=tuple(DIFFICULTIES), default=["medium", "hard"])
    parser.add_argument("--k", nargs="+", default=["5", "auto"])
    parser.add_argument("--retrains", type=int, default=10)
    parser.add_argument("--poison", action="store_true", help="the acceptance checks on poisoned data instead")
    parser.add_argument("--rows", type=int, default=20_000, help="rows of the poisoned data")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for difficulty in options.difficulty:
            for text in options.k:
                k = text if text == "auto" else int(text)
                report = _poison if options.poison else _identity
                report(difficulty, k, options, Path(folder))


def _identity(difficulty: str, k: int | str, options: argparse.Namespace, out: Path) -> None:
    done = list(retrains(difficulty, k, options.retrains, out))
    print(f"\n{difficulty}, k = {k}: {len(done)} retrains of {min(SIZES):,} to {max(SIZES):,} rows")
    for retrain in done:
        verdict = "passed" if retrain.passed else f"refused: {', '.join(retrain.failed)}"
        ids_text = "all ids" if retrain.same_ids else "NOT all ids"
        print(
            f"  {retrain.rows:6,} rows  {retrain.personas} personas, {ids_text}, "
            f"{retrain.same_names} generated names unchanged, "
            f"{retrain.same:.3f} of the panel keep their persona  {verdict}"
        )
    shares = [retrain.same for retrain in done]
    unchanged = sum(retrain.same_ids for retrain in done)
    print(f"  least {min(shares):.3f}, mean {np.mean(shares):.3f}; ids unchanged in {unchanged}")
    print(f"  half of the people exchanged: {exchanged(difficulty, k, out):.3f} of the others keep theirs")


def _poison(difficulty: str, k: int | str, options: argparse.Namespace, out: Path) -> None:
    print(f"\n{difficulty}, k = {k}, {options.rows:,} rows")
    for name, verdicts in judged(difficulty, options.rows, k, out):
        print(f"  {name:34} {'refused: ' + ', '.join(verdicts) if verdicts else 'passed'}")


if __name__ == "__main__":
    main()
