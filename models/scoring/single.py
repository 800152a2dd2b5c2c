"""One profile by itself: its answers' rows looked up and added as integers, and a few floats after that.

The arithmetic is that of `models.scoring.scorer` and `models.scoring.imputation`. Lengths are in steps of
`models.scoring.packed_rows` until the end: what is added and compared need not be divided first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import dist, exp
from operator import mul
from typing import Any, NamedTuple

import numpy as np

from models.profile.field_kinds import Categorical
from models.scoring.answer_rows import ListRows, NumberRows, UnknownValue, ValueRows
from models.scoring.columns import FloatArray
from models.scoring.encoder import FieldEncoding
from models.scoring.imputation import FieldImputation, Imputation, evidence_of, parts_of, spreading, start_of
from models.scoring.packed_rows import STEP, UNIT, PackedRows, Row, join

# Sets of hidden fields whose filling is kept ready; there are 2^fields, but forms are filled in few ways.
REMEMBERED_FILLINGS = 1_024


@dataclass(frozen=True, slots=True)
class FieldTable:
    """One field's share of the sum, in r PCA dimensions.

    `constant` (r,) is added once when the field is answered. `rows` (terms, r) are weighed by the factors:
    one row for a numeric or ordinal field, one a known value otherwise.
    """

    constant: FloatArray
    rows: FloatArray


class Score(NamedTuple):
    """One profile's place.

    `cluster`: the nearest centroid, of the place that the profile has once its hidden fields are filled, and
    `runner_up` the next nearest, None where there is one alone; with nothing known the two likeliest.
    `distances`: Euclidean, in PCA units, to each centroid. `hidden`: how many fields were filled.
    `probabilities`: of each persona; None where the model cannot tell (format 1). `missing_fields`: without an
    answer. `unknown_values`: that were not known.
    """

    cluster: int
    runner_up: int | None
    distances: Sequence[float]
    hidden: int
    probabilities: Sequence[float] | None
    missing_fields: tuple[str, ...]
    unknown_values: tuple[UnknownValue, ...]


class Located(NamedTuple):
    """Where one profile lies: `z` (r,), the bits of the fields that were filled for it, and how much each persona
    counted in that (k,), empty where nothing was filled."""

    z: list[float]
    hidden: int
    weights: Sequence[float]


class Found(NamedTuple):
    """What the answers of a profile are to a model: their `rows`, the bits of the hidden fields, the names of the
    fields without an answer, and the values that are not known."""

    rows: list[int | Row]
    hidden: int
    missing: tuple[str, ...]
    unknown: tuple[UnknownValue, ...]


class Filling(NamedTuple):
    """What a set of hidden fields is filled with, a row a dimension and a column a persona, in steps; `sharpness`:
    by what squared distances in steps are multiplied in the exponent of the probabilities."""

    rows: list[Row]
    sharpness: float


# A field's name, its bit where it can be hidden, and its rows by answer or those of a list.
Term = tuple[str, int, NumberRows | ValueRows, None] | tuple[str, int, None, ListRows]


class Single:
    """A scorer's tables, prepared for one profile at a time. Parameters as in `models.scoring.scorer.Scorer`."""

    def __init__(
        self,
        encodings: Sequence[FieldEncoding],
        tables: Sequence[FieldTable],
        base: FloatArray,
        centroids: FloatArray,
        completion: Imputation | None,
    ) -> None:
        self._completion = completion
        self.values = {encoding.name: encoding.values for encoding in encodings}
        self._parts = parts_of(completion, len(tables))
        self.hideable = sum(1 << place for place, part in enumerate(self._parts) if part is not None)
        self._base: Row = tuple(start_of(completion, base).tolist())
        personas = len(self._base) - len(base)
        each = enumerate(zip(encodings, tables, self._parts, strict=True))
        self.terms = [_term(1 << place & self.hideable, personas, *parts) for place, parts in each]
        self._lanes = PackedRows(len(self._base))
        self.packed_base = join(self._base)
        self._rank = len(base)
        # Tuples: `math.dist` makes one of anything else, each time.
        self._centroids: list[Row] = [tuple(row) for row in (centroids * UNIT).tolist()]
        self._certain: list[list[float]] = np.eye(len(centroids)).tolist()
        self._prior: list[float] = [] if completion is None else completion.prior.tolist()
        self._fillings: dict[int, Filling] = {}

    def score(self, answers: Mapping[str, Any]) -> Score:
        """Score one profile, given what its fields hold; what is not there, or None, is not answered."""
        found = self._find(answers)
        return self.score_of(self._total(found.rows), found.hidden, found.missing, found.unknown)

    def locate(self, answers: Mapping[str, Any]) -> Located:
        """Where one profile lies, its hidden fields filled."""
        found = self._find(answers)
        z, weights = self._place(self._total(found.rows), found.hidden)
        return Located([each * STEP for each in z], found.hidden, weights)

    def score_of(
        self, numbers: list[float], hidden: int, missing: tuple[str, ...], unknown: tuple[UnknownValue, ...] = ()
    ) -> Score:
        """Score a profile whose rows add up to these numbers (r + k,), in steps."""
        z, _ = self._place(numbers, hidden)
        distances = [*map(dist, repeat(z), self._centroids)]
        nearest, runner_up = _two_least(distances)
        chances = self._chances(nearest, distances, hidden)
        if hidden and hidden == self.hideable and chances is not None:
            nearest, runner_up = _two_least([-chance for chance in chances])
        lengths = [each * STEP for each in distances]
        return Score(nearest, runner_up, lengths, hidden.bit_count(), chances, missing, unknown)

    def split(self, total: int) -> list[float]:
        """The numbers (r + k,), in steps, of a sum of rows."""
        return self._lanes.split(total)

    def _find(self, answers: Mapping[str, Any]) -> Found:
        rows: list[int | Row] = []
        missing: list[str] = []
        unknown: list[UnknownValue] = []
        hidden = self.hideable
        answer_of = answers.get
        for name, bit, table, lists in self.terms:
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
        return Found(rows, hidden, tuple(missing), tuple(unknown))

    def _total(self, rows: list[int | Row]) -> list[float]:
        """The base and these rows, added up, in steps."""
        try:
            return self._lanes.split(sum(rows, self.packed_base))  # type: ignore[arg-type]
        except TypeError:
            # Some row is a tuple: it has numbers that no lanes hold.
            packed = self._lanes.split(sum(row for row in rows if isinstance(row, int)))
            others = [self._base, *(row for row in rows if isinstance(row, tuple))]
            return [known + sum(far) * UNIT for known, *far in zip(packed, *others, strict=True)]

    def _place(self, numbers: list[float], hidden: int) -> tuple[Row, list[float]]:
        """Where a profile lies once its hidden fields are filled, in steps, and each persona's weight in that."""
        if not hidden:
            return tuple(numbers[: self._rank]), []
        evidence = numbers[self._rank :]
        most = max(evidence)
        powers = [exp((each - most) * STEP) for each in evidence]
        share = 1.0 / sum(powers)
        weights = [power * share for power in powers]
        # Of the numbers those beyond the rows are the evidence, which is used up.
        filled = zip(numbers, self._filling(hidden).rows, strict=False)
        return tuple([known + sum(map(mul, weights, row)) for known, row in filled]), weights

    def _chances(self, nearest: int, distances: list[float], hidden: int) -> Sequence[float] | None:
        """The chance of each persona, `distances` being in steps; None where the model cannot tell."""
        if self._completion is None:
            return None
        if not hidden:
            return self._certain[nearest]
        if hidden == self.hideable:
            return self._prior
        least, sharpness = distances[nearest] ** 2, self._filling(hidden).sharpness
        powers = [exp((least - each * each) * sharpness) for each in distances]
        share = 1.0 / sum(powers)
        return [power * share for power in powers]

    def _filling(self, hidden: int) -> Filling:
        """What each persona expects of these fields together, and how sharp the probabilities are without them."""
        return self._fillings.get(hidden) or self._remember_filling(hidden)

    def _remember_filling(self, hidden: int) -> Filling:
        parts = [part for place, part in enumerate(self._parts) if part is not None and hidden >> place & 1]
        rows = [tuple(row) for row in (np.sum([part.fill for part in parts], axis=0).T * UNIT).tolist()]
        temperatures = np.ones(len(parts) + 1) if self._completion is None else self._completion.temperatures
        scatter = np.sum([part.scatter for part in parts], axis=0)
        heat = float(temperatures[len(parts)] * spreading(scatter)[0])
        filling = Filling(rows, STEP * STEP / heat)
        if len(self._fillings) < REMEMBERED_FILLINGS:
            self._fillings[hidden] = filling
        return filling


def _two_least(order: list[float]) -> tuple[int, int | None]:
    """The place of the least, and of the next; None where there is no other."""
    if len(order) == 1:
        return 0, None
    least, next_least, *_ = sorted(order)
    first = order.index(least)
    return first, order.index(next_least, first + 1 if least == next_least else 0)


def _term(
    bit: int, personas: int, encoding: FieldEncoding, table: FieldTable, part: FieldImputation | None
) -> Term:
    """`personas`: of how many there is evidence, 0 in a model of format 1."""
    evidence = evidence_of(part, encoding, personas)
    if encoding.is_list:
        return encoding.name, bit, None, ListRows(encoding, table.constant, table.rows, evidence)
    if isinstance(encoding.spec.kind, Categorical):
        return encoding.name, bit, ValueRows(encoding, table.constant, table.rows, evidence), None
    return encoding.name, bit, NumberRows(encoding, table.constant, table.rows[0], evidence), None
