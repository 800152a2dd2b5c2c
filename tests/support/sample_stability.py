"""Made-up stability over refits, for sample reports."""

import numpy as np

from training.report.content.stability import SegmentStability, Solution, SolutionSegment, WholeStability
from training.report.content.structure import DataStructure

STRUCTURE = DataStructure(
    kind="natural",
    agreement=0.9,
    seen=("HDBSCAN",),
    sentence="The segmentation is natural: refits agree to 0.90, and HDBSCAN sees separate groups.",
)


def whole_stability(k: int, rng: np.random.Generator) -> WholeStability:
    """The stability of k personas over eight refits."""
    ks = range(max(2, k - 2), k + 4)
    return WholeStability(
        rows=3_000,
        refits=8,
        agreement=0.91,
        agreements=tuple(np.clip(rng.normal(0.91, 0.02, 8), 0, 1).tolist()),
        least=0.5,
        segments=tuple(_segment(rng) for _ in range(k)),
        solutions=tuple(_solution(number, k, ks[0], rng) for number in ks),
        sentence="The model is very stable: 8 refits agree with it to an adjusted Rand index of 0.91.",
        by_k=f"Of the numbers from {ks[0]} to {ks[-1]}, the chosen {k} personas are the most stable.",
        across="One persona comes most nearly whole from one of the segments before.",
    )


def _segment(rng: np.random.Generator) -> SegmentStability:
    jaccards = np.clip(rng.normal(0.85, 0.07, 8), 0, 1)
    return SegmentStability(
        jaccards=tuple(jaccards.tolist()),
        mean=float(jaccards.mean()),
        recovered=int((jaccards >= 0.75).sum()),
        dissolved=int((jaccards <= 0.5).sum()),
    )


def _solution(number: int, k: int, first: int, rng: np.random.Generator) -> Solution:
    shares, before = rng.dirichlet(np.full(number, 6.0)), 0 if number == first else number - 1
    sources = rng.dirichlet(np.full(before, 0.2), number) if before else np.zeros((number, 0))
    return Solution(
        k=number,
        agreements=tuple(np.clip(rng.normal(0.9 - 0.05 * abs(number - k), 0.04, 28), 0, 1).tolist()),
        segments=tuple(
            SolutionSegment(
                cluster=cluster,
                share=float(shares[cluster]),
                sources=tuple(sources[cluster].tolist()),
                stability=float(sources[cluster].max()) if before else None,
            )
            for cluster in range(number)
        ),
    )
