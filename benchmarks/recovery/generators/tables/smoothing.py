"""The smoothed bootstrap of a real table, and the density of what it draws.

A new row is a row of the table with noise. A number becomes a normal score by its rank, gets normal noise, is
scaled back to variance 1 (Silverman and Young, Biometrika, 1987) and becomes a number by the column's quantiles.
Any other answer, also a missing one, is drawn anew from its column with a small probability (after Aitchison and
Aitken, Biometrika, 1976). So margins stay as they are, and dependence nearly.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from benchmarks.recovery.generators.tables.real_tables import RealTable
from models.scoring.columns import FloatArray, IntArray

# Standard deviation of the noise of a score, and the probability that another answer is drawn anew.
NOISE: Final = 0.3
REDRAWN: Final = 0.1
_SCALE: Final = float(1 / np.sqrt(1 + NOISE**2))
# Numbers with fewer values are resampled as they are: noise between values would not look like them.
_FEWEST_SCORED: Final = 25


@dataclass(frozen=True)
class Rows:
    """Rows in the codes of a table. `codes` (n, discrete columns); `scores` (n, scored columns), NaN: missing."""

    codes: IntArray
    scores: FloatArray


@dataclass(frozen=True)
class Smoothing:
    """The smoothed bootstrap of one table, with N rows."""

    table: RealTable

    @cached_property
    def scored(self) -> list[str]:
        """The columns with scores: numbers with many values."""
        fields = self.table.fields
        return [
            str(name) for name in fields if _is_number(fields[name]) and fields[name].nunique() >= _FEWEST_SCORED
        ]

    @cached_property
    def discrete(self) -> pd.DataFrame:
        """All other columns, whether a score is missing, and the items; as objects."""
        fields, items = self.table.fields, self.table.items
        others = fields.drop(columns=self.scored)
        absent = fields[self.scored].isna().add_prefix("missing ")
        return pd.concat([others, absent, items.add_prefix("item ")], axis=1).astype(object)

    @cached_property
    def coding(self) -> list[tuple[IntArray, NDArray[Any]]]:
        """The codes of each discrete column and its values; a missing answer is a value, the last."""
        coded = (pd.factorize(self.discrete[name], use_na_sentinel=False) for name in self.discrete)
        return [(codes, np.asarray(values, object)) for codes, values in coded]

    @cached_property
    def rows(self) -> Rows:
        """The table itself."""
        codes = [codes for codes, _ in self.coding]
        scores = [_scores(self.table.fields[name].astype(float)) for name in self.scored]
        count = len(self.table.fields)
        return Rows(
            np.column_stack([np.zeros((count, 0), np.int64), *codes]).astype(np.int64),
            np.column_stack([np.zeros((count, 0)), *scores]),
        )

    @cached_property
    def margins(self) -> list[FloatArray]:
        """The shares of the values of each discrete column."""
        return [np.bincount(codes) / len(codes) for codes, _ in self.coding]

    def draw(self, rows: IntArray, rng: np.random.Generator) -> Rows:
        """New rows from these rows (n,) of the table."""
        source = self.rows
        codes = source.codes[rows]
        for column, shares in enumerate(self.margins):
            anew = rng.random(len(rows)) < REDRAWN
            codes[anew, column] = rng.choice(len(shares), anew.sum(), p=shares)
        noisy = (source.scores[rows] + NOISE * rng.normal(size=(len(rows), len(self.scored)))) * _SCALE
        blank = rng.normal(size=noisy.shape)
        return Rows(codes, np.where(self._absent(codes), np.nan, np.where(np.isnan(noisy), blank, noisy)))

    def log_density(self, drawn: Rows) -> FloatArray:
        """The log density of each drawn row by each row of the table, (n, N), up to a term of the drawn row."""
        density = np.zeros((len(drawn.codes), len(self.rows.codes)))
        for column, shares in enumerate(self.margins):
            # log[(1 − r) [same] + r share] is, up to log(r share), this for the same value, and 0 for others.
            gain = np.log1p((1 - REDRAWN) / (REDRAWN * shares))
            same = np.eye(len(shares))
            density += (same * gain)[drawn.codes[:, column]] @ same[self.rows.codes[:, column]].T
        return density + _score_log_density(drawn.scores, self.rows.scores)

    def frame(self, drawn: Rows) -> pd.DataFrame:
        """Drawn rows as profiles."""
        values = [self.coding[column][1][drawn.codes[:, column]] for column in range(len(self.margins))]
        cells = dict(zip(map(str, self.discrete), values, strict=True))
        answers = cells | {name: self._numbers(name, drawn) for name in self.scored}
        fields = {
            str(name): pd.Series([None if pd.isna(cell) else cell for cell in answers[str(name)]], dtype=object)
            for name in self.table.fields
        }
        names = [f"item {name}" for name in self.table.items]
        items = np.column_stack([np.zeros((len(drawn.codes), 0)), *(cells[name] for name in names)]).astype(bool)
        return self.table.frame(pd.DataFrame(fields), items, np.ones(len(items), bool))

    def _numbers(self, name: str, drawn: Rows) -> FloatArray:
        """The numbers of scores: the quantiles of the column, (n,)."""
        numbers = self.table.fields[name].astype(float).dropna().to_numpy()
        scores = drawn.scores[:, self.scored.index(name)]
        quantiles = np.quantile(numbers, ndtr(np.nan_to_num(scores)))
        quantiles = quantiles.round() if (numbers == numbers.round()).all() else quantiles
        return np.asarray(np.where(np.isnan(scores), np.nan, quantiles))

    def _absent(self, codes: IntArray) -> NDArray[np.bool_]:
        """Which scores are missing, (n, scored columns)."""
        names = list(self.discrete.columns)
        at = [names.index(f"missing {name}") for name in self.scored]
        flags = [self.coding[column][1][codes[:, column]].astype(bool) for column in at]
        return np.column_stack([np.zeros((len(codes), 0), bool), *flags])


def _score_log_density(drawn: FloatArray, source: FloatArray) -> FloatArray:
    """The log density of scores, (n, N). A score whose row of the table has none is standard normal."""
    variance = (NOISE * _SCALE) ** 2
    is_drawn, has_source = ~np.isnan(drawn), ~np.isnan(source)
    new, old = np.nan_to_num(drawn), np.nan_to_num(source) * _SCALE
    # −(new − old)² / 2v, expanded, so that it is three products of matrices.
    constant = np.where(has_source, -0.5 * np.log(variance) - old**2 / (2 * variance), 0.0)
    square = np.where(has_source, -1 / (2 * variance), -0.5)
    return np.asarray(is_drawn @ constant.T + new**2 @ square.T + new @ (old / variance).T)


def _scores(numbers: "pd.Series[float]") -> FloatArray:
    return np.asarray(ndtri((numbers.rank() - 0.5) / numbers.count()))


def _is_number(column: "pd.Series[Any]") -> bool:
    return all(isinstance(value, float) for value in column.dropna())
