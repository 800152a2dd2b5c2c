"""Descriptors by persona: answers that the model did not learn."""

from typing import Literal

from pydantic import Field

from training.report.content.part import Part


class CategoryShares(Part):
    """A descriptor's values by persona. Values of fewer than five profiles are together in "other"."""

    values: tuple[str, ...]
    shares: tuple[tuple[float | None, ...] | None, ...] = Field(
        description="For each persona, of its members who answered; None where fewer than five did, or have the "
        "value."
    )
    everyone: tuple[float, ...]
    residuals: tuple[tuple[float, ...], ...] = Field(
        description="Pearson residuals, (observed − expected) / √expected, for each persona; 0 where fewer than "
        "five members answered, or have the value."
    )
    sparse: bool = Field(description="Whether more than a fifth of the cells expect fewer than five profiles.")


class NumberSpread(Part):
    """A descriptor's numbers in one persona: the 10th, 25th, 50th, 75th and 90th percentile."""

    percentiles: tuple[float, ...]


class DescriptorTest(Part):
    """One descriptor by persona. Statistic and p are None where it could not be tested."""

    title: str
    test: Literal["chi_squared", "kruskal_wallis"]
    answers: int
    members: tuple[int, ...] = Field(
        description="For each persona, the members who answered, those with values of fewer than five in fives; "
        "0 for fewer than five."
    )
    statistic: float | None = None
    degrees: int | None = Field(default=None, description="Degrees of freedom.")
    p: float | None = None
    p_holm: float | None = Field(default=None, description="Corrected over all descriptors.")
    effect: float | None = Field(default=None, description="Cramér's V of categories, ε² of numbers; 0–1.")
    differs: bool = Field(default=False, description="Whether the corrected p is below 1 %.")
    categories: CategoryShares | None = None
    numbers: tuple[NumberSpread | None, ...] = Field(
        default=(), description="For each persona; None with fewer than five answers."
    )
    sentence: str


class DescriptorReport(Part):
    """All descriptors, those that differ most first."""

    tests: tuple[DescriptorTest, ...]
    sentence: str
