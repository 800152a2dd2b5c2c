"""What a model expects of answers that were not given, and how sure it can be without them.

For a profile of which some fields are hidden (not answered, or with values that the model does not know):

    weights w   = softmax( log prior + Σ over known fields  evidence )          (k,)
    position z  = sum of the known fields' rows + Σ over hidden fields  w · fill    (r,)
    probability = softmax( −d² / (T[number hidden] · √Σ over hidden fields scatter) ),
                  d the distances from z to the centroids

`evidence` is the log of how much likelier an answer is in each persona than in everyone, times an exponent below 1
that training fits: answers are not independent given the persona, and without the exponent the weights would be
far too sure (docs/decisions/0011). It is a table row for each value, and for a number x a quadratic in x, which is
what two normal densities leave. `fill` is the persona's mean contribution of the field.

With nothing hidden z is the profile's own place and the nearest centroid has probability 1; with everything hidden
the answer is the prior.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from models.scoring.columns import (
    TOGETHER,
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
PERCENTILES = 101
LEAST_SCATTER = 1e-12
# Of a typicality: a profile farther out than 99 % of its persona's is an outlier.
OUTLIER = 0.01
# Two ways to the same sum differ in their last digits, which must not decide between equal percentiles.
SPREAD_DIGITS = 9
# Halvings that find a place among the percentiles.
SEARCHES = PERCENTILES.bit_length()
# Answers of a field that the next question tells apart, at most.
MAX_KINDS = 64


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much likelier one field's answers are in each of k personas than in everyone, as logarithms.

    `constant` (k,) is added once when the field is known; of `rows` (terms, k) one for each value held, by code,
    or for a number rows · (x, x²), x kept within `bounds` (2,).
    """

    constant: FloatArray
    rows: FloatArray
    bounds: FloatArray


def no_evidence(terms: int, personas: int) -> Evidence:
    """That of a field that tells nothing."""
    return Evidence(np.zeros(personas), np.zeros((terms, personas)), np.zeros(2))


@dataclass(frozen=True)
class FieldImputation:
    """One field's part, for k personas in r dimensions.

    `evidence`: what its answers tell of the persona. `scatter` (1,): the mean squared distance of its
    contributions from their own persona's mean: how much hangs on the answer. `fill` (k, r): each persona's mean
    contribution.
    `kinds` (m, r) and `kind_shares` (m, k): contributions of m typical answers, and how common each is in a
    persona (columns add up to 1).
    `typical`: each value's or level's lift by persona, (values, k); of a number without levels its means, (1, k).
    `phrases`: what follows "You" for each value ("are into board games"); for a number one, with `{value}`.
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
        """The part whose arrays are called `prefix.…`. Raises `KeyError` for one that is not there."""
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
        """Whether every shape is what the field, k and r ask for."""
        number, kinds = encoding.is_number, len(self.kinds)
        terms = 2 if number else len(encoding.values)
        said = len(encoding.values) if encoding.spec.levels or not number else 1
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
            and self.typical.shape == (said, k)
            and len(self.phrases) == said
        )


@dataclass(frozen=True)
class Imputation:
    """All fields' parts, in the encoder's order; None for a field that moves nothing, which is never hidden.

    `prior` (k,): the personas' shares. `temperatures` (live + 1,): T by the number of hidden fields; entry 0 is
    not used. `spread` (live · k, PERCENTILES): for each number of hidden fields from 0, for each persona,
    percentiles of the distance from its profiles to its centroid.
    """

    prior: FloatArray
    fields: tuple[FieldImputation | None, ...]
    temperatures: FloatArray
    spread: FloatArray

    @property
    def live(self) -> int:
        """How many fields can be hidden."""
        return sum(field is not None for field in self.fields)

    @cached_property
    def fillings(self) -> FloatArray:
        """A row for each field that can be hidden: its fill (k · r), its scatter, and a one that counts it."""
        live = [part for part in self.fields if part is not None]
        rows = [np.concatenate([part.fill.ravel(), part.scatter, [1.0]]) for part in live]
        return np.array(rows)

    @cached_property
    def steps(self) -> FloatArray:
        """The spread with infinite distances behind each row, as many as a search by halves asks for, in a row."""
        padded = np.full((max(len(self.spread), 1), 2**SEARCHES), np.inf)
        padded[: len(self.spread), :PERCENTILES] = self.spread
        return padded.ravel()

    def arrays(self) -> dict[str, FloatArray]:
        """The arrays that belong to no field, by their name in the artifact."""
        return {"prior": self.prior, "temperatures": self.temperatures, "spread": self.spread}

    def fits(self, encodings: tuple[FieldEncoding, ...], k: int, r: int) -> bool:
        """Whether every shape is what the encoder, k and r ask for, and every number can be used."""
        return (
            self.prior.shape == (k,)
            and bool((self.prior > 0).all())
            and self.temperatures.shape == (self.live + 1,)
            and bool((self.temperatures > 0).all())
            and self.spread.shape == (self.live * k, PERCENTILES)
            and all(
                part.fits(encoding, k, r) for encoding, part in zip(encodings, self.fields, strict=True) if part
            )
        )


def parts_of(completion: Imputation | None, fields: int) -> tuple[FieldImputation | None, ...]:
    """For each of so many fields its part; None where it is never hidden, as all are in a model of format 1."""
    return (None,) * fields if completion is None else completion.fields


def start_of(completion: Imputation | None, base: FloatArray) -> FloatArray:
    """What every profile's sum starts from, (r + k,): the base, then the logarithms of the prior if any."""
    prior = np.zeros(0) if completion is None else np.log(completion.prior)
    return np.concatenate([base, prior])


def evidence_of(part: FieldImputation | None, encoding: FieldEncoding, personas: int) -> Evidence:
    """What a field's answers tell of so many personas: nothing where it is never hidden."""
    terms = 2 if encoding.is_number else len(encoding.values)
    return no_evidence(terms, personas) if part is None else part.evidence


class Placed(NamedTuple):
    """Many profiles: `z` (n, r) with the hidden fields filled; `hidden` (n,): how many fields those were, and
    `scatter` (n,): theirs, added up."""

    z: FloatArray
    hidden: IntArray
    scatter: FloatArray


def place(
    completion: Imputation, encodings: tuple[FieldEncoding, ...], columns: Columns, sums: FloatArray
) -> Placed:
    """Fill the hidden fields of many profiles. `sums` (n, r + k): what their known fields add up to, coordinates
    and then logarithms of weights. Arrays lie column after column, as in `models.scoring.batch`."""
    k = len(completion.prior)
    r = sums.shape[1] - k
    names = [each.name for each, part in zip(encodings, completion.fields, strict=True) if part]
    if not names:
        return Placed(sums[:, :r], np.zeros(len(sums), np.int64), np.zeros(len(sums)))
    known = np.array([known_rows(columns[name]) for name in names])
    filling = (completion.fillings.T @ (~known).astype(np.float64)).T
    weights = softmax(sums[:, r:])
    z = sums[:, :r].copy(order="K")
    for persona in range(k):
        z += weights[:, persona, None] * filling[:, persona * r : (persona + 1) * r]
    return Placed(z, filling[:, -1].astype(np.int64), filling[:, -2])


def known_rows(column: Column) -> BoolArray:
    """Which rows give an answer that the model knows, (n,)."""
    if isinstance(column, NumberColumn):
        return ~np.isnan(column.values)
    return column.codes >= 0 if isinstance(column, CodeColumn) else column.answered


def add_evidence(
    evidence: Evidence, encoding: FieldEncoding, column: Column, known: BoolArray, out: FloatArray
) -> None:
    """Add one field's evidence to `out` (n, k)."""
    rows = np.flatnonzero(known)
    out[rows] += evidence.constant
    if isinstance(column, NumberColumn):
        x = np.clip(raw_numbers(encoding.spec, column)[rows], *evidence.bounds)
        out[rows] += x[:, None] * evidence.rows[0] + (x * x)[:, None] * evidence.rows[1]
    elif isinstance(column, CodeColumn):
        out[rows] += evidence.rows[column.codes[rows]]
    elif len(filled := np.flatnonzero(column.lengths)):
        out[filled] += np.add.reduceat(evidence.rows[column.codes], column.offsets[:-1][filled], axis=0)


def probabilities(
    completion: Imputation, squares: FloatArray, hidden: IntArray, scatter: FloatArray
) -> FloatArray:
    """The chance of each persona, (n, k), from squared distances (n, k) and, of the hidden fields, their number
    and their scatter, added up (n,)."""
    heat = completion.temperatures[hidden] * spreading(scatter)
    scaled = softmax(-squares / heat[:, None])
    full, empty = hidden == 0, hidden == completion.live
    scaled[full] = np.eye(squares.shape[1])[squares[full].argmin(axis=1)]
    # A model of no live field knows everything, and nothing.
    scaled[empty & ~full] = completion.prior
    return scaled


def spreading(scatter: FloatArray) -> FloatArray:
    """How far hidden fields of this scatter, added up, may move a profile: its root, never quite nothing."""
    root: FloatArray = np.sqrt(np.maximum(scatter, LEAST_SCATTER))
    return root


def softmax(logits: FloatArray) -> FloatArray:
    """Softmax along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: FloatArray = powers / powers.sum(axis=-1, keepdims=True)
    return result


def typicality(completion: Imputation, distances: FloatArray, clusters: IntArray, hidden: IntArray) -> FloatArray:
    """The share of each profile's persona that lies as far out or farther, (n,); NaN where nothing is known."""
    parts = (slice(start, start + TOGETHER) for start in range(0, len(clusters), TOGETHER))
    shares = [_typicality(completion, distances[part], clusters[part], hidden[part]) for part in parts]
    return np.concatenate(shares) if shares else np.zeros(0)


def _typicality(completion: Imputation, distances: FloatArray, clusters: IntArray, hidden: IntArray) -> FloatArray:
    """All profiles search by halves together, each in its own row of the spread."""
    known = hidden < completion.live
    points = completion.steps
    first = np.where(known, hidden * len(completion.prior) + clusters, 0) * 2**SEARCHES
    found = np.round(distances, SPREAD_DIGITS)
    above = first - 1
    for search in reversed(range(SEARCHES)):
        above += (points.take(above + 2**search, mode="clip") <= found) * 2**search
    above += 1
    low, high = points.take(np.maximum(above - 1, first)), points.take(np.minimum(above, first + PERCENTILES - 1))
    within = np.divide(found - low, high - low, where=high > low, out=np.zeros_like(found))
    count = above - first
    share = np.where(count == 0, 0.0, (count - 1 + within) / (PERCENTILES - 1))
    return np.where(known, 1.0 - share, np.nan)


def is_outlier(typicality: float | None) -> bool | None:
    """Whether a profile of that typicality is an outlier; None where it has none."""
    return None if typicality is None else typicality < OUTLIER


def typicality_of(points: list[float], distance: float) -> float:
    """The same for one distance among the percentiles of its persona."""
    found = round(distance, SPREAD_DIGITS)
    above = bisect_right(points, found)
    if above == 0 or above == PERCENTILES:
        return 1.0 if above == 0 else 0.0
    low = points[above - 1]
    return 1.0 - (above - 1 + (found - low) / (points[above] - low)) / (PERCENTILES - 1)
