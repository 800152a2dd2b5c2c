"""The offline scorer: a file of profiles in, a file of personas out."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.columns import FloatArray, IntArray
from models.completion import OUTLIER
from models.scorer import CHUNK, Scores
from models.segment_model import SegmentModel
from training.dataset import Dataset
from training.errors import UnusableInput
from training.progress import Progress
from training.tables import write_table


def score_frame(model: SegmentModel, dataset: Dataset, progress: Progress) -> pd.DataFrame:
    """One row a profile: its id or line, persona_id, persona, distance (PCA units), confidence, margin,
    runner_up_id, runner_up, typicality, is_outlier (as `models.segment_model.Assignment` has them), model_version.
    """
    parts = []
    for start in range(0, len(dataset), CHUNK):
        progress.step("scoring", start / len(dataset))
        rows = np.arange(start, min(start + CHUNK, len(dataset)))
        parts.append(_score_part(model, dataset, rows))
    progress.step("scored", 1.0)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _score_part(model: SegmentModel, dataset: Dataset, rows: IntArray) -> pd.DataFrame:
    scores = model.scorer.scores(dataset.take(rows).coded_for(model.encoder))
    answers, other = np.arange(len(rows)), scores.runners_up
    # With one persona alone the place −1 is that of the None at the end.
    names = np.array([*(persona.name for persona in model.personas), None], dtype=object)
    ids = np.array([*(persona.id for persona in model.personas), None], dtype=object)
    distance = scores.distances[answers, scores.clusters]
    typical = model.typicality(scores)
    identity: dict[str, NDArray[Any]] = {"line": dataset.line_numbers[rows]}
    if dataset.row_ids is not None:
        identity = {"user_id": dataset.row_ids[rows]}
    return pd.DataFrame(
        {
            **identity,
            "persona_id": ids[scores.clusters],
            "persona": names[scores.clusters],
            "distance": distance,
            "confidence": _confidence(scores),
            "margin": np.where(other >= 0, scores.distances[answers, other] - distance, np.nan),
            "runner_up_id": ids[other],
            "runner_up": names[other],
            "typicality": typical,
            "is_outlier": pd.array(typical < OUTLIER, dtype="boolean") if typical is not None else None,
            "model_version": model.version,
        }
    )


def _confidence(scores: Scores) -> FloatArray | None:
    chances = scores.probabilities
    return None if chances is None else chances[np.arange(len(chances)), scores.clusters]


def score_file(model: SegmentModel, dataset: Dataset, out: Path, progress: Progress) -> int:
    """Score a dataset into `out` (.csv, .jsonl or .parquet); how many rows were written."""
    if not len(dataset):
        raise UnusableInput("There is no profile to score.")
    frame = score_frame(model, dataset, progress)
    write_table(frame, out)
    return len(frame)
