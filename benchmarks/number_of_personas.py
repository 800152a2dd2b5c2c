"""How much the number of personas depends on the seed and on who was asked, and what a new persona does to it.

    .venv/bin/python -m benchmarks.number_of_personas tables [iris FILE.csv] [--mapping FILE] [--without COLUMN]
    .venv/bin/python -m benchmarks.number_of_personas shuffled [iris FILE.csv] [--mapping FILE] [--draws 20]
    .venv/bin/python -m benchmarks.number_of_personas newcomer [--difficulty medium hard] [--rows 6000]

`tables`: the number that `--k auto` chooses for the same rows with several seeds, and for several random draws of
four in five rows. `shuffled`: the same rows with each field shuffled as a whole, of which there should be one
persona. `newcomer`: refits with simulated people of whom a share has a sixth persona that the model before does
not know, and with people of the same five. A table is one of scikit-learn's by name, or a CSV file, whose columns
are read as a mapping says, or else as `benchmarks.recovery.generators.tables.real_tables` describes.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.recovery.generators.tables.real_tables import real_table
from models.profile import Profile
from training.clustering.fit import Fit, fit
from training.config import TrainingConfig
from training.data.dataset import Dataset, from_frame, read_dataset
from training.data.mapping.mapping import load_mapping
from training.progress import Silent
from training.simulation.planted import CATALOGUE
from training.simulation.simulate import DIFFICULTIES, SimulationConfig, simulate

BEFORE = 5
SHARES = (0.0, 0.15, 0.18, 0.22)


def table(name: str, without: Sequence[str] = (), mapping: Path | None = None) -> Dataset:
    """The rows of a table as profiles, without some of its columns, or as a mapping says."""
    if mapping is not None:
        return read_dataset(Path(name), Profile, mapping=load_mapping(mapping))
    source = real_table(name)
    items = source.items.to_numpy(bool)
    frame = source.frame(source.fields, items, np.ones(len(items), np.bool_)).drop(columns=list(without))
    return from_frame(frame, source.profile_class)


def shuffled(dataset: Dataset, seed: int) -> Dataset:
    """The same profiles with each field shuffled as a whole."""
    rng = np.random.default_rng(seed)
    columns = {name: column.take(rng.permutation(len(dataset))) for name, column in dataset.columns.items()}
    return replace(dataset, columns=columns)


def chosen(dataset: Dataset, seed: int) -> Fit:
    """The fit with the number of personas that `--k auto` chooses."""
    return fit(dataset, TrainingConfig(seed=seed), Silent())


def over_seeds(dataset: Dataset, seeds: int) -> list[Fit]:
    """Fits of the same profiles with several seeds."""
    return [chosen(dataset, seed) for seed in range(seeds)]


def over_draws(dataset: Dataset, draws: int) -> list[int]:
    """The numbers for random draws of four in five profiles."""
    rng = np.random.default_rng(0)
    rows = [np.sort(rng.permutation(len(dataset))[: len(dataset) * 4 // 5]) for _ in range(draws)]
    return [chosen(dataset.take(drawn), 0).k for drawn in rows]


def people(difficulty: str, rows: int, seed: int, sixth: int, share: float) -> Dataset:
    """Simulated people of the first five personas, a share of whom have another of the catalogue instead."""
    indices = [*range(BEFORE), *([sixth] if share else [])]
    config = SimulationConfig(
        rows=rows,
        seed=seed,
        personas=tuple(CATALOGUE[index].key for index in indices),
        weights=(*[(1 - share) / BEFORE] * BEFORE, *([share] if share else [])),
        overlap=DIFFICULTIES[difficulty],
    )
    return from_frame(simulate(config).frame, Profile)


def refitted(difficulty: str, rows: int, sixth: int, share: float) -> tuple[int, int]:
    """The numbers of personas of a model of the five, and of its refit with people some of whom have the sixth."""
    before = chosen(people(difficulty, rows, sixth, sixth, 0.0), 0)
    new = people(difficulty, rows, 100 + sixth, sixth, share)
    after = fit(new, TrainingConfig(seed=1), Silent(), before.applied_to(new).clusters)
    return before.k, after.k


# --- the command -----------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("tables", "shuffled", "newcomer"))
    parser.add_argument("tables", nargs="*", default=["iris", "wine", "breast_cancer"])
    parser.add_argument("--without", nargs="*", default=[], help="columns to leave out")
    parser.add_argument("--mapping", type=Path, help="how the columns of the file become profile fields")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--draws", type=int, default=20, help="shuffled copies of each table")
    parser.add_argument("--difficulty", nargs="+", choices=tuple(DIFFICULTIES), default=["medium", "hard"])
    parser.add_argument("--rows", type=int, default=6_000)
    options = parser.parse_args()
    if options.what == "newcomer":
        _newcomers(options.difficulty, options.rows)
        return
    for name in options.tables:
        dataset = table(name, options.without, options.mapping)
        if options.what == "tables":
            _print_table(name, dataset, options.seeds)
        else:
            ks = Counter(chosen(shuffled(dataset, seed), seed).k for seed in range(options.draws))
            print(f"{name} shuffled, {len(dataset):,} rows: {dict(sorted(ks.items()))}")


def _print_table(name: str, dataset: Dataset, seeds: int) -> None:
    fits = over_seeds(dataset, seeds)
    print(f"{name}, {len(dataset):,} rows: {' '.join(str(one.k) for one in fits)} over {seeds} seeds")
    print(f"  four in five rows: {' '.join(map(str, over_draws(dataset, seeds)))}")
    print(f"  left out: {', '.join(fits[0].components.independent) or 'no field'}. {fits[0].choice.sentence}")


def _newcomers(difficulties: Sequence[str], rows: int) -> None:
    for difficulty in difficulties:
        for share in SHARES:
            ks = [refitted(difficulty, rows, sixth, share) for sixth in range(BEFORE, len(CATALOGUE))]
            print(f"{difficulty}, a sixth persona of {share:.0%}: {', '.join(f'{a} → {b}' for a, b in ks)}")


if __name__ == "__main__":
    main()
