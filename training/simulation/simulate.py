"""Realistic gifting profiles with planted personas, and the exact posterior over them.

The model is described in `docs/simulator.md`; its tables and numbers are in `training.simulation`.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.profile import Profile
from models.profile.field_kinds import declared_fields
from models.scoring.columns import BoolArray, FloatArray, IntArray
from training.data.files.table_files import write_table
from training.data.headers import TRUTH_COLUMN
from training.errors import UnusableInput
from training.simulation.people import People, draw_people, is_answered, posterior
from training.simulation.planted import BY_KEY, CATALOGUE, NOBODY
from training.simulation.recipients import FIELD, draw_recipient_ages
from training.simulation.world import NUMBERS, VALUES, Answers, World, planted_world, with_nobody

# Overlaps at which the Bayes-optimal assignment agrees with the truth by 0.89, 0.73 and 0.55
# (adjusted Rand index, five personas, all other settings at their defaults).
DIFFICULTIES: Final = {"easy": 0.44, "medium": 0.585, "hard": 0.68}

_PILOT_ROWS: Final = 20_000


@dataclass(frozen=True, kw_only=True)
class SimulationConfig:
    """The settings. The same configuration gives the same profiles.

    `personas`: how many of the catalogue, from its start, or which by key; `weights`: their relative sizes, the
    catalogue's own by default. `overlap`: 0 as planted … 1 all equal. `noise`: share of profiles of no persona.
    `missing`: share of missing answers. Raises `UnusableInput`.
    """

    rows: int
    seed: int = 0
    personas: int | tuple[str, ...] = 5
    weights: tuple[float, ...] | None = None
    overlap: float = DIFFICULTIES["easy"]
    noise: float = 0.05
    missing: float = 0.10

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise UnusableInput("At least one row must be simulated.")
        if self.seed < 0:
            raise UnusableInput("The seed must not be negative.")
        for name in ("overlap", "noise", "missing"):
            if not 0 <= getattr(self, name) <= 1:
                raise UnusableInput(f"The {name} must be between 0 and 1.")
        self._check_personas()
        self._check_weights()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the planted personas."""
        if isinstance(self.personas, tuple):
            return self.personas
        return tuple(persona.key for persona in CATALOGUE[: self.personas])

    def _check_personas(self) -> None:
        if isinstance(self.personas, int) and not 1 <= self.personas <= len(CATALOGUE):
            raise UnusableInput(f"Between 1 and {len(CATALOGUE)} personas can be planted.")
        if not self.keys or len(set(self.keys)) < len(self.keys) or not set(self.keys) <= set(BY_KEY):
            raise UnusableInput(f"Personas must be different ones of {', '.join(BY_KEY)}.")

    def _check_weights(self) -> None:
        if self.weights is None:
            return
        if len(self.weights) != len(self.keys) or min(self.weights) <= 0:
            raise UnusableInput("There must be one positive weight for each planted persona.")


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Simulated profiles. `frame`: the profile's fields, lists as Python lists, None or NA where not answered.

    `truth` (n,): the key of the planted persona, or "nobody". `kinds`: the columns of the posterior.
    """

    frame: pd.DataFrame
    truth: NDArray[np.object_]
    kinds: tuple[str, ...]
    people: People
    world: World

    def posterior(self) -> FloatArray:
        """The exact probability of each planted persona and, last, of no persona; (n, personas + 1)."""
        return posterior(self.world, self.people.answers)

    @property
    def planted(self) -> BoolArray:
        """Which profiles have a planted persona, (n,)."""
        somebody: BoolArray = self.truth != NOBODY
        return somebody

    def best_persona(self) -> NDArray[np.object_]:
        """The most likely planted persona of each profile, (n,): the Bayes-optimal assignment."""
        best = self.posterior()[:, :-1].argmax(axis=1)
        keys: NDArray[np.object_] = np.array(self.kinds[:-1], dtype=object)[best]
        return keys


def simulate(config: SimulationConfig) -> Simulated:
    """Draw profiles. A million rows take well under a minute."""
    world = _world(config.keys, config.weights, config.overlap, config.noise, config.missing)
    people = draw_people(world, config.rows, np.random.default_rng(config.seed))
    truth = np.array(world.kinds, dtype=object)[people.kinds]
    ages = draw_recipient_ages(people.answers, config.missing, config.seed)
    return Simulated(
        frame=_frame(people.answers, ages), truth=truth, kinds=world.kinds, people=people, world=world
    )


def write(simulated: Simulated, path: Path, with_truth: bool = False) -> None:
    """Write the profiles as .csv, .jsonl or .parquet. Raises `UnusableInput` for another suffix."""
    frame = simulated.frame
    write_table(frame.assign(**{TRUTH_COLUMN: simulated.truth}) if with_truth else frame, path)


@lru_cache(maxsize=16)
def _world(
    keys: tuple[str, ...],
    weights: tuple[float, ...] | None,
    overlap: float,
    noise: float,
    missing: float,
) -> World:
    personas = [BY_KEY[key] for key in keys]
    prior = np.array(weights or [persona.weight for persona in personas], dtype=np.float64)
    planted = planted_world(personas, prior / prior.sum(), overlap, missing)
    pilot = draw_people(planted, _PILOT_ROWS, np.random.default_rng(0))
    return with_nobody(planted, pilot.answers, pilot.engagement, noise)


# --- answers as a frame ----------------------------------------------------------------------------


def _frame(answers: Answers, recipient_ages: IntArray) -> pd.DataFrame:
    of_recipient = pd.arrays.IntegerArray(recipient_ages, ~is_answered(recipient_ages))
    return pd.DataFrame(
        {
            spec.name: of_recipient if spec.name == FIELD else _column(spec.name, answers[spec.name])
            for spec in declared_fields(Profile)
        }
    )


def _column(name: str, answers: NDArray[np.integer]) -> pd.Series | pd.api.extensions.ExtensionArray:
    if name in NUMBERS:
        numbers = answers.astype(np.int64) + NUMBERS[name].start
        return pd.arrays.IntegerArray(numbers, ~is_answered(answers))
    if answers.ndim == 2:
        return pd.Series(_lists(answers, VALUES[name]), dtype=object)
    # Code −1, no answer, takes the None at the end.
    return pd.Series(np.array([*VALUES[name], None], dtype=object)[answers], dtype=object)


def _lists(ticks: NDArray[np.integer], values: tuple[str, ...]) -> list[list[str] | None]:
    ticked = ticks > 0
    flat = np.array(values, dtype=object)[np.nonzero(ticked)[1]].tolist()
    ends = np.cumsum(np.count_nonzero(ticked, axis=1)).tolist()
    starts = [0, *ends[:-1]]
    given = is_answered(ticks).tolist()
    return [flat[start:end] if some else None for start, end, some in zip(starts, ends, given, strict=True)]
