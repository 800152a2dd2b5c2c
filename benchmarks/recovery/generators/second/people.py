"""People of given personas, and how probable their answers are: the two directions of one formula."""

import numpy as np
from scipy.special import logsumexp

from benchmarks.recovery.generators.answers import Answers, Ticks
from benchmarks.recovery.generators.latent import (
    STYLE_AND_CARE,
    TASTE_SHARES,
    Latents,
    drawn_levels,
)
from benchmarks.recovery.generators.second import missing
from benchmarks.recovery.generators.second.choosing import choose, set_log_probability
from benchmarks.recovery.generators.second.personas import Personas
from benchmarks.recovery.generators.single_answers import SingleAnswer
from models.scoring.columns import FloatArray, IntArray


def draw_people(personas: Personas, persona: IntArray, latents: Latents, rng: np.random.Generator) -> Answers:
    """The answers of people. `persona` (fields, n): whose answers they give, in the order of the form."""
    answers = Answers()
    for name, own in zip(missing.HABITS, persona, strict=True):
        other = missing.HABITS[name].other
        odds = missing.missing_odds(name)[latents.care]
        odds = odds + missing.from_other(name, answers.single[other]) if other else odds
        if name in personas.single:
            codes = drawn_levels(personas.single[name].shares[own, latents.taste, latents.style], rng)
            values = personas.single[name].shares.shape[-1]
            odds = odds + missing.from_own(name, values)[codes]
            is_missing = rng.random(len(odds)) < missing.missing_share(odds)
            answers.single[name] = np.where(is_missing, -1, codes)
        elif name in personas.lists:
            lengths = drawn_levels(personas.lengths[name][latents.style, latents.care], rng)
            chosen = choose(personas.lists[name][own, latents.taste, latents.style], lengths, rng)
            is_given = rng.random(len(odds)) >= missing.missing_share(odds)
            answers.lists[name] = Ticks(chosen & is_given[:, None], is_given)
    return answers


def posterior(personas: Personas, answers: Answers) -> FloatArray:
    """The probability of each persona given a person's answers, (n, personas), summed over all that is latent.

    Missing answers count: their absence has a probability, which may depend on the value that is not given.
    """
    with_care = [_single(personas.single[name], answers) for name in answers.single]
    with_care += [_list(name, personas, answers) for name in answers.lists]
    # Axes: person, persona, taste, style, care.
    joint = np.sum(np.broadcast_arrays(*with_care), axis=0)
    joint = joint + np.log(TASTE_SHARES)[:, None, None] + np.log(STYLE_AND_CARE)
    joint = logsumexp(joint, axis=(2, 3, 4)) + np.log(personas.sizes)
    return np.asarray(np.exp(joint - logsumexp(joint, axis=1, keepdims=True)))


def _single(answer: SingleAnswer, answers: Answers) -> FloatArray:
    """The log probability of a field's answers, (n, personas, tastes, styles, cares)."""
    codes = answers.single[answer.name]
    odds, inverse = _distinct_odds(answer.name, answers)
    own = missing.from_own(answer.name, answer.shares.shape[-1])
    absent = missing.missing_share(odds[:, :, None] + own)  # (distinct, cares, values)
    of_missing = np.log(np.einsum("ptsv,dcv->dptsc", answer.shares, absent))
    given = np.log1p(-absent[inverse, :, codes])[:, None, None, None]
    of_given = np.log(np.moveaxis(answer.shares, -1, 0)[codes])[..., None] + given
    return np.where((codes >= 0)[:, None, None, None, None], of_given, of_missing[inverse])


def _list(name: str, personas: Personas, answers: Answers) -> FloatArray:
    """The log probability of a field's lists, (n, personas, tastes, styles, cares)."""
    lists = answers.lists[name]
    odds, inverse = _distinct_odds(name, answers)
    absent = missing.missing_share(odds)[inverse]
    log_weights = personas.lists[name]
    rows = log_weights.reshape(-1, log_weights.shape[-1])
    sets = np.stack([set_log_probability(lists.ticks, row) for row in rows])
    of_set = np.moveaxis(sets.reshape(*log_weights.shape[:3], -1), -1, 0)[..., None]
    length = np.log(np.moveaxis(personas.lengths[name], -1, 0)[lists.lengths])[:, None, None]
    of_given = of_set + length + np.log1p(-absent)[:, None, None, None]
    return np.where(lists.given[:, None, None, None, None], of_given, np.log(absent)[:, None, None, None])


def _distinct_odds(name: str, answers: Answers) -> tuple[FloatArray, IntArray]:
    """The log odds of a missing answer before its own value counts: the distinct ones, (distinct, cares), and
    which of them each person has, (n,).
    """
    other = missing.HABITS[name].other
    count = len(next(iter(answers.single.values())))
    added = missing.from_other(name, answers.single[other]) if other else np.zeros(count)
    distinct, inverse = np.unique(added, return_inverse=True)
    return distinct[:, None] + missing.missing_odds(name), inverse
