"""The offline scorer: a file of profiles in, a file of personas out.

It streams: a chunk is read while the previous one is scored and the one before that is written, so that memory
does not grow with the rows. Whether too many rows are refused is known only at the end; until then the result is
in a temporary file.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.scoring.columns import FloatArray, IntArray
from models.scoring.typicality import OUTLIER
from models.segment_model import SegmentModel
from training.data.coding import Coded, Coder
from training.data.files.chunks import Chunk
from training.data.files.profile_file import ProfileFile
from training.data.files.reading import without_collector
from training.data.files.table_files import BatchWriter, growing_table, refuse_overwriting, side_file
from training.data.headers import quoted
from training.data.prefetch import prefetch
from training.data.reading_notes import merged, missing_sentence, unknown_sentence
from training.data.refusals import SideFile, refused_rows_file
from training.errors import UnusableInput
from training.progress import Progress, RowRate

_TEXT = pa.dictionary(pa.int32(), pa.string())
_ASSIGNMENT = pa.schema(
    {
        "persona_id": _TEXT,
        "persona": _TEXT,
        "confidence": pa.float64(),
        "margin": pa.float64(),
        "runner_up_id": _TEXT,
        "runner_up": _TEXT,
        "settled": pa.float64(),
        "typicality": pa.float64(),
        "is_outlier": pa.bool_(),
        "model_version": _TEXT,
    }
)


@dataclass(frozen=True, slots=True)
class Scored:
    """The number of rows that were scored and refused, and the seconds taken."""

    rows: int
    refused: int
    seconds: float


def score_file(
    model: SegmentModel, profiles: ProfileFile, out: Path, progress: Progress, max_refused: float = 0.05
) -> Scored:
    """Score a file of profiles into `out` (.csv, .jsonl or .parquet), with the columns of `assignment_batch`.

    Refused rows are listed beside `out`. Raises `UnusableInput`, and leaves `out` unchanged, when the file cannot
    be used, holds no rows, or more than the share `max_refused` of them is refused; or when `out` is the file
    itself.
    """
    refuse_overwriting(out, profiles.path)
    for note in profiles.notes:
        progress.message(note)
    if profiles.id_column is None:
        progress.message(
            "No column is an id: rows are named by their line. A mapping says which column is the customer's id: "
            '[user_id] from = "…".'
        )
    progress.step("scoring", 0.0)
    rate = RowRate(progress)
    columns = assignment_schema(profiles.id_column is not None, profiles.keep)
    coder = Coder(model.encoder, profiles.profile_class, profiles.written)
    with (
        refused_rows_file(side_file(out, profiles.path)) as refused,
        growing_table(out, columns) as writer,
        _tuned_for_streaming(),
    ):
        _score_chunks(model, profiles, coder, writer, refused, rate)
        _check_refused(profiles, rate.rows, refused, max_refused, progress)
    for sentence in (
        missing_sentence(merged([coder.missing_words, profiles.words_in_ratings])),
        unknown_sentence(merged([coder.unknown_values])),
    ):
        if sentence is not None:
            progress.message(sentence)
    progress.step("scored", 1.0)
    return Scored(rate.rows, refused.rows, rate.seconds)


@contextmanager
def _tuned_for_streaming() -> Iterator[None]:
    """One thread for products of these sizes, which are several times slower on several threads; and the system's
    allocator for Arrow, whose own returns memory after each chunk only to request it again.
    """
    pool = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        with threadpool_limits(1), without_collector():
            yield
    finally:
        pa.set_memory_pool(pool)


def _score_chunks(
    model: SegmentModel,
    profiles: ProfileFile,
    coder: Coder,
    writer: BatchWriter,
    refused: SideFile,
    rate: RowRate,
) -> None:
    def score(chunk: Chunk) -> tuple[float, Coded, pa.RecordBatch]:
        coded = coder.code(chunk)
        return chunk.read, coded, assignment_batch(model, coded, profiles.keep)

    # While one chunk is scored, the next is read and the previous one is written.
    for read, coded, batch in prefetch(map(score, prefetch(profiles.chunks()))):
        refused.add(coded.refused, coded.misfits)
        if len(batch):
            writer.write(batch)
        rate.add(len(batch), read)


def _check_refused(
    profiles: ProfileFile, rows: int, refused: SideFile, max_refused: float, progress: Progress
) -> None:
    if not rows + refused.rows:
        raise UnusableInput(f"{profiles.path} holds no rows.")
    refused.close()
    if sentence := refused.summary(rows, max_refused):
        progress.message(sentence)
    if not rows:
        raise UnusableInput("There is no profile to score.")


def assignment_schema(with_ids: bool, keep: Sequence[str] = ()) -> pa.Schema:
    """The columns of `assignment_batch`: the id of each row, or its line where there are no ids, comes first.

    `keep`: columns of the file, as text, which come next. Raises `UnusableInput` where one has the name of
    another.
    """
    identity = pa.field("user_id", pa.string()) if with_ids else pa.field("line", pa.int64())
    names = [identity.name, *_ASSIGNMENT.names, *keep]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UnusableInput(
            f"--keep names {quoted(twice)}, which is a column of the result already; rename it in the file."
        )
    return pa.schema([identity, *(pa.field(name, pa.string()) for name in keep), *_ASSIGNMENT])


def assignment_batch(model: SegmentModel, coded: Coded, keep: Sequence[str] = ()) -> pa.RecordBatch:
    """One row for each profile: its id or line, the columns of `keep`, persona_id, persona, confidence, margin,
    runner_up_id, runner_up, settled, typicality, is_outlier (as in `models.segment_model.Assignment`),
    model_version.
    """
    scores = model.scorer.scores(coded.columns)
    first, second = scores.clusters, scores.runners_up
    ids = [persona.id for persona in model.personas]
    names = [persona.name for persona in model.personas]
    columns = [
        pa.array(coded.lines) if coded.ids is None else coded.ids,
        *coded.beside,
        _dictionary(first, ids),
        _dictionary(first, names),
        _numbers(scores.confidence, first),
        _numbers(scores.margin, second),
        _dictionary(second, ids),
        _dictionary(second, names),
        _numbers(scores.settled, first),
        _numbers(scores.typicality, first),
        _outliers(scores.typicality, first),
        _dictionary(np.zeros_like(first), [model.version]),
    ]
    return pa.record_batch(columns, schema=assignment_schema(coded.ids is not None, keep))


def _dictionary(codes_of_rows: IntArray, values: list[str]) -> pa.Array:
    """The value of each code; null for −1."""
    codes = codes_of_rows.astype(np.int32)
    missing = codes < 0
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=missing if missing.any() else None), values)


def _numbers(numbers: FloatArray | None, rows: NDArray[Any]) -> pa.Array:
    """Null for NaN, and in all rows if the model has no such numbers."""
    return pa.nulls(len(rows), pa.float64()) if numbers is None else pa.array(numbers, from_pandas=True)


def _outliers(typical: FloatArray | None, rows: NDArray[Any]) -> pa.Array:
    if typical is None:
        return pa.nulls(len(rows), pa.bool_())
    return pa.array(typical < OUTLIER, mask=np.isnan(typical))
