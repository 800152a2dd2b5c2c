"""The JSON of `/segment` for profiles whose answers are all known (`models.scoring.known_answers.single`).

The bytes equal those that `service.segmenting.assignment.Segmented` serialises to;
`tests/service/segmenting/test_segment_json.py` compares them.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import repeat
from typing import NamedTuple, TypeVar

import numpy as np
from pydantic_core import to_json

from models.profile import Profile
from models.scoring.columns import FloatArray
from models.scoring.known_answers.batch import CodedProfiles, KnownAnswersBatch
from models.scoring.known_answers.single import CACHED_FIELD_SETS, KnownAnswers
from models.scoring.scorer import Scorer, Scores
from models.scoring.single import Score
from models.scoring.typicality import OUTLIER, is_outlier
from models.segment_model import SegmentModel
from models.storage.artifact import LoadedArtifact

T = TypeVar("T")
# Marks where a value goes: JSON never contains this byte.
_GAP = b"\0"
# A comma, then a `service.http.schemas.segment.BatchItem` as it serialises: before, between and after its index
# and its result.
_ITEM = (b',{"index":', b',"status":200,"result":', b"}")
_FLAGS = {True: b"true", False: b"false", None: b"null"}


class KnownScores(NamedTuple):
    """The scores of profiles as columns; those of a row that is not known are meaningless.

    `fallbacks`: by the bits of the answered fields, whether no answer says anything to the model.
    """

    coded: CodedProfiles
    scores: Scores
    fallbacks: Mapping[int, bool]


class SegmentEncoder:
    """Assigns profiles of known answers by one model, `loaded`, straight to JSON."""

    def __init__(self, loaded: LoadedArtifact) -> None:
        self.loaded = loaded
        self._model = loaded.model
        self._template = ResponseTemplate(loaded.model)
        # Models of older formats have their own rule, which looks up no answers.
        scorer = loaded.model.scorer
        self._known_answers = KnownAnswers(scorer.single, Profile) if isinstance(scorer, Scorer) else None
        self._based_on = _BasedOn(self._known_answers) if self._known_answers else {}

    def knows(self, profile: object) -> bool:
        """Whether a profile, as parsed from JSON, is valid and has known answers alone."""
        known_answers = self._known_answers
        return known_answers is not None and isinstance(profile, dict) and known_answers.of(profile) is not None

    @cached_property
    def _known_answers_batch(self) -> KnownAnswersBatch | None:
        known_answers = self._known_answers
        return None if known_answers is None else KnownAnswersBatch(known_answers, self._model.encoder)

    def encode_batch(self, profiles: Sequence[object]) -> tuple["BatchItems", list[int]]:
        """The items of a batch of profiles, as parsed from JSON, and the indices of profiles with unknown answers.

        Those items are still to be put.
        """
        matched = self.score_known(profiles)
        if matched is None:
            contents = self.encode_each(profiles)
            unknown = [index for index, content in enumerate(contents) if content is None]
            columns = [_indices(len(contents)), [content or b"" for content in contents]]
            return _interleave(_ITEM, columns), unknown
        answered = matched.coded.answered.tolist()
        based = {bits: self._based_on[bits] for bits in set(answered)}
        items = self._template.render_items(matched.scores, [based[bits] for bits in answered])
        return items, np.flatnonzero(~matched.coded.is_known).tolist()

    def score_known(self, profiles: Sequence[object]) -> "KnownScores | None":
        """The scores of profiles, as parsed from JSON, whose answers are looked up together.

        None where there are none, where some value cannot be part of any profile, and for models of older formats.
        """
        known_answers = self._known_answers
        batch = self._known_answers_batch if profiles else None
        coded = None if batch is None else batch.code(profiles)
        if coded is None or known_answers is None:
            return None
        fallbacks = {bits: known_answers.is_fallback(bits) for bits in set(coded.answered.tolist())}
        return KnownScores(coded, self._model.scorer.scores(coded.columns), fallbacks)

    def encode_each(self, profiles: Sequence[object]) -> list[bytes | None]:
        """The responses to a few profiles, computed stage by stage; None for a profile with an unknown answer."""
        known_answers = self._known_answers
        if known_answers is None:
            return [None] * len(profiles)
        looked_up = [known_answers.of(profile) if isinstance(profile, dict) else None for profile in profiles]
        render, score, based_on = self._template.render, known_answers.score, self._based_on
        return [
            None if profile is None else render(score(profile), based_on[profile.answered])
            for profile in looked_up
        ]


class _BasedOn(dict[int, bytes]):
    """The bits of the answered fields → the JSON of `basis` and `missing_fields`, without braces."""

    def __init__(self, known_answers: KnownAnswers) -> None:
        super().__init__()
        self._known_answers = known_answers

    def __missing__(self, answered: int) -> bytes:
        basis = b"FALLBACK" if self._known_answers.is_fallback(answered) else b"OWN_PROFILE"
        text = b'"basis":"%b","missing_fields":%b' % (basis, to_json(self._known_answers.missing_fields(answered)))
        # Forms are filled in few ways.
        if len(self) < CACHED_FIELD_SETS:
            self[answered] = text
        return text


class BatchItems:
    """The items of a batch's response, each in `width` pieces, which are joined once and not copied before."""

    def __init__(self, pieces: list[bytes], width: int) -> None:
        self._pieces, self._width = pieces, width

    @classmethod
    def empty(cls, count: int) -> "BatchItems":
        """Items that are all still to be put."""
        return cls([b""] * count, 1)

    def put(self, index: int, content: bytes) -> None:
        """Set the JSON of one item."""
        start = index * self._width
        self._pieces[start : start + self._width] = [b"," + content, *repeat(b"", self._width - 1)]

    def join(self, model_version: str) -> bytes:
        """The JSON of the response, as `service.http.schemas.segment.BatchResponse` serialises."""
        start = b'{"model_version":%b,"items":[' % to_json(model_version)
        # Each item starts with a comma, which the first must lose.
        first = [piece[1:] for piece in self._pieces[:1]]
        return b"".join([start, *first, *self._pieces[1:], b"]}"])


class ResponseTemplate:
    """The JSON of one model's responses without warnings, with gaps for what differs between profiles."""

    def __init__(self, model: SegmentModel) -> None:
        self._personas = [to_json({"id": persona.id, "name": persona.name}) for persona in model.personas]
        self._personas_or_none = [*self._personas, b"null"]
        by_persona = b"{%b}" % b",".join(b"%b:%b" % (to_json(persona.id), _GAP) for persona in model.personas)
        has_chances = model.scorer.has_probabilities
        # Gaps of the confidence and, where the model has them, the probabilities.
        self._chance_gaps = 1 + len(model.personas) * has_chances
        probabilities, version = by_persona if has_chances else b"null", to_json(model.version)
        text = (
            b'{"persona":%b,"confidence":%b,"probabilities":%b,"runner_up":%b,"margin":%b,"settled":%b,'
            b'"typicality":%b,"is_outlier":%b,"model_version":%b,%b,"warnings":[]}'
        ) % (_GAP, _GAP, probabilities, _GAP, _GAP, _GAP, _GAP, _GAP, version, _GAP)
        self._between_gaps = text.split(_GAP)
        self._format = b"%b".join(piece.replace(b"%", b"%%") for piece in self._between_gaps)

    def render(self, score: Score, based: bytes) -> bytes:
        """The JSON of a scored profile; `based`: what `_BasedOn` has for it."""
        cluster, other, chances = score.cluster, score.runner_up, score.probabilities
        confidences = [None] if chances is None else [chances[cluster], *chances]
        numbers = to_json([*confidences, score.margin, score.settled, score.typicality])[1:-1].split(b",")
        runner_up = b"null" if other is None else self._personas[other]
        outlier = _FLAGS[is_outlier(score.typicality)]
        return self._format % self._in_order(self._personas[cluster], numbers, runner_up, outlier, based)

    def render_items(self, scores: Scores, based: list[bytes]) -> BatchItems:
        """The items of many profiles scored with probabilities; `based`: for each what `_BasedOn` has."""
        count = len(based)
        columns_of_scores = (
            scores.confidence, scores.probabilities, scores.margin, scores.settled, scores.typicality
        )  # fmt: skip
        numbers = np.column_stack([column for column in columns_of_scores if column is not None])
        texts = to_json(numbers.ravel().tolist(), inf_nan_mode="null")[1:-1].split(b",")
        width = numbers.shape[1]
        columns = self._in_order(
            [self._personas[cluster] for cluster in scores.clusters.tolist()],
            [texts[column::width] for column in range(width)],
            # No runner-up is −1: the last element.
            [self._personas_or_none[cluster] for cluster in scores.runners_up.tolist()],
            _outlier_flags(numbers[:, -1]),
            based,
        )
        start, before, after = _ITEM
        first, *between, last = self._between_gaps
        return _interleave([start, before + first, *between, last + after], [_indices(count), *columns])

    def _in_order(self, persona: T, numbers: list[T], runner_up: T, outlier: T, based: T) -> tuple[T, ...]:
        """The values in the order of the gaps; `numbers`: chances, margin, settled, typicality."""
        chances = self._chance_gaps
        return (persona, *numbers[:chances], runner_up, *numbers[chances:], outlier, based)


def _outlier_flags(typicality: FloatArray) -> list[bytes]:
    """For each profile whether it is an outlier; null where its typicality is NaN."""
    flags = [_FLAGS[is_far] for is_far in (typicality < OUTLIER).tolist()]
    for index in np.flatnonzero(np.isnan(typicality)).tolist():
        flags[index] = _FLAGS[None]
    return flags


def _indices(count: int) -> list[bytes]:
    return [b"%d" % index for index in range(count)]


def _interleave(constants: Sequence[bytes], columns: Sequence[list[bytes]]) -> BatchItems:
    """Items that alternate between the same constants and, between each two of these, a column's values."""
    count, width = len(columns[0]), len(constants) + len(columns)
    pieces = [b""] * (count * width)
    for position, constant in enumerate(constants):
        pieces[2 * position :: width] = [constant] * count
    for position, column in enumerate(columns):
        pieces[2 * position + 1 :: width] = column
    return BatchItems(pieces, width)
