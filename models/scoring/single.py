"""One profile at a time: the rows of its answers looked up and added as integers, then a few floats.

The arithmetic is that of `models.scoring.scorer` and `models.scoring.imputation`. Lengths stay in steps of
`models.scoring.packed_rows` until the end, so that additions and comparisons need no division.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import dist, exp
from operator import mul
from typing import Any, Final, NamedTuple

import numpy as np

from models.profile.field_kinds import Categorical
from models.scoring.answer_rows import ListRows, NumberRows, UnknownValue, ValueRows
from models.scoring.columns import FloatArray
from models.scoring.encoder import FieldEncoding
from models.scoring.imputation import (
    FieldImputation,
    Imputation,
    evidence_of,
    field_imputations_of,
    initial_sum,
    scatter_scale,
)
from models.scoring.packed_rows import STEP, UNIT, PackedRows, Row, pack

# Sets of hidden fields whose fill is cached: there are 2^fields of them, but forms are filled in few ways.
CACHED_FILLS: Final = 1_024


@dataclass(frozen=True, slots=True)
class FieldTable:
    """The contribution of one field to the sum, in r PCA dimensions.

    `constant` (r,) is added once if the field is answered. `rows` (terms, r) are multiplied by the factors of
    `models.scoring.scorer`: one row for a numeric or ordinal field, otherwise one for each known value.
    """

    constant: FloatArray
    rows: FloatArray


# Not frozen: one is made for each request, and making a frozen one takes 0.7 µs in place of 0.3.
@dataclass(slots=True, kw_only=True)
class Score:
    """The score of one profile.

    `cluster`: the nearest centroid once hidden fields are imputed; `runner_up`: the next nearest, None where the
    model has one cluster. With no known answer they are the two most probable.
    `distances`: Euclidean, in PCA units, to each centroid. `hidden`: the number of imputed fields.
    `probabilities`: of each persona; None in format 1. `missing_fields`: fields without an answer.
    `unknown_values`: values that the model does not know.
    """

    cluster: int
    runner_up: int | None
    distances: Sequence[float]
    hidden: int
    probabilities: Sequence[float] | None
    missing_fields: tuple[str, ...]
    unknown_values: tuple[UnknownValue, ...]


class Position(NamedTuple):
    """The position of one profile: coordinates `z` (r,), the bits of its imputed fields, and the personas'
    weights in the imputation (k,), empty where no field was imputed."""

    z: list[float]
    hidden: int
    weights: Sequence[float]


class AnswerRows(NamedTuple):
    """The answers of one profile as a model knows them: their rows, the bits of the hidden fields, the names of
    the fields without an answer, and the unknown values."""

    rows: list[int | Row]
    hidden: int
    missing: tuple[str, ...]
    unknown: tuple[UnknownValue, ...]


class HiddenFieldFill(NamedTuple):
    """The imputation of a set of hidden fields: a row a dimension and a column a persona, in steps. `sharpness`
    is the factor of squared distances, in steps, in the exponent of the probabilities."""

    rows: list[Row]
    sharpness: float


# A field's name, its bit if it can be hidden (else 0), and its rows by answer, or those of a list.
FieldLookup = tuple[str, int, NumberRows | ValueRows, None] | tuple[str, int, None, ListRows]


class SingleScorer:
    """A scorer's tables, prepared for one profile at a time. Parameters as in `models.scoring.scorer.Scorer`."""

    def __init__(
        self,
        encodings: Sequence[FieldEncoding],
        tables: Sequence[FieldTable],
        base: FloatArray,
        centroids: FloatArray,
        imputation: Imputation | None,
    ) -> None:
        self._imputation = imputation
        self.values = {encoding.name: encoding.values for encoding in encodings}
        self._field_imputations = field_imputations_of(imputation, len(tables))
        self.hideable_bits = sum(
            1 << index for index, field in enumerate(self._field_imputations) if field is not None
        )
        self._base: Row = tuple(initial_sum(imputation, base).tolist())
        personas = len(self._base) - len(base)
        fields = enumerate(zip(encodings, tables, self._field_imputations, strict=True))
        self.lookups = [
            _field_lookup(1 << index & self.hideable_bits, personas, *field) for index, field in fields
        ]
        self._packed = PackedRows(len(self._base))
        self.packed_base = pack(self._base)
        self._rank = len(base)
        # Tuples: `math.dist` would convert anything else in each call.
        self._centroids: list[Row] = [tuple(row) for row in (centroids * UNIT).tolist()]
        self._certain: list[list[float]] = np.eye(len(centroids)).tolist()
        self._prior: list[float] = [] if imputation is None else imputation.prior.tolist()
        self._fills: dict[int, HiddenFieldFill] = {}

    def score(self, answers: Mapping[str, Any]) -> Score:
        """Score one profile, given its answers by field; an absent field, or None, is not answered."""
        rows = self._look_up(answers)
        return self.score_of(self._sum(rows.rows), rows.hidden, rows.missing, rows.unknown)

    def locate(self, answers: Mapping[str, Any]) -> Position:
        """The position of one profile, hidden fields imputed."""
        rows = self._look_up(answers)
        z, weights = self._position(self._sum(rows.rows), rows.hidden)
        return Position([coordinate * STEP for coordinate in z], rows.hidden, weights)

    def score_of(
        self, numbers: list[float], hidden: int, missing: tuple[str, ...], unknown: tuple[UnknownValue, ...] = ()
    ) -> Score:
        """Score a profile from the sum of its rows (r + k,), in steps."""
        z, _ = self._position(numbers, hidden)
        distances = [*map(dist, repeat(z), self._centroids)]
        nearest, runner_up = _two_smallest(distances)
        chances = self._chances(nearest, distances, hidden)
        if hidden and hidden == self.hideable_bits and chances is not None:
            nearest, runner_up = _two_smallest([-chance for chance in chances])
        return Score(
            cluster=nearest,
            runner_up=runner_up,
            distances=[distance * STEP for distance in distances],
            hidden=hidden.bit_count(),
            probabilities=chances,
            missing_fields=missing,
            unknown_values=unknown,
        )

    def unpack(self, total: int) -> list[float]:
        """The numbers (r + k,), in steps, of a sum of packed rows."""
        return self._packed.unpack(total)

    def _look_up(self, answers: Mapping[str, Any]) -> AnswerRows:
        rows: list[int | Row] = []
        missing: list[str] = []
        unknown: list[UnknownValue] = []
        hidden = self.hideable_bits
        answer_of = answers.get
        for name, bit, table, lists in self.lookups:
            answer = answer_of(name)
            if answer is None:
                missing.append(name)
            elif lists is not None:
                if lists.add(answer, rows, unknown):
                    hidden &= ~bit
            elif table is not None and (row := table[answer]) is not None:
                rows.append(row)
                hidden &= ~bit
            elif str(answer).strip():
                unknown.append(UnknownValue(name, str(answer)))
            else:
                missing.append(name)
        return AnswerRows(rows, hidden, tuple(missing), tuple(unknown))

    def _sum(self, rows: list[int | Row]) -> list[float]:
        """The sum of the base and these rows, in steps."""
        try:
            return self._packed.unpack(sum(rows, self.packed_base))  # type: ignore[arg-type]
        except TypeError:
            # Some row is a tuple: its numbers are too large to be packed.
            packed = self._packed.unpack(sum(row for row in rows if isinstance(row, int)))
            others = [self._base, *(row for row in rows if isinstance(row, tuple))]
            return [number + sum(large) * UNIT for number, *large in zip(packed, *others, strict=True)]

    def _position(self, numbers: list[float], hidden: int) -> tuple[Row, list[float]]:
        """The position of a profile, hidden fields imputed, in steps, and the personas' weights."""
        if not hidden:
            return tuple(numbers[: self._rank]), []
        evidence = numbers[self._rank :]
        most = max(evidence)
        powers = [exp((value - most) * STEP) for value in evidence]
        share = 1.0 / sum(powers)
        weights = [power * share for power in powers]
        # The evidence comes after the coordinates and is not needed any more.
        filled = zip(numbers, self._fill_of(hidden).rows, strict=False)
        return tuple([number + sum(map(mul, weights, row)) for number, row in filled]), weights

    def _chances(self, nearest: int, distances: list[float], hidden: int) -> Sequence[float] | None:
        """The probability of each persona, from distances in steps; None in format 1."""
        if self._imputation is None:
            return None
        if not hidden:
            return self._certain[nearest]
        if hidden == self.hideable_bits:
            return self._prior
        least, sharpness = distances[nearest] ** 2, self._fill_of(hidden).sharpness
        powers = [exp((least - distance * distance) * sharpness) for distance in distances]
        share = 1.0 / sum(powers)
        return [power * share for power in powers]

    def _fill_of(self, hidden: int) -> HiddenFieldFill:
        """The imputation of these hidden fields together, cached."""
        return self._fills.get(hidden) or self._cache_fill(hidden)

    def _cache_fill(self, hidden: int) -> HiddenFieldFill:
        fields = [
            field
            for index, field in enumerate(self._field_imputations)
            if field is not None and hidden >> index & 1
        ]
        rows = [tuple(row) for row in (np.sum([field.fill for field in fields], axis=0).T * UNIT).tolist()]
        temperatures = np.ones(len(fields) + 1) if self._imputation is None else self._imputation.temperatures
        scatter = np.sum([field.scatter for field in fields], axis=0)
        heat = float(temperatures[len(fields)] * scatter_scale(scatter)[0])
        fill = HiddenFieldFill(rows, STEP * STEP / heat)
        if len(self._fills) < CACHED_FILLS:
            self._fills[hidden] = fill
        return fill


def _two_smallest(order: list[float]) -> tuple[int, int | None]:
    """The index of the smallest number, and of the next; None where there is only one."""
    if len(order) == 1:
        return 0, None
    least, next_least, *_ = sorted(order)
    first = order.index(least)
    return first, order.index(next_least, first + 1 if least == next_least else 0)


def _field_lookup(
    bit: int, personas: int, encoding: FieldEncoding, table: FieldTable, field: FieldImputation | None
) -> FieldLookup:
    """The look-up of one field. `personas`: the number of personas with evidence, 0 in format 1."""
    evidence = evidence_of(field, encoding, personas)
    if encoding.is_list:
        return encoding.name, bit, None, ListRows(encoding, table.constant, table.rows, evidence)
    if isinstance(encoding.spec.kind, Categorical):
        return encoding.name, bit, ValueRows(encoding, table.constant, table.rows, evidence), None
    return encoding.name, bit, NumberRows(encoding, table.constant, table.rows[0], evidence), None
