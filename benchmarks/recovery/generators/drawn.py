"""One draw of a generator: profiles, their planted groups, and the most probable ones."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel
from sklearn.metrics import adjusted_rand_score

from models.profile import Profile
from models.scoring.columns import BoolArray, IntArray
from training.data.dataset import Dataset, from_frame


@dataclass(frozen=True)
class Draw:
    """One draw of n profiles.

    `truth` (n,): labels of the planted groups. `planted` (n,): which profiles belong to one. `bayes`: computes the
    most probable group of each profile by the generator's own formula, (n,), given that it belongs to one.
    """

    frame: pd.DataFrame
    truth: NDArray[Any]
    planted: BoolArray
    bayes: Callable[[], NDArray[Any]]
    profile_class: type[BaseModel] = Profile

    @cached_property
    def best(self) -> NDArray[Any]:
        """The most probable group of each profile, (n,)."""
        return self.bayes()

    @cached_property
    def ceiling(self) -> float:
        """The adjusted Rand index of the most probable group with the truth, over the planted profiles."""
        return float(adjusted_rand_score(self.truth[self.planted], self.best[self.planted]))

    @property
    def dataset(self) -> Dataset:
        """The profiles as training uses them."""
        return from_frame(self.frame, self.profile_class)

    def agreement(self, clusters: IntArray) -> float:
        """Adjusted Rand index of clusters (n,) with the truth, over the planted profiles."""
        return float(adjusted_rand_score(self.truth[self.planted], np.asarray(clusters)[self.planted]))
