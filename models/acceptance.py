"""The thresholds of the acceptance checks, which a retrained model must pass to be activated automatically.

Declared once, for the settings of the service (by these names in the environment) and for `training fit`.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class Thresholds(BaseModel):
    """One threshold for each check. `gate_max_…` must not be exceeded, `gate_min_…` must be reached."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate_max_silhouette_loss: Annotated[float, Field(ge=0, le=2)] = Field(
        default=0.05, description="Largest fall of the silhouette below that of the active model's personas."
    )
    gate_min_stability: Annotated[float, Field(ge=-1, le=1)] = Field(
        default=0.5, description="Smallest adjusted Rand index between a candidate and refits on resampled data."
    )
    gate_min_persona_share: Share = Field(
        default=0.02, description="Smallest share of the profiles in a persona of a candidate."
    )
    gate_max_persona_share: Share = Field(
        default=0.80, description="Largest share of the profiles in one persona."
    )
    gate_max_changed_share: Share = Field(
        default=0.30, description="Largest share of people whose persona would change."
    )
    gate_max_drift: Share = Field(
        default=0.30,
        description="Largest change in the active model's persona shares since its training "
        "(total variation distance).",
    )
    gate_max_born: Annotated[int, Field(ge=0)] = Field(default=2, description="Most new personas in one version.")
    gate_max_retired: Annotated[int, Field(ge=0)] = Field(
        default=1, description="Most retired personas in one version."
    )
    gate_max_unknown_share: Share = Field(
        default=0.10, description="Largest share of values in the answers that a candidate does not know."
    )
    gate_max_outlier_share: Share = Field(
        default=0.02, description="Largest share of profiles far from every persona (beyond Q3 + 3 IQR)."
    )
    gate_max_repeated_share: Share = Field(
        default=0.005, description="Largest share of rows that repeat a row beyond coincidence."
    )
    gate_max_value_share: Share = Field(
        default=0.80, description="Largest share of one answer to a field, unless it was as common before."
    )
    gate_min_used_columns: Share = Field(
        default=0.5,
        description="Smallest share of a file's columns that are used, unless its mapping ignores them.",
    )
    gate_min_answered_ratio: Share = Field(
        default=0.25, description="Smallest ratio of the share that answers a field to that share before."
    )
    gate_min_strength_kept: Share = Field(
        default=0.25, description="Smallest ratio of the strength of a field to its strength before."
    )
