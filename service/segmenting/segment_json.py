"""The JSON of `/segment` for profiles whose answers are all known (`models.scoring.known_answers`).

The bytes are those that `service.segmenting.assignment.Segmented` serialises to;
`tests/service/segmenting/test_segment_json.py` compares them.
"""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import repeat
from typing import TypeVar

import numpy as np
from pydantic_core import to_json

from models.profile import Profile
from models.scoring.columns import FloatArray
from models.scoring.imputation import OUTLIER, is_outlier
from models.scoring.known_answers import KnownAnswers
from models.scoring.known_answers_batch import KnownAnswersBatch
from models.scoring.scorer import Scores
from models.scoring.single import Score
from models.segment_model import SegmentModel
from models.storage.artifact import LoadedArtifact

T = TypeVar("T")
# Where a text has a gap: JSON has no such byte.
_GAP = b"\0"
# A comma, then an item of a batch as `service.http.schemas.segment.BatchItem` serialises, around its index and its
# answer.
_ITEM = (b',{"index":', b',"status":200,"result":', b"}")
_FLAGS = {True: b"true", False: b"false", None: b"null"}


class SegmentEncoder:
    """Answers for recognised profiles by one model, `loaded`."""

    def __init__(self, loaded: LoadedArtifact) -> None:
        self.loaded = loaded
        self._model = loaded.model
        self._single = loaded.model.scorer.single
        self._writer = ResponseTemplate(loaded.model)
        self._recognition = KnownAnswers(self._single, Profile)

    @cached_property
    def _many(self) -> KnownAnswersBatch:
        return KnownAnswersBatch(self._recognition, self._model.encoder)

    def items(self, profiles: Sequence[object]) -> tuple["BatchItems", list[int]]:
        """The items of a batch of profiles as they are parsed from JSON, and the places of those not recognised.

        All at once where they are of one cast.
        """
        coded = self._many.code(profiles) if profiles else None
        if coded is None:
            contents = self.answer_each(profiles)
            rest = [place for place, content in enumerate(contents) if content is None]
            return _interleave(_ITEM, [_indices(len(contents)), [each or b"" for each in contents]]), rest
        scores = self._model.scorer.scores(coded.columns)
        answered = coded.answered.tolist()
        names = {each: _names(self._recognition.missing_fields(each).missing) for each in set(answered)}
        missing = [names[each] for each in answered]
        items = self._writer.write_items(scores, self._model.typicality(scores), missing)
        return items, np.flatnonzero(~coded.is_known).tolist()

    def answer_each(self, profiles: Sequence[object]) -> list[bytes | None]:
        """The answers to few profiles, each by itself but stage by stage; None where one is not recognised."""
        found = [self._recognition.of(each) if isinstance(each, dict) else None for each in profiles]
        is_known = [each for each in found if each is not None]
        numbers = [self._single.unpack(each.total) for each in is_known]
        scores = [
            self._single.score_of(each, missing_fields.hidden, missing_fields.missing)
            for each, (_, missing_fields) in zip(numbers, is_known, strict=True)
        ]
        typical = [self._model.typicality_of(each) for each in scores]
        written = map(self._writer.write, scores, typical)
        return [None if each is None else next(written) for each in found]


class BatchItems:
    """The items of a batch's answer, each of so many pieces: joined once, they need not be copied before."""

    def __init__(self, pieces: list[bytes], width: int) -> None:
        self._pieces, self._width = pieces, width

    def put(self, place: int, content: bytes) -> None:
        """Have this JSON as an item."""
        start = place * self._width
        self._pieces[start : start + self._width] = [b"," + content, *repeat(b"", self._width - 1)]

    @classmethod
    def none_of(cls, count: int) -> "BatchItems":
        """So many items, each yet to be put."""
        return cls([b""] * count, 1)

    def answer(self, model_version: str) -> bytes:
        """The answer of a batch, as `service.http.schemas.segment.BatchResponse` serialises."""
        start = b'{"model_version":%b,"items":[' % to_json(model_version)
        # Each item starts with a comma, the first needs none.
        first = [piece[1:] for piece in self._pieces[:1]]
        return b"".join([start, *first, *self._pieces[1:], b"]}"])


class ResponseTemplate:
    """Writes the answers of one model that have no warnings."""

    def __init__(self, model: SegmentModel) -> None:
        self._personas = [to_json({"id": persona.id, "name": persona.name}) for persona in model.personas]
        self._personas_or_none = [*self._personas, b"null"]
        by_persona = b"{%b}" % b",".join(b"%b:%b" % (to_json(persona.id), _GAP) for persona in model.personas)
        tells = model.scorer.imputation is not None
        # The confidence and, where the model can tell, the probabilities.
        self._sure = 1 + len(model.personas) * tells
        chances, version = by_persona if tells else b"null", to_json(model.version)
        text = (
            b'{"persona":%b,"confidence":%b,"probabilities":%b,"runner_up":%b,"margin":%b,"typicality":%b,'
            b'"is_outlier":%b,"distances":%b,"model_version":%b,"missing_fields":%b,"warnings":[]}'
        ) % (_GAP, _GAP, chances, _GAP, _GAP, _GAP, _GAP, by_persona, version, _GAP)
        self._between = text.split(_GAP)
        self._template = b"%b".join(part.replace(b"%", b"%%") for part in self._between)

    def write(self, score: Score, typicality: float | None) -> bytes:
        """The JSON of a scored profile."""
        cluster, other, distances, chances = score.cluster, score.runner_up, score.distances, score.probabilities
        margin = None if other is None else distances[other] - distances[cluster]
        sure = [None] if chances is None else [chances[cluster], *chances]
        told = to_json([*sure, margin, typicality, *distances])[1:-1].split(b",")
        runner_up = b"null" if other is None else self._personas[other]
        outlier = _FLAGS[is_outlier(typicality)]
        return self._template % self._in_order(
            self._personas[cluster], told, runner_up, outlier, _names(score.missing_fields)
        )

    def write_items(self, scores: Scores, typicality: FloatArray | None, missing: list[bytes]) -> BatchItems:
        """The items of many scored profiles; `missing`: the JSON of the fields that each does not answer."""
        count = len(missing)
        nothing = np.full(count, np.nan)
        confidence, typical = (nothing if each is None else each for each in (scores.confidence, typicality))
        chances = [] if scores.probabilities is None else [scores.probabilities]
        numbers = np.column_stack([confidence, *chances, scores.margin, typical, scores.distances])
        texts = to_json(numbers.ravel().tolist(), inf_nan_mode="null")[1:-1].split(b",")
        width = numbers.shape[1]
        columns = self._in_order(
            [self._personas[place] for place in scores.clusters.tolist()],
            [texts[place::width] for place in range(width)],
            # Of none the place is −1: the end.
            [self._personas_or_none[place] for place in scores.runners_up.tolist()],
            _flags(typical),
            missing,
        )
        start, before, after = _ITEM
        first, *between, last = self._between
        return _interleave([start, before + first, *between, last + after], [_indices(count), *columns])

    def _in_order(self, persona: T, told: list[T], runner_up: T, outlier: T, missing: T) -> tuple[T, ...]:
        """In the order of the template; `told`: how sure, margin, typicality, distances."""
        sure = self._sure
        return persona, *told[:sure], runner_up, *told[sure : sure + 2], outlier, *told[sure + 2 :], missing


def _flags(typical: FloatArray) -> list[bytes]:
    """Whether each is an outlier, NaN being nothing known."""
    flags = [_FLAGS[each] for each in (typical < OUTLIER).tolist()]
    for place in np.flatnonzero(np.isnan(typical)).tolist():
        flags[place] = _FLAGS[None]
    return flags


def _indices(count: int) -> list[bytes]:
    return [b"%d" % place for place in range(count)]


def _interleave(fixed: Sequence[bytes], columns: Sequence[list[bytes]]) -> BatchItems:
    """BatchItems of the same fixed pieces, and between each two of these the next column's."""
    count, width = len(columns[0]), len(fixed) + len(columns)
    pieces = [b""] * (count * width)
    for place, each in enumerate(fixed):
        pieces[2 * place :: width] = [each] * count
    for place, column in enumerate(columns):
        pieces[2 * place + 1 :: width] = column
    return BatchItems(pieces, width)


# The JSON of missing fields: forms are filled in few ways.
_names = lru_cache(4_096)(to_json)
