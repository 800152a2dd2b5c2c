"""`python -m training score`: assign a file of profiles."""

import argparse
from pathlib import Path

from models.profile import Profile
from models.storage.persona_texts import read_texts, with_texts
from training.commands import options
from training.commands.declaration import Command
from training.commands.inputs import mapping_of, registry_at
from training.data.files.profile_file import ProfileFile
from training.data.files.table_files import check_suffix, refuse_overwriting
from training.offline_scoring import score_file
from training.progress import Progress


def _run(chosen: argparse.Namespace, progress: Progress) -> None:
    check_suffix(chosen.out)
    refuse_overwriting(chosen.out, chosen.data, chosen.mapping)
    registry = registry_at(chosen.artifacts)
    loaded = registry.load_active(Profile) if chosen.model == "active" else registry.load(chosen.model, Profile)
    loaded = with_texts(loaded, read_texts(registry.root))
    keep = tuple(dict.fromkeys(chosen.keep))
    profiles = ProfileFile(chosen.data, Profile, mapping_of(chosen), keep)
    scored = score_file(loaded.model, profiles, chosen.out, progress, chosen.max_refused)
    progress.message(f"{scored.rows:,} profiles were scored by model {loaded.model.version} into {chosen.out}.")
    rate = f"{scored.rows / scored.seconds:,.0f} a second"
    progress.message(f"That took {scored.seconds:.1f} s, {rate}; {scored.refused:,} rows were refused.")


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="active", help="version (default: the active one)")
    options.add_artifacts(parser)
    parser.add_argument("--data", type=Path, required=True, help=".csv, .jsonl, .parquet or .arrow")
    parser.add_argument("--out", type=Path, required=True, help=".csv, .jsonl or .parquet")
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="COLUMN",
        help="column of the file to keep in the result, again for each",
    )
    options.add_reading(parser)


COMMAND = Command(name="score", help="assign a file of profiles", add_options=_add_options, run=_run)
