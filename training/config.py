"""The settings of a training run, and the seed. The same data and settings give the same model."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt


class TrainingConfig(BaseModel):
    """The settings that determine a run besides its data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    k: PositiveInt | Literal["auto"] = Field(
        default="auto", description="How many personas; 'auto' lets the gap statistic choose."
    )
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="Seed of everything random.")

    rare_share: float = Field(
        default=0.01, ge=0, le=1, description="Values that fewer of a field's answers hold share one column."
    )
    rare_damping: float = Field(
        default=0.015,
        ge=0,
        le=1,
        description="A value of this share has half of the variance that standardising alone would give it.",
    )
    min_value_count: int = Field(
        default=5,
        ge=1,
        description="Values that fewer profiles hold are not learned: they tell too little, "
        "and a vocabulary must not publish what a single person wrote.",
    )
    max_values: int = Field(default=2_000, ge=1, description="Most values learned for one field.")

    keep_all_columns: int = Field(
        default=10, ge=0, description="With so many encoded columns or fewer, all components are retained."
    )
    permutations: int = Field(
        default=20, ge=1, description="Draws of the parallel analysis and of the test for dependence, at first."
    )
    most_permutations: int = Field(
        default=200, ge=1, description="Most draws of the two, where a statistic is near its threshold."
    )
    dependence_level: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="Largest p-value at which the fields depend on each other, and a field on others.",
    )
    leave_out_independent: bool = Field(
        default=True, description="Form no component from fields that depend on no other."
    )
    chance_quantile: float = Field(
        default=0.95, ge=0, le=1, description="Components must beat this quantile of chance."
    )
    clearly: float = Field(
        default=4.0, ge=0, description="Standard deviations by which the first component must beat chance."
    )
    max_components: int = Field(default=12, ge=1, description="Most components retained.")
    remove_lengths: bool = Field(
        default=True, description="Take out of each list what the number of its ticks alone says."
    )

    k_max: int = Field(default=10, ge=1, description="Largest number of personas tried by 'auto'.")
    plateau: float = Field(
        default=0.20,
        ge=0,
        le=1,
        description="The number of personas is where at most this share of the gap's rise is left.",
    )
    references: int = Field(
        default=10,
        ge=1,
        description="Reference draws of the gap statistic; up to five times as many near the plateau.",
    )
    halves: int = Field(
        default=20,
        ge=0,
        description="Random halves of the profiles that vote on the number of personas; up to three times as many "
        "where they do not agree.",
    )
    undecided_tail: float = Field(
        default=0.2,
        ge=0,
        lt=0.5,
        description="Share of the lowest, and of the highest votes of the halves that do not count when they are "
        "undecided between several numbers of personas.",
    )
    given_k_curve: bool = Field(
        default=True, description="Compute the criteria for each number of personas also where k is given."
    )
    criteria_rows: int = Field(
        default=5_000, ge=2, description="Rows, drawn at random, on which the criteria are computed."
    )
    chance_rows: int = Field(default=5_000, ge=2, description="Rows, drawn at random, of the parallel analysis.")
    n_init: int = Field(default=10, ge=1, description="Starts of the final K-Means.")
    familiar: float = Field(
        default=0.005,
        ge=0,
        description="K-Means that starts from the model before is taken unless a fresh start is better by more "
        "than this share of the inertia.",
    )

    reference_rows: int = Field(
        default=10_000, ge=2, description="Rows, drawn at random, on which personas are matched and compared."
    )
    held_out_share: float = Field(
        default=0.1, ge=0, le=0.5, description="Share of the profiles held out from a refit, to check it on."
    )
    held_out_rows: int = Field(default=5_000, ge=0, description="Most profiles held out from a refit.")
    bootstraps: int = Field(default=10, ge=1, description="Resamples of the stability.")

    min_persona_share: float = Field(default=0.02, ge=0, le=1, description="A smaller persona fails the verdict.")
    max_persona_share: float = Field(default=0.80, ge=0, le=1, description="A larger persona fails the verdict.")
