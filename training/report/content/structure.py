"""What kind of segmentation a model is: natural, reproducible or constructive."""

from typing import Literal

from pydantic import Field

from training.report.content.part import Part

Kind = Literal["natural", "reproducible", "constructive"]


class DataStructure(Part):
    """The kind of segmentation, and the numbers that it follows from."""

    kind: Kind
    agreement: float = Field(description="Median adjusted Rand index of pairs of refits.")
    seen: tuple[str, ...] = Field(
        description="The density-based methods that see the personas as separate groups."
    )
    sentence: str
