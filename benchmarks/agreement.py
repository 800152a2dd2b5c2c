"""Whether `/segment`, `training score` and `pipeline.joblib` agree, profile by profile.

    .venv/bin/python -m benchmarks.agreement [--train 100000] [--rows 1000]

Trains on simulated profiles, starts the service on a free port, and asks all three about fresh profiles.
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

from models.artifact import PIPELINE
from models.registry import Registry
from tests.support.server import ROOT, serving


@dataclass(frozen=True)
class Agreement:
    """How many profiles were compared, and how many got different answers."""

    profiles: int
    differing: int


def compare(url: str, artifacts: Path, folder: Path, rows: int, seed: int) -> Agreement:
    """Ask the service at `url` and the model in `artifacts`, offline, about the same fresh profiles."""
    data, out = folder / "profiles.jsonl", folder / "personas.csv"
    _training("simulate", "--rows", str(rows), "--seed", str(seed), "--out", str(data))
    _training("score", "--artifacts", str(artifacts), "--data", str(data), "--out", str(out))
    offline = pd.read_csv(out)["persona_id"].tolist()
    profiles = [json.loads(line) for line in data.read_text().splitlines()]
    registry = Registry(artifacts)
    version = str(registry.active())
    personas = [persona.id for persona in registry.manifest(version).personas]
    pipeline = joblib.load(registry.folder(version) / PIPELINE)
    analysts = [personas[cluster] for cluster in pipeline.predict(pd.DataFrame(profiles))]
    with httpx.Client(base_url=url) as client:
        served = [client.post("/segment", json=profile).json()["persona"]["id"] for profile in profiles]
    triples = zip(served, offline, analysts, strict=True)
    return Agreement(len(profiles), sum(len(set(triple)) > 1 for triple in triples))


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
    print(f"{result.profiles} profiles compared, {result.differing} with different answers")


if __name__ == "__main__":
    main()
