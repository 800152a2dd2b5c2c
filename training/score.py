"""The offline scorer: a file of profiles in, a file of personas out."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.columns import IntArray
from models.scorer import CHUNK
from models.segment_model import SegmentModel
from training.dataset import Dataset
from training.errors import UnusableInput
from training.progress import Progress
from training.tables import write_table


def score_frame(model: SegmentModel, dataset: Dataset, progress: Progress) -> pd.DataFrame:
    """One row a profile: its id or line, persona_id, persona, distance (PCA units), model_version."""
    parts = []
    for start in range(0, len(dataset), CHUNK):
        progress.step("scoring", start / len(dataset))
        rows = np.arange(start, min(start + CHUNK, len(dataset)))
        parts.append(_score_part(model, dataset, rows))
    progress.step("scored", 1.0)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _score_part(model: SegmentModel, dataset: Dataset, rows: IntArray) -> pd.DataFrame:
    distances = model.scorer.distances(dataset.take(rows).coded_for(model.encoder))
    nearest = distances.argmin(axis=1)
    identity: dict[str, NDArray[Any]] = {"line": dataset.line_numbers[rows]}
    if dataset.row_ids is not None:
        identity = {"user_id": dataset.row_ids[rows]}
    return pd.DataFrame(
        {
            **identity,
            "persona_id": np.array([persona.id for persona in model.personas])[nearest],
            "persona": np.array([persona.name for persona in model.personas])[nearest],
            "distance": distances[np.arange(len(rows)), nearest],
            "model_version": model.version,
        }
    )


def score_file(model: SegmentModel, dataset: Dataset, out: Path, progress: Progress) -> int:
    """Score a dataset into `out` (.csv, .jsonl or .parquet); how many rows were written."""
    if not len(dataset):
        raise UnusableInput("There is no profile to score.")
    frame = score_frame(model, dataset, progress)
    write_table(frame, out)
    return len(frame)
