"""All benchmarks of speed, one after the other, into `benchmarks/RESULTS.md`.

    .venv/bin/python -m benchmarks [--full] [--rows 10000,100000] [--only scoring,serving,writes,training]

Each runs in its own process. A failure is reported in the section of the benchmark, and the exit code is then 1.
Without `--full` the sizes take a quarter of an hour on two cores; with it training goes up to 3,000,000 profiles.
"""

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from testkit import ROOT

RESULTS: Final = ROOT / "benchmarks" / "RESULTS.md"
LIBRARIES: Final = (
    "numpy",
    "scikit-learn",
    "pandas",
    "pyarrow",
    "pydantic",
    "fastapi",
    "uvicorn",
    "uvloop",
    "vetiver",
)
# By name: its title, and its arguments for a short and a full run.
BENCHMARKS: Final[dict[str, tuple[str, list[str], list[str]]]] = {
    "scoring": ("Scoring", [], []),
    "serving": ("Serving", ["--rounds", "3", "--seconds", "1"], ["--rounds", "6", "--seconds", "1"]),
    "writes": ("Writes", ["--rounds", "3", "--seconds", "2"], ["--rounds", "3", "--seconds", "2"]),
    "training": ("Training", ["--rows", "10000,100000"], ["--limit", "1500"]),
}


def main() -> None:
    options = _options()
    sections, failed = [_heading()], []
    for name in options.only:
        text, code = section(BENCHMARKS[name][0], ["-m", f"benchmarks.{name}", *_arguments(name, options)])
        sections.append(text)
        failed += [name] if code else []
        options.out.write_text("\n".join(sections), encoding="utf-8")
        print(text, flush=True)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def section(title: str, arguments: list[str]) -> tuple[str, int]:
    """The output of a benchmark, below its command, with its failure if it failed; and its exit code."""
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    failed = ""
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        failed = f"\n\n**Failed with exit code {done.returncode}.** {last}"
    text = f"## {title}\n\n    python {' '.join(arguments)}\n\n{done.stdout.strip()}{failed}\n"
    return text, done.returncode


def _arguments(name: str, options: argparse.Namespace) -> list[str]:
    _, short, full = BENCHMARKS[name]
    if name == "training" and options.rows:
        return ["--rows", options.rows, *(full if options.full else [])]
    return full if options.full else short


def _heading() -> str:
    """Date, commit, versions, and the size of the machine."""
    describe = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(describe, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    libraries = ", ".join(f"{name} {installed}" for name in LIBRARIES if (installed := _version(name)))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        "# Results\n\nWritten by `python -m benchmarks`; each named module explains its figures. The "
        "machine is virtual and shared: times of one run are comparable, those of two runs may not be.\n\n"
        f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit or 'unknown'}\n"
        f"- {os.cpu_count()} cores ({_processor()}), {memory:.0f} GB, {platform.system()} {platform.release()}\n"
        f"- Python {platform.python_version()}, {libraries}\n"
    )


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(BENCHMARKS):
        raise argparse.ArgumentTypeError(f"no benchmark {', '.join(sorted(unknown))}")
    return names


def _options() -> argparse.Namespace:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__, formatter_class=raw)
    parser.add_argument("--full", action="store_true", help="all sizes and rounds")
    parser.add_argument("--only", type=_names, default=list(BENCHMARKS))
    parser.add_argument("--rows", help="sizes of the training data, separated by commas")
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
