"""The compared methods to assign a partial profile, each built from training data and a fitted model.

The classifiers are trained fairly: on 30,000 copies of training profiles with 0 to 8 random answers hidden,
labelled with the personas of the complete profiles.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from benchmarks.partial_profiles.hiding import hide, known_fields
from models.scoring.columns import (
    CodeColumn,
    CodeListColumn,
    Column,
    Columns,
    FloatArray,
    IntArray,
    NumberColumn,
    row_count,
)
from models.scoring.encoder import FieldEncoding, raw_numbers
from models.scoring.scorer import Scorer

MASKED_ROWS: Final = 30_000
MOST_HIDDEN: Final = 8


class Assigned(NamedTuple):
    """Personas (n,), and where the method says so the chance that each is the complete profile's, `settled`, and
    that it is the group which the person belongs to, `confidence`, (n,)."""

    clusters: IntArray
    settled: FloatArray | None = None
    confidence: FloatArray | None = None

    def chances(self, truth: str) -> FloatArray | None:
        """The chances that the personas are right by a truth, "complete" or "planted"."""
        return self.settled if truth == "complete" else self.confidence


Assign = Callable[[Columns], Assigned]


@dataclass(frozen=True, slots=True)
class Training:
    """The training data of a rival: the scorer, coded profiles, their personas (n,), fields to hide, a seed."""

    scorer: Scorer
    columns: Columns
    clusters: IntArray
    names: tuple[str, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Rival:
    """A method with its name and its settings in words."""

    name: str
    note: str
    make: Callable[[Training], Assign]


def _ours(training: Training) -> Assign:
    def assign(columns: Columns) -> Assigned:
        scores = training.scorer.scores(columns)
        confidence = None if scores.probabilities is None else scores.probabilities.max(axis=1)
        return Assigned(scores.clusters, scores.settled, confidence)

    return assign


def _nearest(training: Training) -> Assign:
    return lambda columns: Assigned(training.scorer.distances(columns).argmin(axis=1))


def _mode(training: Training) -> Assign:
    fillers = {
        encoding.name: _filler(encoding, training.columns[encoding.name])
        for encoding in training.scorer.encoder.fields
        if encoding.name in training.names
    }

    def assign(columns: Columns) -> Assigned:
        filled = {name: fillers[name](column) if name in fillers else column for name, column in columns.items()}
        return Assigned(training.scorer.scores(filled).clusters)

    return assign


def _filler(encoding: FieldEncoding, column: Column) -> Callable[[Any], Column]:
    """A function that fills missing answers with the most common one: the median, the mode, the values that most
    tick."""
    if isinstance(column, NumberColumn):
        median = float(np.nanmedian(column.values))
        return lambda c: NumberColumn(np.where(np.isnan(c.values), median, c.values))
    if isinstance(column, CodeColumn):
        mode = int(np.bincount(column.codes[column.codes >= 0]).argmax())
        return lambda c: CodeColumn(np.where(c.codes < 0, mode, c.codes))
    counts = np.bincount(column.codes, minlength=len(encoding.values))
    common = np.flatnonzero(2 * counts > np.count_nonzero(column.answered))
    return lambda c: _with_list(c, common)


def _with_list(column: CodeListColumn, common: IntArray) -> CodeListColumn:
    codes_by_row = np.split(column.codes, column.offsets[1:-1])
    pairs = zip(codes_by_row, column.answered, strict=True)
    lists = [codes if is_answered else common for codes, is_answered in pairs]
    offsets = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    codes = np.concatenate(lists) if lists else column.codes
    return CodeListColumn(codes.astype(np.int64), offsets, np.ones(len(column), np.bool_))


def _logistic(training: Training) -> Assign:
    model = LogisticRegression(C=0.3, max_iter=200, random_state=training.seed)
    return _learned(training, model, _standardised(training))


def _boosted(training: Training) -> Assign:
    model = HistGradientBoostingClassifier(max_iter=100, early_stopping=False, random_state=training.seed)
    return _learned(training, model, lambda columns: _raw(training.scorer, training.names, columns))


def _learned(training: Training, model: Any, features: Callable[[Columns], FloatArray]) -> Assign:
    rng = np.random.default_rng(training.seed)
    copies = max(MASKED_ROWS // max(len(training.clusters), 1), 1)
    answered = known_fields(training.columns, training.names)
    blocks = []
    for _ in range(copies):
        counts = rng.integers(0, min(MOST_HIDDEN, len(training.names)) + 1, len(answered))
        order = np.where(answered, rng.random(answered.shape), 2.0).argsort(axis=1).argsort(axis=1)
        blocks.append(features(hide(training.columns, training.names, (order < counts[:, None]) & answered)))
    model.fit(np.concatenate(blocks), np.tile(training.clusters, copies))
    k = training.scorer.personas

    def assign(columns: Columns) -> Assigned:
        chances = np.zeros((row_count(columns), k))
        chances[:, model.classes_] = model.predict_proba(features(columns))
        most = chances.max(axis=1)
        return Assigned(chances.argmax(axis=1), most, most)

    return assign


def _raw(scorer: Scorer, names: tuple[str, ...], columns: Columns) -> FloatArray:
    """Plain numbers, and a column of 0 and 1 for each value; NaN in all columns of a hidden field."""
    fields = [encoding for encoding in scorer.encoder.fields if encoding.name in names]
    return np.hstack([_indicators(encoding, columns[encoding.name]) for encoding in fields])


def _indicators(encoding: FieldEncoding, column: Column) -> FloatArray:
    if isinstance(column, NumberColumn):
        return raw_numbers(encoding.spec, column)[:, None]
    indicators = np.zeros((len(column), len(encoding.values)))
    if isinstance(column, CodeColumn):
        rows = np.flatnonzero(column.codes >= 0)
        indicators[rows, column.codes[rows]] = 1.0
        indicators[column.codes < 0] = np.nan
    else:
        indicators[column.rows, column.codes] = 1.0
        indicators[~column.answered] = np.nan
    return indicators


def _standardised(training: Training) -> Callable[[Columns], FloatArray]:
    """The same as z-scores, hidden ones 0, with an indicator for each hidden field."""
    raw = _raw(training.scorer, training.names, training.columns)
    mean, deviation = np.nanmean(raw, axis=0), np.maximum(np.nanstd(raw, axis=0), 1e-9)

    def features(columns: Columns) -> FloatArray:
        scaled = (_raw(training.scorer, training.names, columns) - mean) / deviation
        return np.hstack([np.nan_to_num(scaled), ~known_fields(columns, training.names)])

    return features


RIVALS: Final = (
    Rival(
        "ours",
        "`training.classifier` and `training.calibration`, as every fit runs them",
        _ours,
    ),
    Rival("nearest centroid", "of K-Means, hidden fields counting as average answers", _nearest),
    Rival(
        "mode filling",
        "the median, the most common value, the values that most tick; then the rule of complete profiles",
        _mode,
    ),
    Rival(
        "logistic regression",
        "multinomial, C = 0.3, z-scores and an indicator of each hidden field, on 30,000 masked profiles",
        _logistic,
    ),
    Rival(
        "gradient boosting",
        "HistGradientBoostingClassifier, 100 rounds, hidden answers as missing, on 30,000 masked profiles",
        _boosted,
    ),
)
