"""Readiness while the store can be read and not written."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from models.storage.registry import Registry
from service.active_model import readiness
from service.active_model.readiness import WriteCheck
from service.app import create_app
from service.settings import Settings
from service.store.memory.leases import MemoryLeases
from service.store.memory.store import MemoryStore
from service.store.ports.errors import StoreUnavailable
from service.store.ports.leases import Lease
from service.store.sql.connections.deadline import within
from service.store.sql.connections.faults import reason
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore


class Leases(MemoryLeases):
    """Counts what is taken, and refuses it while `is_broken`."""

    taken = 0
    is_broken = False

    def take(self, name: str, owner: str, seconds: float) -> Lease | None:
        self.taken += 1
        if self.is_broken:
            raise StoreUnavailable("The database does not respond.")
        return super().take(name, owner, seconds)


def test_outcome_of_a_write_counts_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    time = [100.0]
    monkeypatch.setattr(readiness, "monotonic", lambda: time[0])
    leases = Leases()
    check = WriteCheck(leases, "me", str)

    def failure(times: int = 3) -> str | None:
        for _ in range(times):
            check.make()
        return check.failure

    assert failure() is None
    leases.is_broken = True
    assert (failure(), leases.taken) == (None, 1)
    time[0] += readiness.WRITE_SECONDS
    assert (failure(), leases.taken) == ("The database does not respond.", 2)
    leases.is_broken = False
    time[0] += readiness.WRITE_SECONDS
    assert (failure(), leases.taken) == (None, 3)


def test_workers_do_not_hold_each_other_s_write_up() -> None:
    leases = MemoryLeases()
    for owner in ("one", "other"):
        check = WriteCheck(leases, owner, str)
        check.make()
        assert check.failure is None


class SlowLeases(MemoryLeases):
    """Waits for other writes until it is let go."""

    let_go = threading.Event()

    def take(self, name: str, owner: str, seconds: float) -> Lease | None:
        if name == "readiness":
            self.let_go.wait(30)
        return super().take(name, owner, seconds)


def test_write_that_waits_for_others_leaves_the_service_ready(
    settings: Settings, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "WRITE_GRACE_SECONDS", 0.01)
    leases = SlowLeases()
    with TestClient(create_app(settings, store=MemoryStore(leases=leases))) as client:
        assert [client.get("/readyz").status_code for _ in range(3)] == [200] * 3
        leases.let_go.set()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqlStore]:
    migrate(f"sqlite:///{tmp_path}/segments.db")
    store = SqlStore(f"sqlite:///{tmp_path}/segments.db")
    yield store
    store.close()


def test_sqlite_that_cannot_be_written_is_not_ready(
    sqlite: SqlStore, settings: Settings, registry: Registry
) -> None:
    def forbid_writes(connection: sqlite3.Connection, _: Any) -> None:
        connection.execute("PRAGMA query_only = ON")

    event.listen(sqlite.database.engine, "connect", forbid_writes)
    detail = not_ready(create_app(settings, store=sqlite))
    assert detail == "The store can be read and not written: its file is read-only."


def test_reason_of_a_full_disk_names_no_file(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "full.db") as connection:
        connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError) as full:
            connection.execute("CREATE TABLE a (b)")
    connection.close()
    assert reason(full.value) == "its disk is full."


def test_write_that_meets_a_lock_is_no_refusal(sqlite: SqlStore) -> None:
    with sqlite3.connect(sqlite.database.path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable) as locked, within(0.05):
            sqlite.leases.take("readiness", "me", 0.0)
    other.close()
    assert reason(locked.value) is None
    assert reason(StoreUnavailable("Other writes take too long.")) is None


def test_postgresql_that_takes_no_writes_is_not_ready(
    postgres_url: str, settings: Settings, registry: Registry
) -> None:
    migrate(postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    app = create_app(settings.model_copy(update={"database_url": postgres_url}))
    detail = not_ready(app)
    why = "it is read-only (a standby, or default_transaction_read_only is on)."
    assert detail == f"The store can be read and not written: {why}"


def not_ready(app: Any) -> str:
    """Why `/readyz` says 503, while requests that do without the store are answered."""
    with TestClient(app) as client:
        response = client.get("/readyz")
        assert client.get("/livez").status_code == 200
        assert client.post("/segment", json={}).status_code == 200
    assert response.status_code == 503
    (check,) = [check for check in response.json()["checks"] if not check["ok"]]
    assert check["name"] == "store"
    detail: str = check["detail"]
    return detail
