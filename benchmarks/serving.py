"""How near the service comes to the HTTP server that it runs on, and where others are.

    .venv/bin/python -m benchmarks.serving [--rounds 8] [--seconds 2] [--connections 1,16,64] [--log-level WARNING]

uvicorn with an application that answers a constant is the ceiling. Both run at once, on one core; wrk asks from
the other. Short rounds take turns; each round of the service is divided by the rounds of the ceiling around it,
so that what slows the machine down slows down both. The service has all that production has: a key with a rate,
request ids, metrics, limits, SQLite. Bodies and users take turns, the same for both. Processor time a request is
that of the server's process, its kernel time included.

Peers answer `POST /predict` with the same model's `pipeline.joblib`: the usual FastAPI application, and vetiver
where the optional extra is there (requirements-peers.txt).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import httpx2 as httpx
import numpy as np

from benchmarks.load.servers import Running, ceiling, peer, service
from benchmarks.load.wrk import Load, Request, load
from benchmarks.simulated import simulated, trained_on
from models.artifact import PIPELINE
from models.profile import Profile
from models.registry import Registry
from tests.support.server import ROOT
from training.dataset import Dataset

SERVER_CORE: Final = 0
CLIENT_CORE: Final = 1
BATCH: Final = 1_000
# Different profiles, and users, that are asked for in turn.
IN_TURN: Final = 500
SCOPES: Final = ("segment:assign", "users:read", "users:write", "models:train", "models:read")

FIELDS: Final = tuple(Profile.model_fields)

Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A hot route. `profiles`: how many one request answers for; 0 where they are not counted."""

    name: str
    request: Request
    profiles: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """A load and what it took of the server's processor, in seconds a request."""

    load: Load
    processor: float


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a server between two of the ceiling."""

    before: Measured
    service: Measured
    after: Measured

    @property
    def ratio(self) -> float:
        """The server's rate as a share of the ceiling's, taken around it."""
        return 2 * self.service.load.rate / (self.before.load.rate + self.after.load.rate)


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        dataset = simulated()
        settings = _settings(folder, dataset, options.log_level)
        key = _key(settings)
        server = stack.enter_context(service(SERVER_CORE, settings, folder / "service.log"))
        cases = _cases(server, dataset, key)
        size = _answer_bytes(server, cases[0])
        top = stack.enter_context(ceiling(SERVER_CORE, size, folder / "ceiling.log"))
        print(_heading(server, top, size))
        for connections in options.connections:
            for case in cases:
                rounds = list(_rounds(top, server, case, connections, options, folder))
                print(_row(case.name, case.profiles, connections, rounds), flush=True)
        print(f"\nresident after the load: service {server.resident_mb:.0f} MB")
        if options.retrain:
            _tell_retrain(server, top, cases[0], options, folder, key)
        if options.peers:
            _tell_peers(top, cases[0], settings, options, folder)


def _rounds(
    top: Running, server: Running, case: Case, connections: int, options: argparse.Namespace, folder: Path
) -> Iterator[Round]:
    def measure(running: Running) -> Measured:
        started = running.processor_seconds
        found = load(running.url, case.request, connections, options.seconds, CLIENT_CORE, folder)
        spent = running.processor_seconds - started
        return Measured(found, spent / max(1.0, found.rate * options.seconds))

    measure(server)  # warm
    before = measure(top)
    for _ in range(options.rounds):
        mine = measure(server)
        after = measure(top)
        yield Round(before, mine, after)
        before = after


def _tell_retrain(
    server: Running, top: Running, case: Case, options: argparse.Namespace, folder: Path, key: Key
) -> None:
    """p99 without and with a retrain in the background."""
    quiet = [each.service.load.p99 for each in _rounds(top, server, case, 16, options, folder)]
    asked = httpx.post(f"{server.url}/retrain", json={"source": "simulated"}, headers=dict(key), timeout=30)
    asked.raise_for_status()
    busy = []
    while httpx.get(server.url + asked.headers["location"], headers=dict(key)).json()["finished_at"] is None:
        busy.append(load(server.url, case.request, 16, options.seconds, CLIENT_CORE, folder).p99)
    print(
        f"\na retrain in the background, 16 connections, both cores shared with it: p99 {np.median(quiet):.2f} ms "
        f"without, {np.median(busy):.2f} with ({np.median(busy) / np.median(quiet):.1f} ×; {len(busy)} rounds)"
    )


def _tell_peers(
    top: Running, case: Case, settings: dict[str, str], options: argparse.Namespace, folder: Path
) -> None:
    registry = Registry(Path(settings["ARTIFACTS_DIR"]))
    named = {"PIPELINE": str(registry.root / str(registry.active()) / PIPELINE)}
    apps = {"the usual application": "benchmarks.load.usual:app"}
    if find_spec("vetiver"):
        apps["vetiver"] = "benchmarks.load.vetiver_app:app"
    else:
        print("\nvetiver is not installed (requirements-peers.txt), and so not measured.")
    for name, app in apps.items():
        with peer(name, app, SERVER_CORE, named, folder / "peer.log") as server:
            whole = [{**dict.fromkeys(FIELDS), **json.loads(body)} for body in case.request.bodies[:50]]
            bodies = tuple(json.dumps([each] if name == "vetiver" else each) for each in whole)
            request = replace(case.request, path="/predict/" if name == "vetiver" else "/predict", bodies=bodies)
            rounds = list(_rounds(top, server, Case(name, request), 16, options, folder))
            print(_row(name, 0, 16, rounds), f"ready {server.ready_seconds:.1f} s, {server.resident_mb:.0f} MB")


# --- what is asked for -----------------------------------------------------------------------------


def _settings(folder: Path, dataset: Dataset, log_level: str) -> dict[str, str]:
    """A model in force, and a folder for all that the service keeps."""
    artifacts = folder / "artifacts"
    version = trained_on(dataset, artifacts).manifest.version
    Registry(artifacts).activate(version)
    return {
        "ARTIFACTS_DIR": str(artifacts),
        "DATA_DIR": str(folder / "data"),
        "DATABASE_URL": f"sqlite:///{folder}/segments.db",
        "LOG_LEVEL": log_level,
        # A bucket that every request takes from, and none empties.
        "KEY_RATE": "1000000",
    }


def _key(settings: dict[str, str]) -> Key:
    """The header of a key that may ask for all that is measured."""
    scopes = [part for scope in SCOPES for part in ("--scope", scope)]
    command = [sys.executable, "-m", "service", "keys", "create", "--name", "benchmark", *scopes]
    made = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=True
    )
    text = next(word for word in (made.stdout + made.stderr).split() if word.startswith("bps_"))
    return (("Authorization", f"Bearer {text}"),)


def _cases(server: Running, dataset: Dataset, key: Key) -> list[Case]:
    """The hot routes, with profiles and users that are there."""
    profiles = [json.loads(p.model_dump_json(exclude_none=True)) for p in dataset.profiles(np.arange(BATCH))]
    users = [f"user-{number}" for number in range(1, BATCH + 1)]
    with httpx.Client(base_url=server.url, timeout=30, headers=dict(key)) as client:
        for user, profile in zip(users, profiles, strict=True):
            client.put(f"/users/{user}/profile", json=profile).raise_for_status()
    batch, wanted = json.dumps({"profiles": profiles}), json.dumps({"user_ids": users})
    singles = tuple(json.dumps(profile) for profile in profiles[:IN_TURN])
    return [
        Case("POST /segment", Request("POST", "/segment", headers=key, bodies=singles), 1),
        Case("GET /users/{user_id}/persona", Request("GET", "/users/user-{n}/persona", "", key, IN_TURN)),
        Case("POST /segment/batch", Request("POST", "/segment/batch", batch, key), BATCH),
        Case("POST /users/personas:batchGet", Request("POST", "/users/personas:batchGet", wanted, key), BATCH),
    ]


def _answer_bytes(server: Running, case: Case) -> int:
    """How long the first answer is, so that the ceiling sends as much."""
    asked = case.request
    headers = {"content-type": "application/json", **dict(asked.headers)}
    answer = httpx.request(asked.method, server.url + asked.path, content=asked.bodies[0], headers=headers)
    answer.raise_for_status()
    return len(answer.content)


# --- what is told ----------------------------------------------------------------------------------


def _heading(server: Running, top: Running, size: int) -> str:
    return (
        f"ready after: service {server.ready_seconds:.1f} s, ceiling {top.ready_seconds:.1f} s; "
        f"resident: service {server.resident_mb:.0f} MB, ceiling {top.resident_mb:.0f} MB\n"
        f"the ceiling answers {size} bytes\n\n"
        "| route | connections | of the ceiling (spread) | by processor time | requests/s | profiles/s | p50 ms "
        "| p99 ms | p99, times the ceiling's | failed |\n|---|---|---|---|---|---|---|---|---|---|"
    )


def _row(name: str, profiles: int, connections: int, rounds: Sequence[Round]) -> str:
    ratios = sorted(each.ratio for each in rounds)
    mine, tops = [each.service.load for each in rounds], [each.before.load for each in rounds]
    rate, p99 = np.median([each.rate for each in mine]), np.median([each.p99 for each in mine])
    told = f"{rate * profiles:,.0f}" if profiles else ""
    spent = np.median([each.service.processor for each in rounds])
    less = np.median([each.before.processor for each in rounds]) / spent
    return (
        f"| `{name}` | {connections} | {np.median(ratios):.3f} ({ratios[0]:.3f}–{ratios[-1]:.3f}) | {less:.3f} "
        f"| {rate:,.0f} | {told} | {np.median([each.p50 for each in mine]):.2f} | {p99:.2f} "
        f"| {p99 / np.median([each.p99 for each in tops]):.1f} | {sum(each.failed for each in mine)} |"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument(
        "--connections", type=lambda text: [int(part) for part in text.split(",")], default=[1, 16, 64]
    )
    parser.add_argument("--log-level", default="WARNING")
    parser.add_argument("--retrain", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
