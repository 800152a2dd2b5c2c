"""How continuous traits shape the answers: no classes, and lists by thresholds instead of successive choices.

Each field leans on the traits with random slopes. A word is ticked where its appeal, with logistic noise, passes a
threshold; a person's readiness to tick moves all thresholds alike and has nothing to do with the traits.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit

from benchmarks.recovery.generators.answers import Values
from benchmarks.recovery.generators.latent import TASTES
from benchmarks.recovery.generators.single_answers import choice_shares, level_shares, number_shares
from benchmarks.recovery.generators.words import (
    BUDGETS,
    GIFTS,
    LISTS,
    OCCASIONS,
    OCCUPATIONS,
    RELATIONSHIPS,
    STORES,
)
from models.scoring.columns import FloatArray

TRAITS: Final = 3
# Log odds of a tick for the levels of readiness, which are as common as those of a taste.
READINESS: Final = 0.9 * TASTES

# For each number: its limits, centre, spread, and if it is used as log(1 + x).
_NUMBERS: Final[dict[str, tuple[int, int, float, float, bool]]] = {
    "age": (13, 95, 42.0, 12.0, False),
    "purchases_last_year": (0, 200, 2.2, 0.7, True),
    "lead_time_days": (0, 365, 2.6, 0.9, True),
}
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "relationship": RELATIONSHIPS,
    "occupation": tuple(word for word, _ in OCCUPATIONS),
    "last_gift_category": tuple(word for word, _ in GIFTS),
    "occasion": OCCASIONS,
    "store_preference": STORES,
    "budget_range": BUDGETS,
}
_FAME: Final = 0.7
# Log odds of a tick of the most popular word.
_TOP: Final = -1.0


@dataclass(frozen=True)
class TraitModel:
    """`slopes`: for each field (values, traits), or (1, traits) of a number or a scale. `appeal`: for each open
    field the popularity of its values in log odds, (values,).
    """

    slopes: dict[str, FloatArray]
    appeal: dict[str, FloatArray]

    def values(self, name: str) -> Values:
        """All values of a field with one answer."""
        if name in _NUMBERS:
            low, high, *_ = _NUMBERS[name]
            return tuple(range(low, high + 1))
        return _CHOICES[name]

    def shares(self, name: str, traits: FloatArray) -> FloatArray:
        """The probabilities of a field's values, (m, traits) → (m, values)."""
        lean = traits @ self.slopes[name].T
        if name in _NUMBERS:
            low, high, centre, spread, log = _NUMBERS[name]
            return number_shares(np.arange(low, high + 1), centre + 0.7 * spread * lean[:, 0], spread, log)
        if name == "budget_range":
            return level_shares(lean[:, 0], np.array([-1.0, 1.0]))
        return choice_shares(self.appeal[name] + lean)

    def tick_odds(self, name: str, traits: FloatArray) -> FloatArray:
        """The log odds of a tick at mean readiness, (m, traits) → (m, words)."""
        return np.asarray(self.appeal[name] + traits @ self.slopes[name].T)


def single_fields() -> tuple[str, ...]:
    """The fields with one answer."""
    return (*_NUMBERS, *_CHOICES)


def draw_traits_model(slope: float, rng: np.random.Generator) -> TraitModel:
    """A model at random; `slope`: the standard deviation of slopes, in log odds for a deviation of a trait."""
    slopes, appeal = {}, {}
    for name in (*single_fields(), *LISTS):
        is_scale = name in _NUMBERS or name == "budget_range"
        count = 1 if is_scale else len(LISTS.get(name, _CHOICES.get(name, ())))
        slopes[name] = slope * rng.normal(size=(count, TRAITS))
        appeal[name] = -_FAME * np.log1p(rng.permutation(count)) + (_TOP if name in LISTS else 0.0)
    for name in LISTS:
        slopes[name] = _without_length(slopes[name], appeal[name])
    return TraitModel(slopes, appeal)


def _without_length(slopes: FloatArray, appeal: FloatArray) -> FloatArray:
    """Slopes with which the traits do not change the expected length of a list, to first order."""
    variance = expit(appeal) * expit(-appeal)
    return np.asarray(slopes - variance @ slopes / variance.sum())
