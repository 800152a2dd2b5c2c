"""A profile class of one's own: the customers of a mall, with their age, income, spending and gender.

The table is on Kaggle as "Mall Customer Segmentation Data"; it is not part of this project.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from models.profile.field_kinds import Categorical, Numeric, Scale, Wording


class Customer(BaseModel):
    """A customer of the mall. Every field may be missing."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    age: Annotated[
        int | None,
        Field(ge=0, le=120, description="In years.", examples=[32]),
        Numeric(Scale(low="young", high="older", unit="years", phrase="be {value} years old")),
    ] = None
    annual_income: Annotated[
        float | None,
        Field(ge=0, le=10_000, description="In thousands of dollars a year.", examples=[60]),
        Numeric(
            Scale(low="low-income", high="high-income", unit="thousand", phrase="earn {value} thousand a year")
        ),
    ] = None
    spending_score: Annotated[
        float | None,
        Field(ge=1, le=100, description="Given by the mall, 1 to 100.", examples=[50]),
        Numeric(Scale(low="thrifty", high="free-spending", phrase="have a spending score of {value}")),
    ] = None
    gender: Annotated[
        str | None,
        Field(max_length=50, description="As the table has it.", examples=["female"]),
        Categorical(Wording("be {value}")),
    ] = None
