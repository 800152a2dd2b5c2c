"""Drawing people from the simulator's tables, and the exact posterior of each person's kind.

Both proceed through the form from top to bottom, and an answer depends on the answers above it alone. Missing
answers therefore need not be summed out; only age band and engagement are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.scoring.columns import BoolArray, FloatArray, IntArray
from training.simulation.population import (
    DISTANT,
    ENGAGEMENT_SHARES,
    HOBBY_GIFTS,
    TIGHT_OCCUPATIONS,
    WELL_PAID_OCCUPATIONS,
)
from training.simulation.world import FORM, NUMBERS, VALUES, Answers, World, shape

# Changing it changes the people that a seed draws.
_DRAWN_AT_ONCE: Final = 20_000
_WEIGHED_AT_ONCE: Final = 2_000
_OLDER: Final = 60


@dataclass(frozen=True)
class People:
    """The drawn people: the hidden kind and engagement of each, (n,), and their answers."""

    kinds: IntArray
    engagement: IntArray
    answers: Answers


def draw_people(world: World, rows: int, rng: np.random.Generator) -> People:
    """Draw people in blocks, so that memory beyond the answers is bounded."""
    blocks = [_draw_block(world, len(block), rng) for block in _blocks(rows, _DRAWN_AT_ONCE)]
    return People(
        np.concatenate([block.kinds for block in blocks]),
        np.concatenate([block.engagement for block in blocks]),
        {name: np.concatenate([block.answers[name] for block in blocks]) for name in FORM},
    )


def posterior(world: World, answers: Answers) -> FloatArray:
    """The probability of each kind of person given all answers and all missing answers, (n, P)."""
    rows = len(answers[FORM[0]])
    parts = [
        _posterior({name: answers[name][block] for name in FORM}, world)
        for block in _blocks(rows, _WEIGHED_AT_ONCE)
    ]
    return np.concatenate(parts)


def is_answered(answers: NDArray[np.integer]) -> BoolArray:
    """Which people answered a field, (n,)."""
    return (answers if answers.ndim == 1 else answers[:, 0]) >= 0


def _blocks(rows: int, size: int) -> Iterator[IntArray]:
    for start in range(0, rows, size):
        yield np.arange(start, min(start + size, rows))


# --- drawing ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Hidden:
    """What no answer states: kind, age band and class of engagement, each (n,)."""

    kinds: IntArray
    bands: IntArray
    engagement: IntArray

    @property
    def skip_cell(self) -> tuple[IntArray, IntArray, IntArray]:
        return self.kinds, self.bands, self.engagement


def _draw_block(world: World, rows: int, rng: np.random.Generator) -> People:
    kinds = rng.choice(len(world.kinds), rows, p=world.prior)
    engagement = rng.choice(len(ENGAGEMENT_SHARES), rows, p=ENGAGEMENT_SHARES)
    hidden = _Hidden(kinds, _draw_codes(world.bands, kinds, rng), engagement)
    answers: dict[str, NDArray[np.integer]] = {}
    for name in FORM:
        skipped = rng.random(rows) < world.skips[name][_raised(name, answers, rows), *hidden.skip_cell]
        drawn = (_draw_choice if name in world.choices else _draw_ticks)(name, world, hidden, answers, rng)
        drawn[skipped] = -1
        answers[name] = drawn
    return People(kinds, engagement, answers)


def _draw_choice(
    name: str, world: World, hidden: _Hidden, answers: Answers, rng: np.random.Generator
) -> NDArray[np.integer]:
    table = world.choices[name]
    context = _context(name, answers, len(hidden.kinds))
    cell = np.ravel_multi_index((context, hidden.kinds, hidden.bands), table.shape[:-1])
    return _draw_codes(table.reshape(-1, table.shape[-1]), cell, rng).astype(np.int16)


def _draw_codes(table: FloatArray, rows: IntArray, rng: np.random.Generator) -> IntArray:
    """One code for each of `rows`, by the shares in that row of the table: one search in the cumulative sums of
    all rows.
    """
    sums = np.cumsum(table, axis=1)
    sums = sums / np.maximum(sums[:, -1:], np.finfo(float).tiny) + np.arange(len(table))[:, None]
    indices = np.searchsorted(sums.ravel(), rows + rng.random(len(rows)), side="right")
    size = table.shape[1]
    codes: IntArray = np.minimum(indices - rows * size, size - 1)
    return codes


def _draw_ticks(
    name: str, world: World, hidden: _Hidden, answers: Answers, rng: np.random.Generator
) -> NDArray[np.integer]:
    chances = world.ticks[name][0][hidden.skip_cell]
    if name == "gift_history":
        level = _history_level(answers)
        values = np.arange(chances.shape[1])
        chances = world.ticks[name][level, *(h[:, None] for h in hidden.skip_cell), values]
    ticked: BoolArray = rng.random(chances.shape) < chances
    return ticked.astype(np.int8)


# --- the posterior ---------------------------------------------------------------------------------


def _posterior(answers: Answers, world: World) -> FloatArray:
    rows = len(answers[FORM[0]])
    with np.errstate(divide="ignore"):
        logs = np.log(world.prior)[:, None, None] + np.log(world.bands)[:, :, None]
        logs = np.repeat((logs + np.log(ENGAGEMENT_SHARES))[None], rows, axis=0)
        for name in FORM:
            logs += _skip_logs(name, world, answers)
            if name in world.choices:
                logs += _choice_logs(name, world, answers)[..., None]
            else:
                logs += _tick_logs(name, world, answers)
    likeliest = logs.max(axis=(1, 2, 3), keepdims=True)
    chances = np.exp(logs - likeliest).sum(axis=(2, 3))
    shares: FloatArray = chances / chances.sum(axis=1, keepdims=True)
    return shares


def _skip_logs(name: str, world: World, answers: Answers) -> FloatArray:
    given = is_answered(answers[name])
    skips = world.skips[name]
    logs = np.log(np.stack([skips, 1 - skips]))
    chosen: FloatArray = logs[given.astype(int), _raised(name, answers, len(given))]
    return chosen


def _choice_logs(name: str, world: World, answers: Answers) -> FloatArray:
    codes, table = answers[name], world.choices[name]
    logs = np.log(table[_context(name, answers, len(codes)), :, :, codes])
    return np.where(is_answered(codes)[:, None, None], logs, 0.0)


def _tick_logs(name: str, world: World, answers: Answers) -> FloatArray:
    """Σ over values of log p where ticked and log (1 − p) where not, as one matrix product a level."""
    table, ticks = world.ticks[name], answers[name]
    level = _history_level(answers) if name == "gift_history" else np.zeros(ticks.shape, np.int64)
    level = np.where(is_answered(ticks)[:, None], level, -1)
    cells = shape(world)
    total = np.zeros((len(ticks), int(np.prod(cells))))
    for number, chances in enumerate(table.reshape(len(table), -1, table.shape[-1])):
        chances = np.clip(chances, 1e-12, 1 - 1e-12)
        at_level = level == number
        total += (at_level & (ticks > 0)).astype(float) @ np.log(chances).T
        total += (at_level & (ticks == 0)).astype(float) @ np.log1p(-chances).T
    return total.reshape(-1, *cells)


# --- the answers above ---------------------------------------------------------------------------


def _context(name: str, answers: Answers, rows: int) -> IntArray:
    """The context of a choice's table, (n,); 0 where no relevant field was answered."""
    if name == "budget_range":
        occupation = answers["occupation"]
        tight = _among(occupation, "occupation", TIGHT_OCCUPATIONS)
        return np.where(_among(occupation, "occupation", WELL_PAID_OCCUPATIONS), 2, tight)
    if name == "store_preference":
        return answers["budget_range"].astype(np.int64) + 1
    if name == "lead_time_days":
        return answers["occasion"].astype(np.int64) + 1
    return np.zeros(rows, np.int64)


def _history_level(answers: Answers) -> IntArray:
    """For each gift category, 1 if a stated hobby raises it, plus 2 if it was the last gift; (n, values)."""
    hobbies, last = answers["hobbies"], answers["last_gift_category"]
    by_hobby = (hobbies > 0).astype(np.float32) @ _HOBBY_TO_GIFT > 0
    is_last = last[:, None] == _LAST_GIFT_CODES
    level: IntArray = by_hobby.astype(np.int64) + 2 * is_last
    return level


def _raised(name: str, answers: Answers, rows: int) -> IntArray:
    """1 where the answers above make a missing answer more likely, (n,)."""
    if name in ("age", "hobbies", "last_gift_category"):
        return _among(answers["relationship"], "relationship", DISTANT)
    if name in ("occupation", "favourite_movies"):
        return (answers["age"] >= _OLDER - NUMBERS["age"].start).astype(np.int64)
    above = _LEFT_OUT_WITH.get(name)
    return np.zeros(rows, np.int64) if above is None else (~is_answered(answers[above])).astype(np.int64)


def _among(codes: NDArray[np.integer], name: str, values: frozenset[str]) -> IntArray:
    # Code −1, no answer, takes the last entry.
    wanted = np.array([*(value in values for value in VALUES[name]), False])
    return np.asarray(wanted[codes], dtype=np.int64)


# A missing answer to the latter makes one to the former likelier.
_LEFT_OUT_WITH: Final = {
    "favourite_items": "hobbies",
    "gift_history": "last_gift_category",
    "budget_range": "occasion",
    "store_preference": "budget_range",
    "purchases_last_year": "gift_history",
    "lead_time_days": "occasion",
}
_LAST_GIFT_CODES: Final = np.array([VALUES["last_gift_category"].index(value) for value in VALUES["gift_history"]])
_HOBBY_TO_GIFT: Final = np.array(
    [[HOBBY_GIFTS.get(hobby) == gift for gift in VALUES["gift_history"]] for hobby in VALUES["hobbies"]],
    dtype=np.float32,
)
