"""`/segment`'s usual answer, from bytes to bytes: of a profile that is recognised at sight (`models.recognition`).

The bytes are those that `service.assignment.Segmented` serialises to; `tests/service/test_swift.py` compares them.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from pydantic_core import from_json, to_json

from models.artifact import LoadedArtifact
from models.columns import FloatArray
from models.completion import OUTLIER
from models.profile import Profile
from models.recognised import ManyRecognition
from models.recognition import Recognition
from models.scorer import Scores
from models.segment_model import SegmentModel
from models.single import Score

# Sets of missing fields whose JSON is kept ready.
REMEMBERED_GAPS = 4_096
_OUTLIER = {True: b"true", False: b"false", None: b"null"}


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

    def answers(self, profiles: Sequence[object]) -> list[bytes | None]:
        """The same for many: all at once where they are of one cast."""
        coded = self._many.code(profiles) if profiles else None
        if coded is None:
            return [self.answer(each) for each in profiles]
        scores = self._model.scorer.scores(coded.columns)
        gaps = [self._recognition.gap(each).missing for each in coded.answered.tolist()]
        written = self._writer.write_many(scores, self._model.typicality(scores), gaps)
        return [each if known else None for each, known in zip(written, coded.recognised.tolist(), strict=True)]

    def answer(self, answers: object) -> bytes | None:
        """The answer to a profile as it is parsed from JSON; None where it is not recognised."""
        found = self._recognition.of(answers) if isinstance(answers, dict) else None
        if found is None:
            return None
        numbers = self._single.split(found.total)
        score = self._single.score_of(numbers, found.gap.hidden, found.gap.missing)
        return self._writer.write(score, self._model.typicality_of(score))


class Writer:
    """Writes the answers of one model that have no warnings."""

    def __init__(self, model: SegmentModel) -> None:
        self._personas = [to_json({"id": persona.id, "name": persona.name}) for persona in model.personas]
        self._gaps: dict[tuple[str, ...], bytes] = {}
        by_persona = b"{%b}" % b",".join(b"%b:%%b" % _literal(persona.id) for persona in model.personas)
        self._tells = model.scorer.completion is not None
        self._template = (
            b'{"persona":%%b,"confidence":%%b,"probabilities":%b,"runner_up":%%b,"margin":%%b,"typicality":%%b,'
            b'"is_outlier":%%b,"distances":%b,"model_version":%b,"missing_fields":%%b,"warnings":[]}'
        ) % (by_persona if self._tells else b"null", by_persona, _literal(model.version))

    def write(self, score: Score, typicality: float | None) -> bytes:
        """The JSON of a scored profile."""
        cluster, other, distances, _, chances, missing, _ = score
        margin = None if other is None else distances[other] - distances[cluster]
        numbers = [None] if chances is None else [chances[cluster], *chances]
        told = to_json([*numbers, margin, typicality, *distances])[1:-1].split(b",")
        return self._template % (
            self._personas[cluster],
            *told[: len(numbers)],
            b"null" if other is None else self._personas[other],
            told[len(numbers)],
            told[len(numbers) + 1],
            _OUTLIER[None if typicality is None else typicality < OUTLIER],
            *told[len(numbers) + 2 :],
            self._gaps.get(missing) or self._remember_gap(missing),
        )

    def write_many(
        self, scores: Scores, typicality: FloatArray | None, missing: Sequence[tuple[str, ...]]
    ) -> list[bytes]:
        """The JSON of many scored profiles."""
        rows, first, other = np.arange(len(scores.clusters)), scores.clusters, scores.runners_up
        margin = scores.distances[rows, other] - scores.distances[rows, first]
        typical = np.full(len(rows), np.nan) if typicality is None else typicality
        chances = scores.probabilities
        numbers = [np.full((len(rows), 1), np.nan)] if chances is None else [chances[rows, first, None], chances]
        told = [*numbers, np.where(other < 0, np.nan, margin)[:, None], typical[:, None], scores.distances]
        texts = to_json(np.hstack(told).ravel().tolist(), inf_nan_mode="null")[1:-1].split(b",")
        width, before = sum(part.shape[1] for part in told), sum(part.shape[1] for part in numbers)
        by_place = [texts[place::width] for place in range(width)]
        personas = [*self._personas, b"null"]
        outlier = [_OUTLIER[None if each != each else each < OUTLIER] for each in typical.tolist()]
        columns = (
            [personas[place] for place in first.tolist()],
            *by_place[:before],
            [personas[place] for place in other.tolist()],
            *by_place[before : before + 2],
            outlier,
            *by_place[before + 2 :],
            [self._gaps.get(each) or self._remember_gap(each) for each in missing],
        )
        template = self._template
        return [template % row for row in zip(*columns, strict=True)]

    def _remember_gap(self, missing: tuple[str, ...]) -> bytes:
        content = to_json(missing)
        if len(self._gaps) < REMEMBERED_GAPS:
            self._gaps[missing] = content
        return content


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
