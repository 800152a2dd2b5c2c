"""What the options of the commands may be: text → value, or an error that argparse tells."""

import argparse
from contextlib import suppress

from training.simulate import DIFFICULTIES


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
