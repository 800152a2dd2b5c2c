"""Inputs that commands share: the registry of a folder, files of profiles, and simulated profiles."""

import argparse
import os
from pathlib import Path

from models.profile import Profile
from models.profile.profile import Profile as GiftingProfile
from models.storage.registry import Registry
from models.storage.signature import key_from
from training.data.dataset import Dataset, from_frame, read_dataset
from training.data.mapping.mapping import FieldMapping, load_mapping
from training.errors import UnusableInput
from training.progress import Progress
from training.simulation.simulate import SimulationConfig, simulate


def registry_at(folder: Path) -> Registry:
    """The versions in a folder, with the signing key of the environment."""
    return Registry(folder, key_from(os.environ))


def mapping_of(chosen: argparse.Namespace) -> FieldMapping | None:
    """The mapping of the option `--mapping`, if it is given."""
    return load_mapping(chosen.mapping) if chosen.mapping else None


def read_profiles(
    chosen: argparse.Namespace, progress: Progress, max_refused: float = 0.05, refused: Path | None = None
) -> Dataset:
    """The data set of the options `--data` and `--mapping`. Its notes become messages.

    `refused`: the file in which refused rows are listed, if they are.
    """
    dataset = read_dataset(chosen.data, Profile, mapping_of(chosen), max_refused, refused)
    for note in dataset.notes:
        progress.message(note)
    return dataset


def simulated_profiles(rows: int, seed: int = 0) -> Dataset:
    """Simulated gifting profiles with the default settings. Raises `UnusableInput` for another profile class."""
    if Profile is not GiftingProfile:
        raise UnusableInput(
            f"Only gifting profiles can be simulated, and PROFILE names {Profile.__name__}; name a file with "
            "--data."
        )
    return from_frame(simulate(SimulationConfig(rows=rows, seed=seed)).frame, Profile)
