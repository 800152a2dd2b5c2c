"""`python -m training mapping draft FILE`: write a first mapping of a file, with comments, to standard output."""

import argparse
from pathlib import Path

from models.console import printable
from models.profile import Profile
from training.commands.declaration import Command
from training.data.draft.mapping_draft import draft_mapping
from training.data.files.table_files import refuse_overwriting
from training.errors import UnusableInput
from training.progress import Progress


def _run(chosen: argparse.Namespace, progress: Progress) -> None:
    text = draft_mapping(chosen.data, Profile)
    if chosen.out is None:
        print(printable(text), end="")
        return
    refuse_overwriting(chosen.out, chosen.data)
    try:
        with chosen.out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UnusableInput(f"{chosen.out} exists already; name another file with --out.") from None
    except OSError as error:
        raise UnusableInput(f"Cannot write {chosen.out}: {error.strerror}.") from error
    progress.message(f"A first mapping of {chosen.data} is in {chosen.out}: read its comments, and change it.")


def _add_options(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    draft = actions.add_parser("draft", help="write a first mapping of a file, with comments")
    draft.add_argument("data", metavar="FILE", type=Path, help=".csv, .jsonl, .parquet or .arrow, or a folder")
    draft.add_argument("--out", type=Path, help="new TOML file (default: standard output)")


COMMAND = Command(name="mapping", help="write a first mapping of a file", add_options=_add_options, run=_run)
