"""How close the service comes to the HTTP server that it runs on, compared with other servers.

    .venv/bin/python -m benchmarks.serving [--rounds 8] [--seconds 2] [--connections 1,16,64] [--log-level WARNING]

uvicorn with an application that sends a constant is the ceiling. Both run on one core; wrk on the other sends
requests in short alternating rounds (`benchmarks.load.rounds`). The service is configured as in production: a key
with a rate, request ids, metrics, limits, SQLite. Bodies and users alternate, the same for both, and before the
measurement each request must get a 2xx.

Peers serve `POST /predict` with the same model's `pipeline.joblib`: the usual FastAPI application, and vetiver
where the optional extra is installed (requirements-peers.txt). Both must predict the pipeline's clusters.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import httpx2 as httpx
import numpy as np

from benchmarks.load.peers import PEERS, Peer, predicted, prove
from benchmarks.load.rounds import (
    CLIENT_CORE,
    HEADING,
    Case,
    Measured,
    NotAnswered,
    Plan,
    alternating_rounds,
    measure,
    responses,
    row,
)
from benchmarks.load.servers import Running, ceiling, peer, service
from benchmarks.load.wrk import Request
from benchmarks.simulated import simulated, trained_on
from models.storage.artifact import PIPELINE
from models.storage.registry import Registry
from testkit import ROOT
from testkit.processes import children
from testkit.waiting import eventually
from training.data.dataset import Dataset

SERVER_CORE: Final = 0
BATCH: Final = 1_000
# Different profiles, sent in turn; there are as many users as profiles in a batch.
PROFILES: Final = 500
# Connections during a retrain, and to the peers.
CONNECTIONS: Final = 16
SCOPES: Final = ("segment:assign", "users:read", "users:write", "models:train", "models:read")

Key = tuple[tuple[str, str], ...]


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        plan = Plan(options.rounds, options.seconds, folder)
        dataset = simulated()
        settings = _settings(folder, dataset, options.log_level)
        pipeline = _pipeline(settings)
        key = _key(settings)
        server = stack.enter_context(service(SERVER_CORE, settings, folder / "service.log"))
        at_start = server.resident_mb
        cases = _cases(server, dataset, key)
        first, *_ = [responses(server, case.request)[0] for case in cases]
        size = len(first.content)
        top = stack.enter_context(ceiling(SERVER_CORE, size, folder / "ceiling.log"))
        _print_start(server, top, at_start, size, options.log_level)
        _print_routes(server, top, cases, options.connections, plan)
        if options.retrain:
            _print_retrains(server, cases[0], plan, key)
        if options.peers:
            _print_peers(top, cases[0], pipeline, plan)


# --- output ----------------------------------------------------------------------------------------


def _print_start(server: Running, top: Running, at_start: float, size: int, log_level: str) -> None:
    print(
        f"ready after: service {server.ready_seconds:.1f} s, ceiling {top.ready_seconds:.1f} s; resident at the "
        f"start: service {at_start:.0f} MB, ceiling {top.resident_mb:.0f} MB; LOG_LEVEL {log_level}; the ceiling "
        f"answers {size} bytes\n\n{HEADING}",
        flush=True,
    )


def _print_routes(server: Running, top: Running, cases: list[Case], connections: list[int], plan: Plan) -> None:
    for count in connections:
        for case in cases:
            rounds = list(alternating_rounds(top, server, case.request, count, plan))
            print(row(case, count, rounds), flush=True)
    print(f"\nresident after the load: service {server.resident_mb:.0f} MB, ceiling {top.resident_mb:.0f} MB")


def _print_retrains(server: Running, case: Case, plan: Plan, key: Key) -> None:
    """p99 with a retrain that must share the service's core, and with one that may use either core."""
    print(f"\n`{case.name}`, {CONNECTIONS} connections, while a model is trained in the background\n")
    print("| retrain | p99 ms without | with | times | rounds with | failed |\n|---|---|---|---|---|---|")
    for where, cores in (
        ("on the service's core", {SERVER_CORE}),
        ("on either core, wrk's included", {SERVER_CORE, CLIENT_CORE}),
    ):
        quiet = [measure(server, case.request, CONNECTIONS, plan) for _ in range(plan.rounds)]
        busy = list(_while_training(server, case, plan, key, cores))
        without, with_it = (np.median([run.load.p99 for run in runs]) for runs in (quiet, busy))
        failed = sum(run.load.failed for run in (*quiet, *busy))
        times = with_it / without
        print(f"| {where} | {without:.2f} | {with_it:.2f} | {times:.1f} | {len(busy)} | {failed} |", flush=True)


def _while_training(server: Running, case: Case, plan: Plan, key: Key, cores: set[int]) -> Iterator[Measured]:
    """Rounds during a retrain on these cores. Raises `NotAnswered` if it fails or ends within the first round."""
    with httpx.Client(base_url=server.url, headers=dict(key), timeout=30) as client:
        accepted = client.post("/retrain", json={"source": "simulated"}).raise_for_status()
        eventually(lambda: bool(children(server.pid, "-m training")))
        # It inherits the service's core.
        for child in children(server.pid, "-m training"):
            os.sched_setaffinity(child, cores)
        count = 0
        while True:
            measured = measure(server, case.request, CONNECTIONS, plan)
            job = client.get(accepted.headers["location"]).raise_for_status().json()
            if job["finished_at"] is not None:
                break
            count += 1
            yield measured
    if job["status"] != "SUCCEEDED" or not count:
        raise NotAnswered(f"the retrain ended {job['status']} after {count} rounds: {job['error']}")


def _print_peers(top: Running, case: Case, pipeline: Path, plan: Plan) -> None:
    clusters = predicted(pipeline, case.request.bodies)
    missing = [other.name for other in PEERS if not other.installed]
    print("\nPeers, on one core with the same ceiling")
    for name in missing:
        print(f"\n{name} is not installed (requirements-peers.txt) and therefore not measured.")
    columns = HEADING.replace("\n|---", " ready after s | resident at the start, after MB |\n|---|---|---", 1)
    print(f"\n{columns}")
    for other in PEERS:
        if other.installed:
            print(_peer_row(other, top, case, pipeline, clusters, plan), flush=True)


def _peer_row(other: Peer, top: Running, case: Case, pipeline: Path, clusters: list[int], plan: Plan) -> str:
    request, log = other.request_of(case.request), plan.folder / "peer.log"
    with peer(other.name, other.app, SERVER_CORE, {"PIPELINE": str(pipeline)}, log) as server:
        at_start = server.resident_mb
        prove(other, server, request, clusters)
        rounds = list(alternating_rounds(top, server, request, CONNECTIONS, plan))
        cells = row(Case(other.name, request, 1), CONNECTIONS, rounds)
        return f"{cells} {server.ready_seconds:.1f} | {at_start:.0f}, {server.resident_mb:.0f} |"


# --- requests --------------------------------------------------------------------------------------


def _settings(folder: Path, dataset: Dataset, log_level: str) -> dict[str, str]:
    """The settings of a service with an active model and a folder for its data."""
    artifacts = folder / "artifacts"
    version = trained_on(dataset, artifacts).manifest.version
    Registry(artifacts).activate(version)
    return {
        "ARTIFACTS_DIR": str(artifacts),
        "DATA_DIR": str(folder / "data"),
        "DATABASE_URL": f"sqlite:///{folder}/segments.db",
        "LOG_LEVEL": log_level,
        # Every request takes from the key's token bucket, which never becomes empty.
        "KEY_RATE": "1000000",
    }


def _pipeline(settings: dict[str, str]) -> Path:
    """The scikit-learn pipeline of the active model."""
    registry = Registry(Path(settings["ARTIFACTS_DIR"]))
    return registry.root / str(registry.active()) / PIPELINE


def _key(settings: dict[str, str]) -> Key:
    """The header of a key with the scopes of all measured requests."""
    scopes = [argument for scope in SCOPES for argument in ("--scope", scope)]
    command = [sys.executable, "-m", "service", "keys", "create", "--name", "benchmark", *scopes]
    made = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=True
    )
    text = next(word for word in (made.stdout + made.stderr).split() if word.startswith("bps_"))
    return (("Authorization", f"Bearer {text}"),)


def _cases(server: Running, dataset: Dataset, key: Key) -> list[Case]:
    """The hot routes, with existing profiles and users."""
    profiles = [json.loads(p.model_dump_json(exclude_none=True)) for p in dataset.profiles(np.arange(BATCH))]
    users = [f"user-{number}" for number in range(1, BATCH + 1)]
    with httpx.Client(base_url=server.url, timeout=30, headers=dict(key)) as client:
        for user, profile in zip(users, profiles, strict=True):
            client.put(f"/users/{user}/profile", json=profile).raise_for_status()
    batch, wanted = json.dumps({"profiles": profiles}), json.dumps({"user_ids": users})
    singles = tuple(json.dumps(profile) for profile in profiles[:PROFILES])
    return [
        Case("POST /segment", Request("POST", "/segment", headers=key, bodies=singles), 1),
        Case("GET /users/{user_id}/persona", Request("GET", "/users/user-{n}/persona", "", key, BATCH)),
        Case("POST /segment/batch", Request("POST", "/segment/batch", batch, key), BATCH),
        Case("POST /users/personas:batchGet", Request("POST", "/users/personas:batchGet", wanted, key), BATCH),
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument(
        "--connections", type=lambda text: [int(count) for count in text.split(",")], default=[1, 16, 64]
    )
    parser.add_argument("--log-level", default="WARNING")
    parser.add_argument("--retrain", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
