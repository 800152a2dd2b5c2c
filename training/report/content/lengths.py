"""List lengths in and out: the same data fitted with and without what only the number of ticks says."""

from pydantic import Field

from training.report.content.part import Part


class LengthVariant(Part):
    """One of the two fits."""

    removed: bool = Field(description="Whether the list lengths were removed before PCA.")
    k: int
    agreement: float | None = Field(
        description="Mean adjusted Rand index of refits of resampled profiles with it; None for one persona, and "
        "where no resample gave a refit."
    )
    explained: tuple[float, ...] = Field(
        description="η²: for each list, the share of the variance of the number of ticks between the personas."
    )
    explained_by_segments: tuple[float, ...] = Field(
        description="The same between the segments that K-Means finds, on which the classifier is trained."
    )


class LengthComparison(Part):
    """The model's own setting first, then the other one."""

    rows: int = Field(description="Profiles that both assigned.")
    refits: int = Field(description="Refits of the other setting.")
    lists: tuple[str, ...] = Field(description="Titles of the lists.")
    variants: tuple[LengthVariant, LengthVariant]
    same: float = Field(description="Adjusted Rand index of both solutions.")
    sentence: str
