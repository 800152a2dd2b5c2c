"""Starts an import as a child process, so that its arithmetic stays outside the server.

It is `python -m service import`, as a shell starts it. It gives way to everything else, and stops when this
process dies: it reads the end of its standard input then.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from service.importing.formats import Format
from service.retraining.child_process import ChildProcess
from service.retraining.launcher import Child
from service.retraining.process_launcher import (
    PROJECT_ROOT,
    child_environment,
    lower_priority,
    start_process,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """What to import: a file, its format and mapping, and where refused rows are listed."""

    file: Path
    format: Format
    refused: Path
    mapping: Path | None = None


class ImportLauncher(Protocol):
    """Starts imports."""

    def launch(self, order: ImportOrder) -> Child:
        """Start one. Raises `LaunchFailed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessImportLauncher:
    """Starts `python -m service import` with niceness `nice`. `environment`: the settings that it has to share."""

    nice: int
    stop_seconds: float
    environment: Mapping[str, str]

    def launch(self, order: ImportOrder) -> Child:
        """Start a child. Raises `LaunchFailed`."""
        search_path = os.pathsep.join(filter(None, [str(PROJECT_ROOT), os.environ.get("PYTHONPATH")]))
        own = {"PYTHONPATH": search_path, **self.environment}
        command = [sys.executable, "-m", "service", "import", *import_arguments(order)]
        process = start_process(command, child_environment(os.environ, threads=1) | own, None, "The import")
        lower_priority(process.pid, self.nice)
        return ChildProcess(process, self.stop_seconds, "The import")


def import_arguments(order: ImportOrder) -> list[str]:
    """The order as arguments of `python -m service import`."""
    mapping = [] if order.mapping is None else ["--mapping", str(order.mapping.resolve())]
    return [
        *(str(order.file.resolve()), "--format", order.format, *mapping),
        *("--refused", str(order.refused.resolve())),
        *("--progress", "json", "--stop-when-stdin-closes"),
    ]
