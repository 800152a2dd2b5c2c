"""Reasons: how much each answer contributes to the lead of a profile's persona over the runner-up.

The lead is the logarithm of the odds, log P(persona) − log P(runner-up), which the classifier sums from the
answers (`models.scoring.evidence`), so each row of the sum has a share, the difference of its two columns:

- of a number, a level or a choice: the row of the answer;
- of a list: the row of each value, and once the list's constant, which stands for the values that are *not* in it.

The rest is the base, the log odds of a profile without answers. Base and shares add up to the lead.

The reason of a value depends on the value, the persona, the runner-up and the voice alone, so it is made once,
without the subject of its sentence ("You", "Your mother"), which depends on the profile (`models.profile.voice`).
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel

from models.persona import Persona
from models.profile.field_kinds import MultiLabel, Numeric, Ordinal
from models.profile.voice import People, Subject, Voice, in_voice, people_of, singular_units
from models.scoring.columns import FloatArray
from models.scoring.encoder import FieldEncoding, has_values
from models.scoring.evidence import Evidence, FieldEvidence
from models.scoring.scorer import Scorer

# Sentences leave out ratios nearer to 1 than the first, and cap ratios at the second.
SMALLEST_RATIO: Final = 1.2
LARGEST_RATIO: Final = 99.0


@dataclass(frozen=True, slots=True)
class Reason:
    """One answer's contribution to the lead, positive where it speaks for the persona. `value` is spelled as the
    model spells it; None stands for the values that a list leaves out."""

    field: str
    value: str | int | float | None
    contribution: float
    sentence: str


@dataclass(frozen=True, slots=True)
class _Draft:
    """A reason without the start of its sentence: `opening` says which it is."""

    field: str
    value: str | int | float | None
    contribution: float
    opening: Subject | Literal["rest"]
    rest: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`lead` = `base` + the contributions of the reasons, the largest first."""

    lead: float
    base: float
    reasons: tuple[Reason, ...]


class Explainer:
    """Explains assignments by one scorer; `personas` are those of its classifier, in the same order."""

    def __init__(self, scorer: Scorer, personas: Sequence[Persona]) -> None:
        self._scorer, self._personas = scorer, personas
        self._pairs: dict[tuple[int, int, Voice], _Pair] = {}

    def explain(self, profile: BaseModel, voice: Voice = "giver") -> Explanation | None:
        """The reasons of a profile's assignment, in a voice; None where there is no runner-up."""
        score = self._scorer.score(profile)
        if score.runner_up is None:
            return None
        key = score.cluster, score.runner_up, voice
        pair = self._pairs.get(key) or self._add(*key)
        return pair.explain(profile.__dict__, people_of(profile, voice))

    def _add(self, cluster: int, runner_up: int, voice: Voice) -> "_Pair":
        names = self._personas[cluster].name, self._personas[runner_up].name
        pair = self._pairs[cluster, runner_up, voice] = _Pair(self._scorer, (cluster, runner_up), names, voice)
        return pair


class _Pair:
    """The reasons for one persona over one runner-up, in one voice."""

    def __init__(self, scorer: Scorer, pair: tuple[int, int], names: tuple[str, str], voice: Voice) -> None:
        classifier = scorer.classifier
        fields = zip(scorer.encoder.fields, classifier.fields, strict=True)
        per_exponent = 1 / classifier.exponent
        self._fields = [
            (
                encoding.name,
                _reasons_of(
                    _Words(
                        encoding=encoding,
                        field=field,
                        pair=pair,
                        names=names,
                        per_exponent=per_exponent,
                        voice=voice,
                    )
                ),
            )
            for encoding, field in fields
        ]
        self._base = _difference(classifier.log_prior, pair)

    def explain(self, answers: Mapping[str, Any], people: People) -> Explanation:
        """The explanation of a profile that is assigned to this persona before this runner-up."""
        reasons: list[_Draft] = []
        for name, reasons_of in self._fields:
            answer = answers.get(name)
            if answer is not None:
                reasons += reasons_of(answer)
        reasons.sort(key=_by_size)
        lead = self._base + math.fsum([reason.contribution for reason in reasons])
        openings = {
            "giver": people.giver,
            "recipient": people.recipient,
            "rest": f"What is not among {people.giver_s} answers to",
        }
        in_words = tuple(
            Reason(draft.field, draft.value, draft.contribution, f"{openings[draft.opening]} {draft.rest}")
            for draft in reasons
        )
        return Explanation(lead, self._base, in_words)


def _by_size(reason: _Draft) -> float:
    return -abs(reason.contribution)


def _difference(row: FloatArray, pair: tuple[int, int]) -> float:
    return float(row.item(pair[0]) - row.item(pair[1]))


# --- by kind of field ------------------------------------------------------------------------------


def _reasons_of(words: "_Words") -> Callable[[Any], list[_Draft]]:
    """A function from an answer to one field to its reasons."""
    match words.encoding.spec.kind:
        case MultiLabel():
            return _ListReasons(words).of
        case Numeric():
            return lambda answer: [words.of_number(answer)]
        case Ordinal():
            levels = _LevelReasons(words)
            return lambda level: [levels[level]]
        case _:
            return _ChoiceReasons(words).of


class _LevelReasons(dict[str, _Draft]):
    """Level → its reason."""

    def __init__(self, words: "_Words") -> None:
        super().__init__()
        self._words = words

    def __missing__(self, level: str) -> _Draft:
        code = self._words.encoding.spec.levels.index(level)
        reason = self[level] = self._words.of_value(code, self._words.share_of_number(level))
        return reason


class _ValueReasons(dict[int, _Draft]):
    """Code → the reason of its value, each with `constant` on top."""

    def __init__(self, words: "_Words", constant: float) -> None:
        super().__init__()
        self._words, self._constant = words, constant

    def __missing__(self, code: int) -> _Draft:
        share = self._constant + _difference(self._words.evidence.rows[code], self._words.pair)
        reason = self[code] = self._words.of_value(code, share)
        return reason


class _ChoiceReasons:
    """The reasons of a single-choice field."""

    def __init__(self, words: "_Words") -> None:
        self._vocabulary = words.encoding.vocabulary
        self._reasons = _ValueReasons(words, _difference(words.evidence.constant, words.pair))

    def of(self, answer: object) -> list[_Draft]:
        """The reason of a value; none of an unknown one."""
        code = self._vocabulary.code(str(answer))
        return [] if code < 0 else [self._reasons[code]]


class _ListReasons:
    """The reasons of a multi-choice field."""

    def __init__(self, words: "_Words") -> None:
        self._vocabulary = words.encoding.vocabulary
        self._reasons = _ValueReasons(words, 0.0)
        self._rest = words.of_rest()

    def of(self, answer: Collection[str]) -> list[_Draft]:
        """The reason of each value, and that of the rest; none where every value is unknown."""
        codes = self._vocabulary.codes(answer)
        if not codes and has_values(answer):
            return []
        return [self._rest, *map(self._reasons.__getitem__, codes)]


# --- in words --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Words:
    """The sentences about one field, a persona and its runner-up, in one voice: their indices `pair` and `names`,
    and the factor that takes the exponent out of a contribution.

    No figure contradicts the contribution that it explains: where the personas' averages point the other way, or
    hardly differ, the sentence has none.
    """

    encoding: FieldEncoding
    field: FieldEvidence
    pair: tuple[int, int]
    names: tuple[str, str]
    per_exponent: float
    voice: Voice

    @property
    def evidence(self) -> Evidence:
        """The field's evidence."""
        return self.field.evidence

    def share_of_number(self, answer: float | str) -> float:
        """The contribution of a number or level."""
        y, (linear, square) = self.evidence.position_of(self.encoding.number(answer)), self.evidence.rows
        share = _difference(self.evidence.constant, self.pair)
        return share + y * _difference(linear, self.pair) + y * y * _difference(square, self.pair)

    def of_rest(self) -> _Draft:
        """The reason of what a list leaves out."""
        share = _difference(self.evidence.constant, self.pair)
        title, name = self.encoding.spec.title, self.names[share < 0]
        return _Draft(self.encoding.name, None, share, "rest", f"{title} counts too, which speaks for {name}.")

    def of_value(self, code: int, share: float) -> _Draft:
        """The reason of a chosen value, a level, or one value of a list."""
        phrase, names = self._phrase(code), self.names if share >= 0 else self.names[::-1]
        ratio = min(math.exp(min(abs(share) * self.per_exponent, 9.0)), LARGEST_RATIO)
        rest = (
            f"{phrase}, which speaks for {names[0]}."
            if ratio < SMALLEST_RATIO
            else f"{phrase}: {_number(ratio)} × as typical of {names[0]} as of {names[1]}."
        )
        return self._draft(self.encoding.values[code], share, rest)

    def of_number(self, answer: float) -> _Draft:
        """The reason of a number."""
        share = self.share_of_number(answer)
        pair, names = (self.pair, self.names) if share >= 0 else (self.pair[::-1], self.names[::-1])
        ours, other = self.field.means.item(0, pair[0]), self.field.means.item(0, pair[1])
        phrase, text = self._phrase(0), _number(answer)
        if text == "1" and isinstance(self.encoding.spec.kind, Numeric):
            phrase = singular_units(phrase, self.encoding.spec.kind.scale.unit)
        phrase = phrase.replace("{value}", text)
        if abs(answer - ours) >= abs(answer - other) or _number(ours) == _number(other):
            return self._draft(answer, share, f"{phrase}, which speaks for {names[0]}.")
        averages = f"the average is {_number(ours)} among {names[0]}, {_number(other)} among {names[1]}"
        return self._draft(answer, share, f"{phrase}: {averages}.")

    def _phrase(self, code: int) -> str:
        return in_voice(self.field.phrases[code], self.field.subject, self.voice)

    def _draft(self, value: str | int | float, share: float, rest: str) -> _Draft:
        return _Draft(self.encoding.name, value, share, self.field.subject, rest)


def _number(value: float) -> str:
    """A whole number from 5 on, one decimal below."""
    return f"{value:,.0f}" if abs(value) >= 4.95 else f"{value:.1f}".removesuffix(".0")
