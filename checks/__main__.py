"""`python -m checks` prints what each check of the project finds; exit code 1 if that is anything."""

import sys
from pathlib import Path

from checks.positional import positional_calls
from checks.source import tracked_files
from checks.vocabulary import read_rules, replaced_words

ROOT = Path(__file__).parents[1]
PACKAGES = ("models", "training", "service")
EVERYWHERE = (
    *PACKAGES, "testkit", "checks", "tests", "benchmarks", "notebooks", "docs",
    "README.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", "pyproject.toml", "Dockerfile", "start.sh",
)  # fmt: skip


RULES = Path(__file__).with_name("vocabulary.toml")


def main() -> None:
    """Print what the checks find in the files that git tracks or would track."""
    rules = read_rules(RULES)
    messages = [
        *replaced_words(ROOT, tracked_files(ROOT, EVERYWHERE), rules),
        *positional_calls(ROOT, tracked_files(ROOT, PACKAGES)),
    ]
    sys.exit("\n".join(messages) or None)


if __name__ == "__main__":
    main()
