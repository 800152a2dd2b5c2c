"""Writes to the store, in a process of its own, which may have a slowed disk.

    python -m benchmarks.load.store_writes FLOOR STORE ROUNDS SECONDS FOLDER

FLOOR and STORE are URLs of two empty databases of one kind. Rounds alternate between the same statement, one
commit each, by the driver itself, and `SqlUsers.put` from 1, 16 and 64 threads. Prints the measurements as JSON.
"""

import json
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from sqlalchemy import event, make_url

from benchmarks.simulated import simulated
from service.store.ports.users import StoredAssignment, StoredUser
from service.store.sql.migrate import migrate
from service.store.sql.people.bulk import sqlite_value
from service.store.sql.people.profile_writes import UPSERT_SQLITE, upsert_returning
from service.store.sql.people.user_records import WRITTEN_COLUMNS, user_row
from service.store.sql.store import SqlStore

THREADS = (1, 16, 64)
USERS = 5_000
NOW = datetime(2026, 11, 1, tzinfo=UTC)
ASSIGNED = StoredAssignment(
    persona_id="p_1",
    model_version="20261101-120000-00000000",
    assigned_at=NOW,
    answered_count=13,
    unknown_count=1,
    confidence=0.93,
    runner_up_id="p_2",
    margin=1.58,
    typicality=0.62,
)
PROFILE = simulated(100).profiles(np.array([0]))[0].model_dump_json(exclude_none=True)


@dataclass(frozen=True, slots=True)
class Measured:
    """One round. `writers`: 0 for one commit each. `rate`: writes a second. `shared`: writes in a commit."""

    writers: int
    rate: float
    shared: float


@dataclass(frozen=True, slots=True)
class Result:
    """All rounds in order, and the time of a flush."""

    rounds: list[Measured]
    flush_milliseconds: float

    @classmethod
    def of(cls, printed: dict[str, Any]) -> "Result":
        """The result from the JSON that `main` prints."""
        return cls([Measured(**measured) for measured in printed["rounds"]], printed["flush_milliseconds"])


def main() -> None:
    floor, url, folder = sys.argv[1], sys.argv[2], Path(sys.argv[5])
    rounds, seconds = int(sys.argv[3]), float(sys.argv[4])
    migrate(floor)
    migrate(url)
    store = SqlStore(url)
    measured: list[Measured] = []
    with _one_commit_each(floor) as write:
        for _ in range(rounds):
            measured.append(Measured(0, _rate(write, 1, seconds), 1.0))
            measured += [_of_store(store, threads, seconds) for threads in THREADS]
    store.close()
    print(json.dumps(asdict(Result(measured, flush_milliseconds(folder)))))


def flush_milliseconds(folder: Path) -> float:
    """The time to flush 4 KB to the disk, the median of 100."""
    times = []
    with (folder / "flushed").open("ab", buffering=0) as file:
        for _ in range(100):
            file.write(b"x" * 4_096)
            began = time.perf_counter()
            os.fdatasync(file)
            times.append(time.perf_counter() - began)
    return sorted(times)[50] * 1_000


def _of_store(store: SqlStore, threads: int, seconds: float) -> Measured:
    commits: list[None] = []

    def count(_: object) -> None:
        commits.append(None)

    def write(user_id: str) -> None:
        store.users.put(user_id, PROFILE, NOW, ASSIGNED)

    event.listen(store.writer.engine, "commit", count)
    rate = _rate(write, threads, seconds)
    event.remove(store.writer.engine, "commit", count)
    return Measured(threads, rate, rate * seconds / max(1, len(commits)))


def _user(user_id: str) -> StoredUser:
    return StoredUser(
        user_id=user_id, profile_json=PROFILE, revision=1, profile_updated_at=NOW, assignment=ASSIGNED
    )


def _rate(write: Callable[[str], None], threads: int, seconds: float) -> float:
    """Writes a second from `threads` threads, each with users of its own."""
    start = threading.Barrier(threads)

    def run(thread: int) -> int:
        start.wait()
        done, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            write(f"user-{(thread * 79 + done) % USERS}")
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(run, range(threads))) / seconds


@contextmanager
def _one_commit_each(url: str) -> Iterator[Callable[[str], None]]:
    """The statement alone, in its own transaction each time."""
    parsed = make_url(url)
    open_driver = _sqlite if parsed.get_backend_name() == "sqlite" else _postgres
    with open_driver(url) as write:
        yield write


@contextmanager
def _sqlite(url: str) -> Iterator[Callable[[str], None]]:
    path = make_url(url).database or ""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

        def write(user_id: str) -> None:
            values = user_row(_user(user_id), 1, sqlite_value)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(UPSERT_SQLITE, values).fetchall()
            connection.execute("COMMIT")

        yield write


@contextmanager
def _postgres(url: str) -> Iterator[Callable[[str], None]]:
    statement = upsert_returning(f"VALUES ({', '.join('%s' for _ in WRITTEN_COLUMNS)})")
    with psycopg.connect(url) as connection:

        def write(user_id: str) -> None:
            connection.execute(statement, user_row(_user(user_id), 1)).fetchall()
            connection.commit()

        yield write


if __name__ == "__main__":
    main()
