"""Types of options (text → value, or an error that argparse prints), and the options of several commands."""

import argparse
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from models.acceptance import Thresholds
from training.simulation.simulate import DIFFICULTIES

# The folder of the versions unless an option says otherwise.
DEFAULT_ARTIFACTS: Final = Path("models/artifacts")
THRESHOLDS: Final = tuple(name.removeprefix("gate_") for name in Thresholds.model_fields)


def whole_number(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, not '{text}'") from None


def positive(text: str) -> int:
    """A whole number from 1."""
    number = whole_number(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def seed(text: str) -> int:
    """The seed of a random generator."""
    number = whole_number(text)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError("must be between 0 and 4294967295")
    return number


def persona_count(text: str) -> int | str:
    """A number of personas, or auto."""
    return text if text == "auto" else positive(text)


def share(text: str) -> float:
    """A number from 0 to 1."""
    with suppress(ValueError):
        if 0 <= (share := float(text)) <= 1:
            return share
    raise argparse.ArgumentTypeError(f"must be a number between 0 and 1, not '{text}'")


def overlap(text: str) -> float:
    """The overlap of a difficulty by name, or a share."""
    return DIFFICULTIES[text] if text in DIFFICULTIES else share(text)


def threshold(text: str) -> tuple[str, str]:
    """NAME=VALUE of one threshold, validated."""
    name, _, value = text.partition("=")
    if name not in THRESHOLDS:
        near = get_close_matches(name, THRESHOLDS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(THRESHOLDS)}"
        raise argparse.ArgumentTypeError(f"there is no bound '{name}': {hint}")
    try:
        thresholds([(name, value)])
    except ValidationError as error:
        raise argparse.ArgumentTypeError(f"'{name}': {error.errors()[0]['msg']}") from None
    return name, value


def thresholds(given: Sequence[tuple[str, str]]) -> Thresholds:
    """All thresholds, with those of the options in place of their defaults."""
    return Thresholds.model_validate({f"gate_{name}": value for name, value in given})


def add_artifacts(parser: argparse.ArgumentParser) -> None:
    """Add the option of a command that reads versions."""
    parser.add_argument("--artifacts", type=Path, default=DEFAULT_ARTIFACTS, help="folder of the versions")


def add_mapping(parser: argparse.ArgumentParser) -> None:
    """Add the option that maps the columns of a file of profiles."""
    parser.add_argument("--mapping", type=Path, help="TOML file that maps the file's columns to fields")


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the options of a command that reads a file of profiles."""
    add_mapping(parser)
    parser.add_argument(
        "--max-refused",
        type=share,
        default=0.05,
        help="largest share of rows that may not fit the profile (default: 0.05)",
    )
