"""`python -m training report`: draw the report of a version."""

import argparse
from pathlib import Path

from training.commands import options
from training.commands.declaration import Command
from training.commands.inputs import registry_at
from training.commands.versions import version_folder
from training.progress import Progress


def _run(chosen: argparse.Namespace, progress: Progress) -> None:
    registry = registry_at(chosen.artifacts)
    progress.step("drawing the report", 0.0)
    page = draw(version_folder(chosen.model, registry), chosen.out)
    progress.step("done", 1.0)
    progress.message(f"The report is in {page}.")


def draw(folder: Path, out: Path | None) -> Path:
    """Draw the page of the version in `folder` into `out`, or beside the version. Returns the page's path."""
    # Here, not above: matplotlib takes seconds to import, and most commands draw nothing.
    from training.report.page import draw as draw_page

    return draw_page(folder, out)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="VERSION", help="version, path to a version's folder, or 'active'")
    options.add_artifacts(parser)
    parser.add_argument("--out", type=Path, help="folder of the page and its figures (default: the version's own)")


COMMAND = Command(name="report", help="draw the report of a version", add_options=_add_options, run=_run)
