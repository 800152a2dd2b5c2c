"""How near the service comes to the HTTP server that it runs on.

    .venv/bin/python -m benchmarks.serving [--rounds 8] [--seconds 2] [--connections 1,16,64]

uvicorn with an application that answers a constant is the ceiling. Both run at once, on one core; wrk asks from
the other. Short rounds take turns; each round of the service is divided by the rounds of the ceiling around it,
so that what slows the machine down slows down both.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2 as httpx
import numpy as np

from benchmarks.load.servers import Running, ceiling, service
from benchmarks.load.wrk import Load, Request, load
from benchmarks.simulated import simulated, trained_on
from models.registry import Registry
from training.dataset import Dataset

SERVER_CORE: Final = 0
CLIENT_CORE: Final = 1
BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Case:
    """A hot route. `profiles`: how many one request answers for; 0 where they are not counted."""

    name: str
    request: Request
    profiles: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """One round of the service between two of the ceiling."""

    before: Load
    service: Load
    after: Load

    @property
    def ratio(self) -> float:
        """The service's rate as a share of the ceiling's, taken around it."""
        return 2 * self.service.rate / (self.before.rate + self.after.rate)


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dataset = simulated()
        settings = _settings(folder, dataset)
        with service(SERVER_CORE, settings, folder / "service.log") as server:
            cases = _cases(server, dataset)
            size = _answer_bytes(server, cases[0])
            with ceiling(SERVER_CORE, size, folder / "ceiling.log") as top:
                print(_heading(server, top, size))
                for connections in options.connections:
                    for case in cases:
                        rounds = list(_rounds(top, server, case, connections, options, folder))
                        print(_row(case, connections, rounds), flush=True)
                print(f"\nresident after the load: service {server.resident_mb:.0f} MB")


def _rounds(
    top: Running, server: Running, case: Case, connections: int, options: argparse.Namespace, folder: Path
) -> Iterator[Round]:
    def measure(running: Running) -> Load:
        return load(running.url, case.request, connections, options.seconds, CLIENT_CORE, folder)

    measure(server)  # warm
    before = measure(top)
    for _ in range(options.rounds):
        mine = measure(server)
        after = measure(top)
        yield Round(before, mine, after)
        before = after


# --- what is asked for -----------------------------------------------------------------------------


def _settings(folder: Path, dataset: Dataset) -> dict[str, str]:
    """A model in force, and a folder for all that the service keeps."""
    artifacts = folder / "artifacts"
    version = trained_on(dataset, artifacts).manifest.version
    Registry(artifacts).activate(version)
    return {
        "ARTIFACTS_DIR": str(artifacts),
        "DATA_DIR": str(folder / "data"),
        "DATABASE_URL": f"sqlite:///{folder}/segments.db",
        "LOG_LEVEL": "WARNING",
    }


def _cases(server: Running, dataset: Dataset) -> list[Case]:
    """The hot routes, with profiles and users that are there."""
    profiles = [json.loads(p.model_dump_json(exclude_none=True)) for p in dataset.profiles(np.arange(BATCH))]
    users = [f"user-{number}" for number in range(BATCH)]
    with httpx.Client(base_url=server.url, timeout=30) as client:
        for user, profile in zip(users, profiles, strict=True):
            client.put(f"/users/{user}/profile", json=profile).raise_for_status()
    batch, wanted = json.dumps({"profiles": profiles}), json.dumps({"user_ids": users})
    return [
        Case("POST /segment", Request("POST", "/segment", json.dumps(profiles[0])), 1),
        Case("GET /users/{user_id}/persona", Request("GET", f"/users/{users[0]}/persona")),
        Case("POST /segment/batch", Request("POST", "/segment/batch", batch), BATCH),
        Case("POST /users/personas:batchGet", Request("POST", "/users/personas:batchGet", wanted), BATCH),
    ]


def _answer_bytes(server: Running, case: Case) -> int:
    """How long the answer is, so that the ceiling sends as much."""
    asked = case.request
    answer = httpx.request(
        asked.method, server.url + asked.path, content=asked.body, headers={"content-type": "application/json"}
    )
    answer.raise_for_status()
    return len(answer.content)


# --- what is told ----------------------------------------------------------------------------------


def _heading(server: Running, top: Running, size: int) -> str:
    return (
        f"ready after: service {server.ready_seconds:.1f} s, ceiling {top.ready_seconds:.1f} s; "
        f"resident: service {server.resident_mb:.0f} MB, ceiling {top.resident_mb:.0f} MB\n"
        f"the ceiling answers {size} bytes\n\n"
        "| route | connections | of the ceiling (spread) | requests/s | profiles/s | p50 ms | p99 ms "
        "| p99, times the ceiling's | failed |\n|---|---|---|---|---|---|---|---|---|"
    )


def _row(case: Case, connections: int, rounds: Sequence[Round]) -> str:
    ratios = sorted(each.ratio for each in rounds)
    mine, tops = [each.service for each in rounds], [each.before for each in rounds]
    rate, p99 = np.median([each.rate for each in mine]), np.median([each.p99 for each in mine])
    profiles = f"{rate * case.profiles:,.0f}" if case.profiles else ""
    return (
        f"| `{case.name}` | {connections} | {np.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f}) "
        f"| {rate:,.0f} | {profiles} | {np.median([each.p50 for each in mine]):.2f} | {p99:.2f} "
        f"| {p99 / np.median([each.p99 for each in tops]):.1f} | {sum(each.failed for each in mine)} |"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument(
        "--connections", type=lambda text: [int(part) for part in text.split(",")], default=[1, 16, 64]
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
