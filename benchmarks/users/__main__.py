"""A million users in SQLite and in PostgreSQL.

    .venv/bin/python -m benchmarks.users [--users 1000000] [--databases sqlite,postgresql]

An import from a shell first; then a service with one worker over the same database: batches of 1,000 users, the
list of personas, a whole export, upserts beside single PUTs, an import over HTTP with PUTs beside it, a new model,
and erasures at the store. The client is in this process, on whatever core is free.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psycopg

from benchmarks.resilience.harness.world import new_database, postgres
from benchmarks.simulated import simulated, trained_on
from benchmarks.users.measure import (
    Client,
    import_file,
    peak_mb,
    percentile,
    reading,
    reassigned_a_second,
    timed,
    user_id,
    write_users,
)
from models.storage.registry import Registry
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from testkit.server import Server, serving

BATCH = 1_000
PUTS = 1_000
ERASURES = 200
# A new model is followed for this long at most.
MODEL_SECONDS = 60.0


def main() -> None:
    options = _options()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    with tempfile.TemporaryDirectory(prefix="users-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        registry = Registry(folder / "artifacts")
        versions = [trained_on(simulated(seed=seed), registry.root).manifest.version for seed in (7, 8)]
        file = folder / "users.ndjson"
        write_users(file, options.users)
        for kind in options.databases:
            registry.activate(versions[0])
            with _database(kind, folder) as url:
                _measure(kind, url, folder, file, registry, versions[1], options.users)


def _measure(
    kind: str, url: str, folder: Path, file: Path, registry: Registry, other_version: str, count: int
) -> None:
    settings = {"DATABASE_URL": url, "ARTIFACTS_DIR": str(registry.root)}
    migrate(url)
    imported = import_file(file, settings)
    rate, processor = imported.rows / imported.seconds, 1e6 * imported.processor_seconds / imported.rows
    memory = f"{imported.resident_mb:,.0f} MB at most"
    _say(kind, "import", f"{rate:,.0f} rows/s, {processor:.0f} µs of processor time a row, {memory}")
    store = SqlStore(url)
    try:
        _say(kind, "on disk", f"{_size(kind, url, folder) / 1e6:,.0f} MB")
        with serving(folder / kind, registry.root, DATABASE_URL=url, LOG_LEVEL="WARNING") as server:
            _read(kind, server, count)
            _write(kind, server, file, count)
            _change_model(kind, server, store, registry, other_version, count)
        _erase(kind, store)
    finally:
        store.close()


def _read(kind: str, server: Server, count: int) -> None:
    client = Client(server.url)
    batches = iter(range(10**9))

    def batch() -> None:
        start = next(batches) * 7_919
        ids = [user_id((start + number * 613) % count) for number in range(BATCH)]
        client.send("POST", "/users/personas:batchGet", {"user_ids": ids})

    _say(kind, "batchGet of 1,000", f"p50 {percentile(timed(batch, 50), 50):.1f} ms")
    personas = timed(lambda: client.send("GET", "/personas"), 50)
    _say(kind, "GET /personas", f"p50 {percentile(personas, 50):.1f} ms")
    pid = server.process.pid if server.process else 0
    before, started, rows = peak_mb(pid), time.perf_counter(), 0
    for piece in client.bytes_of("/users:export?format=csv"):
        rows += piece.count(b"\n")
    seconds = time.perf_counter() - started
    _say(
        kind,
        "export",
        f"{(rows - 1) / seconds:,.0f} rows/s, {rows - 1:,} rows, {peak_mb(pid) - before:,.0f} MB more at most",
    )


def _write(kind: str, server: Server, file: Path, count: int) -> None:
    client = Client(server.url)
    with file.open(encoding="utf-8") as lines:
        users = [json.loads(next(lines)) for _ in range(max(PUTS, BATCH))]
    others = [{**user, "user_id": f"other-{user['user_id']}"} for user in users]
    numbers = iter(range(10**9))

    def put(prefix: str) -> None:
        user = users[next(numbers) % len(users)]
        client.send("PUT", f"/users/{prefix}-{user['user_id']}/profile", user["profile"])

    puts = timed(lambda: put("put"), PUTS)
    upserts = timed(lambda: client.send("POST", "/users:batchUpsert", {"users": others}), 10)
    put_rate, upsert_rate = PUTS / sum(puts), BATCH * 10 / sum(upserts)
    _say(
        kind,
        "upsert",
        f"{upsert_rate:,.0f} users/s beside {put_rate:,.0f} single PUTs/s: {upsert_rate / put_rate:.1f} ×",
    )
    content = file.read_bytes() if count <= 200_000 else b"".join(file.open("rb").readlines(60_000_000))
    job = _upload(server, content)
    during: list[float] = []
    while not _job(client, job)["finished_at"]:
        during += timed(lambda: put("during"), 20)
    rows = _job(client, job)["rows_stored"]
    _say(
        kind,
        "PUT during an import",
        f"p99 {percentile(puts, 99):.0f} ms before, {percentile(during, 99):.0f} ms beside {rows:,} rows",
    )


def _upload(server: Server, content: bytes) -> str:
    headers = {"Content-Type": "application/x-ndjson"}
    response = httpx.post(f"{server.url}/users:import", content=content, headers=headers, timeout=120)
    path: str = response.headers["location"]
    return path


def _job(client: Client, path: str) -> dict[str, Any]:
    job: dict[str, Any] = json.loads(client.send("GET", path))
    return job


def _change_model(
    kind: str, server: Server, store: SqlStore, registry: Registry, version: str, count: int
) -> None:
    with reading(server.url, count) as before:
        time.sleep(5)
    with reading(server.url, count) as during:
        registry.activate(version)
        # The poll for a new model comes first.
        while not store.users.stale(version, "", 1):
            time.sleep(0.05)
        rate = reassigned_a_second(store.users, version, MODEL_SECONDS)
    _say(
        kind,
        "new model",
        f"{rate:,.0f} users/s; a read's p99 {percentile(before, 99):.0f} ms before, "
        f"{percentile(during, 99):.0f} ms meanwhile",
    )


def _erase(kind: str, store: SqlStore) -> None:
    numbers = iter(range(10**9))

    def erase() -> None:
        store.rights.erase(user_id(next(numbers) * 31), datetime.now(UTC))

    seconds = timed(erase, ERASURES)
    counts_agree = store.feed.users_by_persona() == store.feed.counted_from_scratch()
    _say(
        kind,
        "erasure",
        f"p50 {percentile(seconds, 50):.1f} ms, p99 {percentile(seconds, 99):.1f} ms; "
        f"counts equal a scan: {'yes' if counts_agree else 'NO'}",
    )


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder}/users.db"
    else:
        with postgres() as server:
            yield new_database(server)


def _size(kind: str, url: str, folder: Path) -> int:
    if kind == "sqlite":
        return sum(path.stat().st_size for path in folder.glob("users.db*"))
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        record = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return 0 if record is None else int(record[0])


def _say(kind: str, what: str, result: str) -> None:
    print(f"| {kind} | {what} | {result} |", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--databases", type=lambda text: text.split(","), default=["sqlite", "postgresql"])
    return parser.parse_args()


if __name__ == "__main__":
    main()
