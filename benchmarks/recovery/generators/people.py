"""People of given personas, and how probable their answers are: the two directions of one formula."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from benchmarks.recovery.generators import missing
from benchmarks.recovery.generators.choosing import Choices, choose, set_log_probability
from benchmarks.recovery.generators.latent import (
    STYLE_AND_CARE,
    TASTE_SHARES,
    Latents,
    drawn_levels,
)
from benchmarks.recovery.generators.personas import Personas
from benchmarks.recovery.generators.single_answers import SingleAnswer
from benchmarks.recovery.generators.words import LISTS
from models.scoring.columns import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class People:
    """The answers of n people. `single`: codes (n,), −1 if missing. `lists`: choices, and who gave them, (n,)."""

    single: dict[str, IntArray]
    lists: dict[str, tuple[Choices, BoolArray]]

    def frame(self, personas: Personas) -> pd.DataFrame:
        """The answers as profiles."""
        cells = {name: personas.single[name].cells(codes) for name, codes in self.single.items()}
        for name, (choices, given) in self.lists.items():
            words = np.array([word for word, _ in LISTS[name]], dtype=object)
            rows = zip(choices.chosen, given, strict=True)
            cells[name] = [words[row].tolist() if is_given else None for row, is_given in rows]
        series = {name: pd.Series(cells[name], dtype=object) for name in missing.HABITS if name in cells}
        return pd.DataFrame(series)


def draw_people(personas: Personas, persona: IntArray, latents: Latents, rng: np.random.Generator) -> People:
    """The answers of people. `persona` (fields, n): whose answers they give, in the order of the form."""
    people = People({}, {})
    for name, own in zip(missing.HABITS, persona, strict=True):
        other = missing.HABITS[name].other
        odds = missing.missing_odds(name)[latents.care]
        odds = odds + missing.from_other(name, people.single[other]) if other else odds
        if name in personas.single:
            codes = drawn_levels(personas.single[name].shares[own, latents.taste, latents.style], rng)
            values = personas.single[name].shares.shape[-1]
            odds = odds + missing.from_own(name, values)[codes]
            is_missing = rng.random(len(odds)) < missing.missing_share(odds)
            people.single[name] = np.where(is_missing, -1, codes)
        elif name in personas.lists:
            lengths = drawn_levels(personas.lengths[name][latents.style, latents.care], rng)
            choices = choose(personas.lists[name][own, latents.taste, latents.style], lengths, rng)
            is_given = rng.random(len(odds)) >= missing.missing_share(odds)
            people.lists[name] = (Choices(choices.chosen & is_given[:, None]), is_given)
    return people


def posterior(personas: Personas, people: People) -> FloatArray:
    """The probability of each persona given a person's answers, (n, personas), summed over all that is latent.

    Missing answers count: their absence has a probability, which may depend on the value that is not given.
    """
    with_care = [_single(personas.single[name], people) for name in people.single]
    with_care += [_list(name, personas, people) for name in people.lists]
    # Axes: person, persona, taste, style, care.
    joint = np.sum(np.broadcast_arrays(*with_care), axis=0)
    joint = joint + np.log(TASTE_SHARES)[:, None, None] + np.log(STYLE_AND_CARE)
    joint = logsumexp(joint, axis=(2, 3, 4)) + np.log(personas.sizes)
    return np.asarray(np.exp(joint - logsumexp(joint, axis=1, keepdims=True)))


def _single(answer: SingleAnswer, people: People) -> FloatArray:
    """The log probability of a field's answers, (n, personas, tastes, styles, cares)."""
    codes = people.single[answer.name]
    odds, inverse = _distinct_odds(answer.name, people)
    own = missing.from_own(answer.name, answer.shares.shape[-1])
    absent = missing.missing_share(odds[:, :, None] + own)  # (distinct, cares, values)
    of_missing = np.log(np.einsum("ptsv,dcv->dptsc", answer.shares, absent))
    given = np.log1p(-absent[inverse, :, codes])[:, None, None, None]
    of_given = np.log(np.moveaxis(answer.shares, -1, 0)[codes])[..., None] + given
    return np.where((codes >= 0)[:, None, None, None, None], of_given, of_missing[inverse])


def _list(name: str, personas: Personas, people: People) -> FloatArray:
    """The log probability of a field's lists, (n, personas, tastes, styles, cares)."""
    choices, is_given = people.lists[name]
    odds, inverse = _distinct_odds(name, people)
    absent = missing.missing_share(odds)[inverse]
    log_weights = personas.lists[name]
    sets = np.stack([set_log_probability(choices, row) for row in log_weights.reshape(-1, log_weights.shape[-1])])
    of_set = np.moveaxis(sets.reshape(*log_weights.shape[:3], -1), -1, 0)[..., None]
    length = np.log(np.moveaxis(personas.lengths[name], -1, 0)[choices.lengths])[:, None, None]
    of_given = of_set + length + np.log1p(-absent)[:, None, None, None]
    return np.where(is_given[:, None, None, None, None], of_given, np.log(absent)[:, None, None, None])


def _distinct_odds(name: str, people: People) -> tuple[FloatArray, IntArray]:
    """The log odds of a missing answer before its own value counts: the distinct ones, (distinct, cares), and
    which of them each person has, (n,).
    """
    other = missing.HABITS[name].other
    count = len(next(iter(people.single.values())))
    added = missing.from_other(name, people.single[other]) if other else np.zeros(count)
    distinct, inverse = np.unique(added, return_inverse=True)
    return distinct[:, None] + missing.missing_odds(name), inverse
