"""One profile and many, by the compiled scorer and by the scikit-learn pipeline that it was compiled from.

    .venv/bin/python -m benchmarks.scoring [--rounds 5] [--memory 100000,3000000]

Prints the fastest of several interleaved rounds, so that a busy machine affects all cases alike; then the speed
and the memory of `training score` on files of these sizes, each in its own process. Matrix products use one
thread, as in `training score`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import timeit
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from benchmarks.simulated import simulated, trained_on
from models.profile import Profile
from models.scoring.columns import take
from models.segment_model import SegmentModel
from models.storage.artifact import PIPELINE
from models.storage.reading import read_artifact
from testkit import ROOT
from training.data.coding import Coder
from training.data.dataset import from_frame
from training.data.encoded import EncodedDataset
from training.data.files.arrow import ROWS, text_columns
from training.data.files.chunks import Chunk
from training.data.files.profile_file import ProfileFile
from training.offline_scoring import assignment_batch, score_file
from training.progress import Silent
from training.simulation.simulate import SimulationConfig, simulate

COLUMN_ROWS = 100_000
# Rows of the files. Nothing overlaps with reading the first chunk and writing the last, which matters in short
# ones.
FILE_ROWS = 1_000_000
# Prints its own peak: the peak that a parent gets for its child includes the parent's memory at the start.
MEASURED = """
import re, sys
from training.commands.main import main
code = main(sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
sys.exit(code)
"""


@dataclass(frozen=True)
class Case:
    """A measured call on `count` profiles. `rival`: the case on the same profiles that it is compared with."""

    name: str
    run: Callable[[], object]
    count: int
    rival: str = ""


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1):
        folder = Path(name)
        dataset = simulated()
        version = trained_on(dataset, folder / "artifacts").folder
        model, pipeline = read_artifact(version, Profile).model, joblib.load(version / PIPELINE)
        profiles = [Profile.model_validate(p.model_dump()) for p in dataset.profiles(np.arange(500))]
        cases = [*_single(model, pipeline, profiles), *_many(model, pipeline, folder)]
        _print_times(cases, options.rounds)
        _print_memory(version, folder, options.memory)


def _single(model: SegmentModel, pipeline: Any, profiles: list[Profile]) -> Iterator[Case]:
    bodies = [profile.model_dump_json(exclude_none=True).encode() for profile in profiles]
    complete = [profile for profile in profiles if not model.scorer.score(profile).missing_fields]
    halves = [profile.model_copy(update=dict.fromkeys(list(Profile.model_fields)[::2])) for profile in profiles]
    row = pd.DataFrame([profiles[0].model_dump()])
    one = "pipeline.predict, one row"

    def one_by_one(name: str, run: Callable[[Profile], object], some: list[Profile], rival: str = "") -> Case:
        return Case(name, lambda: [run(profile) for profile in some], len(some), rival)

    yield Case("validate a body", lambda: [Profile.model_validate_json(body) for body in bodies], len(bodies))
    yield one_by_one("score one complete profile", model.scorer.score, complete, one)
    yield one_by_one("score one half-empty profile", model.scorer.score, halves)
    yield one_by_one("score the empty profile", model.scorer.score, [Profile()] * 500)
    yield one_by_one("assign a complete profile", model.assign, complete, one)
    yield one_by_one("assign a half-empty profile", model.assign, halves)
    yield one_by_one("the same, explained", lambda p: (model.assign(p), model.explain(p)), halves)
    yield one_by_one(
        "the same, with the next question", lambda p: (model.assign(p), model.next_questions(p)), halves
    )
    yield Case(one, lambda: pipeline.predict(row), 1)


def _many(model: SegmentModel, pipeline: Any, folder: Path) -> Iterator[Case]:
    """Batches as the service scores them, columns, and files."""
    frame = simulate(SimulationConfig(rows=COLUMN_ROWS, seed=1)).frame
    data, long, out = (folder / f"{name}.parquet" for name in ("profiles", "many", "scored"))
    frame.to_parquet(data, index=False)
    _repeat(data, long, FILE_ROWS)
    batches = pq.read_table(data).combine_chunks().to_batches(ROWS)
    with_words = pq.read_table(data, read_dictionary=text_columns(data)).combine_chunks().to_batches(ROWS)
    columns = EncodedDataset.of(from_frame(frame, Profile), model.encoder).columns
    batch = take(columns, np.arange(1_000))

    def predict_file() -> None:
        pd.DataFrame({"cluster": pipeline.predict(pd.read_parquet(long))}).to_parquet(out)

    thousand, many, file = (f"pipeline.predict, {what}" for what in ("1,000 rows", "a frame", "file to file"))
    yield Case("score a batch of 1,000", lambda: model.scorer.scores(batch), 1_000, thousand)
    yield Case("score coded columns", lambda: model.scorer.scores(columns), len(frame), many)
    yield Case("Arrow columns, texts by number", lambda: _scored(model, with_words), len(frame), many)
    yield Case("Arrow columns, plain texts", lambda: _scored(model, batches), len(frame), many)
    yield Case("a frame", lambda: _of_frame(model, frame), len(frame), many)
    yield Case(
        "Parquet to Parquet",
        lambda: score_file(model, ProfileFile(long, Profile), out, Silent()),
        FILE_ROWS,
        file,
    )
    few = frame.iloc[:1_000]
    yield Case(thousand, lambda: pipeline.predict(few), len(few))
    yield Case(many, lambda: pipeline.predict(frame), len(frame))
    yield Case(file, predict_file, FILE_ROWS)


def _of_frame(model: SegmentModel, frame: pd.DataFrame) -> object:
    return model.scorer.scores(EncodedDataset.of(from_frame(frame, Profile), model.encoder).columns)


def _scored(model: SegmentModel, batches: list[pa.RecordBatch]) -> None:
    coder = Coder(model.encoder, Profile)
    for batch in batches:
        cells = dict(zip(batch.schema.names, batch.columns, strict=True))
        assignment_batch(model, coder.code(Chunk(cells, np.arange(len(batch)))))


def _print_times(cases: list[Case], rounds: int) -> None:
    best = {case.name: float("inf") for case in cases}
    for _ in range(rounds):
        for case in cases:
            best[case.name] = min(best[case.name], timeit.timeit(case.run, number=1) / case.count)
    print("| | µs a profile | profiles/s | times as fast as `pipeline.predict` |\n|---|---|---|---|")
    for case in cases:
        cost = best[case.name]
        ratio = f"{best[case.rival] / cost:,.1f}" if case.rival else ""
        print(f"| {case.name} | {cost * 1e6:,.2f} | {1 / cost:,.0f} | {ratio} |")


def _print_memory(version: Path, folder: Path, sizes: list[int]) -> None:
    print("\n| `training score`, Parquet to Parquet | s | profiles/s | peak MB |\n|---|---|---|---|")
    for rows in sizes:
        data = folder / f"{rows}.parquet"
        _repeat(folder / "profiles.parquet", data, rows)
        seconds, peak = _in_a_process(version, data, folder / "out.parquet")
        print(f"| {rows:,} | {seconds:.1f} | {rows / seconds:,.0f} | {peak:.0f} |", flush=True)
        data.unlink()


def _repeat(source: Path, target: Path, rows: int) -> None:
    """Write the same profiles repeatedly, in row groups as large as pandas writes them."""
    table = pq.read_table(source)
    whole = pa.concat_tables([table] * -(-rows // len(table))).slice(0, rows)
    pq.write_table(whole, target)


def _in_a_process(version: Path, data: Path, out: Path) -> tuple[float, float]:
    """The seconds that it reports, without its start, and the peak of its resident memory in MB (10⁶ bytes)."""
    arguments = [
        "--artifacts",
        str(version.parent),
        "--model",
        version.name,
        "--data",
        str(data),
        "--out",
        str(out),
    ]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "score", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    seconds = done.stderr.rsplit("That took ", 1)[1].split(" s,")[0]
    return float(seconds), int(done.stdout.split()[-1]) * 1_024 / 1e6


def _options() -> argparse.Namespace:
    def numbers(text: str) -> list[int]:
        return [int(number) for number in text.split(",") if number]

    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=numbers, default=[100_000, 3_000_000], help="sizes of the files")
    return parser.parse_args()


if __name__ == "__main__":
    main()
