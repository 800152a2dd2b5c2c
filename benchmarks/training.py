"""Training compared with the usual notebook on the same rows, and how the cost of both grows.

    .venv/bin/python -m benchmarks.training [--rows 10000,100000,1000000,3000000] [--limit 1800]

Both include the start of Python, reading the same Parquet file, and everything after it, on the same two cores.

- fit, `python -m training fit --k auto`: validation of every cell, encoding, PCA, the gap statistic for k = 1…10,
  K-Means from ten starts, verification of the compiled scorer on every row, calibration, description, the
  acceptance checks with their refits, the analysis, the artifact, `report.html` and its figures. It computes on
  one thread (docs/decisions/0005).
- notebook, `benchmarks.notebook_way`: one-hot by pandas, StandardScaler, PCA at 90 % of the variance, K-Means from
  ten starts for k = 2…10, silhouettes on 10,000 rows. It computes on all cores, and validates, verifies, describes
  and writes nothing.

Every run has its own process: wall time in seconds, and its own peak of resident memory. Growth is the exponent
between one size and the next: 1 is linear, 2 quadratic. The notebook is skipped where, by linear extrapolation, it
would exceed the limit or the machine's memory, and is killed at the limit.
"""

import argparse
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter

from testkit import ROOT

SIZES = (10_000, 100_000, 1_000_000, 3_000_000)
# The share of the machine's memory that one process may use.
USABLE = 0.8


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall time in seconds, and the peak of resident memory in GB (10⁹ bytes)."""

    rows: int
    seconds: float
    peak_gb: float

    def at(self, rows: int) -> "Cost":
        """The cost of `rows` rows by linear extrapolation."""
        times = rows / self.rows
        return Cost(rows, self.seconds * times, self.peak_gb * times)


@dataclass(frozen=True, slots=True)
class NotRun:
    """Why there is no cost: the run was skipped or killed."""

    why: str


def main() -> None:
    options = _options()
    fits: list[Cost] = []
    notebooks: list[Cost] = []
    print("| profiles | fit, s | fit, GB | notebook, s | notebook, GB | times as fast | of its memory |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for rows in options.rows:
            data = _simulated(rows, Path(name))
            fits.append(_fitted(rows, data))
            other = _notebook(rows, data, notebooks, options.limit)
            notebooks += [other] if isinstance(other, Cost) else []
            print(_row(fits[-1], other), flush=True)
            data.unlink()
    print("\n| growth from | to | fit, time | fit, memory | notebook, time | notebook, memory |")
    print("|---|---|---|---|---|---|")
    print("\n".join(_growth(fits, notebooks)))


def _simulated(rows: int, folder: Path) -> Path:
    """Simulate in another process: the memory of this one would count for the runs that it starts."""
    data = folder / f"{rows}.parquet"
    _run(rows, ["-m", "training", "simulate", "--rows", str(rows), "--seed", "1", "--out", str(data)])
    return data


def _fitted(rows: int, data: Path) -> Cost:
    arguments = ["fit", "--data", str(data), "--k", "auto", "--out", str(data.parent / "artifacts")]
    return _run(rows, ["-m", "training", *arguments, "--no-activate", "--progress", "plain"])


def _notebook(rows: int, data: Path, before: Sequence[Cost], limit: float) -> Cost | NotRun:
    """Run the notebook; skipped where an extrapolation from the run before exceeds limit or memory."""
    memory = USABLE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    if before:
        expected = before[-1].at(rows)
        if expected.peak_gb > memory or expected.seconds > limit:
            return NotRun(f"not run: {expected.seconds / 60:.0f} min and {expected.peak_gb:.0f} GB expected")
    return _cost(rows, ["-m", "benchmarks.notebook_way", str(data)], limit)


def _run(rows: int, arguments: Sequence[str]) -> Cost:
    """Run to the end, without a limit."""
    cost = _cost(rows, arguments, threading.TIMEOUT_MAX)
    if isinstance(cost, NotRun):
        raise RuntimeError(f"{rows:,} rows: {cost.why}.")
    return cost


def _cost(rows: int, arguments: Sequence[str], limit: float) -> Cost | NotRun:
    """Run to the end or the limit; `wait4` returns the peak of this child alone."""
    started = perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=output, stderr=output)
        stopping = threading.Timer(limit, process.kill)
        stopping.start()
        _, status, usage = os.wait4(process.pid, 0)
        stopping.cancel()
        seconds = perf_counter() - started
        if os.waitstatus_to_exitcode(status) == -signal.SIGKILL:
            return NotRun(f"killed after {seconds:.0f} s")
        if status:
            output.seek(0)
            raise RuntimeError(output.read().decode()[-2_000:])
    return Cost(rows, seconds, usage.ru_maxrss * 1_024 / 1e9)


def _row(ours: Cost, other: Cost | NotRun) -> str:
    cells = [f"{ours.rows:,}", f"{ours.seconds:.1f}", f"{ours.peak_gb:.2f}"]
    if isinstance(other, NotRun):
        return f"| {' | '.join([*cells, other.why, '', '', ''])} |"
    cells += [f"{other.seconds:.1f}", f"{other.peak_gb:.2f}"]
    return f"| {' | '.join(cells)} | {other.seconds / ours.seconds:.1f} | {ours.peak_gb / other.peak_gb:.2f} |"


def _growth(fits: Sequence[Cost], notebooks: Sequence[Cost]) -> Iterator[str]:
    others = {cost.rows: cost for cost in notebooks}
    for before, after in pairwise(fits):
        cells = [f"{before.rows:,}", f"{after.rows:,}", *_exponents(before, after)]
        both = before.rows in others and after.rows in others
        cells += _exponents(others[before.rows], others[after.rows]) if both else ["", ""]
        yield f"| {' | '.join(cells)} |"


def _exponents(before: Cost, after: Cost) -> list[str]:
    """Of time and of memory: p where the cost grows as rows^p."""
    times = math.log(after.rows / before.rows)
    ratios = (after.seconds / before.seconds, after.peak_gb / before.peak_gb)
    return [f"{math.log(ratio) / times:.2f}" for ratio in ratios]


def _options() -> argparse.Namespace:
    def numbers(text: str) -> list[int]:
        return sorted(int(number) for number in text.split(",") if number)

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=numbers, default=list(SIZES), help="sizes, smallest first")
    parser.add_argument("--limit", type=float, default=1_800.0, help="maximum seconds for the notebook")
    return parser.parse_args()


if __name__ == "__main__":
    main()
