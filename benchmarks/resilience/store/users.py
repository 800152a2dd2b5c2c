"""`kill -9` in the middle of transactions about many users, on SQLite and on PostgreSQL."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.resilience.harness.world import Outcome, World, new_database, postgres, require
from benchmarks.resilience.store.users_child import BATCH
from models.profile import Profile
from models.storage.registry import Registry
from service.store.ports.users import StoredAssignment, StoredUser
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from testkit import ROOT
from testkit.small_model import small_personas, write_small_model

TIMES = 20
ROWS = 30_000
ERASED = "customer-000007"


def imports(world: World) -> Outcome:
    """An import from a file, begun again each time; the last one runs to its end."""
    times, stored = world.times(TIMES), 0
    for store, url, artifacts in _stores(world, "kill-import"):
        file = artifacts.parent / "users.ndjson"
        file.write_text("".join(_line(number) for number in range(ROWS)))
        store.rights.erase(ERASED, datetime.now(UTC))
        command = ["-m", "service", "import", str(file), "--progress", "json"]
        for _ in range(times):
            lines = _killed(world, command, url, artifacts, 2.0)
            said = max((json.loads(line).get("counts", {}).get("rows_stored", 0) for line in lines), default=0)
            require(store.users.count() >= min(said, ROWS - 1), "rows that were counted as stored are not there")
            _check(store)
        subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=_environment(url, artifacts), check=True, capture_output=True
        )
        require(store.users.count() == ROWS - 1, f"{store.users.count()} users are stored in the end")
        require(store.users.get(ERASED) is None, "an erased user is back")
        _check(store)
        stored += store.users.count()
    return _outcome("an import", times, f"the run after the last had all {stored:,} users, none of them erased")


def upserts(world: World) -> Outcome:
    """Batches of new users: each is stored whole or not at all."""
    times, batches = world.times(TIMES), 0
    for store, url, artifacts in _stores(world, "kill-upsert"):
        for _ in range(times):
            lines = _killed(world, _child("upsert", url, artifacts), url, artifacts, 1.0)
            done = {line.split()[1] for line in lines if line.startswith("done")}
            for batch in {line.split()[1] for line in lines}:
                there = len(store.users.get_many([f"{batch}-{number:03d}" for number in range(BATCH)]))
                require(there in ((BATCH,) if batch in done else (0, BATCH)), f"{there} of a batch are stored")
            batches += len(done)
            _check(store)
    return _outcome(
        "a batch of users", times, f"each of {batches:,} acknowledged batches was whole, none was half"
    )


def reassignments(world: World) -> Outcome:
    """Users assigned by two models in turn."""
    times, done = world.times(TIMES), 0
    for store, url, artifacts in _stores(world, "kill-reassign"):
        _fill(store, 2_000)
        for _ in range(times):
            lines = _killed(world, _child("reassign", url, artifacts), url, artifacts, 1.0)
            done += len(lines)
            require(store.users.count() == 2_000, "users are missing")
            _check(store)
    return _outcome("a reassignment", times, f"no user was lost in {done:,} batches")


def erasures(world: World) -> Outcome:
    """Users erased one after the other: none comes back, and nothing of them stays."""
    times, done = world.times(TIMES), 0
    for store, url, artifacts in _stores(world, "kill-erase"):
        _fill(store, 20_000)
        for _ in range(times):
            lines = _killed(world, _child("erase", url, artifacts), url, artifacts, 0.6)
            gone = [line.split()[1] for line in lines if line.startswith("done")]
            for start in range(0, len(gone), 1_000):
                some = gone[start : start + 1_000]
                require(not store.users.get_many(some), "an erased user is there")
                require(store.rights.erased(some) == set(some), "an erasure left no tombstone")
            for user_id in {line.split()[1] for line in lines}:
                is_there = store.users.get(user_id) is not None
                require(is_there != bool(store.rights.erased([user_id])), "a user is half erased")
                is_known = [change for change in store.personas.changes(user_id, 2) if change.cause != "ERASED"]
                require(is_there or not is_known, "the history of an erased user is there")
            done += len(gone)
            _check(store)
    return _outcome("an erasure", times, f"each of {done:,} acknowledged erasures was whole, and stayed")


def _check(store: SqlStore) -> None:
    require(
        store.feed.users_by_persona() == store.feed.counted_from_scratch(),
        "the counts differ from those of a scan",
    )


def _stores(world: World, name: str) -> Iterator[tuple[SqlStore, str, Path]]:
    """A migrated store in each database, its URL, and a folder of two small models, one of them active."""
    with postgres() as server:
        for kind in ("sqlite", "postgresql"):
            folder = world.fresh(f"{name}-{kind}")
            registry = Registry(folder / "artifacts")
            write_small_model(registry.root, seed=3)
            registry.activate(write_small_model(registry.root, seed=0).name)
            url = f"sqlite:///{folder}/segments.db" if kind == "sqlite" else new_database(server)
            migrate(url)
            with _opened(url) as store:
                yield store, url, registry.root


@contextmanager
def _opened(url: str) -> Iterator[SqlStore]:
    store = SqlStore(url)
    try:
        yield store
    finally:
        store.close()


def _fill(store: SqlStore, count: int) -> None:
    personas, now = small_personas(), datetime.now(UTC)
    for start in range(0, count, 1_000):
        store.users.put_many(
            [
                StoredUser(
                    user_id=f"customer-{number:06d}",
                    profile_json=Profile(age=13 + number % 80).model_dump_json(exclude_unset=True),
                    revision=1,
                    profile_updated_at=now,
                    assignment=StoredAssignment(
                        persona_id=personas[number % 3].id, model_version="before", assigned_at=now
                    ),
                )
                for number in range(start, start + 1_000)
            ]
        )


def _line(number: int) -> str:
    return json.dumps({"user_id": f"customer-{number:06d}", "age": 13 + number % 80}) + "\n"


def _child(work: str, url: str, artifacts: Path) -> list[str]:
    return ["-m", "benchmarks.resilience.store.users_child", work, url, str(artifacts)]


def _killed(world: World, command: Sequence[str], url: str, artifacts: Path, most: float) -> list[str]:
    """The lines that a process printed until it was killed, at most that many seconds after its first line."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=_environment(url, artifacts),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    reader = threading.Thread(target=_collect, args=(process.stdout, lines))
    reader.start()
    time.sleep(world.chance.uniform(0.0, most))
    process.kill()
    process.wait()
    reader.join()
    process.stdout.close()
    # The last line may be cut.
    return [line for line in lines if line.endswith("\n")]


def _collect(stream: Any, lines: list[str]) -> None:
    lines.extend(stream)


def _environment(url: str, artifacts: Path) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": url, "ARTIFACTS_DIR": str(artifacts)}


def _outcome(what: str, times: int, result: str) -> Outcome:
    done = f"`kill -9` in the middle of {what}, on SQLite and on PostgreSQL"
    return Outcome(done, f"2 × {times} ×", f"{result}; counts by persona equalled a scan each time")


STEPS: dict[str, Callable[[World], Outcome]] = {
    "kill-import": imports,
    "kill-upsert": upserts,
    "kill-reassignment": reassignments,
    "kill-erasure": erasures,
}
