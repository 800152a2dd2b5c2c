"""The personas as segments: profile, separation, similarity, probabilities, and a sheet to judge them by."""

from pydantic import Field

from training.report.content.part import Part


class ProfileVariable(Part):
    """One answer by persona, for the segment profile plot."""

    title: str = Field(description="Of the field.")
    value: str
    everyone: float = Field(description="Share of all who answered the field, 0–1.")
    shares: tuple[float | None, ...] = Field(
        description="For each persona, of its members who answered; None where fewer than five have the value."
    )
    markers: tuple[bool, ...] = Field(description="For each persona, whether the answer marks it.")


class SegmentProfile(Part):
    """The answers in which the personas differ most, like answers beside each other."""

    variables: tuple[ProfileVariable, ...]
    limit: float = Field(description="Absolute difference from everyone's share that makes a marker.")
    sentence: str


class Ellipse(Part):
    """Mean and spread of a persona's sampled members on the plane of the first two components."""

    x: float
    y: float
    axes: tuple[float, float] = Field(description="Standard deviations along the longer and the shorter axis.")
    angle: float = Field(description="Of the longer axis, in degrees.")


class Separation(Part):
    """How near the personas are to each other."""

    axes: tuple[str, str] = Field(description="What x and y are.")
    ellipses: tuple[Ellipse | None, ...] = Field(description="None with fewer than five sampled members.")
    similarities: tuple[tuple[float, ...], ...] = Field(
        description="Symmetric, 0–1: 0 where no profile has both as its nearest centroids."
    )
    sentence: str


class Gorge(Part):
    """How similar profiles are to one persona's centroid: histograms over equal bins from 0 to 1."""

    members: tuple[int, ...]
    others: tuple[int, ...]
    mean: float | None = Field(description="Of the members; None where none was sampled.")


class GorgePlot(Part):
    """One histogram for each persona. `middle`: share of the members with a similarity between 0.4 and 0.6."""

    rows: int
    gorges: tuple[Gorge, ...]
    middle: float
    sentence: str


class Posteriors(Part):
    """The probabilities that the model gives sampled profiles."""

    rows: int
    table: tuple[tuple[float | None, ...], ...] = Field(
        description="For the members of each persona (rows), their mean probability of every persona."
    )
    entropy_r2: float | None = Field(description="1 − mean entropy / entropy of the mean probabilities; 0–1.")
    entropy_r2_of: tuple[float | None, ...] = Field(
        default=(),
        description="For each persona: 1 − mean entropy of its members / entropy of the mean probabilities.",
    )
    normalised_entropy: float = Field(description="1 − mean entropy / log k; 0–1.")
    classification_r2: float | None = Field(
        description="1 − expected errors / errors of always naming the largest persona."
    )
    sentence: str

    @property
    def own(self) -> tuple[float | None, ...]:
        """The mean probability of its members' own persona, for each persona."""
        return tuple(row[index] for index, row in enumerate(self.table))


class SheetRow(Part):
    """One persona by the criteria for a segment."""

    size: int
    share: float
    silhouette: float | None
    posterior: float | None = Field(description="Mean probability of their own persona among its members.")
    entropy_r2: float | None = Field(
        default=None, description="How much of the uncertainty the answers of its members take away; below 1."
    )
    fields: tuple[str, ...] = Field(description="Titles of the fields that its traits are about.")
    reach: float | None = Field(description="Mean share of its members who answered these fields.")
    stability: float | None = Field(description="Mean Jaccard similarity over refits.")
    markers: int = Field(description="Answers that mark it, among those of the segment profile.")
    sentence: str


class Segments(Part):
    """The personas as segments."""

    profile: SegmentProfile | None
    separation: Separation | None
    gorges: GorgePlot | None
    posteriors: Posteriors | None = Field(description="None where the model has no probabilities.")
    sheet: tuple[SheetRow, ...]
