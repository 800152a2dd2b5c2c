"""Reports made up of seeded numbers, as an analysis of a few thousand simulated profiles would leave them."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from models.persona import GiftAffinity, Persona, Trait
from models.scoring.columns import FloatArray
from models.storage.manifest import Origin, Verdict
from training.partial.reliability import Confidence, ConfidenceBin, HiddenCount
from training.report.document import (
    Axis,
    Candidate,
    ChoiceOfK,
    Components,
    DataQuality,
    Density,
    DensityFinding,
    FieldQuality,
    Insight,
    LiftRow,
    ListLength,
    Loading,
    Map,
    Matrix,
    PersonaDetail,
    Point,
    Report,
    SnakeRow,
    Typical,
    ValuesToLearn,
)

NAMES = (
    "Early-planning Christmas shoppers",
    "Yoga-loving wellness givers",
    "Tech-loving gadget givers",
    "Bookish kitchenware givers",
    "Hands-on practical givers",
)
SHARES = (0.24, 0.21, 0.2, 0.19, 0.16)
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
            temperature=1 + n / 10,
        )
        for n in range(1, 13)
    ),
    bins=tuple(
        ConfidenceBin(confidence=(n + 0.5) / 15, accuracy=(n + 0.3) / 15, trials=100 * n + 1) for n in range(4, 15)
    ),
)


def sample_report(names: tuple[str, ...] = NAMES, **changes: Any) -> Report:
    """A report with everything in it, of as many personas as names."""
    rng = np.random.default_rng(5)
    k = len(names)
    shares = np.array([SHARES[n % len(SHARES)] for n in range(k)])
    parts: dict[str, Any] = {
        **_frame(k),
        "choice": _choice(k, rng),
        "components": _components(rng),
        "personas": tuple(_persona(n, name, float(shares[n] / shares.sum())) for n, name in enumerate(names)),
        "details": tuple(_detail(n) for n in range(k)),
        "silhouettes": tuple(tuple(sorted(rng.normal(0.25, 0.12, 160), reverse=True)) for _ in range(k)),
        "maps": (_map("pca", k, rng), _map("tsne", k, rng)),
        "lifts": _lifts(k, rng),
        "snake": tuple(_snake(title, k, rng) for title in TITLES),
        "history_by_hobby": _history(rng),
        "gifts_by_age": _ages(rng),
        "density": _density(rng),
        "confidence": CONFIDENCE,
        "insights": INSIGHTS,
        "data": _data(k, rng),
    }
    return Report(**{**parts, **changes})


def one_persona_report() -> Report:
    """What is left where the profiles form one cloud."""
    everyone = ("All gift buyers",)
    choice = ChoiceOfK(k=1, sentence="The gap statistic does not rise above one segment.", rows=3_000)
    return sample_report(
        everyone, choice=choice, silhouettes=((),), lifts=(), snake=(), density=None, confidence=None
    )


def minimal_report() -> Report:
    """A report that holds no more than it must."""
    return Report(
        **_frame(1),
        choice=ChoiceOfK(k=1, sentence="1 persona was asked for.", rows=0),
        components=Components(kept=1, beat_chance=0, eigenvalues=(), chance=()),
        personas=(
            Persona(id="p_0", name="Everyone", sentence="All.", size=2, share=1.0, traits=(), gift_affinities=()),
        ),
        details=(PersonaDetail(typical=(), silhouette=None, stability=None),),
        silhouettes=(),
        data=DataQuality(profiles=2, distinct=2, refused={}, notes=(), fields=(), list_lengths=()),
    )


def _frame(k: int) -> dict[str, Any]:
    """What surrounds the analysis."""
    description = "3,000 simulated profiles: a stand-in until there are real ones."
    return {
        "version": "20261101-120000-0a1b2c3d",
        "created_at": datetime(2026, 11, 1, 12, 0, tzinfo=UTC),
        "headline": f"{k} kinds of gift buyers; a quarter are early-planning Christmas shoppers.",
        "origin": Origin(
            source="simulated", simulated=True, description=description, rows=3_000, fingerprint="0f" * 32
        ),
        "metrics": {
            "rows": 3_000,
            "personas": k,
            "silhouette": 0.252,
            "explained_variance": 0.106,
            "scorer_ties": 0,
        },
        "verdicts": (
            Verdict(name="structure", passed=True, sentence="8 principal components beat chance."),
            Verdict(
                name="smallest_persona", passed=False, sentence="The smallest persona holds 1.6% of the profiles."
            ),
        ),
    }


INSIGHTS = (
    Insight(topic="personas", sentence="Christmas shoppers plan 13 days further ahead than everyone."),
    Insight(topic="history_and_hobbies", sentence="Those who bake give kitchenware 2.4 × as often as everyone."),
    Insight(topic="age_and_gifts", sentence="Electronics fall from 44 % at 13–24 to 12 % at 65 and over."),
    Insight(topic="season", sentence="Christmas is the occasion of 23 % of the profiles."),
    Insight(topic="quality", sentence="Occupation is answered by 61 % of the profiles only."),
)


def _choice(k: int, rng: np.random.Generator) -> ChoiceOfK:
    curve = tuple(_candidate(number, k, rng) for number in range(1, 11))
    return ChoiceOfK(
        k=k,
        sentence=f"With {k} personas the gap statistic is 1.670 ± 0.006, which is 90% of its rise.",
        rows=3_000,
        curve=curve,
    )


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
        **(scores if number > 1 else {}),
    )


def _components(rng: np.random.Generator) -> Components:
    chance = np.linspace(1.25, 0.6, 60)
    eigenvalues = chance * 0.93 + 2.5 * np.exp(-np.arange(60) / 3)
    return Components(
        kept=6,
        beat_chance=8,
        eigenvalues=tuple(eigenvalues),
        chance=tuple(chance),
        axes=tuple(map(_axis, range(1, 7))),
    )


def _axis(number: int) -> Axis:
    high = tuple(Loading(label=f"hobbies: {v}", correlation=0.6 - 0.08 * n) for n, v in enumerate(GIFTS[:5]))
    low = tuple(
        Loading(label=f"favourite items: {v}", correlation=-0.5 + 0.08 * n) for n, v in enumerate(GIFTS[5:])
    )
    return Axis(number=number, share=0.03 / number, high=high, low=low, sentence="Books against kitchenware.")


def _persona(number: int, name: str, share: float) -> Persona:
    traits = tuple(
        Trait(field="hobbies", value=value, share=0.5, lift=2.6, sentence=f"2.6 × as likely to be into {value}")
        for value in VALUES["hobbies"][number % 4 : number % 4 + 5]
    )
    affinities = tuple(
        GiftAffinity(category=GIFTS[(number * 2 + n) % len(GIFTS)], share=0.55 - 0.06 * n, lift=2.4 - 0.3 * n)
        for n in range(7)
    )
    return Persona(
        id=f"p_{number}",
        name=name,
        sentence="People who tend to shop for Christmas, give gift cards, and buy about 33 days ahead.",
        size=round(3_000 * share),
        share=share,
        traits=traits,
        gift_affinities=affinities,
    )


def _detail(number: int) -> PersonaDetail:
    typical = (
        Typical(title="age", answer="39 (29–47)"),
        Typical(title="hobbies", answer="baking, reading", share=0.41),
        Typical(title="occasion", answer="Christmas", share=0.6),
    )
    return PersonaDetail(
        typical=typical, silhouette=0.3 - 0.05 * (number % 6), stability=0.92 - 0.08 * (number % 6)
    )


def _map(method: Any, k: int, rng: np.random.Generator) -> Map:
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


def _lifts(k: int, rng: np.random.Generator) -> tuple[LiftRow, ...]:
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


def _snake(title: str, k: int, rng: np.random.Generator) -> SnakeRow:
    differences = rng.normal(0, 0.6, k)
    return SnakeRow(
        title=title, differences=tuple(differences), means=tuple(20 + 8 * differences), mean_everyone=20.0
    )


def _history(rng: np.random.Generator) -> Matrix:
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


def _ages(rng: np.random.Generator) -> Matrix:
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


def _density(rng: np.random.Generator) -> Density:
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


def _data(k: int, rng: np.random.Generator) -> DataQuality:
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
