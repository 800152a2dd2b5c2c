"""One profile and many, by the compiled scorer and by the scikit-learn pipeline it was made from.

    .venv/bin/python -m benchmarks.scoring

Prints the fastest of several rounds, interleaved, so that a busy machine hits both alike.
"""

import tempfile
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from benchmarks.simulated import simulated, trained_on
from models.artifact import PIPELINE, read_artifact
from models.profile import Profile
from models.questions import next_questions
from models.reasons import explain
from models.segment_model import SegmentModel
from training.dataset import Dataset, from_frame
from training.simulate import SimulationConfig, simulate

ROUNDS = 7


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        dataset, pipeline, model = _fitted(Path(folder))
    profiles = [Profile.model_validate(p.model_dump()) for p in dataset.profiles(np.arange(500))]
    bodies = [profile.model_dump_json(exclude_none=True).encode() for profile in profiles]
    complete = [profile for profile in profiles if not model.scorer.score(profile).hidden]
    halves = [_half(profile) for profile in profiles]
    row = pd.DataFrame([profiles[0].model_dump()])
    frame = simulate(SimulationConfig(rows=20_000, seed=1)).frame

    def batch() -> object:
        return model.scorer.scores(from_frame(frame, Profile).coded_for(model.encoder))

    cases: dict[str, tuple[Callable[[], object], int]] = {
        "validate a body": (lambda: [Profile.model_validate_json(body) for body in bodies], len(bodies)),
        "score one complete profile": (lambda: [model.scorer.score(p) for p in complete], len(complete)),
        "score one half-empty profile": (lambda: [model.scorer.score(p) for p in halves], len(halves)),
        "score the empty profile": (lambda: [model.scorer.score(Profile()) for _ in range(500)], 500),
        "assign a complete profile": (lambda: [model.assign(p) for p in complete], len(complete)),
        "assign a half-empty profile": (lambda: [model.assign(p) for p in halves], len(halves)),
        "the same, explained": (lambda: [(model.assign(p), explain(model, p)) for p in halves], len(halves)),
        "the same, with the next question": (
            lambda: [(model.assign(p), next_questions(model, p)) for p in halves],
            len(halves),
        ),
        "pipeline.predict, one row": (lambda: pipeline.predict(row), 1),
        "scorer, 20,000 rows of a frame": (batch, len(frame)),
        "pipeline.predict, 20,000 rows of a frame": (lambda: pipeline.predict(frame), len(frame)),
    }
    best = {name: float("inf") for name in cases}
    for _ in range(ROUNDS):
        for name, (run, count) in cases.items():
            best[name] = min(best[name], timeit.timeit(run, number=1) / count * 1e6)
    for name, cost in best.items():
        print(f"{name:42} {cost:9.2f} µs a profile")


def _half(profile: Profile) -> Profile:
    """The profile without every second field."""
    return profile.model_copy(update=dict.fromkeys(list(Profile.model_fields)[::2]))


def _fitted(folder: Path) -> tuple[Dataset, Any, SegmentModel]:
    dataset = simulated()
    version = trained_on(dataset, folder).folder
    return dataset, joblib.load(version / PIPELINE), read_artifact(version, Profile).model


if __name__ == "__main__":
    main()
