"""Populations to draw samples from: a generator of profiles, or the rows of a real table."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import pandas as pd
from pydantic import BaseModel

from benchmarks.recovery.generators.registry import GENERATORS, PERSONAS
from benchmarks.recovery.generators.tables.real_tables import real_table
from models.profile import Profile


class Population(Protocol):
    """People of whom samples can be drawn, as profiles of `profile_class`."""

    @property
    def title(self) -> str:
        """Its name in the output."""

    @property
    def profile_class(self) -> type[BaseModel]:
        """The class of the profiles."""

    def samples(self, sizes: Sequence[int], seed: int) -> Iterator[pd.DataFrame]:
        """Different people of one population, one sample for each size."""


@dataclass(frozen=True)
class Generated:
    """A variant of a generator. A seed is a population where the generator draws its personas, too."""

    generator: str
    variant: str

    @property
    def title(self) -> str:
        """Its name in the output."""
        return f"{self.generator}, {self.variant}"

    @property
    def profile_class(self) -> type[BaseModel]:
        """The class of the profiles."""
        return Profile

    def samples(self, sizes: Sequence[int], seed: int) -> Iterator[pd.DataFrame]:
        """Samples of one draw."""
        frame = GENERATORS[self.generator].drawing.draw(self.variant, sum(sizes), PERSONAS, seed).frame
        ends = np.cumsum([0, *sizes])
        for start, end in pairwise(ends.tolist()):
            yield frame.iloc[start:end].reset_index(drop=True)


@dataclass(frozen=True)
class Table:
    """The rows of a table: one that scikit-learn ships, by name, or a CSV file."""

    name: str

    @property
    def title(self) -> str:
        """Its name in the output."""
        return self.name

    @property
    def profile_class(self) -> type[BaseModel]:
        """The class of the profiles. It is made at run time, and put where pickle looks for it."""
        made = real_table(self.name).profile_class
        setattr(sys.modules[made.__module__], made.__name__, made)
        return made

    def samples(self, sizes: Sequence[int], seed: int) -> Iterator[pd.DataFrame]:
        """Equal shares of the rows, at random; how large they are, the table says."""
        table = real_table(self.name)
        items = table.items.to_numpy(bool)
        frame = table.frame(table.fields, items, np.ones(len(items), bool))
        for rows in np.array_split(np.random.default_rng(seed).permutation(len(frame)), len(sizes)):
            yield frame.iloc[np.sort(rows)].reset_index(drop=True)
