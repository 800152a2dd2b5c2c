"""What the options of the commands may be: text → value, or an error that argparse tells."""

import argparse
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches

from pydantic import ValidationError

from models.bounds import GateBounds
from training.simulate import DIFFICULTIES

BOUNDS = tuple(name.removeprefix("gate_") for name in GateBounds.model_fields)


def whole(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, not '{text}'") from None


def positive(text: str) -> int:
    """A whole number from 1."""
    number = whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def seed(text: str) -> int:
    """The seed of a random generator."""
    number = whole(text)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError("must be between 0 and 4294967295")
    return number


def k(text: str) -> int | str:
    """A number of personas, or auto."""
    return text if text == "auto" else positive(text)


def share(text: str) -> float:
    """A number from 0 to 1."""
    with suppress(ValueError):
        if 0 <= (share := float(text)) <= 1:
            return share
    raise argparse.ArgumentTypeError(f"must be a number between 0 and 1, not '{text}'")


def overlap(text: str) -> float:
    """A difficulty by name, or a share."""
    return DIFFICULTIES[text] if text in DIFFICULTIES else share(text)


def bound(text: str) -> tuple[str, str]:
    """NAME=VALUE of one bound of the gate, its value checked."""
    name, _, value = text.partition("=")
    if name not in BOUNDS:
        near = get_close_matches(name, BOUNDS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(BOUNDS)}"
        raise argparse.ArgumentTypeError(f"there is no bound '{name}': {hint}")
    try:
        bounds([(name, value)])
    except ValidationError as error:
        raise argparse.ArgumentTypeError(f"'{name}': {error.errors()[0]['msg']}") from None
    return name, value


def bounds(given: Sequence[tuple[str, str]]) -> GateBounds:
    """The bounds with those that were given."""
    return GateBounds.model_validate({f"gate_{name}": value for name, value in given})
