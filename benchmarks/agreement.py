"""Whether `/segment`, `training score` and `pipeline.joblib` agree, profile by profile.

The pipeline counts a missing answer as an average one, which the other two impute: its comparison is limited to
complete profiles.

    .venv/bin/python -m benchmarks.agreement [--train 100000] [--rows 1000]

Trains on simulated profiles, starts the service on a free port, and compares all three on new profiles.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import joblib
import pandas as pd

from models.storage.artifact import PIPELINE
from models.storage.registry import Registry
from testkit import ROOT
from testkit.server import serving


@dataclass(frozen=True)
class Agreement:
    """How many profiles were compared, and how many got different personas."""

    profiles: int
    differing: int


def compare(url: str, artifacts: Path, folder: Path, rows: int, seed: int) -> Agreement:
    """Compare the service at `url` with offline scoring by the model in `artifacts`, on `rows` new profiles and as
    many complete ones; on these with the analysts' pipeline, too."""
    gaps, complete = _profiles(folder, rows, seed), _profiles(folder, rows, seed + 1, "--missing", "0")
    registry = Registry(artifacts)
    version = str(registry.active())
    personas = [persona.id for persona in registry.manifest(version).personas]
    pipeline = joblib.load(registry.folder(version) / PIPELINE)
    analysts = [personas[cluster] for cluster in pipeline.predict(pd.DataFrame(_read(complete)))]
    assigned = (
        [_served(url, path) for path in (gaps, complete)],
        [_offline(artifacts, path) for path in (gaps, complete)],
    )
    differing = sum(one != other for pair in zip(*assigned, strict=True) for one, other in zip(*pair, strict=True))
    differing += sum(one != other for one, other in zip(assigned[0][1], analysts, strict=True))
    return Agreement(2 * rows, differing)


def _profiles(folder: Path, rows: int, seed: int, *options: str) -> Path:
    path = folder / f"profiles-{seed}.jsonl"
    _training("simulate", "--rows", str(rows), "--seed", str(seed), "--out", str(path), *options)
    return path


def _read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _served(url: str, path: Path) -> list[str]:
    with httpx.Client(base_url=url) as client:
        return [client.post("/segment", json=profile).json()["persona"]["id"] for profile in _read(path)]


def _offline(artifacts: Path, path: Path) -> list[str]:
    out = path.with_suffix(".csv")
    _training("score", "--artifacts", str(artifacts), "--data", str(path), "--out", str(out))
    personas: list[str] = pd.read_csv(out)["persona_id"].tolist()
    return personas


def _training(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "training", *arguments], cwd=ROOT, check=True, capture_output=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=1_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        artifacts = folder / "artifacts"
        start = time.perf_counter()
        _training("fit", "--simulate", str(options.train), "--out", str(artifacts), "--force")
        print(f"fit on {options.train} profiles: {time.perf_counter() - start:.1f} s")
        with serving(folder / "server", artifacts) as server:
            result = compare(server.url, artifacts, folder, options.rows, seed=1)
    print(f"{result.profiles} profiles compared, {result.differing} with different personas")


if __name__ == "__main__":
    main()
