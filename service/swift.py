"""`/segment`'s usual answer, from bytes to bytes: of a profile that is recognised at sight (`models.recognition`).

The bytes are those that `service.assignment.Segmented` serialises to; `tests/service/test_swift.py` compares them.
"""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import numpy as np
from pydantic_core import from_json, to_json

from models.artifact import LoadedArtifact
from models.columns import FloatArray
from models.completion import is_outlier
from models.profile import Profile
from models.recognised import ManyRecognition
from models.recognition import Recognition
from models.scorer import Scores
from models.segment_model import SegmentModel
from models.single import Score

T = TypeVar("T")
_FLAGS = {True: b"true", False: b"false", None: b"null"}


class Swift:
    """Answers for recognised profiles by one model, `loaded`; `origin`: where that came from."""

    def __init__(self, loaded: LoadedArtifact) -> None:
        self.loaded, self.origin = loaded, loaded.manifest.origin.source
        self._model = loaded.model
        self._single = loaded.model.scorer.single
        self._writer = Writer(loaded.model)
        self._recognition = Recognition(self._single, Profile)

    @cached_property
    def _many(self) -> ManyRecognition:
        return ManyRecognition(self._recognition, self._model.encoder)

    def answers(self, profiles: Sequence[object]) -> Sequence[bytes | None]:
        """The answers to profiles as they are parsed from JSON: all at once, where they are of one cast.

        None where a profile is not recognised.
        """
        coded = self._many.code(profiles) if profiles else None
        if coded is None:
            return self.answer_each(profiles)
        scores = self._model.scorer.scores(coded.columns)
        gaps = [self._recognition.gap(each).missing for each in coded.answered.tolist()]
        written = self._writer.write_many(scores, self._model.typicality(scores), gaps)
        return [each if known else None for each, known in zip(written, coded.recognised.tolist(), strict=True)]

    def answer_each(self, profiles: Sequence[object]) -> list[bytes | None]:
        """The same for few: each by itself, but stage by stage, which is kinder to the processor's caches."""
        found = [self._recognition.of(each) if isinstance(each, dict) else None for each in profiles]
        recognised = [each for each in found if each is not None]
        numbers = [self._single.split(each.total) for each in recognised]
        scores = [
            self._single.score_of(each, gap.hidden, gap.missing)
            for each, (_, gap) in zip(numbers, recognised, strict=True)
        ]
        typical = [self._model.typicality_of(each) for each in scores]
        written = map(self._writer.write, scores, typical)
        return [None if each is None else next(written) for each in found]


class Writer:
    """Writes the answers of one model that have no warnings."""

    def __init__(self, model: SegmentModel) -> None:
        self._personas = [to_json({"id": persona.id, "name": persona.name}) for persona in model.personas]
        self._personas_or_none = [*self._personas, b"null"]
        by_persona = b"{%b}" % b",".join(b"%b:%%b" % _literal(persona.id) for persona in model.personas)
        tells = model.scorer.completion is not None
        # The confidence and, where the model can tell, the probabilities.
        self._sure = 1 + len(model.personas) * tells
        self._template = (
            b'{"persona":%%b,"confidence":%%b,"probabilities":%b,"runner_up":%%b,"margin":%%b,"typicality":%%b,'
            b'"is_outlier":%%b,"distances":%b,"model_version":%b,"missing_fields":%%b,"warnings":[]}'
        ) % (by_persona if tells else b"null", by_persona, _literal(model.version))

    def write(self, score: Score, typicality: float | None) -> bytes:
        """The JSON of a scored profile."""
        cluster, other, distances, _, chances, missing, _ = score
        margin = None if other is None else distances[other] - distances[cluster]
        sure = [None] if chances is None else [chances[cluster], *chances]
        told = to_json([*sure, margin, typicality, *distances])[1:-1].split(b",")
        runner_up = b"null" if other is None else self._personas[other]
        outlier = _FLAGS[is_outlier(typicality)]
        return self._template % self._in_order(self._personas[cluster], told, runner_up, outlier, _names(missing))

    def write_many(
        self, scores: Scores, typicality: FloatArray | None, missing: Sequence[tuple[str, ...]]
    ) -> list[bytes]:
        """The JSON of many scored profiles."""
        nothing = np.full(len(missing), np.nan)
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
            [_FLAGS[is_outlier(None if each != each else each)] for each in typical.tolist()],
            [_names(each) for each in missing],
        )
        return [self._template % row for row in zip(*columns, strict=True)]

    def _in_order(self, persona: T, told: list[T], runner_up: T, outlier: T, missing: T) -> tuple[T, ...]:
        """In the order of the template; `told`: how sure, margin, typicality, distances."""
        sure = self._sure
        return persona, *told[:sure], runner_up, *told[sure : sure + 2], outlier, *told[sure + 2 :], missing


# The JSON of missing fields: forms are filled in few ways.
_names = lru_cache(4_096)(to_json)


def _literal(text: str) -> bytes:
    """A JSON string, for a template."""
    return to_json(text).replace(b"%", b"%%")


def batch_item(index: int, content: bytes) -> bytes:
    """One answer of a batch, as `service.schemas.BatchItem` serialises."""
    return b'{"index":%d,"status":200,"result":%b}' % (index, content)


def batch_answer(model_version: str, items: Sequence[bytes]) -> bytes:
    """The answers of a batch, as `service.schemas.BatchAnswer` serialises."""
    return b'{"model_version":%b,"items":[%b]}' % (to_json(model_version), b",".join(items))


def parse(body: bytes) -> Any:
    """A JSON body. Raises `ValueError`."""
    return from_json(body, allow_inf_nan=False)
