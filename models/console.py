"""Standard output and error of a command, on any terminal and into any pipe.

- `command | head -1` ends the command quietly, as it ends other programs.
- A character that the terminal's encoding lacks is printed as its escape.
- Control characters in names, files and messages are printed as escapes, too: a terminal would obey them.
"""

import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO

from models.errors import SegmentsError

# 128 + SIGPIPE: what a shell reports of a program that a closed pipe has ended.
CLOSED_PIPE = 141
# The control characters but tab and line feed, and those that change the direction of text.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def run_command(main: Callable[[], int]) -> int:
    """Run a command to its end. Returns the exit code: 130 for an interrupt, 2 for a `SegmentsError` (printed)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _exit_code(main)
        # None where the descriptor was closed before the start.
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        code = CLOSED_PIPE
    for stream in filter(None, (sys.stdout, sys.stderr)):
        _drop_what_nobody_reads(stream)
    return code


def _exit_code(main: Callable[[], int]) -> int:
    try:
        return main()
    except KeyboardInterrupt:
        return 130
    except SegmentsError as error:
        print_line(f"error: {error}", sys.stderr)
        return 2
    except SystemExit as leaving:
        # argparse has printed what there is to say.
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)


def _drop_what_nobody_reads(stream: TextIO) -> None:
    """Let the interpreter's own last flush write to nowhere where the pipe is closed: it would complain."""
    try:
        stream.flush()
    except OSError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def printable(text: str) -> str:
    """The text with escapes in place of what a terminal would obey."""
    return _OBEYED.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def printable_line(text: str) -> str:
    """As `printable`, with ends of lines as escapes, too: for a name within a sentence."""
    return printable(text).replace("\n", "\\n")


def print_line(text: str, stream: TextIO | None) -> None:
    """Print a line where there is something to print to: a message that nobody reads must not end the work."""
    if stream is not None:
        with suppress(OSError, ValueError):
            print(printable(text), file=stream, flush=True)
