"""Checks of the answers to each field beside those that the active model was trained on.

A field that hardly anybody answers any more is one finding, and a field whose answers have nothing to do with the
rest of the profile any more another: the first explains why personas cannot be told apart by it, and says nothing
about its answers.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.acceptance import Thresholds
from models.storage.manifest import FieldStats, Verdict
from training.acceptance.candidate import Candidate
from training.acceptance.field_stats import FIELD_ROWS, field_stats
from training.acceptance.verdicts import judged, not_judged
from training.clustering.fit import draw_rows
from training.personas.identity import Predecessor
from training.text import count, listed, percent, percent_tenths

_CHECKS: Final = ("unanswered_field", "shuffled_field", "one_value")
# Shares of fewer answers than these are left to chance.
_FEWEST_ANSWERS: Final = 20
_WORSE_SHARE: Final = 0.1
# Both strengths are taken this many standard errors to the side of a field that is as it was. Of 192 refits, on
# halves of real tables and on simulated people, none was refused for a weak field; with fixed limits instead, 35.
_STANDARD_ERRORS: Final = 1.25
# Manifests that do not say how many profiles answered were written from samples of this size.
_FORMER_ROWS: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class _Field:
    """One field then and now, with the number of profiles in both samples that answered it. `k`: personas."""

    name: str
    then: FieldStats
    now: FieldStats
    answered_then: int
    answered_now: int
    rows: int
    k: int
    thresholds: Thresholds

    @property
    def fewest_answers(self) -> float:
        """The share of profiles that have to answer it."""
        return self.thresholds.gate_min_answered_ratio * self.then.answered_share

    @property
    def unanswered(self) -> bool:
        """Whether hardly anybody answers it who would have before."""
        expected = self.then.answered_share * self.rows
        return expected >= _FEWEST_ANSWERS and self.now.answered_share < self.fewest_answers

    @property
    def least_strength(self) -> float:
        """The strength that it must have at least."""
        lower = self.then.strength - _margin(self.then, self.answered_then, self.k)
        return self.thresholds.gate_min_strength_kept * max(lower, 0.0)

    @property
    def can_be_judged(self) -> bool:
        """Whether its strength would fall below the least if its answers were shuffled."""
        return self.answered_now >= _FEWEST_ANSWERS and self.chance < self.least_strength

    @property
    def chance(self) -> float:
        """The largest strength that shuffled answers have by chance."""
        return _STANDARD_ERRORS * _error_of_chance(self.answered_now, self.k)

    @property
    def weak(self) -> bool:
        """Whether it has too little strength, even allowing for the sample."""
        reached = self.now.strength + _margin(self.now, self.answered_now, self.k)
        return self.can_be_judged and reached < self.least_strength


def field_checks(candidate: Candidate, predecessor: Predecessor, thresholds: Thresholds) -> Iterator[Verdict]:
    """A verdict on unanswered fields, on shuffled fields and on fields with one value."""
    then = predecessor.manifest.field_figures
    if not then:
        yield from (
            not_judged(check, "The active model does not say what its fields were like.") for check in _CHECKS
        )
        return
    fields = _fields(candidate, predecessor, thresholds)
    unanswered = [field for field in fields if field.unanswered]
    answered = [field for field in fields if not field.unanswered]
    yield _unanswered(unanswered, len(fields))
    yield _shuffled(answered, unanswered, thresholds)
    yield _one_value([field for field in answered if field.answered_now >= _FEWEST_ANSWERS])


def _fields(candidate: Candidate, predecessor: Predecessor, thresholds: Thresholds) -> list[_Field]:
    rows = draw_rows(len(candidate.dataset), FIELD_ROWS, np.random.default_rng(0))
    now = field_stats(predecessor.encoded.take(rows), predecessor.scorer)
    absent = FieldStats(answered_share=0.0, commonest_share=0.0, strength=0.0, answered=0)
    rows_then = min(_FORMER_ROWS, predecessor.manifest.origin.rows)
    return [
        _Field(
            name=name,
            then=then,
            now=now.get(name, absent),
            answered_then=round(then.answered_share * rows_then) if then.answered is None else then.answered,
            answered_now=now.get(name, absent).answered or 0,
            rows=len(rows),
            k=len(predecessor.personas),
            thresholds=thresholds,
        )
        for name, then in predecessor.manifest.field_figures.items()
    ]


def _margin(stats: FieldStats, answered: int, k: int) -> float:
    """The error allowed for a strength among so many answers, with k personas."""
    error = _error_of_normal(stats.strength, answered) if stats.strength_error is None else stats.strength_error
    return _STANDARD_ERRORS * math.hypot(error, _error_of_chance(answered, k))


def _error_of_normal(strength: float, answered: int) -> float:
    """The standard error of R² of normal numbers (Olkin and Finn, Psychological Bulletin 118, 1995), for manifests
    that do not have one.
    """
    return 2 * math.sqrt(strength / max(answered, 1)) * (1 - strength)


def _error_of_chance(answered: int, k: int) -> float:
    """The standard deviation of ε² where personas explain nothing: that of χ² with k − 1 degrees of freedom, over
    the number of answers.
    """
    return math.sqrt(2 * (k - 1)) / max(answered, 1)


# --- unanswered ------------------------------------------------------------------------------------


def _unanswered(fields: list[_Field], total: int) -> Verdict:
    sentences = " ".join(map(_unanswered_sentence, fields))
    none = f"None of {count(total, 'field')} has lost its answers."
    return judged("unanswered_field", not fields, sentences or none)


def _unanswered_sentence(field: _Field) -> str:
    then = f"{percent_tenths(field.then.answered_share)} did when the active model was trained"
    wanted = f"at least {percent_tenths(field.fewest_answers)} is wanted"
    if not field.answered_now:
        return f"Nobody answered '{field.name}', and {then}; {wanted}. The data may lack its column."
    now = percent_tenths(field.now.answered_share)
    return f"{now} of the profiles answered '{field.name}', and {then}; {wanted}."


# --- shuffled --------------------------------------------------------------------------------------


def _shuffled(answered: list[_Field], unanswered: list[_Field], thresholds: Thresholds) -> Verdict:
    judgeable = [field for field in answered if field.can_be_judged]
    weak = [field for field in judgeable if field.weak]
    if weak and unanswered:
        return not_judged("shuffled_field", _two_reasons(weak, unanswered))
    if weak:
        return judged("shuffled_field", False, " ".join(map(_shuffled_sentence, weak)))
    if not judgeable:
        return not_judged(
            "shuffled_field", "No field depended on the others enough to be judged on these profiles."
        )
    sentence = (
        f"{len(judgeable)} of {count(len(answered), 'field')} depend on the others at least "
        f"{percent(thresholds.gate_min_strength_kept)} as much as they did"
    )
    rest = len(answered) - len(judgeable)
    others = f"; {rest} depended on them too little to be judged on these profiles." if rest else "."
    return judged("shuffled_field", True, sentence + others)


def _two_reasons(weak: list[_Field], unanswered: list[_Field]) -> str:
    fields, others = ([f"'{field.name}'" for field in some] for some in (weak, unanswered))
    return (
        f"The answers to {listed(fields)} have less to do with other answers than they had, which may be because "
        f"hardly anybody answered {listed(others)}."
    )


def _shuffled_sentence(field: _Field) -> str:
    reason = "Its column" if field.now.strength <= field.chance else "A part of its column"
    now, then = percent_tenths(field.now.strength), percent_tenths(field.then.strength)
    return (
        f"What people answer to '{field.name}' has little to do with their other answers any more: personas made "
        f"from those explain {now} of it, and {then} when the active model was trained; at "
        f"least {percent_tenths(field.least_strength)} is wanted. {reason} may have been shuffled."
    )


# --- one value -------------------------------------------------------------------------------------


def _one_value(fields: list[_Field]) -> Verdict:
    filled = [field for field in fields if field.now.commonest_share > _most(field)]
    sentences = " ".join(map(_one_value_sentence, filled))
    return judged(
        "one_value", not filled, sentences or "No field is filled with one answer alone that was not before."
    )


def _most(field: _Field) -> float:
    return max(field.thresholds.gate_max_value_share, min(1.0, field.then.commonest_share + _WORSE_SHARE))


def _one_value_sentence(field: _Field) -> str:
    now, then = percent_tenths(field.now.commonest_share), percent_tenths(field.then.commonest_share)
    return (
        f"{now} of those who answered '{field.name}' gave one and the same answer, and {then} when the active "
        f"model was trained; at most {percent_tenths(_most(field))} is wanted."
    )
