"""The profiles as input of the peers: a table of numbers, one of categories, one of ticked items.

They are prepared as for our encoder: long tails as log(1 + x), as the fields declare, and rare values pooled.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from models.profile import Profile
from models.profile.field_kinds import FieldSpec, MultiLabel, Numeric, declared_fields

MISSING = "missing"
OTHER = "other"


@dataclass(frozen=True)
class Features:
    """Three tables of n rows each.

    `numbers`: floats, NaN where not answered. `categories`: texts, None where not answered. `items`: a column
    for each item of each list, 1 ticked, 0 not, NaN where the list was not answered.
    """

    numbers: pd.DataFrame
    categories: pd.DataFrame
    items: pd.DataFrame

    def standardised(self) -> pd.DataFrame:
        """The numbers with mean 0 and standard deviation 1; NaN stays."""
        return (self.numbers - self.numbers.mean()) / self.numbers.std(ddof=0).replace(0.0, 1.0)

    def filled_numbers(self) -> pd.DataFrame:
        """The numbers, missing ones replaced by the median, then standardised."""
        filled = self.numbers.fillna(self.numbers.median()).fillna(0.0)
        return Features(filled, self.categories, self.items).standardised()

    def filled_categories(self) -> pd.DataFrame:
        """The categories, missing ones as the category "missing"."""
        return self.categories.fillna(MISSING)

    def filled_items(self) -> pd.DataFrame:
        """The items, 0 where the list was not answered."""
        return self.items.fillna(0.0)


def features(frame: pd.DataFrame, rare_share: float, profile_class: type[BaseModel] = Profile) -> Features:
    """The tables of profiles. Fields that are not in the frame are left out; a table may have no column.

    Categories with a smaller share of a field's answers become "other"; such items are dropped.
    """
    specs = [spec for spec in declared_fields(profile_class) if spec.name in frame]
    lists = [spec for spec in specs if isinstance(spec.kind, MultiLabel)]
    numbers = {spec.name: _number(frame[spec.name], spec.kind) for spec in specs if isinstance(spec.kind, Numeric)}
    categories = {spec.name: _category(frame[spec.name], rare_share) for spec in specs if _is_category(spec)}
    items = [_items(frame[spec.name], spec.name, rare_share) for spec in lists]
    return Features(
        numbers=pd.DataFrame(numbers, index=frame.index),
        categories=pd.DataFrame(categories, index=frame.index),
        items=pd.concat([pd.DataFrame(index=frame.index), *items], axis=1),
    )


def _is_category(spec: FieldSpec) -> bool:
    return not isinstance(spec.kind, Numeric | MultiLabel)


def _number(answers: "pd.Series[Any]", kind: Numeric) -> "pd.Series[float]":
    values = answers.astype("Float64").astype(float)
    return pd.Series(np.log1p(values)) if kind.log else values


def _category(answers: "pd.Series[Any]", rare_share: float) -> "pd.Series[Any]":
    shares = answers.value_counts(normalize=True)
    common = answers.isin(shares.index[shares >= rare_share]) | answers.isna()
    return answers.where(common, OTHER)


def _items(answers: "pd.Series[Any]", field: str, rare_share: float) -> pd.DataFrame:
    given = answers[answers.notna()]
    ticks = given.explode().dropna()
    table = pd.crosstab(ticks.index, ticks).clip(upper=1).astype(float)
    table = table.reindex(given.index, fill_value=0.0)
    table = table.loc[:, table.mean() >= rare_share].add_prefix(f"{field}: ")
    return table.reindex(answers.index)
