"""The simulator's probability tables: how each kind of person answers each field.

Given the kind of person (a planted persona or none), the age band, the engagement and the answers further up the
form, each answer is independent of the rest. The posterior is therefore exact and cheap:
`training.simulation.people` draws from these tables and sums over them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import log1p
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.scoring.columns import FloatArray, IntArray
from training.simulation.planted import CONTRAST, NOBODY, Lifts, PlantedPersona
from training.simulation.population import (
    AGE_SKIPS,
    BANDS,
    BUDGET_STORES,
    CHOICES,
    CURVES,
    ENGAGEMENT_SHARES,
    ENGAGEMENT_SKIPS,
    ENGAGEMENT_TICKS,
    FIRST_AGE,
    HOBBY_BOOST,
    LAST_AGE,
    LAST_GIFT_REPEATED,
    LISTS,
    MOST_LEAD_DAYS,
    MOST_PURCHASES,
    OCCASION_LEAD,
    POPULATION_AGE,
    POPULATION_LEAD_DAYS,
    POPULATION_PURCHASES,
    RAISED_SKIPS,
    SKIP_READINESS,
    TIGHT_BUDGET,
    WELL_PAID_BUDGET,
    Shares,
)

# One array a field: codes (n,), or ticks 0/1 of shape (n, values); negative where there is no answer.
Answers = Mapping[str, NDArray[np.integer]]

# The order in which the form is filled: an answer depends on the answers above it.
FORM: Final = tuple(SKIP_READINESS)
NUMBERS: Final = {
    "age": range(FIRST_AGE, LAST_AGE + 1),
    "purchases_last_year": range(MOST_PURCHASES + 1),
    "lead_time_days": range(MOST_LEAD_DAYS + 1),
}
VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(chain.from_iterable(shares.values())) for name, shares in {**CHOICES, **LISTS}.items()
}

# Divides the stated missing share, to offset the raised skips.
_USUAL_RAISE: Final = 1.15
_MOST_SKIPS: Final = 0.95


@dataclass(frozen=True, kw_only=True)
class World:
    """The tables of P kinds of people, A age bands, E classes of engagement.

    `prior` (P,); `bands` (P, A): share of each band. `choices[field]` (contexts, P, A, values) and `ticks[field]`
    (levels, P, A, E, values): probabilities given the answers above. `skips[field]` (2, P, A, E): the probability
    of no answer, usual and raised.
    """

    kinds: tuple[str, ...]
    prior: FloatArray
    bands: FloatArray
    choices: Mapping[str, FloatArray]
    ticks: Mapping[str, FloatArray]
    skips: Mapping[str, FloatArray]


def planted_world(personas: Sequence[PlantedPersona], prior: FloatArray, overlap: float, missing: float) -> World:
    """The tables of planted personas alone, each mixed with the population by the share `overlap`."""
    ages = np.stack([_mixed(_bell(*p.age), _bell(*POPULATION_AGE), overlap) for p in personas])
    in_band = np.searchsorted(BANDS, NUMBERS["age"], side="right") - 1 == np.arange(len(BANDS))[:, None]
    by_band = ages[:, None, :] * in_band
    return World(
        kinds=tuple(persona.key for persona in personas),
        prior=prior,
        bands=by_band.sum(axis=-1),
        choices={
            **{name: _choice(name, personas, overlap) for name in CHOICES},
            "age": _normalised(by_band)[None],
            "purchases_last_year": _purchases(personas, overlap),
            "lead_time_days": _lead_days(personas, overlap),
        },
        ticks={name: _ticks(name, personas, overlap) for name in LISTS},
        skips={name: _skips(name, personas, overlap, missing) for name in FORM},
    )


def with_nobody(world: World, pilot: Answers, engagement: IntArray, noise: float) -> World:
    """The world with one more kind: people of no persona, with the overall margins of the pilot.

    Their answers depend on nothing but their engagement.
    """
    return replace(
        world,
        kinds=(*world.kinds, NOBODY),
        prior=np.append(world.prior * (1 - noise), noise),
        bands=np.vstack([world.bands, world.prior @ world.bands]),
        choices={name: _appended(table, _overall(name, pilot, world)) for name, table in world.choices.items()},
        ticks={
            name: _appended(table, _tick_shares(pilot[name], engagement)) for name, table in world.ticks.items()
        },
        skips={
            name: _appended(table, _skip_shares(pilot[name], engagement)) for name, table in world.skips.items()
        },
    )


def shape(world: World) -> tuple[int, int, int]:
    """The numbers of kinds of people, age bands and classes of engagement."""
    return (*world.bands.shape, len(ENGAGEMENT_SHARES))


# --- choices and numbers: (contexts, P, A, values) ----------------------------------------------


def _choice(name: str, personas: Sequence[PlantedPersona], overlap: float) -> FloatArray:
    population = _by_band(CHOICES[name])
    population = population * _contexts(name)[:, None, None, :]
    own = _normalised(population * _pure_lifts(name, personas)[:, None, :])
    return _mixed(own, _normalised(population), overlap)


def _by_band(shares: Mapping[str, Shares]) -> FloatArray:
    """Shares of the values in each age band, (A, values)."""
    columns = [np.array(CURVES[curve]) * share for curve, values in shares.items() for share in values.values()]
    return np.stack(columns, axis=1)


def _pure_lifts(name: str, personas: Sequence[PlantedPersona]) -> FloatArray:
    """The lifts of each persona without overlap, (P, values)."""
    stated = np.stack([_lifted(name, persona.lifts.get(name, {})) for persona in personas])
    lifts: FloatArray = stated**CONTRAST
    return lifts


def _lifted(name: str, lifts: Lifts) -> FloatArray:
    return np.array([lifts.get(value, 1.0) for value in VALUES[name]])


def _contexts(name: str) -> FloatArray:
    """The effect of the answers above on each value, (contexts, values); context 0: not answered."""
    if name == "budget_range":
        return np.array([np.ones(3), TIGHT_BUDGET, WELL_PAID_BUDGET])
    if name == "store_preference":
        by_budget = [_lifted(name, BUDGET_STORES[level]) for level in VALUES["budget_range"]]
        return np.stack([np.ones(len(VALUES[name])), *by_budget])
    return np.ones((1, len(VALUES[name])))


def _purchases(personas: Sequence[PlantedPersona], overlap: float) -> FloatArray:
    counts = NUMBERS["purchases_last_year"]
    own = np.stack([_long_tail(counts, *persona.purchases) for persona in personas])
    return _every_band(_mixed(own, _long_tail(counts, *POPULATION_PURCHASES), overlap)[None])


def _lead_days(personas: Sequence[PlantedPersona], overlap: float) -> FloatArray:
    factors = [1.0, *(OCCASION_LEAD.get(occasion, 1.0) for occasion in VALUES["occasion"])]
    return _every_band(np.stack([_lead_days_times(factor, personas, overlap) for factor in factors]))


def _lead_days_times(factor: float, personas: Sequence[PlantedPersona], overlap: float) -> FloatArray:
    days = NUMBERS["lead_time_days"]
    own = [
        _long_tail(days, median * factor, spread) for median, spread in (persona.lead_days for persona in personas)
    ]
    median, spread = POPULATION_LEAD_DAYS
    return _mixed(np.stack(own), _long_tail(days, median * factor, spread), overlap)


def _bell(mean: float, spread: float) -> FloatArray:
    ages = np.array(NUMBERS["age"])
    return _normalised(np.exp(-0.5 * ((ages - mean) / spread) ** 2))


def _long_tail(counts: range, median: float, spread: float) -> FloatArray:
    x = np.log1p(np.array(counts))
    return _normalised(np.exp(-0.5 * ((x - np.log1p(median)) / spread) ** 2 - x))


def _every_band(table: FloatArray) -> FloatArray:
    """(contexts, P, values) → (contexts, P, A, values), the same in every band."""
    return np.repeat(table[:, :, None, :], len(BANDS), axis=2)


# --- lists: (levels, P, A, E, values) --------------------------------------------------------------


def _ticks(name: str, personas: Sequence[PlantedPersona], overlap: float) -> FloatArray:
    rates = _tick_rates(name, personas, overlap)[:, :, None, :]
    rates = rates * np.array(ENGAGEMENT_TICKS)[:, None]
    usual: FloatArray = -np.expm1(-rates)
    if name != "gift_history":
        return usual[None]
    by_hobby = -np.expm1(-rates * HOBBY_BOOST)
    repeated_rates = [1 - (1 - chances) * (1 - LAST_GIFT_REPEATED) for chances in (usual, by_hobby)]
    return np.stack([usual, by_hobby, *repeated_rates])


def _tick_rates(name: str, personas: Sequence[PlantedPersona], overlap: float) -> FloatArray:
    """Rates of ticking, (P, A, values), with the same total for every kind, so that list lengths reveal no
    persona.
    """
    rates = {
        curve: {value: -log1p(-share) for value, share in values.items()} for curve, values in LISTS[name].items()
    }
    population = _by_band(rates)
    own = _normalised(population * _pure_lifts(name, personas)[:, None, :])
    total = sum(sum(values.values()) for values in rates.values())
    mixed: FloatArray = total * _mixed(own, _normalised(population), overlap)
    return mixed


# --- no answer: (2, P, A, E) -----------------------------------------------------------------------


def _skips(name: str, personas: Sequence[PlantedPersona], overlap: float, missing: float) -> FloatArray:
    own = _mixed(np.array([p.skips.get(name, 1.0) for p in personas]), np.ones(1), overlap)
    by_age = np.array(AGE_SKIPS if name == "age" else np.ones(len(BANDS)))
    usual = own[:, None, None] * by_age[:, None] * np.array(ENGAGEMENT_SKIPS)
    usual = usual * missing * SKIP_READINESS[name] / _USUAL_RAISE
    skips: FloatArray = np.minimum(np.stack([usual, usual * RAISED_SKIPS]), _MOST_SKIPS)
    return skips


# --- nobody: the margins of a pilot ----------------------------------------------------------------


def _overall(name: str, pilot: Answers, world: World) -> FloatArray:
    """Overall shares of the values, (A, values); of ages, within their band."""
    size = world.choices[name].shape[-1]
    codes = pilot[name]
    counts = np.bincount(codes[codes >= 0], minlength=size)
    shares = counts / max(counts.sum(), 1)
    if name != "age":
        return np.tile(shares, (len(BANDS), 1))
    within: FloatArray = np.einsum("p,pa,pav->av", world.prior, world.bands, world.choices[name][0])
    return _normalised(within)


def _tick_shares(ticks: NDArray[np.integer], engagement: IntArray) -> FloatArray:
    """Share of the answered lists that hold each value, (E, values)."""
    is_answered = ticks[:, 0] >= 0
    return np.stack([_mean(ticks[is_answered & (engagement == level)]) for level in range(len(ENGAGEMENT_SHARES))])


def _skip_shares(answers: NDArray[np.integer], engagement: IntArray) -> FloatArray:
    """Share of missing answers, (E,)."""
    skipped = answers.reshape(len(answers), -1)[:, :1] < 0
    shares = [_mean(skipped[engagement == level]) for level in range(len(ENGAGEMENT_SHARES))]
    return np.concatenate(shares)


def _mean(rows: NDArray[np.generic]) -> FloatArray:
    """Column means, and 0 where there is no row."""
    mean: FloatArray = rows.sum(axis=0, dtype=np.float64) / max(len(rows), 1)
    return mean


def _appended(table: FloatArray, nobody: FloatArray) -> FloatArray:
    """The table with one more kind of person, the same in every context (and band, where it has none)."""
    rows = np.broadcast_to(nobody, (len(table), 1, *table.shape[2:]))
    return np.concatenate([table, rows], axis=1)


def _normalised(table: FloatArray) -> FloatArray:
    total = table.sum(axis=-1, keepdims=True)
    shares: FloatArray = np.divide(table, total, out=np.zeros_like(table), where=total > 0)
    return shares


def _mixed(own: FloatArray, population: FloatArray, overlap: float) -> FloatArray:
    return (1 - overlap) * own + overlap * population
