"""Made-up segments, for sample reports."""

import numpy as np

from training.report.content.segments import (
    Ellipse,
    Gorge,
    GorgePlot,
    Posteriors,
    ProfileVariable,
    SegmentProfile,
    Segments,
    Separation,
    SheetRow,
)

VALUES = ("reading", "gaming", "an answer whose name is longer than any label has room for", "electronics")


def segments(k: int, rng: np.random.Generator) -> Segments:
    """k personas as segments; one of them was hardly sampled."""
    return Segments(
        profile=_profile(k, rng),
        separation=_separation(k, rng),
        gorges=GorgePlot(
            rows=400,
            gorges=tuple(_gorge(cluster, rng) for cluster in range(k)),
            middle=0.3,
            sentence="30 % of the profiles lie between centroids.",
        ),
        posteriors=Posteriors(
            rows=400,
            table=tuple(tuple(row) for row in rng.dirichlet(np.ones(k), k).round(4).tolist()),
            entropy_r2=0.8,
            entropy_r2_of=(0.8,) * k,
            normalised_entropy=0.79,
            classification_r2=None,
            sentence="The answers take away 80 % of the uncertainty (entropy R²).",
        ),
        sheet=tuple(_row(cluster) for cluster in range(k)),
    )


def _profile(k: int, rng: np.random.Generator) -> SegmentProfile:
    variables = tuple(
        ProfileVariable(
            title=title,
            value=VALUES[number % len(VALUES)],
            everyone=0.3,
            shares=tuple(rng.uniform(0, 1, k).tolist()),
            markers=tuple((rng.uniform(0, 1, k) < 0.3).tolist()),
        )
        for number, title in enumerate(("hobbies",) * 12 + ("gift history",) * 12)
    )
    return SegmentProfile(variables=variables, limit=0.2, sentence="So many answers mark each persona.")


def _separation(k: int, rng: np.random.Generator) -> Separation:
    places = rng.normal(0, 3, (k, 2)).tolist()
    near = rng.uniform(0, 0.4, (k, k))
    return Separation(
        axes=("Component 1 (3.2% of the variance)", "Component 2 (2.1% of the variance)"),
        ellipses=tuple(
            None if cluster == k - 1 and k > 2 else Ellipse(x=x, y=y, axes=(1.5, 0.7), angle=30.0 * cluster)
            for cluster, (x, y) in enumerate(places)
        ),
        similarities=tuple(tuple(row) for row in ((near + near.T) / 2).tolist()),
        sentence="Two personas are nearest to each other.",
    )


def _gorge(cluster: int, rng: np.random.Generator) -> Gorge:
    counts = rng.integers(0, 30, (2, 20)).tolist()
    return Gorge(members=tuple(counts[0]), others=tuple(counts[1]), mean=None if cluster == 2 else 0.6)


def _row(cluster: int) -> SheetRow:
    missing = cluster == 2
    return SheetRow(
        size=600 - cluster,
        share=0.2,
        silhouette=None if missing else -0.05 + 0.1 * cluster,
        posterior=None if missing else 0.9,
        entropy_r2=None if missing else 0.8,
        fields=() if missing else ("hobbies", "gift history"),
        reach=None if missing else 0.88,
        stability=None if missing else 0.85,
        markers=7,
        sentence=f"Persona {cluster + 1}: 20 % of the profiles, marked by 7 answers, fairly well apart.",
    )
