"""Runs one command: its progress, its errors in sentences, its exit code."""

import argparse
import os
import sys
import threading
from collections.abc import Callable, Sequence

from models.console import print_line
from models.errors import SegmentsError
from training.errors import NotEquivalent
from training.progress import JsonLines, LogLines, Progress, shown_progress


def run(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> int:
    """Run the command that the arguments name. Returns the exit code."""
    options = parser.parse_args(arguments)
    if getattr(options, "stop_when_stdin_closes", False):
        _stop_when_stdin_closes()
    with shown_progress(options.progress) as progress:
        try:
            command: Callable[[argparse.Namespace, Progress], None] = options.command
            command(options, progress)
        except SegmentsError as error:
            return _fail(progress, str(error), 1 if isinstance(error, NotEquivalent) else 2)
        except MemoryError:
            return _fail(progress, "There is not enough memory for this much data.", 1)
    return 0


def _fail(progress: Progress, sentence: str, code: int) -> int:
    if isinstance(progress, LogLines):
        progress.message(sentence, "ERROR")
        return code
    if isinstance(progress, JsonLines):
        progress.send(error=sentence)
    print_line(f"error: {sentence}", sys.stderr)
    return code


def _stop_when_stdin_closes() -> None:
    """End this process when its parent is gone, so that no training run is left behind."""

    def wait() -> None:
        # Not sys.stdin: a thread that waits in its buffer would abort the interpreter's own end.
        while os.read(0, 4096):
            pass
        os._exit(3)

    threading.Thread(target=wait, daemon=True).start()
