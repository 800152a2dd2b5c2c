"""`python -m training report`: draw the report of a version."""

import argparse
import os
from pathlib import Path

from models.storage.registry import Registry
from models.storage.signature import key_from
from training.commands.declaration import Command
from training.commands.options import DEFAULT_ARTIFACTS
from training.commands.versions import version_folder
from training.progress import Progress


def _report(options: argparse.Namespace, progress: Progress) -> None:
    registry = Registry(options.artifacts, key_from(os.environ))
    progress.step("drawing the report", 0.0)
    page = draw(version_folder(options.model, registry), options.out)
    progress.step("done", 1.0)
    progress.message(f"The report is in {page}.")


def draw(folder: Path, out: Path | None) -> Path:
    """Draw the page of the version in `folder` into `out`, or beside the version. Returns the page's path."""
    # Here, not above: matplotlib takes seconds to import, and most commands draw nothing.
    from training.report.page import draw as draw_page

    return draw_page(folder, out)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="VERSION", help="version, path to a version's folder, or 'active'")
    parser.add_argument("--artifacts", type=Path, default=DEFAULT_ARTIFACTS, help="folder of the versions")
    parser.add_argument("--out", type=Path, help="folder of the page and its figures (default: the version's own)")


COMMAND = Command(name="report", help="draw the report of a version", add_options=_add_options, run=_report)
