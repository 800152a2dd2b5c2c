"""What several commands read: the registry of a folder, and a file of profiles."""

import argparse
import os
from pathlib import Path

from models.profile import Profile
from models.storage.registry import Registry
from models.storage.signature import key_from
from training.data.dataset import Dataset, from_frame, read_dataset
from training.data.mapping import FieldMapping, load_mapping
from training.progress import Progress
from training.simulation.simulate import SimulationConfig, simulate


def registry_at(folder: Path) -> Registry:
    """The versions in a folder, signed with the key of the environment if there is one."""
    return Registry(folder, key_from(os.environ))


def mapping_of(chosen: argparse.Namespace) -> FieldMapping | None:
    """The mapping of the option `--mapping`."""
    return load_mapping(chosen.mapping) if chosen.mapping else None


def read_profiles(chosen: argparse.Namespace, progress: Progress, max_refused: float = 0.05) -> Dataset:
    """The data set of the options `--data` and `--mapping`. What was not used is said."""
    dataset = read_dataset(chosen.data, Profile, mapping_of(chosen), max_refused)
    for note in dataset.notes:
        progress.message(note)
    return dataset


def simulated_profiles(rows: int, seed: int = 0) -> Dataset:
    """Simulated profiles, with the usual settings."""
    return from_frame(simulate(SimulationConfig(rows=rows, seed=seed)).frame, Profile)
