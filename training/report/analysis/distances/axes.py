"""Principal components in words: the answers at their ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.profile.field_kinds import FieldSpec
from models.scoring.columns import FloatArray
from models.scoring.encoder import Encoder
from training.data.dataset import Dataset
from training.data.encoded import EncodedDataset
from training.personas.traits import MIN_COUNT
from training.report.analysis.counts.answers import known_counts
from training.report.analysis.counts.roles import value_label
from training.report.document import Axis, Loading
from training.text import listed

MOST_LOADINGS: Final = 5
_MOST_SAID: Final = 3
_LEAST_CORRELATION: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Column:
    """An encoded column in words: in a table, and at the end of an axis."""

    label: str
    word: str


def axes(encoded: EncodedDataset, scores: FloatArray, shares: FloatArray) -> tuple[Axis, ...]:
    """The components in words, for the scores (n, r) of encoded profiles; `shares` (r,) of the variance.

    Correlations below 0.1, or within three standard errors of 0, are left out.
    """
    columns = _columns(encoded.dataset, encoded.encoder)
    is_shown = np.array([column is not None for column in columns], np.bool_)
    correlations = np.where(is_shown[:, None], _correlations(encoded.vectors(), scores), 0.0)
    least = max(_LEAST_CORRELATION, 3 / np.sqrt(max(len(scores), 1)))
    return tuple(
        _axis(number, float(share), correlations[:, number], columns, least) for number, share in enumerate(shares)
    )


def _axis(
    number: int, share: float, correlations: FloatArray, columns: Sequence[_Column | None], least: float
) -> Axis:
    order = np.argsort(-correlations.round(9), kind="stable")
    high = [column for column in order[:MOST_LOADINGS].tolist() if correlations[column] >= least]
    low = [column for column in order[::-1][:MOST_LOADINGS].tolist() if correlations[column] <= -least]
    poles = _pole(high, columns), _pole(low, columns)
    return Axis(
        number=number + 1,
        share=round(share, 4),
        high=_loadings(high, columns, correlations),
        low=_loadings(low, columns, correlations),
        sentence=f"Component {number + 1} ({share * 100:.1f} % of the variance): {_against(*poles)}.",
    )


def _loadings(
    chosen: Sequence[int], columns: Sequence[_Column | None], correlations: FloatArray
) -> tuple[Loading, ...]:
    return tuple(
        Loading(label=column.label, correlation=round(float(correlations[at]), 4))
        for at in chosen
        if (column := columns[at]) is not None
    )


def _pole(chosen: Sequence[int], columns: Sequence[_Column | None]) -> list[str]:
    words = [column.word for at in chosen if (column := columns[at]) is not None]
    return list(dict.fromkeys(words))[:_MOST_SAID]


def _against(high: Sequence[str], low: Sequence[str]) -> str:
    if high and low:
        return f"{listed(high)} against {listed(low)}"
    return listed(high or low) or "no answer stands out"


def _correlations(vectors: FloatArray, scores: FloatArray) -> FloatArray:
    """The correlation of every column with every component, (width, r); 0 for constants."""
    first, second = _standardised(vectors), _standardised(scores)
    return np.asarray(first.T @ second / max(len(vectors), 1), np.float64)


def _standardised(values: FloatArray) -> FloatArray:
    centred = values - values.mean(axis=0)
    spread = centred.std(axis=0)
    return np.asarray(np.divide(centred, spread, where=spread > 1e-9, out=np.zeros_like(centred)))


def _columns(dataset: Dataset, encoder: Encoder) -> list[_Column | None]:
    """The encoded columns in words; None for a value that too few profiles hold."""
    columns: list[_Column | None] = []
    for encoding in encoder.fields:
        if encoding.is_number:
            columns.append(_Column(encoding.spec.title, f"high {encoding.spec.title}"))
            continue
        counts = known_counts(dataset, encoding)
        columns += [
            _value_column(
                encoding.spec,
                [value for value, _ in values_of_column],
                sum(count for _, count in values_of_column),
            )
            for values_of_column in _by_column(
                encoding.width, encoding.column_of.tolist(), encoding.values, counts
            )
        ]
    return columns


def _by_column(
    width: int, column_of: Sequence[int], values: Sequence[str], counts: Sequence[int]
) -> list[list[tuple[str, int]]]:
    values_of_column: list[list[tuple[str, int]]] = [[] for _ in range(width)]
    for value, column, count in zip(values, column_of, counts, strict=True):
        values_of_column[column].append((value, count))
    return values_of_column


def _value_column(spec: FieldSpec, values: Sequence[str], count: int) -> _Column | None:
    if count < MIN_COUNT:
        return None
    if len(values) > 1:
        return _Column(f"{spec.title}: other", f"other {spec.title}")
    word = value_label(spec, values[0])
    return _Column(f"{spec.title}: {word}", word)
