"""Stability of the whole pipeline in a report: of the model, of each persona, and by number of personas."""

from pydantic import Field

from training.report.content.part import Part


class SegmentStability(Part):
    """How often one persona comes back in refits (segment level stability within solutions, SLSW)."""

    jaccards: tuple[float, ...] = Field(description="The largest Jaccard similarity in each refit, 0–1.")
    mean: float
    recovered: int = Field(description="Refits with a similarity of 0.75 or more.")
    dissolved: int = Field(description="Refits with a similarity of 0.5 or less.")


class SolutionSegment(Part):
    """A segment of the solution with one number of segments (segment level stability across solutions, SLSA)."""

    cluster: int = Field(description="Index by size in its own solution; of the chosen one, the persona.")
    share: float = Field(description="Share of the sampled profiles, 0–1.")
    sources: tuple[float, ...] = Field(
        description="Shares of its members that come from each segment of the solution before, in their order; "
        "empty in the first solution."
    )
    stability: float | None = Field(
        description="1 − entropy of the sources / logarithm of their number: 1 comes whole from one segment, 0 "
        "evenly from all. None in the first solution, and for a segment without sampled profiles."
    )


class Solution(Part):
    """The solution with k segments. `agreements`: adjusted Rand indices of all pairs of refits."""

    k: int
    agreements: tuple[float, ...]
    segments: tuple[SolutionSegment, ...] = Field(description="In the order in which they are drawn.")


class WholeStability(Part):
    """Agreement with refits of resampled profiles, in which every step of the pipeline is fitted anew."""

    rows: int = Field(description="Profiles that the fit and all refits assigned.")
    refits: int
    agreement: float = Field(description="Mean adjusted Rand index of a refit with the model.")
    agreements: tuple[float, ...] = Field(description="The same for each refit.")
    least: float = Field(description="The agreement that the acceptance check wants.")
    segments: tuple[SegmentStability | None, ...] = Field(
        description="One for each persona, None for one with hardly a row in the sample; empty for one persona."
    )
    solutions: tuple[Solution, ...] = Field(description="By number of segments, ascending.")
    sentence: str = Field(description="On the model.")
    by_k: str = Field(description="On the numbers of personas.")
    across: str = Field(description="On splits and merges.")
