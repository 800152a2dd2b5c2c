"""The recipient's age, from who the recipient is and how old the giver is.

It depends on these two answers alone, and whether it is left out on the first: given them, it says nothing of the
kind of person, so that the posterior (`training.simulation.people`) is exact without it. It has a random stream of
its own, which leaves all other answers as they are.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from models.scoring.columns import FloatArray, IntArray
from training.simulation.population import POPULATION_AGE, RAISED_SKIPS
from training.simulation.world import NUMBERS, VALUES, Answers

FIELD: Final = "recipient_age"
# Seeds the stream, beside the seed of the configuration.
_STREAM: Final = 31
_OLDEST: Final = 105
_MOST_SKIPS: Final = 0.95


class AgeOf(NamedTuple):
    """The recipient's age: mean and spread of the difference to the giver's or, `at_work`, of the age itself."""

    mean: float
    spread: float
    at_work: bool = False


AGES: Final[Mapping[str, AgeOf]] = {
    "friend": AgeOf(0, 6), "sibling": AgeOf(0, 5), "cousin": AgeOf(0, 8), "neighbour": AgeOf(4, 16),
    "godparent": AgeOf(26, 7), "partner": AgeOf(0, 4), "spouse": AgeOf(0, 4),
    "colleague": AgeOf(42, 11, at_work=True), "boss": AgeOf(48, 9, at_work=True), "in_law": AgeOf(8, 18),
    "parent": AgeOf(29, 5), "aunt_or_uncle": AgeOf(26, 8), "grandparent": AgeOf(55, 7), "child": AgeOf(-29, 6),
    "niece_or_nephew": AgeOf(-26, 8), "grandchild": AgeOf(-55, 8),
}  # fmt: skip


def draw_recipient_ages(answers: Answers, missing: float, seed: int) -> IntArray:
    """The recipients' ages in years, (n,); −1 where it is left out. `missing`: the share of missing answers.

    Where the giver left out their own age, or who the recipient is, one is drawn from people at large.
    """
    rng = np.random.default_rng([seed, _STREAM])
    relationship, age = answers["relationship"], answers["age"]
    rows = len(relationship)
    anyone = rng.integers(len(VALUES["relationship"]), size=rows)
    mean, spread, at_work = _table()[np.where(relationship < 0, anyone, relationship)].T
    somewhere = rng.normal(*POPULATION_AGE, size=rows)
    own = np.where(age < 0, somewhere, age + NUMBERS["age"].start)
    ages = np.where(at_work > 0, 0.0, own) + rng.normal(mean, spread)
    skips = missing * np.where(relationship < 0, RAISED_SKIPS, 1.0)
    is_left_out = rng.random(rows) < np.minimum(skips, _MOST_SKIPS)
    drawn = np.clip(np.rint(ages), 0, _OLDEST).astype(np.int64)
    return np.where(is_left_out, -1, drawn)


def _table() -> FloatArray:
    """The ages of each relationship, (values, 3)."""
    return np.array([AGES[value] for value in VALUES["relationship"]], np.float64)
