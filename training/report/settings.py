"""The extent of an analysis."""

from pydantic import BaseModel, ConfigDict, Field


class AnalysisConfig(BaseModel):
    """The settings of an analysis. Counts cover every row; everything else uses one sample."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int = Field(
        default=2_000, ge=2, description="Rows, drawn at random, of the criteria, silhouettes, densities and axes."
    )
    bootstraps: int = Field(
        default=10, ge=0, description="Refits of resampled profiles, for the stability; 0 leaves it out."
    )
    splits: int = Field(default=5, ge=0, description="Splits of the prediction strength; 0 leaves it out.")
    n_init: int = Field(default=3, ge=1, description="Starts of each K-Means of the criteria.")
    lengths: bool = Field(
        default=True,
        description="Whether the profiles are fitted with and without list lengths, with half as many refits; "
        "needs `bootstraps`.",
    )
    map_rows: int = Field(default=1_200, ge=0, description="Most points on a map; 0 leaves the maps out.")
    density: bool = Field(default=True, description="Whether DBSCAN and HDBSCAN are asked.")


FULL_ANALYSIS = AnalysisConfig()
# The counts, which cost next to nothing, and none of the refits, maps and densities.
COUNTS_ALONE = AnalysisConfig(rows=1_000, bootstraps=0, splits=0, lengths=False, map_rows=0, density=False)
