"""`python -m training score`: assign a file of profiles."""

import argparse
import os
from pathlib import Path

from models.profile import Profile
from models.storage.registry import Registry
from models.storage.signature import key_from
from training.commands import options
from training.commands.declaration import Command
from training.commands.options import DEFAULT_ARTIFACTS
from training.data.files.profile_file import ProfileFile
from training.data.files.table_files import check_suffix
from training.data.mapping import load_mapping
from training.offline_scoring import score_file
from training.progress import Progress


def _score(chosen: argparse.Namespace, progress: Progress) -> None:
    check_suffix(chosen.out)
    registry = Registry(chosen.artifacts, key_from(os.environ))
    loaded = registry.load_active(Profile) if chosen.model == "active" else registry.load(chosen.model, Profile)
    profiles = ProfileFile(chosen.data, Profile, load_mapping(chosen.mapping) if chosen.mapping else None)
    scored = score_file(loaded.model, profiles, chosen.out, progress, chosen.max_refused)
    progress.message(f"{scored.rows:,} profiles were scored by model {loaded.model.version} into {chosen.out}.")
    pace = f"{scored.rows / scored.seconds:,.0f} a second"
    progress.message(f"That took {scored.seconds:.1f} s, {pace}; {scored.refused:,} rows were refused.")


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="active", help="version (default: the active one)")
    parser.add_argument("--artifacts", type=Path, default=DEFAULT_ARTIFACTS, help="folder of the versions")
    parser.add_argument("--data", type=Path, required=True, help=".csv, .jsonl, .parquet or .arrow")
    parser.add_argument("--out", type=Path, required=True, help=".csv, .jsonl or .parquet")
    options.add_reading(parser)


COMMAND = Command(name="score", help="assign a file of profiles", add_options=_add_options, run=_score)
