"""Real tables with planted labels, of which margins and dependence are those of the table.

A table with classes is resampled by class, with noise. A table without is resampled into personas: a persona
draws rows with probabilities that are tilted exponentially along a few columns of its own. The most probable label
is by the density of the smoothed bootstrap, summed over the rows of the table. It presumes that the reader has the
table, and so the ceiling is high; that of a tilted table is limited by how far the personas' rows are the same.
"""

from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import rankdata

from benchmarks.recovery.generators.drawn import Draw
from benchmarks.recovery.generators.tables.real_tables import real_table
from benchmarks.recovery.generators.tables.smoothing import Rows, Smoothing
from models.scoring.columns import FloatArray, IntArray

TILTED: Final = "_tilted"
WITH_CLASSES: Final = {"iris": 3, "wine": 3, "breast_cancer": 2, "digits": 10}
VARIANTS: Final = (*WITH_CLASSES, *(f"{name}{TILTED}" for name in ("diabetes", "breast_cancer", "digits")))
# Columns that a persona's rows are tilted along. The log weights rise with the rank of a row by their sum, from
# −tilt to tilt: the weights are as uneven as if a sixth of the rows had all of it.
_COLUMNS: Final = 4
_TILT: Final = 6.0
_SHRINKING: Final = 0.8
_ROWS_OF_A_CHUNK: Final = 1_000


@dataclass(frozen=True, slots=True)
class PlantedTables:
    """Draws from real tables; a variant is one of `VARIANTS`, or the path of a CSV file."""

    def draw(self, variant: str, rows: int, personas: int, seed: int) -> Draw:
        """The draw of a seed. Of a table with more classes than `personas`, some are drawn too."""
        rng = np.random.default_rng([22, seed])
        smoothing = _smoothing(variant.removesuffix(TILTED))
        if variant in WITH_CLASSES:
            weights = _class_weights(smoothing, personas, rng)
        else:
            weights = tilted_weights(smoothing, personas, rng)
        sizes = weights.sum(axis=1)
        truth = rng.choice(personas, rows, p=sizes / sizes.sum())
        sources = np.empty(rows, np.int64)
        for label, row_weights in enumerate(weights):
            members = truth == label
            sources[members] = rng.choice(weights.shape[1], members.sum(), p=row_weights / row_weights.sum())
        drawn = smoothing.draw(sources, rng)
        best = partial(_best, smoothing, drawn, weights)
        frame = smoothing.frame(drawn)
        return Draw(frame, truth, np.ones(rows, bool), best, smoothing.table.profile_class)


def posterior(smoothing: Smoothing, drawn: Rows, weights: FloatArray) -> FloatArray:
    """The probability of each label given a row, (n, labels). `weights` (labels, N): of the rows of the table."""
    shares = []
    for start in range(0, len(drawn.codes), _ROWS_OF_A_CHUNK):
        rows = slice(start, start + _ROWS_OF_A_CHUNK)
        logs = smoothing.log_density(Rows(drawn.codes[rows], drawn.scores[rows]))
        density = np.exp(logs - logsumexp(logs, axis=1, keepdims=True)) @ weights.T
        shares.append(density / density.sum(axis=1, keepdims=True))
    return np.concatenate(shares)


def tilted_weights(smoothing: Smoothing, personas: int, rng: np.random.Generator) -> FloatArray:
    """The weights of the table's rows for personas at random, (personas, N), in sum the personas' shares."""
    columns = _standardised(smoothing, rng)
    sizes = _SHRINKING ** np.arange(personas)
    weights = []
    for size in sizes:
        some = rng.choice(columns.shape[1], min(_COLUMNS, columns.shape[1]), replace=False)
        tilt = columns[:, some] @ rng.choice([-1.0, 1.0], len(some))
        tilt = _TILT * (2 * rankdata(tilt) / len(tilt) - 1)
        weights.append(size * np.exp(tilt) / np.exp(tilt).sum())
    return np.array(weights)


def _standardised(smoothing: Smoothing, rng: np.random.Generator) -> FloatArray:
    """Columns that a tilt can use, (N, columns): scores, and shuffled or ordered codes of at least two values."""
    columns = [np.nan_to_num(scores) for scores in smoothing.rows.scores.T]
    for name, (codes, values) in zip(smoothing.discrete, smoothing.coding, strict=True):
        if len(values) > 1 and not str(name).startswith("missing "):
            columns.append(_ordered(values, rng)[codes])
    table = np.column_stack(columns)
    return np.asarray((table - table.mean(axis=0)) / table.std(axis=0))


def _ordered(values: NDArray[np.object_], rng: np.random.Generator) -> FloatArray:
    """Numbers for values: those that they are, in order, or else at random."""
    numbers = pd.to_numeric(pd.Series(values), errors="coerce")
    if numbers.isna().sum() > 1:
        return rng.normal(size=len(values))
    return numbers.fillna(numbers.median()).to_numpy(float)


def _class_weights(smoothing: Smoothing, count: int, rng: np.random.Generator) -> FloatArray:
    """Equal weights for the rows of each class, (classes, N)."""
    classes = smoothing.table.classes
    assert classes is not None
    some = rng.permutation(np.unique(classes))[:count]
    return np.asarray((classes == some[:, None]) / np.isin(classes, some).sum())


@lru_cache
def _smoothing(name: str) -> Smoothing:
    return Smoothing(real_table(name))


def _best(smoothing: Smoothing, drawn: Rows, weights: FloatArray) -> IntArray:
    return np.asarray(posterior(smoothing, drawn, weights).argmax(axis=1))


def is_csv(variant: str) -> bool:
    """Whether a variant is the path of a CSV file."""
    return Path(variant).suffix == ".csv"
