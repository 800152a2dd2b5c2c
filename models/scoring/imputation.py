"""Missing-value imputation and calibrated confidence.

For a profile in which some fields are hidden (not answered, or with values that the model does not know):

    weights w   = softmax( log prior + Σ over known fields  evidence )          (k,)
    position z  = sum of the known fields' rows + Σ over hidden fields  w · fill    (r,)
    probability = softmax( −d² / (T[number hidden] · √Σ over hidden fields scatter) ),
                  d the distances from z to the centroids

`evidence` is the log likelihood ratio of an answer, each persona against everyone, times an exponent below 1 that
training fits: answers are not independent given the persona, and without the exponent the weights would be
overconfident (docs/decisions/0011). It is a table row for each value, and for a number x a quadratic in x, which
is the log ratio of two normal densities. `fill` is the persona's mean contribution of the field.

With nothing hidden, z is the profile's own position and the nearest centroid has probability 1; with everything
hidden the probabilities are the prior.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from models.scoring.columns import (
    BoolArray,
    CodeColumn,
    Column,
    Columns,
    FloatArray,
    IntArray,
    NumberColumn,
)
from models.scoring.encoder import FieldEncoding, raw_numbers

# Points of the distribution of distances: its percentiles from 0 to 100.
PERCENTILES: Final = 101
MIN_SCATTER: Final = 1e-12
# Steps of a binary search among the percentiles.
SEARCHES: Final = PERCENTILES.bit_length()
# Most kinds of answers of a field that the next question distinguishes.
MAX_KINDS: Final = 64


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much more likely the answers to one field are in each of k personas than in everyone, as logarithms.

    `constant` (k,) is added once if the field is answered, then a row of `rows` (terms, k) for each value, by
    code, or for a number rows · (x, x²), with x clipped to `bounds` (2,).
    """

    constant: FloatArray
    rows: FloatArray
    bounds: FloatArray


def zero_evidence(terms: int, personas: int) -> Evidence:
    """The evidence of a field that says nothing about the persona."""
    return Evidence(np.zeros(personas), np.zeros((terms, personas)), np.zeros(2))


@dataclass(frozen=True, kw_only=True)
class FieldImputation:
    """The imputation of one field, for k personas in r dimensions.

    `evidence`: what its answers say about the persona. `scatter` (1,): the mean squared distance of its
    contributions from their own persona's mean. `fill` (k, r): each persona's mean contribution.
    `kinds` (m, r) and `kind_shares` (m, k): contributions of m typical answers, and how common each is in a
    persona (columns add up to 1).
    `typical`: each value's or level's lift by persona, (values, k); of a number without levels its means, (1, k).
    `phrases`: the words after "You" for each value ("are into board games"); for a number one, with `{value}`.
    """

    evidence: Evidence
    scatter: FloatArray
    fill: FloatArray
    kinds: FloatArray
    kind_shares: FloatArray
    typical: FloatArray
    phrases: tuple[str, ...] = ()

    def arrays(self) -> dict[str, FloatArray]:
        """The arrays by their name in the artifact."""
        return {
            "evidence_constant": self.evidence.constant,
            "evidence_rows": self.evidence.rows,
            "evidence_bounds": self.evidence.bounds,
            "scatter": self.scatter,
            "fill": self.fill,
            "kinds": self.kinds,
            "kind_shares": self.kind_shares,
            "typical": self.typical,
        }

    @classmethod
    def of(cls, arrays: Mapping[str, FloatArray], prefix: str, phrases: tuple[str, ...]) -> "FieldImputation":
        """Build the field from the arrays called `prefix.…`. Raises `KeyError` where one is missing."""
        return cls(
            evidence=Evidence(
                arrays[f"{prefix}.evidence_constant"],
                arrays[f"{prefix}.evidence_rows"],
                arrays[f"{prefix}.evidence_bounds"],
            ),
            scatter=arrays[f"{prefix}.scatter"],
            fill=arrays[f"{prefix}.fill"],
            kinds=arrays[f"{prefix}.kinds"],
            kind_shares=arrays[f"{prefix}.kind_shares"],
            typical=arrays[f"{prefix}.typical"],
            phrases=phrases,
        )

    def fits(self, encoding: FieldEncoding, k: int, r: int) -> bool:
        """Whether every shape agrees with the field, k and r."""
        is_number, kinds = encoding.is_number, len(self.kinds)
        terms = 2 if is_number else len(encoding.values)
        phrased = len(encoding.values) if encoding.spec.levels or not is_number else 1
        return (
            self.evidence.constant.shape == (k,)
            and self.evidence.rows.shape == (terms, k)
            and self.evidence.bounds.shape == (2,)
            and self.scatter.shape == (1,)
            and self.scatter[0] >= 0
            and self.fill.shape == (k, r)
            and self.kinds.shape == (kinds, r)
            and 0 < kinds <= MAX_KINDS
            and self.kind_shares.shape == (kinds, k)
            and bool((self.kind_shares >= 0).all())
            and self.typical.shape == (phrased, k)
            and len(self.phrases) == phrased
        )


@dataclass(frozen=True)
class Imputation:
    """The imputation of every field, in the encoder's order; None for a field that is never hidden.

    `prior` (k,): the personas' shares. `temperatures` (hideable + 1,): T by the number of hidden fields; entry 0
    is not used. `distance_quantiles` (hideable · k, PERCENTILES): for each number of hidden fields from 0, for
    each persona, percentiles of the distance from its profiles to its centroid.
    """

    prior: FloatArray
    fields: tuple[FieldImputation | None, ...]
    temperatures: FloatArray
    distance_quantiles: FloatArray

    @property
    def hideable(self) -> int:
        """How many fields can be hidden."""
        return sum(field is not None for field in self.fields)

    @cached_property
    def fill_table(self) -> FloatArray:
        """A row for each field that can be hidden: its fill (k · r), its scatter, and a one for counting."""
        hideable = [field for field in self.fields if field is not None]
        rows = [np.concatenate([field.fill.ravel(), field.scatter, [1.0]]) for field in hideable]
        return np.array(rows)

    @cached_property
    def padded_quantiles(self) -> FloatArray:
        """The quantiles, each row padded with infinity to a power of two for the binary search, flattened."""
        padded = np.full((max(len(self.distance_quantiles), 1), 2**SEARCHES), np.inf)
        padded[: len(self.distance_quantiles), :PERCENTILES] = self.distance_quantiles
        return padded.ravel()

    def arrays(self) -> dict[str, FloatArray]:
        """The arrays of no single field, by their name in the artifact."""
        return {"prior": self.prior, "temperatures": self.temperatures, "spread": self.distance_quantiles}

    def fits(self, encodings: tuple[FieldEncoding, ...], k: int, r: int) -> bool:
        """Whether every shape agrees with the encoder, k and r, and every number is usable."""
        return (
            self.prior.shape == (k,)
            and bool((self.prior > 0).all())
            and self.temperatures.shape == (self.hideable + 1,)
            and bool((self.temperatures > 0).all())
            and self.distance_quantiles.shape == (self.hideable * k, PERCENTILES)
            and all(
                field.fits(encoding, k, r) for encoding, field in zip(encodings, self.fields, strict=True) if field
            )
        )


def field_imputations_of(imputation: Imputation | None, fields: int) -> tuple[FieldImputation | None, ...]:
    """The imputation of each of `fields` fields; None for one that is never hidden, as all are in format 1."""
    return (None,) * fields if imputation is None else imputation.fields


def initial_sum(imputation: Imputation | None, base: FloatArray) -> FloatArray:
    """The sum of an empty profile, (r + k,): the base, then the logarithms of the prior if there is one."""
    prior = np.zeros(0) if imputation is None else np.log(imputation.prior)
    return np.concatenate([base, prior])


def evidence_of(field: FieldImputation | None, encoding: FieldEncoding, personas: int) -> Evidence:
    """The evidence of a field about `personas` personas; zero where the field is never hidden."""
    terms = 2 if encoding.is_number else len(encoding.values)
    return zero_evidence(terms, personas) if field is None else field.evidence


class Positions(NamedTuple):
    """Positions of many profiles: `z` (n, r) with hidden fields imputed; `hidden` (n,): the number of those
    fields; `scatter` (n,): their scatter, added up."""

    z: FloatArray
    hidden: IntArray
    scatter: FloatArray


def impute(
    imputation: Imputation, encodings: tuple[FieldEncoding, ...], columns: Columns, sums: FloatArray
) -> Positions:
    """Impute the hidden fields of many profiles. `sums` (n, r + k): the sums of their known fields, coordinates
    and then logarithms of weights. Arrays are stored column by column, as in `models.scoring.batch`."""
    k = len(imputation.prior)
    r = sums.shape[1] - k
    names = [encoding.name for encoding, field in zip(encodings, imputation.fields, strict=True) if field]
    if not names:
        return Positions(sums[:, :r], np.zeros(len(sums), np.int64), np.zeros(len(sums)))
    answered = np.array([known_rows(columns[name]) for name in names])
    fill = (imputation.fill_table.T @ (~answered).astype(np.float64)).T
    weights = softmax(sums[:, r:])
    z = sums[:, :r].copy(order="K")
    for persona in range(k):
        z += weights[:, persona, None] * fill[:, persona * r : (persona + 1) * r]
    return Positions(z, fill[:, -1].astype(np.int64), fill[:, -2])


def known_rows(column: Column) -> BoolArray:
    """Which rows hold an answer that the model knows, (n,)."""
    if isinstance(column, NumberColumn):
        return ~np.isnan(column.values)
    return column.codes >= 0 if isinstance(column, CodeColumn) else column.answered


def add_evidence(
    evidence: Evidence, encoding: FieldEncoding, column: Column, answered: BoolArray, out: FloatArray
) -> None:
    """Add the evidence of one field to `out` (n, k), for the rows that answer it."""
    rows = np.flatnonzero(answered)
    out[rows] += evidence.constant
    if isinstance(column, NumberColumn):
        x = np.clip(raw_numbers(encoding.spec, column)[rows], *evidence.bounds)
        out[rows] += x[:, None] * evidence.rows[0] + (x * x)[:, None] * evidence.rows[1]
    elif isinstance(column, CodeColumn):
        out[rows] += evidence.rows[column.codes[rows]]
    elif len(filled := np.flatnonzero(column.lengths)):
        out[filled] += np.add.reduceat(evidence.rows[column.codes], column.offsets[:-1][filled], axis=0)


def probabilities(
    imputation: Imputation, squares: FloatArray, hidden: IntArray, scatter: FloatArray
) -> FloatArray:
    """The probability of each persona, (n, k), from squared distances (n, k) and, for the hidden fields, their
    number and the sum of their scatter (n,)."""
    heat = imputation.temperatures[hidden] * scatter_scale(scatter)
    scaled = softmax(-squares / heat[:, None])
    full, empty = hidden == 0, hidden == imputation.hideable
    scaled[full] = np.eye(squares.shape[1])[squares[full].argmin(axis=1)]
    # In a model without a hideable field a profile is both full and empty.
    scaled[empty & ~full] = imputation.prior
    return scaled


def scatter_scale(scatter: FloatArray) -> FloatArray:
    """The distance by which hidden fields may move a profile: the root of their scatter, never zero."""
    root: FloatArray = np.sqrt(np.maximum(scatter, MIN_SCATTER))
    return root


def softmax(logits: FloatArray) -> FloatArray:
    """Softmax along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: FloatArray = powers / powers.sum(axis=-1, keepdims=True)
    return result
