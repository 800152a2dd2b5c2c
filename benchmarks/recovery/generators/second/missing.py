"""Which answers are missing: by care and fatigue, by other answers that are given, and two by their own value.

Careless people leave out more, and more towards the end of the form. Beyond that some answers are missing at
random in the sense of Rubin (Biometrika, 1976), given another answer that is observed, and two are not: who buys
a lot or spends a lot is less inclined to say so.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit

from benchmarks.recovery.generators.latent import CARE_MISSING
from models.scoring.columns import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Habit:
    """The log odds that a field's answer is missing.

    `base`: of a person of usual care. `other`: a field that counts too, with the log odds if it is missing, in the
    lower half of its values, or in the upper half. `own`: log odds added for values in the upper half.
    """

    base: float
    other: str = ""
    by_other: tuple[float, float, float] = (0.0, 0.0, 0.0)
    own: float = 0.0


# In the order of the form: a field comes after the one that its answers depend on.
HABITS: Final[dict[str, Habit]] = {
    "age": Habit(-3.0),
    "relationship": Habit(-3.0),
    "occupation": Habit(-1.8, "age", (1.0, 0.8, -0.4)),
    "hobbies": Habit(-2.4),
    "favourite_items": Habit(-2.0, "age", (0.8, -0.5, 0.5)),
    "favourite_movies": Habit(-2.2, "age", (0.8, -0.7, 0.7)),
    "last_gift_category": Habit(-2.2),
    "purchases_last_year": Habit(-2.2, own=1.0),
    "gift_history": Habit(-2.0, "purchases_last_year", (0.8, 0.6, -0.6)),
    "occasion": Habit(-2.4),
    "budget_range": Habit(-2.0, own=0.8),
    "store_preference": Habit(-1.8, "age", (0.6, -0.4, 0.4)),
    "lead_time_days": Habit(-1.8, "purchases_last_year", (1.0, 0.7, -0.5)),
}
_FATIGUE: Final = 0.5
# The first code of the upper half of a field's values: 42 years, 8 gifts, "high".
_UPPER: Final = {"age": 29, "purchases_last_year": 8, "budget_range": 2}


def missing_odds(name: str) -> FloatArray:
    """The log odds for each level of care, (cares,), besides what other answers add."""
    progress = list(HABITS).index(name) / (len(HABITS) - 1)
    return HABITS[name].base + CARE_MISSING * (1 + _FATIGUE * progress)


def from_other(name: str, codes: IntArray) -> FloatArray:
    """What the codes of the field's `other`, (n,), −1 if missing, add to the log odds, (n,)."""
    habit = HABITS[name]
    half = np.where(codes < 0, 0, 1 + (codes >= _UPPER[habit.other]))
    return np.asarray(np.array(habit.by_other)[half])


def from_own(name: str, values: int) -> FloatArray:
    """What a field's own value adds to the log odds, (values,)."""
    first = _UPPER[name] if HABITS[name].own else values
    return np.asarray(HABITS[name].own * (np.arange(values) >= first))


def missing_share(odds: FloatArray) -> FloatArray:
    """Log odds as probabilities."""
    return np.asarray(expit(odds))
