"""What a command prints beside its result."""

import sys
from contextlib import suppress


def say(sentence: str) -> None:
    """Print a line to standard error, where there is one to print to: standard output has results and logs."""
    with suppress(OSError):
        print(sentence, file=sys.stderr, flush=True)
