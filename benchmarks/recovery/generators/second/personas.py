"""The personas of one draw: how persona, taste and style shape every answer. All of it is random by the seed.

A persona loves some themes and dislikes one, and differs in numbers and choices; a taste leans to some themes, the
same ones in every persona. Words have a popularity by Zipf's law, in an order that has nothing to do with themes.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.recovery.generators.latent import CARE_LENGTH, TASTES, style_factors
from benchmarks.recovery.generators.second.choosing import MOST, length_shares
from benchmarks.recovery.generators.single_answers import (
    SingleAnswer,
    choice_shares,
    level_shares,
    number_shares,
    rounded,
)
from benchmarks.recovery.generators.words import (
    BUDGETS,
    GIFTS,
    LISTS,
    OCCASIONS,
    OCCUPATIONS,
    RELATIONSHIPS,
    STORES,
    THEMES,
    Themed,
)
from models.scoring.columns import FloatArray

# Shares of personas fall by this factor.
_SHRINKING: Final = 0.8
# Zipf's exponent for a person of plain style.
_FAME: Final = 0.7
# Standard deviations: of a word's own appeal to a persona, and of what a taste does.
_OWN: Final = 0.4
_TASTE: Final = 0.4
_MEDIAN_LENGTH: Final = 3.0

# For each number: its limits, centre, spread, the step of rounding, and if it is used as log(1 + x).
_NUMBERS: Final[dict[str, tuple[int, int, float, float, int, bool]]] = {
    "age": (13, 95, 42.0, 12.0, 5, False),
    "purchases_last_year": (0, 200, 2.2, 0.7, 5, True),
    "lead_time_days": (0, 365, 2.6, 0.9, 7, True),
}
_CHOICES: Final = {"relationship": RELATIONSHIPS, "occasion": OCCASIONS, "store_preference": STORES}
_THEMED_CHOICES: Final = {"occupation": OCCUPATIONS, "last_gift_category": GIFTS}


@dataclass(frozen=True)
class Personas:
    """`sizes` (personas,). Axes of the answers: persona, taste, style, value.

    `lists`: for each list the log weights of its words, (personas, tastes, styles, words). `lengths`: the
    probabilities of its lengths, (styles, cares, lengths).
    """

    sizes: FloatArray
    single: dict[str, SingleAnswer]
    lists: dict[str, FloatArray]
    lengths: dict[str, FloatArray]


def draw_personas(count: int, difference: float, with_lists: bool, rng: np.random.Generator) -> Personas:
    """Personas at random; `difference`: how far they are apart, in standard deviations or log odds."""
    sizes = _SHRINKING ** np.arange(count)
    makers = _Makers(count, difference, rng)
    single = {
        **{name: makers.number(name) for name in _NUMBERS},
        **{name: makers.choice(name, words) for name, words in _CHOICES.items()},
        **{name: makers.themed_choice(name, words) for name, words in _THEMED_CHOICES.items()},
        "budget_range": makers.budget(),
    }
    lists = {name: makers.appeal(words) for name, words in LISTS.items()} if with_lists else {}
    return Personas(sizes / sizes.sum(), single, lists, {name: _lengths(len(LISTS[name])) for name in lists})


class _Makers:
    """Draws the answers of one field after the other."""

    def __init__(self, count: int, difference: float, rng: np.random.Generator) -> None:
        self._count, self._difference, self._rng = count, difference, rng
        self._liking = difference * self._themes()
        self._lean = _TASTE * rng.normal(size=len(THEMES))

    def _themes(self) -> FloatArray:
        """The liking of each persona for each theme: two or three are loved, and one is disliked."""
        liking = np.zeros((self._count, len(THEMES)))
        for row in liking:
            order = self._rng.permutation(len(THEMES))
            row[order[:3]] = (1.0, 1.0, 0.5)
            row[order[3]] = -0.7
        return liking

    def number(self, name: str) -> SingleAnswer:
        low, high, centre, spread, step, log = _NUMBERS[name]
        values = np.arange(low, high + 1)
        shift = self._shift()[:, None] + _TASTE * self._rng.normal() * TASTES
        shares = number_shares(values, centre + spread * shift, spread, log)[:, :, None]
        styles = style_factors("rounding")
        shares = rounded(shares.repeat(len(styles), axis=2), values, step, styles)
        return SingleAnswer(name, tuple(values.tolist()), shares)

    def choice(self, name: str, values: tuple[str, ...]) -> SingleAnswer:
        own = self._difference * self._rng.normal(size=(self._count, len(values)))
        lean = _TASTE * self._rng.normal(size=len(values)) * TASTES[:, None]
        return SingleAnswer(name, values, choice_shares(self._with_fame(own[:, None] + lean)))

    def themed_choice(self, name: str, words: Themed) -> SingleAnswer:
        return SingleAnswer(name, tuple(word for word, _ in words), choice_shares(self.appeal(words)))

    def budget(self) -> SingleAnswer:
        position = self._shift()[:, None] + _TASTE * self._rng.normal() * TASTES
        cuts = np.array([-1.0, 1.0]) * style_factors("middle")[:, None]
        return SingleAnswer("budget_range", BUDGETS, level_shares(1.7 * position[:, :, None], cuts))

    def appeal(self, words: Themed) -> FloatArray:
        """The log weights of words, (personas, tastes, styles, words)."""
        themes = [theme for _, theme in words]
        own = _OWN * self._rng.normal(size=(self._count, len(words)))
        liking = self._liking[:, themes] + self._difference * own
        return self._with_fame(liking[:, None] + TASTES[:, None] * self._lean[themes])

    def _shift(self) -> FloatArray:
        """The difference of each persona from the mean in a number, in standard deviations."""
        return np.asarray(0.6 * self._difference * self._rng.normal(size=self._count))

    def _with_fame(self, utility: FloatArray) -> FloatArray:
        """Add popularity: (…, words) → (…, styles, words)."""
        rank = 1.0 + self._rng.permutation(utility.shape[-1])
        fame = -_FAME * style_factors("fame")[:, None] * np.log(rank)
        return np.asarray(utility[..., None, :] + fame)


def _lengths(words: int) -> FloatArray:
    medians = _MEDIAN_LENGTH * style_factors("length")[:, None] * CARE_LENGTH
    return length_shares(medians, min(MOST, 3 * words // 4))
