"""The bounds of the gate: what a retrained model must hold to be put in force by itself.

Declared once: settings of the service (by these names in the environment) and `--bound` of `training fit`.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class Thresholds(BaseModel):
    """One bound for each check. `gate_max_…` may not be passed, `gate_min_…` must be reached."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate_max_silhouette_loss: Annotated[float, Field(ge=0, le=2)] = Field(
        default=0.05, description="Largest fall of the silhouette below that of the model in force."
    )
    gate_min_stability: Annotated[float, Field(ge=-1, le=1)] = Field(
        default=0.5, description="Least adjusted Rand index between a candidate and refits of resampled data."
    )
    gate_min_persona_share: Share = Field(
        default=0.02, description="Least share of the profiles that the smallest persona of a candidate holds."
    )
    gate_max_persona_share: Share = Field(
        default=0.80, description="Largest share of the profiles that one persona holds."
    )
    gate_max_changed_share: Share = Field(
        default=0.30, description="Largest share of people who would change persona."
    )
    gate_max_drift: Share = Field(
        default=0.30,
        description="Largest share of people of other personas, to the model in force, than in its training.",
    )
    gate_max_born: Annotated[int, Field(ge=0)] = Field(default=2, description="Most new personas at once.")
    gate_max_retired: Annotated[int, Field(ge=0)] = Field(default=1, description="Most personas retired at once.")
    gate_max_unknown_share: Share = Field(
        default=0.10, description="Largest share of the values told that a candidate does not know."
    )
    gate_max_outlier_share: Share = Field(
        default=0.02, description="Largest share of profiles far from every persona (beyond Q3 + 3 IQR)."
    )
    gate_max_repeated_share: Share = Field(
        default=0.005, description="Largest share of rows that repeat a row of five answers or more."
    )
    gate_max_value_share: Share = Field(
        default=0.80, description="Largest share that one answer to a field holds, unless it did before."
    )
    gate_min_strength_kept: Share = Field(
        default=0.25, description="Least part of what a field had to do with the others that is left."
    )
