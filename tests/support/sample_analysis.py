"""The parts of a made-up report that an analysis computes, from seeded numbers."""

from typing import Any

import numpy as np

from models.scoring.columns import FloatArray
from training.calibration.reliability import Confidence, ConfidenceBin, ExponentGain, HiddenCount
from training.report.document import (
    Axis,
    Candidate,
    ChoiceOfK,
    Components,
    DataQuality,
    Density,
    DensityFinding,
    FieldQuality,
    LiftRow,
    ListLength,
    Loading,
    Map,
    Matrix,
    Point,
    SnakeRow,
    ValuesToLearn,
)

CONFIDENCE = Confidence(
    rows=3_000,
    exponent=0.45,
    error=0.012,
    by_hidden=tuple(
        HiddenCount(
            hidden=n,
            trials=3_000,
            accuracy=1 - 0.05 * n,
            confidence=1 - 0.045 * n,
            error=0.01,
        )
        for n in range(1, 13)
    ),
    bins=tuple(
        ConfidenceBin(confidence=(n + 0.5) / 15, accuracy=(n + 0.3) / 15, trials=100 * n + 1) for n in range(4, 15)
    ),
    exponents=tuple(ExponentGain(exponent=n / 10, gain=2 - (n / 10 - 0.7) ** 2) for n in range(3, 13)),
)
GIFTS = ("books", "electronics", "experience", "food_and_drink", "gift_cards", "home", "kitchenware", "practical",
         "toys", "wellness")  # fmt: skip
VALUES = {
    "hobbies": ("baking", "board_games", "coding", "DIY", "fishing", "gaming", "meditation", "reading", "yoga"),
    "favourite_items": ("bath_salts", "chocolate", "cookbooks", "hand_tools", "headphones", "novels"),
    "gift_history": GIFTS,
    "store_preference": ("bookshop", "boutique", "department_store", "online_only"),
}
AGES = ("13–24", "25–34", "35–44", "45–54", "55–64", "65 and over")
TITLES = ("age", "budget range", "purchases last year", "lead time days")


def _axis(number: int) -> Axis:
    high = tuple(Loading(label=f"hobbies: {v}", correlation=0.6 - 0.08 * n) for n, v in enumerate(GIFTS[:5]))
    low = tuple(
        Loading(label=f"favourite items: {v}", correlation=-0.5 + 0.08 * n) for n, v in enumerate(GIFTS[5:])
    )
    return Axis(number=number, share=0.03 / number, high=high, low=low, sentence="Books against kitchenware.")


def components(rng: np.random.Generator) -> Components:
    """Components that exceed chance."""
    chance = np.linspace(1.25, 0.6, 60)
    eigenvalues = chance * 0.93 + 2.5 * np.exp(-np.arange(60) / 3)
    return Components(
        kept=6,
        beat_chance=8,
        eigenvalues=tuple(eigenvalues),
        chance=tuple(chance),
        axes=tuple(map(_axis, range(1, 7))),
    )


def profile_map(method: Any, k: int, rng: np.random.Generator) -> Map:
    """A map of profiles around k centres."""
    spread = 3.0 if method == "pca" else 20.0
    angles = np.linspace(0, 2 * np.pi, k, endpoint=False)
    centres = spread * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    clusters = np.arange(900) % k
    places = centres[clusters] + rng.normal(0, spread / 2.5, (900, 2))
    points = tuple(
        Point(x=x, y=y, cluster=c) for (x, y), c in zip(places.tolist(), clusters.tolist(), strict=True)
    )
    if method == "tsne":
        return Map(method="tsne", axes=("t-SNE across", "t-SNE up"), points=points, centroids=())
    axes = ("Component 1 (3.2 % of the variance)", "Component 2 (2.1 % of the variance)")
    return Map(method="pca", axes=axes, points=points, centroids=tuple((x, y) for x, y in centres.tolist()))


def lifts(k: int, rng: np.random.Generator) -> tuple[LiftRow, ...]:
    """Lifts of all values."""
    return tuple(
        _lift_row(field, value, np.exp(rng.normal(0, 0.6, k)), float(rng.uniform(0.08, 0.4)))
        for field, values in VALUES.items()
        for value in values
    )


def _lift_row(field: str, value: str, lifts: FloatArray, share: float) -> LiftRow:
    return LiftRow(
        field=field,
        title=field.replace("_", " "),
        value=value,
        lifts=tuple(lifts),
        shares=tuple(np.minimum(lifts * share, 1)),
        significant=tuple((np.abs(np.log(lifts)) > 0.3).tolist()),
        share_everyone=share,
    )


def snake_row(title: str, k: int, rng: np.random.Generator) -> SnakeRow:
    """One numeric field by persona."""
    differences = rng.normal(0, 0.6, k)
    return SnakeRow(
        title=title, differences=tuple(differences), means=tuple(20 + 8 * differences), mean_everyone=20.0
    )


def history_by_hobby(rng: np.random.Generator) -> Matrix:
    """Lifts of gifts by hobby."""
    hobbies = VALUES["hobbies"]
    lifts = np.exp(rng.normal(0, 0.4, (len(hobbies), len(GIFTS))))
    return Matrix(
        title="what people of a hobby give",
        row_title="hobby",
        column_title="gift category",
        rows=hobbies,
        columns=GIFTS,
        values=tuple(tuple(None if lift < 0.5 else float(lift) for lift in row) for row in lifts),
    )


def gifts_by_age(rng: np.random.Generator) -> Matrix:
    """Shares of gifts by age."""
    shares = (
        rng.uniform(0.05, 0.5, (len(GIFTS), 1)) * np.linspace(1, rng.uniform(0.3, 1.6, len(GIFTS)), len(AGES)).T
    )
    return Matrix(
        title="gifts by age",
        row_title="gift category",
        column_title="age",
        rows=GIFTS,
        columns=AGES,
        values=tuple(tuple(map(float, row)) for row in shares),
    )


def density(rng: np.random.Generator) -> Density:
    """Both density methods."""
    distances = np.sort(rng.gamma(8, 0.3, 300))
    sentence = "{} finds 3 clusters and leaves 62 % of the profiles out."
    return Density(
        rows=3_000,
        k_distances=tuple(distances),
        knee=3.4,
        findings=(
            DensityFinding(method="DBSCAN", settings={"eps": 3.4, "min_samples": 12}, clusters=1, noise_share=0.08,
                           agreement=0.0, sentence=sentence.format("DBSCAN")),
            DensityFinding(method="HDBSCAN", settings={"min_cluster_size": 60}, clusters=3, noise_share=0.62,
                           agreement=0.7, sentence=sentence.format("HDBSCAN")),
        ),
        sentence="The profiles lie in one cloud of uneven density; K-Means cuts it where it is thin.",
    )  # fmt: skip


def data_quality(k: int, rng: np.random.Generator) -> DataQuality:
    """The quality of the data."""
    titles = (
        "age",
        "relationship",
        "occupation",
        "hobbies",
        "favourite items",
        "gift history",
        "occasion",
        "budget range",
    )
    lists = ("hobbies", "favourite items", "gift history")
    return DataQuality(
        profiles=3_000,
        distinct=2_990,
        refused={"age is not a whole number": 3},
        notes=("The column 'misc' is no field of the profile and was left out.",),
        fields=tuple(
            FieldQuality(
                field=title.replace(" ", "_"),
                title=title,
                answered=float(rng.uniform(0.6, 1)),
                values=None if title == "age" else 20,
                rare_values=None if title == "age" else 2,
                mean_ticks=3.4 if title in lists else None,
            )
            for title in titles
        ),
        list_lengths=tuple(
            ListLength(field=title, title=title, explained=0.13 - 0.05 * n, mean_lengths=(3.0,) * k)
            for n, title in enumerate(lists)
        ),
        to_learn=(
            ValuesToLearn(
                field="hobbies", title="hobbies", unknown=14, unknown_share=0.01, misspelt=5, next=("DIY",)
            ),
        ),
    )  # fmt: skip


def _candidate(number: int, k: int, rng: np.random.Generator) -> Candidate:
    near = float(np.exp(-abs(number - k) / 3))
    scores = {
        "silhouette": 0.15 + 0.12 * near,
        "calinski_harabasz": 300 + 150 * near,
        "davies_bouldin": 2.4 - 0.8 * near,
        "stability": tuple(np.clip(rng.normal(0.6 + 0.3 * near, 0.06, number), 0, 1)),
        "prediction_strength": 0.5 + 0.4 * near,
    }
    return Candidate(
        k=number,
        inertia=56_000 / number**0.35,
        gap=1.3 + 0.4 * (1 - float(np.exp(-number / 3))),
        gap_error=0.006,
        field_gain=2.1 * (1 - float(np.exp(-(number - 1) / 2))),
        field_gain_error=0.03,
        **(scores if number > 1 else {}),
    )


def choice_of_k(k: int, rng: np.random.Generator) -> ChoiceOfK:
    """The choice of k personas, with a curve."""
    curve = tuple(_candidate(number, k, rng) for number in range(1, 11))
    return ChoiceOfK(
        k=k,
        sentence=f"With {k} personas the gap statistic is 1.670 ± 0.006, which is 90% of its rise.",
        rows=3_000,
        curve=curve,
        votes=((k, 18), (k + 1, 2)),
    )
