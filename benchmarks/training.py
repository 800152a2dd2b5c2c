"""Training against the notebook way on the same rows, and how its cost grows.

    .venv/bin/python -m benchmarks.training [--rows 10000,100000] [--notebook 10000,100000]

Every run is a process of its own, on all cores; time by the clock, and the process's own peak of resident memory.
`fit` includes reading the file, the choice of k, the proof, the description, the report and its figures.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.support.server import ROOT
from training.simulate import SimulationConfig, simulate, write


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock, and the peak of resident memory in GB (10⁹ bytes)."""

    seconds: float
    peak_gb: float


def main() -> None:
    options = _options()
    print("| profiles | fit, s | fit, GB | notebook, s | notebook, GB | times as fast | of its memory |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for rows in options.rows:
            data = Path(name) / f"{rows}.parquet"
            write(simulate(SimulationConfig(rows=rows, seed=1)), data)
            out = ["--out", str(Path(name) / "artifacts"), "--no-activate", "--progress", "plain"]
            ours = _cost(["-m", "training", "fit", "--data", str(data), *out])
            other = _cost(["-m", "benchmarks.notebook_way", str(data)]) if rows in options.notebook else None
            print(_row(rows, ours, other), flush=True)
            data.unlink()


def _cost(arguments: list[str]) -> Cost:
    """Run to the end; `wait4` tells the peak of this child and no other."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(said.decode()[-2_000:])
    return Cost(time.perf_counter() - started, _peak(usage))


def _peak(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss * 1_024 / 1e9


def _row(rows: int, ours: Cost, other: Cost | None) -> str:
    told = [f"{rows:,}", f"{ours.seconds:.1f}", f"{ours.peak_gb:.2f}"]
    if other is None:
        return f"| {' | '.join([*told, '', '', '', ''])} |"
    told += [f"{other.seconds:.1f}", f"{other.peak_gb:.2f}"]
    return f"| {' | '.join(told)} | {other.seconds / ours.seconds:.1f} | {ours.peak_gb / other.peak_gb:.2f} |"


def _options() -> argparse.Namespace:
    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(",") if part]

    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--rows", type=numbers, default=[10_000, 100_000])
    parser.add_argument(
        "--notebook", type=numbers, default=[10_000, 100_000], help="rows the notebook way runs on"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
