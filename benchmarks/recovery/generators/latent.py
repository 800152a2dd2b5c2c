"""What shapes all of a person's answers besides the persona: taste, style of answering, and care.

None of the three depends on the persona. They have few levels, so that sums over them are exact, and they tie a
person's answers together within a persona: "independent given the class" does not hold.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.scoring.columns import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A style of answering, a factor or a share each.

    `fame`: on the exponent of the popularity of words. `length`: on the median length of lists. `middle`: on the
    width of the middle level of a scale. `rounding`: the share of numbers that are rounded.
    """

    fame: float
    length: float
    middle: float
    rounding: float


# In turn: plain; brisk, the famous words only; expansive, long lists and the ends of scales.
STYLES: Final = (
    Style(fame=1.0, length=1.0, middle=1.0, rounding=0.2),
    Style(fame=1.5, length=0.5, middle=1.4, rounding=0.7),
    Style(fame=0.6, length=2.0, middle=0.4, rounding=0.1),
)
# Careless, usual, careful. Brisk people are careless more often: rows are styles.
STYLE_AND_CARE: Final = np.array([0.5, 0.3, 0.2])[:, None] * np.array(
    [[0.2, 0.5, 0.3], [0.5, 0.4, 0.1], [0.1, 0.4, 0.5]]
)
# On the log odds that an answer is missing, and on the median length of lists.
CARE_MISSING: Final = np.array([1.2, 0.0, -1.5])
CARE_LENGTH: Final = np.array([0.7, 1.0, 1.2])

# A binomial with mean 0 and variance 1.
TASTES: Final = np.arange(5) - 2.0
TASTE_SHARES: Final = np.array([1, 4, 6, 4, 1]) / 16


@dataclass(frozen=True, slots=True)
class Latents:
    """The levels of n people: `taste`, `style` and `care`, (n,) indices."""

    taste: IntArray
    style: IntArray
    care: IntArray


def draw_latents(count: int, rng: np.random.Generator) -> Latents:
    """The levels of `count` people."""
    both = rng.choice(STYLE_AND_CARE.size, count, p=STYLE_AND_CARE.ravel())
    style, care = np.unravel_index(both, STYLE_AND_CARE.shape)
    return Latents(rng.choice(len(TASTES), count, p=TASTE_SHARES), style, care)


def style_factors(name: str) -> FloatArray:
    """One factor of all styles, (styles,)."""
    return np.array([getattr(style, name) for style in STYLES])


def drawn_levels(shares: FloatArray, rng: np.random.Generator) -> NDArray[np.int64]:
    """One level for each row of probabilities, (n, levels) → (n,)."""
    upper = shares.cumsum(axis=1)
    return np.asarray((rng.random(len(shares))[:, None] * upper[:, -1:] > upper).sum(axis=1))
