"""Rows that repeat others: copies, or coincidences of coarse answers.


Profiles of many fields hardly ever coincide, and a repeated row is a copy: a file appended to itself, a test user.
Six questions with five answers each coincide all the time. How often is predicted from the pairs of rows that
differ in little: the numbers of pairs that differ in one, two or three of five groups of fields are extrapolated
to those that differ in none. Capture–recapture studies estimate the animals that were never seen in the same way,
by a log-linear model of an incomplete table (Fienberg, Biometrika 59, 1972, 591–603), here with a main effect for
each group and one interaction for all pairs of groups, which stands for people being alike to different degrees
(Darroch, Fienberg, Glonek and Junker, JASA 88, 1993, 1137–1148).

A pair counts 1 / (1 + m) where m other rows differ in one group only: copies in a crowd say little, and copies
where there is nobody else nearly everything. Measured on ratings, motives and simulated answers, whole and with
5 % of the rows copied: docs/decisions/0015.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from models.acceptance import Thresholds
from models.scoring.columns import FloatArray, IntArray, known_rows
from models.storage.manifest import Verdict
from training.acceptance.verdicts import at_most, not_judged
from training.data.codes import row_groups
from training.data.dataset import Dataset
from training.text import count as counted
from training.text import percent_tenths

# Rows with fewer answers say too little to be compared.
_FEWEST_ANSWERS: Final = 5
# A few people give the same answer to every question, and fewer copies are left to them.
_FEWEST_COPIES: Final = 5
_GROUPS: Final = 5
_FEWEST_GROUPS: Final = 4
_GROUPINGS: Final = 5
_MOST_DIFFERENT: Final = 3
# The error of the extrapolation besides that of the counts, as a share of the prediction.
_MODEL_ERROR: Final = 0.1
_STANDARD_ERRORS: Final = 1.75
# Where copies of so many rows would not show, nothing is said.
_VISIBLE: Final = 0.05
_STEPS: Final = 200

_Groups = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Copies:
    """The estimated number of rows that are copies, its standard error, and how many of them are beyond it."""

    number: float
    error: float
    certain: float


def repeated_rows(dataset: Dataset, thresholds: Thresholds) -> Verdict:
    """The verdict on rows that repeat others in `_FEWEST_ANSWERS` answers or more, or in all where there are fewer
    fields.
    """
    fewest = min(_FEWEST_ANSWERS, len(dataset.columns))
    answers = counted(fewest, "answer")
    answered = sum(known_rows(column).astype(np.int64) for column in dataset.columns.values())
    rows = np.flatnonzero(answered >= fewest)
    if not len(rows):
        return not_judged("repeated_rows", f"No profile has {answers} or more.")
    those = dataset if len(rows) == len(dataset) else dataset.take(rows)
    repeated = (len(rows) - those.distinct_rows) / len(dataset)
    measured = f"{percent_tenths(repeated)} of the rows repeat another one word for word, in {answers} or more"
    most = max(thresholds.gate_max_repeated_share, _FEWEST_COPIES / len(dataset))
    if repeated <= most:
        return at_most("repeated_rows", repeated, most, measured)
    copies = estimated_copies(those)
    if copies is None:
        return not_judged("repeated_rows", f"{measured}, and so few fields do not tell copies from coincidences.")
    return _copied(copies, len(dataset), most, measured)


def _copied(copies: Copies, rows: int, most: float, measured: str) -> Verdict:
    certain = copies.certain / rows
    if certain <= most and _STANDARD_ERRORS * copies.error / rows > _VISIBLE:
        visible = percent_tenths(_VISIBLE)
        why = f"{measured}, and so many coincide by chance that copies of {visible} of the rows would not show."
        return not_judged("repeated_rows", why)
    estimate = max(copies.number, 0.0) / rows
    measured += f"; an estimated {percent_tenths(estimate)} are copies and not coincidences"
    measured += f", {percent_tenths(certain)} for certain"
    return at_most("repeated_rows", certain, most, measured)


def estimated_copies(dataset: Dataset) -> Copies | None:
    """How many rows are copies beyond coincidence; None where fewer than `_FEWEST_GROUPS` fields vary.

    The mean of estimates with the fields in different groups: some groups suit the model less than others.
    """
    rng = np.random.default_rng(0)
    fields = (row_groups({name: column}, len(dataset)) for name, column in dataset.columns.items())
    answers = [field for field in fields if field.any()]
    if len(answers) < _FEWEST_GROUPS:
        return None
    estimates = [_estimated(_Rows.grouped(answers, rng)) for _ in range(_GROUPINGS)]
    number, error, crowds = np.mean(estimates, axis=0).tolist()
    return Copies(number + crowds, error, max(0.0, number - _STANDARD_ERRORS * error) + crowds)


def _estimated(rows: "_Rows") -> tuple[float, float, float]:
    """The number of copies, its standard error, and the number in crowds, which are beyond doubt."""
    copies, neighbours = rows.equal_but(()), rows.neighbours()
    sizes = np.bincount(copies)
    near = np.zeros(len(sizes))
    near[copies] = neighbours
    observed = np.minimum(1.0, sizes * (sizes - 1) / 2 / (1 + near))
    predicted, relative_error = extrapolated(rows.pairs(neighbours), len(rows.numbers))
    by_chance = min(predicted / max(observed.sum(), 1e-9), 1.0) * float((observed / (1 + near)).sum())
    weight = float(np.mean(1 / (1 + neighbours)))
    error = float(np.sqrt(by_chance + predicted**2 * (relative_error**2 + _MODEL_ERROR**2))) / weight
    # Above, a combination counts once; where it is far more frequent than those around it, all its rows count.
    crowds = float(np.maximum(0.0, sizes - 2 - 2 * near).sum())
    return (float(observed.sum()) - predicted) / weight, error, crowds


# --- pairs of rows ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows with their fields in groups. `numbers` (groups, n): a random number of 63 bits for each combination of
    answers in a group. Sums of them coincide by chance hardly ever.
    """

    numbers: IntArray

    @classmethod
    def grouped(cls, answers: list[IntArray], rng: np.random.Generator) -> "_Rows":
        """Rows with their fields in groups drawn at random. `answers` (n,) of each field: a number for each
        answer.
        """
        fields = np.array_split(rng.permutation(len(answers)), min(_GROUPS, len(answers)))
        drawn = [rng.integers(2**63, size=int(field.max()) + 1)[field] for field in answers]
        return cls(np.array([np.sum([drawn[field] for field in some], axis=0) for some in fields]))

    def equal_but(self, different: _Groups) -> IntArray:
        """A number from 0 for each row, (n,): the same for rows that are equal in all groups but these."""
        equal = np.delete(self.numbers, different, axis=0)
        return np.asarray(pd.factorize(equal.sum(axis=0))[0], np.int64)

    def neighbours(self) -> IntArray:
        """The number of rows that differ from a row in exactly one group, (n,)."""
        copies = _sizes(self.equal_but(()))
        near = np.zeros_like(copies)
        for group in range(len(self.numbers)):
            near += _sizes(self.equal_but((group,))) - copies
        return near

    def pairs(self, neighbours: IntArray) -> dict[_Groups, float]:
        """The weighted number of pairs of rows that differ in exactly these groups.

        A pair that differs in one group is a neighbour by itself, and is not among those that weigh it.
        """
        others = np.where(neighbours > 0, 1 / np.sqrt(np.maximum(neighbours, 1)), 0.0)
        pairs = self._pairs(1 / np.sqrt(1 + neighbours), _MOST_DIFFERENT) | self._pairs(others, 1)
        return {different: number for different, number in pairs.items() if different}

    def _pairs(self, weights: FloatArray, most: int) -> dict[_Groups, float]:
        exactly: dict[_Groups, float] = {}
        for count in range(most + 1):
            for different in combinations(range(len(self.numbers)), count):
                fewer = sum(exactly[some] for size in range(count) for some in combinations(different, size))
                exactly[different] = max(_weight_of_pairs(self.equal_but(different), weights) - fewer, 0.0)
        return exactly


def _sizes(rows: IntArray) -> IntArray:
    """For each row the number of rows with the same number, (n,)."""
    sizes: IntArray = np.bincount(rows)[rows]
    return sizes


def _weight_of_pairs(rows: IntArray, weights: FloatArray) -> float:
    """The sum of the products of weights (n,) over pairs of rows with the same number."""
    sums, squares = np.bincount(rows, weights), np.bincount(rows, weights**2)
    return float((sums**2 - squares).sum()) / 2


# --- extrapolation ---------------------------------------------------------------------------------


def extrapolated(pairs: dict[_Groups, float], groups: int) -> tuple[float, float]:
    """The number of pairs that differ in no group, predicted from `pairs`, and its relative standard error.

    Poisson regression of the pairs that differ in the groups S:
    log pairs = a + Σ over j in S b_j + c |S| (|S| − 1) / 2. The prediction is exp a.
    """
    counts = np.array(list(pairs.values()))
    if counts.sum() <= 0:
        return 0.0, 0.0
    sizes = np.array([len(different) for different in pairs])
    effects = np.array([[group in different for group in range(groups)] for different in pairs], np.float64)
    design = np.column_stack([np.ones(len(counts)), effects, sizes * (sizes - 1) / 2])
    means, logs = counts + 0.5, np.log(counts + 0.5)
    for _ in range(_STEPS):
        information = design.T @ (means[:, None] * design) + 1e-6 * np.eye(groups + 2)
        coefficients = np.linalg.solve(information, design.T @ (means * logs + counts - means))
        before, logs = logs, np.clip(design @ coefficients, -30, 30)
        means = np.exp(logs)
        if np.abs(logs - before).max() < 1e-9:
            break
    error = float(np.sqrt(np.linalg.inv(information)[0, 0]))
    return float(np.exp(np.clip(coefficients[0], -30, 30))), min(error, 2.0)
