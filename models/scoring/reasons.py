"""Reasons: how much each answer contributes to the lead of a profile's persona over the runner-up.

The lead is ‖z − c₂‖² − ‖z − c₁‖², how much farther the runner-up's centroid c₂ is than the persona's c₁, in
squared PCA units. Expanded it is (‖c₂‖² − ‖c₁‖²) + 2 z·(c₁ − c₂), and z is a sum of rows
(`models.scoring.scorer`), so each row has a share 2 row·(c₁ − c₂):

- of a number, a level or a choice: the row of the answer with its constant;
- of a list: the row of each value, and once the list's constant, which stands for the values that are *not* in it.

The rest is the base: the norms of the centroids, the model's base and the imputation of hidden fields. Base and
shares add up to the lead.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from pydantic import BaseModel

from models.persona import Persona
from models.profile.field_kinds import MultiLabel, Numeric, Ordinal
from models.scoring.columns import FloatArray
from models.scoring.encoder import FieldEncoding, has_values
from models.scoring.scorer import Scorer
from models.scoring.single import FieldTable, Score

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
class Explanation:
    """`lead` = `base` + the contributions of the reasons, the largest first."""

    lead: float
    base: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A row of the sum, and the answer that it belongs to; `code` of a known value, else None."""

    index: int
    value: str | int | float | None
    code: int | None
    row: FloatArray


def explain(scorer: Scorer, personas: Sequence[Persona], profile: BaseModel) -> Explanation | None:
    """The reasons of a profile's assignment; None where there is no runner-up.

    `personas` are those of the scorer's centroids, in the same order.
    """
    score = scorer.score(profile)
    if score.runner_up is None:
        return None
    first, second = scorer.centroids[score.cluster], scorer.centroids[score.runner_up]
    towards = 2.0 * (first - second)
    pieces = list(_pieces(scorer, profile))
    unexplained = np.array(scorer.locate(profile).z) - sum((piece.row for piece in pieces), np.zeros(len(first)))
    base = float(second @ second - first @ first + unexplained @ towards)
    shares = [float(piece.row @ towards) for piece in pieces]
    reasons = [_reason(scorer, personas, score, piece, share) for piece, share in zip(pieces, shares, strict=True)]
    reasons.sort(key=lambda reason: -abs(reason.contribution))
    lead = score.distances[score.runner_up] ** 2 - score.distances[score.cluster] ** 2
    return Explanation(lead, base, tuple(reasons))


def _pieces(scorer: Scorer, profile: BaseModel) -> Iterator[_Piece]:
    for index, (encoding, table) in enumerate(zip(scorer.encoder.fields, scorer.tables, strict=True)):
        answer = getattr(profile, encoding.name, None)
        if isinstance(encoding.spec.kind, Numeric | Ordinal):
            if answer is not None:
                level = encoding.spec.levels.index(answer) if encoding.spec.levels else None
                yield _Piece(index, answer, level, table.constant + encoding.number(answer) * table.rows[0])
        elif isinstance(encoding.spec.kind, MultiLabel):
            yield from _list_pieces(index, encoding, table, answer)
        elif answer is not None and (code := encoding.vocabulary.code(str(answer))) >= 0:
            yield _Piece(index, encoding.values[code], code, table.constant + table.rows[code])


def _list_pieces(
    index: int, encoding: FieldEncoding, table: FieldTable, answer: Collection[str] | None
) -> Iterator[_Piece]:
    codes = encoding.vocabulary.codes(answer or ())
    if answer is None or (not codes and has_values(answer)):
        return
    yield _Piece(index, None, None, table.constant)
    for code in codes:
        yield _Piece(index, encoding.values[code], code, table.rows[code] / math.sqrt(len(codes)))


# --- in words --------------------------------------------------------------------------------------


def _reason(scorer: Scorer, personas: Sequence[Persona], score: Score, piece: _Piece, share: float) -> Reason:
    encoding, field = scorer.encoder.fields[piece.index], scorer.field_imputations[piece.index]
    pair = [score.cluster, score.cluster if score.runner_up is None else score.runner_up]
    ours, other = pair if share >= 0 else pair[::-1]
    names = personas[ours].name, personas[other].name
    if piece.value is None or field is None:
        what = "What is not among your answers" if piece.value is None else "Your answer"
        sentence = f"{what} to {encoding.spec.title} counts too, which speaks for {names[0]}."
    elif piece.code is None:
        means = float(field.typical[0, ours]), float(field.typical[0, other])
        sentence = _of_number(field.phrases[0], float(piece.value), means, names)
    else:
        lifts = float(field.typical[piece.code, ours]), float(field.typical[piece.code, other])
        sentence = _of_value(field.phrases[piece.code], lifts, names)
    return Reason(encoding.name, piece.value, share, sentence)


# The figures in a sentence never contradict the share that they explain: where the personas' figures point the
# other way, or hardly differ, the sentence has none. Each pair starts with the persona that the share favours.


def _of_value(phrase: str, lifts: tuple[float, float], names: tuple[str, str]) -> str:
    ratio = min(lifts[0] / max(lifts[1], 1e-9), LARGEST_RATIO)
    if ratio < SMALLEST_RATIO:
        return f"You {phrase}, which speaks for {names[0]}."
    return f"You {phrase}: {_number(ratio)} × as common among {names[0]} as among {names[1]}."


def _of_number(phrase: str, value: float, means: tuple[float, float], names: tuple[str, str]) -> str:
    subject, (ours, other) = f"You {phrase.replace('{value}', _number(value))}", means
    if abs(value - ours) >= abs(value - other) or _number(ours) == _number(other):
        return f"{subject}, which speaks for {names[0]}."
    return f"{subject}: the average is {_number(ours)} among {names[0]}, {_number(other)} among {names[1]}."


def _number(value: float) -> str:
    """A whole number from 5 on, one decimal below."""
    return f"{value:,.0f}" if abs(value) >= 4.95 else f"{value:.1f}".removesuffix(".0")
