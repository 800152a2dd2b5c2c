"""Customers in a plane: two numbers without correlation that form five groups, and a field of no use."""

from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from models.profile.field_kinds import Categorical, Numeric, Wording


class Plane(BaseModel):
    """A customer."""

    model_config = ConfigDict(frozen=True)

    income: Annotated[float | None, Numeric()] = None
    spending: Annotated[float | None, Numeric()] = None
    gender: Annotated[str | None, Categorical(Wording("be {value}"))] = None


def five_groups(rows: int, seed: int = 0, spread: float = 6.0) -> pd.DataFrame:
    """Four groups in the corners of a square and a larger one in its middle; `gender` depends on nothing.

    `spread`: the standard deviation within a group; neighbouring groups are 34 apart.
    """
    rng = np.random.default_rng(seed)
    centres = np.array([[0, 0], [0, 0], [-2, -2], [-2, 2], [2, -2], [2, 2]]) * 12.0
    points = centres[np.arange(rows) % 6] + rng.normal(0, spread, (rows, 2)) + 60
    # What is left of a linear link.
    income, spending = points.T - points.mean(axis=0)[:, None]
    points[:, 1] -= income * (income @ spending) / (income @ income)
    gender = rng.permutation(np.where(np.arange(rows) % 2, "female", "male"))
    return pd.DataFrame({"income": points[:, 0].round(1), "spending": points[:, 1].round(1), "gender": gender})
