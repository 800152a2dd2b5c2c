"""What a command prints: its result, and what it says beside it."""

import json
import logging
import sys
from datetime import UTC, datetime

from models.console import print_line, printable


def show(result: str) -> None:
    """Print a result to standard output."""
    print(printable(result))


def say(sentence: str) -> None:
    """Print a line to standard error, where there is one to print to: standard output has results and logs."""
    print_line(sentence, sys.stderr)


def announce(sentence: str, level: int = logging.INFO) -> None:
    """Say what concerns the start of the service: to a person at a terminal, elsewhere as a line of its log.

    What collects the logs of a container reads standard error, too, and parses each line as JSON.
    """
    if sys.stderr is not None and sys.stderr.isatty():
        say(f"error: {sentence}" if level >= logging.ERROR else sentence)
        return
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"time": time, "level": logging.getLevelName(level), "logger": "service.start", "message": sentence}
    say(json.dumps(line))
