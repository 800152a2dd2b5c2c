"""How near the service comes to the HTTP server that it runs on, and where others are.

    .venv/bin/python -m benchmarks.serving [--rounds 8] [--seconds 2] [--connections 1,16,64] [--log-level WARNING]

uvicorn with an application that answers a constant is the ceiling. Both run at once, on one core; wrk asks from
the other, in short rounds that take turns (`benchmarks.load.rounds`). The service has all that production has: a
key with a rate, request ids, metrics, limits, SQLite. Bodies and users take turns, the same for both, and before
any is measured each was answered 2xx.

Peers answer `POST /predict` with the same model's `pipeline.joblib`: the usual FastAPI application, and vetiver
where the optional extra is there (requirements-peers.txt). Both must predict what the pipeline does.
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
    answers,
    in_turns,
    measure,
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
# Different profiles that are asked for in turn; of users there are as many as a batch has.
IN_TURN: Final = 500
# Connections with a retrain, and of the peers.
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
        first, *_ = [answers(server, case.request)[0] for case in cases]
        size = len(first.content)
        top = stack.enter_context(ceiling(SERVER_CORE, size, folder / "ceiling.log"))
        _tell_start(server, top, at_start, size, options.log_level)
        _tell_routes(server, top, cases, options.connections, plan)
        if options.retrain:
            _tell_retrains(server, cases[0], plan, key)
        if options.peers:
            _tell_peers(top, cases[0], pipeline, plan)


# --- what is told ----------------------------------------------------------------------------------


def _tell_start(server: Running, top: Running, at_start: float, size: int, log_level: str) -> None:
    print(
        f"ready after: service {server.ready_seconds:.1f} s, ceiling {top.ready_seconds:.1f} s; resident at the "
        f"start: service {at_start:.0f} MB, ceiling {top.resident_mb:.0f} MB; LOG_LEVEL {log_level}; the ceiling "
        f"answers {size} bytes\n\n{HEADING}",
        flush=True,
    )


def _tell_routes(server: Running, top: Running, cases: list[Case], connections: list[int], plan: Plan) -> None:
    for count in connections:
        for case in cases:
            rounds = list(in_turns(top, server, case.request, count, plan))
            print(row(case, count, rounds), flush=True)
    print(f"\nresident after the load: service {server.resident_mb:.0f} MB, ceiling {top.resident_mb:.0f} MB")


def _tell_retrains(server: Running, case: Case, plan: Plan, key: Key) -> None:
    """p99 with a retrain that has to share the service's core, and with one that takes whichever is free."""
    print(f"\n`{case.name}`, {CONNECTIONS} connections, while a model is trained in the background\n")
    print("| retrain | p99 ms without | with | times | rounds with | failed |\n|---|---|---|---|---|---|")
    for where, cores in (
        ("on the service's core", {SERVER_CORE}),
        ("on either core, wrk's included", {SERVER_CORE, CLIENT_CORE}),
    ):
        quiet = [measure(server, case.request, CONNECTIONS, plan) for _ in range(plan.rounds)]
        busy = list(_while_training(server, case, plan, key, cores))
        without, with_it = (np.median([each.load.p99 for each in some]) for some in (quiet, busy))
        failed = sum(each.load.failed for each in (*quiet, *busy))
        times = with_it / without
        print(f"| {where} | {without:.2f} | {with_it:.2f} | {times:.1f} | {len(busy)} | {failed} |", flush=True)


def _while_training(server: Running, case: Case, plan: Plan, key: Key, cores: set[int]) -> Iterator[Measured]:
    """Rounds that a retrain on these cores outlasts. Raises `NotAnswered` where it fails or none was."""
    with httpx.Client(base_url=server.url, headers=dict(key), timeout=30) as client:
        asked = client.post("/retrain", json={"source": "simulated"}).raise_for_status()
        eventually(lambda: bool(children(server.pid, "-m training")))
        # It inherits the service's core.
        for child in children(server.pid, "-m training"):
            os.sched_setaffinity(child, cores)
        count = 0
        while True:
            found = measure(server, case.request, CONNECTIONS, plan)
            job = client.get(asked.headers["location"]).raise_for_status().json()
            if job["finished_at"] is not None:
                break
            count += 1
            yield found
    if job["status"] != "SUCCEEDED" or not count:
        raise NotAnswered(f"the retrain ended {job['status']} after {count} rounds: {job['error']}")


def _tell_peers(top: Running, case: Case, pipeline: Path, plan: Plan) -> None:
    clusters = predicted(pipeline, case.request.bodies)
    missing = [each.name for each in PEERS if not each.installed]
    print("\nPeers, on one core with the same ceiling")
    for name in missing:
        print(f"\n{name} is not installed (requirements-peers.txt), and so not measured.")
    columns = HEADING.replace("\n|---", " ready after s | resident at the start, after MB |\n|---|---|---", 1)
    print(f"\n{columns}")
    for each in PEERS:
        if each.installed:
            print(_peer_row(each, top, case, pipeline, clusters, plan), flush=True)


def _peer_row(each: Peer, top: Running, case: Case, pipeline: Path, clusters: list[int], plan: Plan) -> str:
    request, log = each.asked(case.request), plan.folder / "peer.log"
    with peer(each.name, each.app, SERVER_CORE, {"PIPELINE": str(pipeline)}, log) as server:
        at_start = server.resident_mb
        prove(each, server, request, clusters)
        rounds = list(in_turns(top, server, request, CONNECTIONS, plan))
        told = row(Case(each.name, request, 1), CONNECTIONS, rounds)
        return f"{told} {server.ready_seconds:.1f} | {at_start:.0f}, {server.resident_mb:.0f} |"


# --- what is asked for -----------------------------------------------------------------------------


def _settings(folder: Path, dataset: Dataset, log_level: str) -> dict[str, str]:
    """A active model, and a folder for all that the service keeps."""
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


def _pipeline(settings: dict[str, str]) -> Path:
    """The scikit-learn pipeline of the active model."""
    registry = Registry(Path(settings["ARTIFACTS_DIR"]))
    return registry.root / str(registry.active()) / PIPELINE


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
        "--connections", type=lambda text: [int(part) for part in text.split(",")], default=[1, 16, 64]
    )
    parser.add_argument("--log-level", default="WARNING")
    parser.add_argument("--retrain", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
