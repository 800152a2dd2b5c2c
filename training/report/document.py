"""The report as a value: the content of `report.json`, from which figures and page are made.

Drawing needs neither profiles nor the fitted pipeline. Personas are always in the order of the clusters (largest
first), and a `cluster` is an index in that order. Nothing is about a single person except anonymous points on a
map.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from models.persona import Persona
from models.storage.manifest import Origin, Verdict
from training.calibration.reliability import Confidence
from training.report.content.answers import FieldAnswers
from training.report.content.descriptors import DescriptorReport
from training.report.content.lengths import LengthComparison
from training.report.content.part import Part
from training.report.content.segments import Segments
from training.report.content.stability import WholeStability
from training.report.content.structure import DataStructure

DOCUMENT_FORMAT = 2


class Candidate(Part):
    """The criteria for one k, on a sample. None where a criterion does not exist or was not computed."""

    k: int
    inertia: float = Field(description="Within-cluster sum of squares.")
    gap: float
    gap_error: float = Field(description="s_k: standard error of the gap, with the simulation's own error.")
    silhouette: float | None = None
    calinski_harabasz: float | None = None
    davies_bouldin: float | None = None
    stability: tuple[float | None, ...] | None = Field(
        default=None,
        description="Mean Jaccard similarity of each cluster with its best match in refits of resampled profiles, "
        "None for one with hardly a row in the sample; None at k = 1 and for numbers far from the chosen one.",
    )
    prediction_strength: float | None = None
    field_gain: float | None = Field(
        default=None,
        description="How much better the answers of held-out profiles are predicted, each field from the others, "
        "than from everyone's shares: nats a profile.",
    )
    field_gain_error: float | None = Field(default=None, description="Standard error of `field_gain`.")


class ChoiceOfK(Part):
    """The number of personas, the reason, and the curve (empty when there was nothing to choose from)."""

    k: int
    sentence: str
    rows: int = Field(
        description="Rows of the sample of all criteria but inertia and gap, and of the silhouettes and densities."
    )
    curve: tuple[Candidate, ...] = ()
    votes: tuple[tuple[int, int], ...] = Field(
        default=(), description="How many random halves of the profiles choose each k; empty when k was given."
    )


class Loading(Part):
    """The correlation of one encoded column with the scores of a component, −1 … 1."""

    label: str = Field(description='In words: "hobbies: board games", "age".')
    correlation: float


class Axis(Part):
    """A principal component in words."""

    number: int = Field(description="From 1.")
    share: float = Field(description="Share of the variance, 0–1.")
    high: tuple[Loading, ...] = Field(description="Strongest first.")
    low: tuple[Loading, ...]
    sentence: str


class Components(Part):
    """Eigenvalues against those of shuffled data (Horn's parallel analysis), largest first."""

    kept: int
    beat_chance: int
    linked: bool = Field(default=True, description="Whether the fields depend on each other; if not, none counts.")
    p_value: float | None = Field(
        default=None, description="Of no dependence between the fields, by permutation; None if it was not tested."
    )
    independent: tuple[str, ...] = Field(
        default=(), description="Fields that depend on no other; they are in no component."
    )
    eigenvalues: tuple[float, ...]
    chance: tuple[float, ...]
    axes: tuple[Axis, ...] = ()


class PersonaDetail(Part):
    """What the analysis adds to a persona."""

    answers: tuple[FieldAnswers, ...] = Field(
        default=(), description="In the order of the fields; empty in an older report."
    )
    silhouette: float | None = Field(description="Mean over the sampled members.")
    stability: float | None = Field(
        description="Mean Jaccard similarity over refits of resampled profiles, 0–1; None with hardly a row in "
        "the sample."
    )


class Point(Part):
    """A sampled profile on a map."""

    x: float
    y: float
    cluster: int


class Map(Part):
    """A map of sampled profiles. `axes`: what x and y are."""

    method: Literal["pca", "tsne"]
    axes: tuple[str, str]
    points: tuple[Point, ...]
    centroids: tuple[tuple[float, float], ...] = Field(description="One for each persona; empty for t-SNE.")


class Matrix(Part):
    """A table of numbers with labelled rows and columns. `None`: too few profiles."""

    title: str
    row_title: str
    column_title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]


class LiftRow(Part):
    """One value of a field by persona, for the heatmap."""

    field: str
    title: str
    value: str
    lifts: tuple[float, ...] = Field(description="At most so much where fewer than five members have the value.")
    shares: tuple[float | None, ...] = Field(description="None where fewer than five members have the value.")
    significant: tuple[bool, ...]
    share_everyone: float


class SnakeRow(Part):
    """One numeric or ordinal field by persona, for the snake plot."""

    title: str
    differences: tuple[float | None, ...] = Field(
        description="Members against everyone, in standard deviations; None where fewer than five answered."
    )
    means: tuple[float | None, ...] = Field(description="None where fewer than five members answered.")
    mean_everyone: float


class DensityFinding(Part):
    """The result of one density-based method. `apart`: whether most sampled profiles are in separate groups."""

    method: Literal["DBSCAN", "HDBSCAN"]
    settings: Mapping[str, float | int]
    clusters: int
    noise_share: float
    apart: bool = False
    agreement: float | None = Field(
        description="Adjusted Rand index with K-Means over the rows that are not noise; None if all are."
    )
    sentence: str


class Density(Part):
    """DBSCAN and HDBSCAN beside K-Means. `k_distances`: ascending; the knee is DBSCAN's eps."""

    rows: int
    k_distances: tuple[float, ...] = Field(description="Thinned to a few hundred for drawing.")
    knee: float
    findings: tuple[DensityFinding, ...]
    sentence: str


class ListLength(Part):
    """The share of the variance of a list's length that the personas explain (η²): above 0.10 is a warning."""

    field: str
    title: str
    explained: float
    mean_lengths: tuple[float | None, ...] = Field(
        description="One for each persona; None where fewer than five members answered."
    )


class Insight(Part):
    """A finding in the data, as a sentence with its numbers."""

    topic: Literal["age_and_gifts", "season", "history_and_hobbies", "personas", "quality"]
    sentence: str


class FieldQuality(Part):
    """How completely a field is answered."""

    field: str
    title: str
    answered: float = Field(description="Share of the profiles, 0–1.")
    values: int | None = Field(description="Distinct values; None for numbers.")
    rare_values: int | None = Field(description="Values in the shared column of the rare ones, or not learned.")
    mean_ticks: float | None = Field(description="Values a profile that answered holds on average; lists only.")


class ValuesToLearn(Part):
    """The values of a field that the model distinguishes badly or not at all.

    Values that fewer than five profiles hold are counted, never named: a single person may have written them.
    """

    field: str
    title: str
    unknown: int = Field(description="Distinct values that the model does not know.")
    unknown_share: float = Field(description="Share of all values given that are such, 0–1.")
    misspelt: int = Field(description="Of the unknown, those spelled nearly like a known value.")
    next: tuple[str, ...] = Field(
        description="Values held by several profiles that have no column of their own yet, most common first."
    )


class DataQuality(Part):
    """The data of the fit."""

    profiles: int
    distinct: int
    refused: Mapping[str, int]
    notes: tuple[str, ...]
    fields: tuple[FieldQuality, ...]
    list_lengths: tuple[ListLength, ...]
    to_learn: tuple[ValuesToLearn, ...] = Field(default=(), description="Only the fields that have some.")


class Report(Part):
    """`report.json`. Personas, details and all tuples by persona are in the order of the clusters."""

    format: int = DOCUMENT_FORMAT
    version: str
    created_at: datetime
    headline: str = Field(description="One sentence for somebody who reads nothing else.")
    origin: Origin
    choice: ChoiceOfK
    components: Components
    personas: tuple[Persona, ...]
    details: tuple[PersonaDetail, ...]
    silhouettes: tuple[tuple[float, ...], ...] = Field(
        description="For each persona the silhouettes of its sampled members, descending; empty if there are none."
    )
    maps: tuple[Map, ...] = ()
    lifts: tuple[LiftRow, ...] = ()
    snake: tuple[SnakeRow, ...] = ()
    history_by_hobby: Matrix | None = Field(
        default=None,
        description="Share of each gift category (columns) among the gifts of those with each hobby (rows), "
        "relative to its share among everyone's gifts.",
    )
    gifts_by_age: Matrix | None = Field(
        default=None, description="Share of each gift category (rows) in each age band (columns)."
    )
    density: Density | None = None
    stability: WholeStability | None = Field(
        default=None, description="None where it was switched off, or the report is older."
    )
    structure: DataStructure | None = Field(
        default=None,
        description="None for one persona, where stability or density is missing, or in an older report.",
    )
    lengths: LengthComparison | None = Field(
        default=None, description="None without lists, where it was switched off, or in an older report."
    )
    segments: Segments | None = Field(default=None, description="None for one persona, or in an older report.")
    descriptors: DescriptorReport | None = Field(
        default=None, description="None without descriptors, for one persona, or in an older report."
    )
    confidence: Confidence | None = Field(
        default=None, description="None where nothing can be hidden, there is one persona, or the model is older."
    )
    insights: tuple[Insight, ...] = ()
    data: DataQuality
    metrics: Mapping[str, float | int | str | None]
    verdicts: tuple[Verdict, ...]
