"""Stability of the whole pipeline: one set of refits answers for the model, its personas and the number of them.

- The model: adjusted Rand indices of the refits with the fit.
- Each persona: the largest Jaccard similarity in each refit. Hennig (Computational Statistics & Data Analysis 52,
  2007, 258–271) calls 0.75 and more stable, 0.5 and less dissolved; Dolnicar and Leisch (Marketing Letters 28,
  2017, 423–436) call it segment level stability within solutions.
- The number of personas: adjusted Rand indices between refits, for two fewer to three more (Dolnicar and Leisch,
  Marketing Letters 21, 2010, 83–101; all pairs of the refits instead of as many separate pairs).
- Splits and merges as the number grows: segment level stability across solutions, 1 − H / log k′, H being the
  entropy of the shares in which a segment's members come from the k′ segments of the solution before (Dolnicar and
  Leisch, 2017; `slsaplot` in the R package flexclust).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

import numpy as np
from scipy.special import entr

from models.acceptance import Thresholds
from models.persona import Persona
from models.scoring.columns import FloatArray, IntArray
from models.storage.comparison import adjusted_rand
from models.storage.manifest import Verdict
from training.clustering.fit import Fit, assigned, draw_rows, segmented_anew
from training.clustering.matching import best_pairs, crossed
from training.clustering.stability import Stability, stability_of
from training.config import TrainingConfig
from training.data.encoded import EncodedDataset
from training.errors import UnusableInput
from training.report.analysis.grades import DISSOLVED, STABLE, UNSTABLE, agreement_grade
from training.report.analysis.insights import quoted
from training.report.content.stability import SegmentStability, Solution, SolutionSegment, WholeStability
from training.text import count

FEWER: Final = 2
MORE: Final = 3
_LEAST_ROWS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Solved:
    """The clusters of a set of profiles (n,) in the solution with k segments, and in each refit."""

    k: int
    own: IntArray
    refits: tuple[IntArray, ...]


def solutions_of(
    fitted: Fit, config: TrainingConfig, refits: Sequence[Fit], rng: np.random.Generator
) -> list[Solved]:
    """The solutions with two fewer to three more segments than the fit, on a sample of its profiles.

    `refits`: fits of resampled profiles; without any the result is empty. A number of which there are not so many
    distinct segments is left out.
    """
    dataset = fitted.encoded.dataset
    if not refits:
        return []
    sample = fitted.applied_to(dataset.take(draw_rows(len(dataset), config.criteria_rows, rng)))
    coded = [(refit, EncodedDataset.of(sample.encoded.dataset, refit.encoder)) for refit in refits]
    ks = range(max(2, fitted.k - FEWER), fitted.k + MORE + 1)
    solved = (_solved(sample, coded, k, config) for k in ks)
    return [solution for solution in solved if solution is not None]


def _solved(
    sample: Fit, refits: Sequence[tuple[Fit, EncodedDataset]], k: int, config: TrainingConfig
) -> Solved | None:
    """`refits`: with the sample in their own codes."""
    own = _clusters(sample, sample.encoded, k, config)
    again = [_clusters(refit, coded, k, config) for refit, coded in refits]
    drawn = tuple(clusters for clusters in again if clusters is not None)
    return None if own is None or not drawn else Solved(k=k, own=own, refits=drawn)


def _clusters(fitted: Fit, coded: EncodedDataset, k: int, config: TrainingConfig) -> IntArray | None:
    """The clusters of coded profiles in a fit with k segments in place of its own; None where it has fewer."""
    try:
        return assigned(segmented_anew(fitted, k, config).classifier, coded)
    except UnusableInput:
        return None


def whole_stability(
    solved: Sequence[Solved], k: int, personas: Sequence[Persona], verdicts: Sequence[Verdict]
) -> WholeStability | None:
    """What the solutions say of a model with k personas; None without any refit.

    `verdicts`: those of the acceptance checks; the one on stability says which agreement is wanted.
    """
    if not solved:
        return None
    of_model = next((solution for solution in solved if solution.k == k), None)
    stable = None if of_model is None else stability_of(of_model.own, of_model.refits, k)
    agreements = np.ones(1) if stable is None else stable.agreements
    segments = () if of_model is None or stable is None else _segments(of_model, stable)
    least, rows = wanted_agreement(verdicts), len(solved[0].own)
    agreement = round(float(agreements.mean()), 4)
    solutions = _solutions(solved)
    return WholeStability(
        rows=rows,
        refits=max(len(solution.refits) for solution in solved),
        agreement=agreement,
        agreements=_rounded(agreements),
        least=least,
        segments=segments,
        solutions=solutions,
        sentence=_on_model(agreement, least, rows, len(agreements), segments, personas),
        by_k=_on_numbers(solutions, k),
        across=_on_splits(solutions, k, personas),
    )


def mean_jaccards(solved: Solved) -> tuple[float | None, ...]:
    """The mean Jaccard similarity of each segment over the refits; None with fewer than five profiles."""
    return tuple(
        None if segment is None else segment.mean
        for segment in _segments(solved, stability_of(solved.own, solved.refits, solved.k))
    )


def wanted_agreement(verdicts: Sequence[Verdict]) -> float:
    """The agreement that the acceptance check on stability wants; its default where it was not checked."""
    bounds = [verdict.bound for verdict in verdicts if verdict.name == "stability" and verdict.bound is not None]
    return bounds[0] if bounds else Thresholds().gate_min_stability


def of_stable_model(whole: WholeStability | None, verdicts: Sequence[Verdict]) -> bool:
    """Whether the refits agree with the model as well as the acceptance check wants, and it did not fail that
    check.
    """
    failed = any(verdict.outcome == "failed" for verdict in verdicts if verdict.name == "stability")
    return not failed and (whole is None or agreement_grade(whole.agreement, whole.least) != UNSTABLE)


# --- numbers ---------------------------------------------------------------------------------------


def _segments(solved: Solved, stable: Stability) -> tuple[SegmentStability | None, ...]:
    sizes = np.bincount(solved.own, minlength=solved.k)
    return tuple(
        _segment(stable.jaccards[:, cluster]) if size >= _LEAST_ROWS else None
        for cluster, size in enumerate(sizes.tolist())
    )


def _segment(jaccards: FloatArray) -> SegmentStability:
    return SegmentStability(
        jaccards=_rounded(jaccards),
        mean=round(float(jaccards.mean()), 4),
        recovered=int((jaccards >= STABLE).sum()),
        dissolved=int((jaccards <= DISSOLVED).sum()),
    )


def _solutions(solved: Sequence[Solved]) -> tuple[Solution, ...]:
    orders = _drawing_orders(solved)
    return tuple(
        Solution(
            k=solution.k,
            agreements=_rounded(pair_agreements(solution.refits)),
            segments=_solution_segments(solution, order, *before),
        )
        for solution, order, before in zip(
            solved, orders, [(None, None), *zip(solved, orders, strict=True)], strict=False
        )
    )


def pair_agreements(refits: Sequence[IntArray]) -> FloatArray:
    """The adjusted Rand index of every pair of clusterings (n,)."""
    sizes = [int(clusters.max(initial=0)) + 1 for clusters in refits]
    pairs = combinations(range(len(refits)), 2)
    return np.array(
        [adjusted_rand(crossed(refits[a], refits[b], sizes[a], sizes[b])) for a, b in pairs], np.float64
    )


def _solution_segments(
    solved: Solved, order: Sequence[int], before: Solved | None, order_before: Sequence[int] | None
) -> tuple[SolutionSegment, ...]:
    shares = np.bincount(solved.own, minlength=solved.k) / len(solved.own)
    origins = np.zeros((0, solved.k))
    if before is not None and order_before is not None:
        table = crossed(before.own, solved.own, before.k, solved.k)[list(order_before)]
        origins = table / np.maximum(table.sum(axis=0), 1)
    stability = stability_across(origins)
    return tuple(
        SolutionSegment(
            cluster=cluster,
            share=round(float(shares[cluster]), 4),
            sources=_rounded(origins[:, cluster]),
            stability=None if before is None or not shares[cluster] else round(float(stability[cluster]), 4),
        )
        for cluster in order
    )


def stability_across(origins: FloatArray) -> FloatArray:
    """1 − H / log k′ of each segment, from the shares (k′, k) in which its members come from k′ segments.

    1 where there is one segment to come from.
    """
    if len(origins) < 2:
        return np.ones(origins.shape[1])
    stability: FloatArray = 1 - entr(origins).sum(axis=0) / np.log(len(origins))
    return stability


def _drawing_orders(solved: Sequence[Solved]) -> list[list[int]]:
    """The order of the segments of each solution in which few lines to the solution before cross.

    The first solution is in the order of sizes. Each further one has the segments that match best in the places of
    those, and a new segment beside the one that most of its members come from.
    """
    orders = [list(range(solved[0].k))]
    for before, after in pairwise(solved):
        orders.append(_following(crossed(before.own, after.own, before.k, after.k), orders[-1]))
    return orders


def _following(table: IntArray, order: Sequence[int]) -> list[int]:
    match = dict(best_pairs(table.astype(np.float64)))
    new = [cluster for cluster in range(table.shape[1]) if cluster not in match.values()]
    following = []
    for old in order:
        following.append(match[old])
        following += [cluster for cluster in new if int(table[:, cluster].argmax()) == old]
    return following


def _rounded(values: FloatArray) -> tuple[float, ...]:
    return tuple(np.asarray(values).round(4).tolist())


# --- sentences -------------------------------------------------------------------------------------


def _on_model(
    agreement: float,
    least: float,
    rows: int,
    refits: int,
    segments: Sequence[SegmentStability | None],
    personas: Sequence[Persona],
) -> str:
    if not segments:
        return "There is one persona, which every refit finds."
    sentence = (
        f"The model is {agreement_grade(agreement, least)}: {count(refits, 'refit')} of resampled profiles, with "
        f"every step fitted anew, {'agrees' if refits == 1 else 'agree'} with it to an adjusted Rand index of "
        f"{agreement:.2f} on {rows:,} profiles (1 for the same, 0 for chance)."
    )
    measured = [(segment.mean, index) for index, segment in enumerate(segments) if segment is not None]
    if not measured:
        return sentence
    mean, index = min(measured)
    segment = segments[index]
    recovered = 0 if segment is None else segment.recovered
    return (
        f"{sentence} The persona that comes back least is {quoted(personas[index])}, with a mean Jaccard "
        f"similarity of {mean:.2f}: in {recovered} of {refits} it reaches {STABLE}."
    )


def _on_numbers(solutions: Sequence[Solution], k: int) -> str:
    # Rounded as they are said: the chosen number is not called worse for a difference that nobody reads.
    medians = {one.k: round(float(np.median(one.agreements)), 2) for one in solutions if one.agreements}
    if not medians:
        return "One refit has no other to be compared with."
    best = max(medians, key=lambda tried: (medians[tried], tried == k, -tried))
    most = f"{count(best, 'persona')} {'is' if best == 1 else 'are'} the most stable"
    span = f"from {min(medians)} to {max(medians)}"
    if best == k:
        return (
            f"Of the numbers {span}, the chosen {most}: pairs of refits agree to a median of {medians[best]:.2f}."
        )
    chosen = f", and to {medians[k]:.2f} with the chosen {k}" if k in medians else ""
    return f"Of the numbers {span}, {most}: pairs of refits agree to a median of {medians[best]:.2f}{chosen}."


def _on_splits(solutions: Sequence[Solution], k: int, personas: Sequence[Persona]) -> str:
    chosen = next((solution for solution in solutions if solution.k == k), None)
    values = [] if chosen is None else [s for s in chosen.segments if s.stability is not None]
    if not values:
        return "There is no solution with fewer segments to compare the personas with."
    scored = sorted((segment.stability or 0.0, segment.cluster) for segment in values)
    (low, mixed), (high, whole) = scored[0], scored[-1]
    before = next(before.k for before, after in pairwise(solutions) if after.k == k)
    return (
        f"Of the {k} personas, {quoted(personas[whole])} comes most nearly whole from one of the "
        f"{before} segments before (stability across solutions {high:.2f}), and {quoted(personas[mixed])} is "
        f"the most mixed from several ({low:.2f})."
    )
