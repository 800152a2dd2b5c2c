"""Profiles from continuous traits: the planted label is the region of trait space that a person lies in.

Nothing is in clusters. A label is the nearest of k centres in three normal traits, and the most probable label of
a profile is by Monte Carlo: the likelihood of the answers at points of a scrambled Sobol sequence (Owen, Journal
of Complexity, 1998), summed over the points of each region. Missing answers are missing at random, given care and
answers that are observed, and so do not count in the likelihood (Rubin, Biometrika, 1976).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp, ndtri
from scipy.stats import qmc

from benchmarks.recovery.generators.answers import Answers, Ticks
from benchmarks.recovery.generators.continuous.traits import READINESS, TRAITS, TraitModel, draw_traits_model
from benchmarks.recovery.generators.drawn import Draw
from benchmarks.recovery.generators.latent import TASTE_SHARES, draw_latents, drawn_levels
from benchmarks.recovery.generators.second.missing import HABITS, from_other, missing_odds, missing_share
from benchmarks.recovery.generators.words import LISTS
from models.scoring.columns import FloatArray, IntArray

# The slopes of each variant.
VARIANTS: Final = {"sharp": 1.4, "blurred": 0.8}
_POINTS: Final = 4_096
_ROWS_OF_A_CHUNK: Final = 500
# No region has a smaller or a larger share of people.
_SMALLEST, _LARGEST = 0.08, 0.5


@dataclass(frozen=True, slots=True)
class Continuous:
    """Draws of people with continuous traits."""

    points: int = _POINTS

    def draw(self, variant: str, rows: int, personas: int, seed: int) -> Draw:
        """The draw of a seed; slopes and centres, too, are those of the seed."""
        model, answers, traits, centres = draw_people(variant, rows, personas, seed)
        best = partial(_best, model, answers, centres, self.points)
        return Draw(answers.frame(model.values), region(traits, centres), np.ones(rows, bool), best)


def draw_people(
    variant: str, rows: int, personas: int, seed: int
) -> tuple[TraitModel, Answers, FloatArray, FloatArray]:
    """The model of a seed, the answers of people, their traits (n, traits), and the centres (personas, traits)."""
    rng = np.random.default_rng([21, seed])
    model = draw_traits_model(VARIANTS[variant], rng)
    centres = draw_centres(personas, rng)
    traits = rng.normal(size=(rows, TRAITS))
    return model, draw_answers(model, traits, rng), traits, centres


def draw_centres(count: int, rng: np.random.Generator) -> FloatArray:
    """Centres at random, (count, traits), none of whose regions is very small or very large."""
    points = normal_points(1_024)
    while True:
        centres = rng.normal(size=(count, TRAITS))
        shares = np.bincount(region(points, centres), minlength=count) / len(points)
        if shares.min() >= _SMALLEST and shares.max() <= _LARGEST:
            return centres


def region(traits: FloatArray, centres: FloatArray) -> IntArray:
    """The nearest centre of each row of traits, (n,)."""
    distances = ((traits[:, None] - centres) ** 2).sum(axis=2)
    return np.asarray(distances.argmin(axis=1))


def normal_points(count: int) -> FloatArray:
    """Evenly spread points of a standard normal distribution, (count, traits); `count` is a power of two."""
    return np.asarray(ndtri(qmc.Sobol(TRAITS, seed=0).random(count)))


def posterior(model: TraitModel, answers: Answers, centres: FloatArray, points: int) -> FloatArray:
    """The probability of each region given a person's answers, (n, regions)."""
    traits = normal_points(points)
    member = np.eye(len(centres))[region(traits, centres)]
    return np.concatenate([weights @ member for weights in _point_weights(model, answers, traits)])


def _point_weights(model: TraitModel, answers: Answers, traits: FloatArray) -> Iterator[FloatArray]:
    """The probability of each point given the answers, (rows, points), for one chunk of rows after the other."""
    tables = {name: np.log(model.shares(name, traits)).T for name in answers.single}
    odds = {name: model.tick_odds(name, traits).T for name in answers.lists}
    count = len(next(iter(answers.single.values())))
    for start in range(0, count, _ROWS_OF_A_CHUNK):
        rows = slice(start, start + _ROWS_OF_A_CHUNK)
        logs = np.zeros((len(range(count)[rows]), len(traits)))
        for name, codes in answers.single.items():
            logs += np.where((codes[rows] >= 0)[:, None], tables[name][codes[rows]], 0.0)
        logs += _lists_log_probability(answers, odds, rows)
        yield np.exp(logs - logsumexp(logs, axis=1, keepdims=True))


def _lists_log_probability(answers: Answers, odds: dict[str, FloatArray], rows: slice) -> FloatArray:
    """The log probability of all lists, (rows, points), summed over readiness, which is the same for all lists."""
    ticks = {name: lists.ticks[rows].astype(float) for name, lists in answers.lists.items()}
    lengths = np.sum([some.sum(axis=1) for some in ticks.values()], axis=0)
    at_mean = np.sum([some @ odds[name] for name, some in ticks.items()], axis=0)
    by_level = []
    for readiness, share in zip(READINESS, TASTE_SHARES, strict=True):
        logs = np.log(share) + readiness * lengths[:, None] + at_mean
        for name, lists in answers.lists.items():
            logs -= lists.given[rows, None] * np.logaddexp(0.0, odds[name] + readiness).sum(axis=0)
        by_level.append(logs)
    return np.asarray(logsumexp(by_level, axis=0))


def draw_answers(model: TraitModel, traits: FloatArray, rng: np.random.Generator) -> Answers:
    """The answers of people with these traits, (n, traits)."""
    latents = draw_latents(len(traits), rng)
    answers = Answers()
    for name, habit in HABITS.items():
        odds = missing_odds(name)[latents.care]
        odds = odds + from_other(name, answers.single[habit.other]) if habit.other else odds
        is_given = rng.random(len(traits)) >= missing_share(odds)
        if name in LISTS:
            chance = expit(model.tick_odds(name, traits) + READINESS[latents.taste][:, None])
            answers.lists[name] = Ticks(is_given[:, None] & (rng.random(chance.shape) < chance), is_given)
        else:
            answers.single[name] = np.where(is_given, drawn_levels(model.shares(name, traits), rng), -1)
    return answers


def _best(model: TraitModel, answers: Answers, centres: FloatArray, points: int) -> NDArray[np.int64]:
    return np.asarray(posterior(model, answers, centres, points).argmax(axis=1))
