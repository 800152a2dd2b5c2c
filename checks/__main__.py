"""`python -m checks [words] [records]` prints what our own checks find; exit code 1 if that is anything."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from checks.positional import positional_calls
from checks.source import tracked_files
from checks.vocabulary import read_rules, replaced_words

ROOT = Path(__file__).parents[1]
PACKAGES = ("models", "training", "service")
CLIENT = "client"
EVERYWHERE = (
    *PACKAGES, CLIENT, "testkit", "checks", "tests", "benchmarks", "notebooks", "docs",
    "README.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", "pyproject.toml", "Dockerfile", "start.sh",
)  # fmt: skip
RULES = Path(__file__).with_name("vocabulary.toml")
# Made a thousand times a request: keywords take half as long again.
FILLED_BY_POSITION = {"AssignedUser"}


def _words() -> Iterator[str]:
    yield from replaced_words(ROOT, tracked_files(ROOT, EVERYWHERE), read_rules(RULES))


def _records() -> Iterator[str]:
    yield from positional_calls(ROOT, tracked_files(ROOT, (*PACKAGES, CLIENT)), FILLED_BY_POSITION)


CHECKS = {"words": _words, "records": _records}


def main() -> None:
    """Run the named checks, or all of them, on the files that git tracks or would track."""
    parser = argparse.ArgumentParser(prog="python -m checks", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="CHECK", help=f"some of {', '.join(CHECKS)} (default: all)")
    names = parser.parse_args().names or list(CHECKS)
    if unknown := [name for name in names if name not in CHECKS]:
        parser.error(f"there is no check {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    messages = [message for name in names for message in CHECKS[name]()]
    sys.exit("\n".join(messages) or None)


if __name__ == "__main__":
    main()
