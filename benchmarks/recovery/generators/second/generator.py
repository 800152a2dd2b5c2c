"""The second generator: personas behind successive choices, styles of answering, and answers missing for reasons.

It shares no code and no formula with `training.simulation`, and was written without a look at it.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.recovery.generators.answers import Answers
from benchmarks.recovery.generators.drawn import Draw
from benchmarks.recovery.generators.latent import draw_latents
from benchmarks.recovery.generators.second.missing import HABITS
from benchmarks.recovery.generators.second.people import draw_people, posterior
from benchmarks.recovery.generators.second.personas import Personas, draw_personas

# The share of people of no persona: each of their answers is that of another persona.
NOISE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Variant:
    """How far personas are apart, and whether profiles have lists."""

    difference: float
    with_lists: bool = True


VARIANTS: Final = {
    "easy": Variant(1.38),
    "medium": Variant(1.02),
    "hard": Variant(0.78),
    "without_lists": Variant(1.5, with_lists=False),
}


@dataclass(frozen=True, slots=True)
class Second:
    """Draws of the second generator. `noise`: the share of people of no persona."""

    noise: float = NOISE

    def draw(self, variant: str, rows: int, personas: int, seed: int) -> Draw:
        """The draw of a seed; the personas, too, are those of the seed."""
        kind = VARIANTS[variant]
        model, answers, truth, planted = self.sample(kind, rows, personas, seed)
        return Draw(
            answers.frame(lambda name: model.single[name].values), truth, planted, partial(_best, model, answers)
        )

    def sample(
        self, kind: Variant, rows: int, personas: int, seed: int
    ) -> tuple[Personas, Answers, NDArray[np.int64], NDArray[np.bool_]]:
        """The personas, the people, the persona of each, and which of them have one."""
        rng = np.random.default_rng([20, seed])
        model = draw_personas(personas, kind.difference, kind.with_lists, rng)
        truth = rng.choice(personas, rows, p=model.sizes)
        planted = rng.random(rows) >= self.noise
        mixed = rng.choice(personas, (len(HABITS), rows), p=model.sizes)
        latents = draw_latents(rows, rng)
        answers = draw_people(model, np.where(planted, truth, mixed), latents, rng)
        return model, answers, truth, planted


def _best(model: Personas, answers: Answers) -> NDArray[np.int64]:
    return np.asarray(posterior(model, answers).argmax(axis=1))
