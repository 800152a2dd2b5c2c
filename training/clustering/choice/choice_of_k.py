"""The number of personas: the gap statistic, once the fields are seen to depend on each other.

The gap statistic decides (`training.clustering.choice.gap_statistic`). Beside it stand the votes of random halves
of the profiles, which say how sure the number is, and how well personas of each number predict the answers of
people that they were not made from (`training.clustering.choice.field_prediction`).

Only components that clearly exceed chance are used, without whitening: k groups need k − 1 of them, and each
weaker or whitened one adds noise in which further splits pay too (docs/decisions/0029).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.scoring.columns import FloatArray
from training.clustering.choice.field_prediction import FieldGains, field_gains
from training.clustering.choice.gap_statistic import GapCurve, gap_curve, on_plateau
from training.clustering.components.parallel_analysis import Components
from training.config import TrainingConfig
from training.data.encoded import EncodedDataset
from training.progress import Progress
from training.text import capitalised, count, listed, percent


@dataclass(frozen=True, slots=True)
class GapPoint:
    """The criteria for one k. `gap_error`: s_k, the standard error including that of the simulation.

    `field_gain`: how much better the answers of held-out profiles are predicted than from everyone's shares, in
    nats a profile, with its standard error; None where it was not computed.
    """

    k: int
    inertia: float
    gap: float
    gap_error: float
    field_gain: float | None = None
    field_gain_error: float | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen k, why in a few sentences, and the curve (empty where there is nothing to choose from).

    `votes`: how many random halves of the profiles choose each k, by ascending k; empty where k was given.
    """

    k: int
    sentence: str
    curve: tuple[GapPoint, ...] = ()
    votes: tuple[tuple[int, int], ...] = ()


def choose_k(
    scores: FloatArray,
    components: Components,
    config: TrainingConfig,
    rng: np.random.Generator,
    progress: Progress,
    familiar: int | None = None,
    encoded: EncodedDataset | None = None,
) -> Choice:
    """Choose the number of clusters in PCA scores (n, r) of a sample.

    `familiar`: the k of the previous model, which stays where enough random halves choose it. `encoded`: the
    profiles of the scores, for the curve of field prediction. Where k is given the curve is computed all the same,
    unless `config.given_k_curve` is off, as it is without a report.
    """
    given = None if config.k == "auto" else config.k
    if given is not None and not config.given_k_curve:
        return Choice(given, _given(given))
    if given is None and not components.structured:
        return Choice(1, f"{components.sentence} There is one segment, everyone.")
    scores = scores[:, : max(components.clear, 1)]
    curve = _curve(scores, given, config, rng, progress)
    gains = None if encoded is None else field_gains(scores, encoded, curve.ks, rng)
    points = _points(curve, gains)
    best = curve.ks[on_plateau(curve.gaps, config.plateau)]
    if given is not None:
        alone = best if components.structured else 1
        sentence = f"{_given(given)} The gap statistic alone would choose {alone}."
        return Choice(given, f"{sentence} {_left_out(components)}".strip(), points)
    votes = Counter(curve.ks[on_plateau(gaps, config.plateau)] for gaps in curve.halves)
    k, why = _decided(best, votes, gains, familiar, config)
    sentences = (
        _reason(k, points), _votes_in_words(k, votes), why or _of_a_cloud(k, gains), _left_out(components)
    )  # fmt: skip
    return Choice(k, " ".join(filter(None, sentences)), points, tuple(sorted(votes.items())))


def _decided(
    best: int, votes: Counter[int], gains: FieldGains | None, familiar: int | None, config: TrainingConfig
) -> tuple[int, str]:
    """The number of personas, and a sentence on why where it is not the one that most halves choose."""
    candidates = _candidates(best, votes, config.undecided_tail)
    k = max([best, *votes], key=lambda one: (votes[one], one == best))
    why = ""
    if 2 * votes[k] < votes.total() and gains is not None:
        k = gains.best(candidates)
        why = (
            f"Of {candidates[0]} to {candidates[-1]}, {k} is the smallest number that predicts other people's "
            "answers as well as any."
        )
    if familiar in candidates and familiar is not None and familiar != k:
        return familiar, f"The model before has {familiar} as well, and {k} would hardly be better."
    return k, why


def _of_a_cloud(k: int, gains: FieldGains | None) -> str:
    """What a division of one segment would be good for, if anything."""
    if k > 1 or gains is None or (useful := gains.best(gains.ks)) == 1:
        return ""
    return f"Of the other numbers, {useful} is the smallest that predicts other people's answers as well as any."


def _candidates(best: int, votes: Counter[int], tail: float) -> range:
    """The best k and the votes without this share of the lowest and of the highest, with all k between."""
    if not votes:
        return range(best, best + 1)
    low, high = np.quantile(list(votes.elements()), (tail, 1 - tail), method="inverted_cdf").tolist()
    return range(min(best, low), max(best, high) + 1)


def _given(k: int) -> str:
    return f"{k} {'persona was' if k == 1 else 'personas were'} asked for."


def _left_out(components: Components) -> str:
    """Which fields shape no persona."""
    names = [name.replace("_", " ") for name in components.independent]
    if not names:
        return ""
    verbs = "depends on no other field and is" if len(names) == 1 else "depend on no other field and are"
    return f"{capitalised(listed(names))} {verbs} left out."


def _curve(
    scores: FloatArray, given: int | None, config: TrainingConfig, rng: np.random.Generator, progress: Progress
) -> GapCurve:
    # Rounded: the last digits of equal profiles' scores depend on their rows in the matrix.
    distinct = len(np.unique(scores.round(9), axis=0))
    ks = set(range(1, min(config.k_max, distinct) + 1))
    if given is not None and given <= distinct:
        ks.add(given)
    halves = config.halves if given is None else 0
    return gap_curve(
        scores,
        sorted(ks),
        halves,
        config,
        rng,
        lambda share: progress.step("choosing the number of personas", share),
    )


def _points(curve: GapCurve, gains: FieldGains | None) -> tuple[GapPoint, ...]:
    columns = [curve.inertias, curve.gaps, curve.errors]
    if gains is not None:
        columns += [gains.means, gains.errors]
    values = zip(*(column.tolist() for column in columns), strict=True)
    return tuple(GapPoint(k, *row) for k, row in zip(curve.ks, values, strict=True))


def _reason(k: int, curve: Sequence[GapPoint]) -> str:
    """What the gap statistic says of this k."""
    first, largest = curve[0].gap, max(point.gap for point in curve)
    chosen = next(point for point in curve if point.k == k)
    if largest <= first:
        return "The gap statistic does not rise above one segment: the profiles form one cloud."
    return (
        f"With {count(k, 'persona')} the gap statistic is {chosen.gap:.3f} ± {chosen.gap_error:.3f}, which is "
        f"{percent((chosen.gap - first) / (largest - first))} of its rise from one segment to its largest value."
    )


def _votes_in_words(k: int, votes: Counter[int]) -> str:
    """How many random halves of the profiles choose this k, and what the others choose."""
    if not votes:
        return ""
    if votes[k] == votes.total():
        return f"All {votes.total()} random halves of the profiles choose {k}."
    in_order = sorted(votes, key=lambda one: (one != k, -votes[one], one))
    chosen = [f"{votes[one]} {'chooses' if votes[one] == 1 else 'choose'} {one}" for one in in_order]
    return f"Of {votes.total()} random halves of the profiles {listed(chosen)}."
