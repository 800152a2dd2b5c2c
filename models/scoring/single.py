"""One profile at a time: the rows of its answers looked up and added as integers, then a few floats.

The arithmetic is that of `models.scoring.evidence`. Sums stay in steps of `models.scoring.packed_rows` until the
end, so that additions and comparisons need no division.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any, Final, NamedTuple

import numpy as np

from models.profile.field_kinds import Categorical
from models.profile.missing_words import is_missing_word
from models.scoring.answer_rows import ListRows, NumberRows, UnknownValue, ValueRows
from models.scoring.encoder import FieldEncoding
from models.scoring.evidence import Classifier, Evidence, answered_figures
from models.scoring.packed_rows import STEP, PackedRows, pack
from models.scoring.typicality import typicality_of

# Sets of answered fields whose figures are cached: there are 2^fields of them, but forms are filled in few ways.
CACHED_SETS: Final = 4_096


# Not frozen: one is made for each request, and making a frozen one takes 0.7 µs in place of 0.3.
@dataclass(slots=True, kw_only=True)
class Score:
    """The score of one profile.

    `cluster`: the most probable persona's index; `runner_up`: the next, None where the model has one persona.
    `probabilities` (k,): of the personas given the answers; None in format 1. `settled`: the chance that
    answering the rest would not change the persona; None in format 1. `typicality`: None where no answer is known,
    and in format 1. `is_fallback`: whether no answer says anything to the model, so that the score is that of the
    empty profile. `missing_fields`: fields without an answer. `unknown_values`: values that the model does not
    know.
    """

    cluster: int
    runner_up: int | None
    probabilities: Sequence[float] | None
    settled: float | None
    typicality: float | None
    is_fallback: bool
    missing_fields: tuple[str, ...]
    unknown_values: tuple[UnknownValue, ...] = ()

    @property
    def margin(self) -> float | None:
        """The probability of the persona less that of the runner-up; None where one of them is."""
        chances, other = self.probabilities, self.runner_up
        return None if chances is None or other is None else chances[self.cluster] - chances[other]


class AnsweredSet(NamedTuple):
    """What follows from which fields are answered.

    `is_fallback`: whether none of them says anything. `reach`: steps of a lead → units of what the other fields
    can move; 0 where nothing is hidden. `slopes` and `offsets` (k,): the likelihood under each persona, in steps,
    → the z of `models.scoring.typicality`; `slopes` is empty where no answer can be more or less likely than
    another.
    """

    is_fallback: bool
    reach: float
    slopes: tuple[float, ...]
    offsets: tuple[float, ...]


# A field's name, its bit, and its rows by answer, or those of a list.
FieldLookup = tuple[str, int, NumberRows | ValueRows, None] | tuple[str, int, None, ListRows]


class SingleScorer:
    """A classifier's tables, prepared for one profile at a time."""

    def __init__(self, encodings: Sequence[FieldEncoding], classifier: Classifier) -> None:
        self.values = {encoding.name: encoding.values for encoding in encodings}
        fields = enumerate(zip(encodings, classifier.fields, strict=True))
        self.lookups = [_field_lookup(1 << index, encoding, field.evidence) for index, (encoding, field) in fields]
        self.all_fields = (1 << len(self.lookups)) - 1
        is_empty = [field.evidence.is_empty for field in classifier.fields]
        self._informative_fields = sum(
            bit for (_, bit, *_), empty in zip(self.lookups, is_empty, strict=True) if not empty
        )
        self.packed_prior = pack(classifier.log_prior.tolist())
        self._classifier = classifier
        self._packed = PackedRows(len(classifier.log_prior))
        self._per_exponent = 1.0 / classifier.exponent
        self._leads: list[float] = classifier.settled_curve[0].tolist()
        self._chances: list[float] = classifier.settled_curve[1].tolist()
        self._percentiles: list[list[float]] = classifier.likelihood_percentiles.tolist()
        self._answered_sets: dict[int, AnsweredSet] = {}

    def score(self, answers: Mapping[str, Any]) -> Score:
        """Score one profile, given its answers by field; an absent field, or None, is not answered."""
        rows: list[int] = [self.packed_prior]
        missing: list[str] = []
        unknown: list[UnknownValue] = []
        answered = 0
        answer_of = answers.get
        for name, bit, table, lists in self.lookups:
            answer = answer_of(name)
            if answer is None:
                missing.append(name)
            elif lists is not None:
                unknown_before = len(unknown)
                if lists.add(answer, rows, unknown):
                    answered |= bit
                elif len(unknown) == unknown_before:
                    missing.append(name)
            elif table is not None and (row := table[answer]) is not None:
                rows.append(row)
                answered |= bit
            elif is_missing_word(str(answer)):
                missing.append(name)
            else:
                unknown.append(UnknownValue(name, str(answer)))
        return self.score_of(self._packed.unpack(sum(rows)), answered, tuple(missing), tuple(unknown))

    def score_of(
        self, numbers: list[float], answered: int, missing: tuple[str, ...], unknown: tuple[UnknownValue, ...] = ()
    ) -> Score:
        """Score a profile from the sum of its rows (k + 1,), in steps; `answered`: the bits of its answers."""
        everyone = numbers.pop()
        most = max(numbers)
        cluster = numbers.index(most)
        powers = [exp((number - most) * STEP) for number in numbers]
        share = 1.0 / sum(powers)
        is_fallback, reach, slopes, offsets = self._answered_sets.get(answered) or self._cache_answered_set(
            answered
        )
        runner_up, settled = None, 1.0
        if len(numbers) > 1:
            numbers[cluster] = -float("inf")
            next_most = max(numbers)
            runner_up = numbers.index(next_most)
            if reach:
                settled = self._chance_to_stay((most - next_most) * reach)
        typicality = None
        if slopes:
            z = (everyone + most * self._per_exponent) * slopes[cluster] - offsets[cluster]
            typicality = typicality_of(self._percentiles[cluster], z)
        return Score(
            cluster=cluster,
            runner_up=runner_up,
            probabilities=[power * share for power in powers],
            settled=settled,
            typicality=typicality,
            is_fallback=is_fallback,
            missing_fields=missing,
            unknown_values=unknown,
        )

    def is_fallback(self, answered: int) -> bool:
        """Whether no answer says anything to the model, given the bits of the answered fields."""
        return not answered & self._informative_fields

    def unpack(self, total: int) -> list[float]:
        """The numbers (k + 1,), in steps, of a sum of packed rows."""
        return self._packed.unpack(total)

    def _chance_to_stay(self, lead: float) -> float:
        """The settled curve, interpolated."""
        leads, chances = self._leads, self._chances
        above = bisect_right(leads, lead)
        if above == 0 or above == len(leads):
            return chances[max(above - 1, 0)]
        low, start = leads[above - 1], chances[above - 1]
        return start + (chances[above] - start) * (lead - low) / (leads[above] - low)

    def _cache_answered_set(self, answered: int) -> AnsweredSet:
        flags = [answered >> bit & 1 for bit in range(len(self.lookups))]
        figures = answered_figures(self._classifier, np.array([flags], np.float64))
        reach, slopes, offsets = (array[0] for array in figures)
        usable = bool(slopes.any())
        result = AnsweredSet(
            self.is_fallback(answered),
            float(reach) * STEP,
            tuple((slopes * STEP).tolist()) if usable else (),
            tuple(offsets.tolist()),
        )
        if len(self._answered_sets) < CACHED_SETS:
            self._answered_sets[answered] = result
        return result


def _field_lookup(bit: int, encoding: FieldEncoding, evidence: Evidence) -> FieldLookup:
    """The look-up of one field."""
    if encoding.is_list:
        return encoding.name, bit, None, ListRows(encoding, evidence)
    if isinstance(encoding.spec.kind, Categorical):
        return encoding.name, bit, ValueRows(encoding, evidence), None
    return encoding.name, bit, NumberRows(encoding, evidence), None
