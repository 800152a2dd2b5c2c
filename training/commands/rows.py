"""`python -m training rows`: the rows of a file as profiles, for `python -m service import`.

That starts this module itself, which loads half of what the other commands load.
"""

import argparse
import json
import sys
from pathlib import Path

from models.console import run_command
from models.profile import Profile
from training.commands import options
from training.commands.declaration import Command, add_progress
from training.commands.inputs import mapping_of
from training.commands.running import run
from training.data.files.profile_file import ProfileFile
from training.data.files.reading import open_source, without_collector
from training.data.headers import field_names
from training.data.mapping.mapping import FieldMapping
from training.data.prefetch import prefetch
from training.data.profile_rows import ProfileRows
from training.errors import UnusableInput
from training.progress import Progress

# Of a chunk: with as many as a fit reads at a time, memory doubles and nothing is quicker.
ROWS = 5_000


def _run(chosen: argparse.Namespace, progress: Progress) -> None:
    profiles = ProfileFile(chosen.data, Profile, mapping_of(chosen) or _within_profile(chosen.data))
    for note in profiles.notes:
        progress.message(note)
    if profiles.id_column is None:
        raise UnusableInput(
            f"{chosen.data} has no column of ids: name it user_id, or say which it is in a mapping "
            '([user_id] from = "…").'
        )
    rows = ProfileRows(Profile, profiles.written)
    with without_collector():
        for chunk in prefetch(profiles.chunks(ROWS)):
            sys.stdout.write("".join(f"{line}\n" for line in rows.lines(chunk)))
            sys.stdout.write(f"{json.dumps({'read': round(chunk.read, 4)})}\n")
            sys.stdout.flush()


def _within_profile(data: Path) -> FieldMapping | None:
    """The mapping of a file whose fields lie within a column `profile`, as in the service's lines of JSON."""
    names = set(open_source(data).names)
    rules = {name: {"from": f"profile.{name}"} for name in field_names(Profile) if f"profile.{name}" in names}
    return FieldMapping.model_validate({"rules": rules}) if rules else None


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help=".csv, .jsonl, .parquet or .arrow")
    options.add_mapping(parser)
    parser.add_argument("--stop-when-stdin-closes", action="store_true", help=argparse.SUPPRESS)


COMMAND = Command(
    name="rows", help="print the rows of a file as profiles in JSON", add_options=_add_options, run=_run
)


def main() -> int:
    """Run this command alone. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training rows", description=COMMAND.help)
    _add_options(parser)
    add_progress(parser)
    parser.set_defaults(command=_run)
    return run_command(lambda: run(parser, None))


if __name__ == "__main__":
    sys.exit(main())
