"""Non-blocking reads from SQLite: they wait for nothing, and hold nothing between calls."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from service.store.ports.errors import WouldBlock
from service.store.sql.connections.engine import parse_url
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from tests.contract.support.records import NOW, assigned

ASSIGNED = assigned("p_1", confidence=0.5)


@pytest.fixture
def sqlite_file(sqlite_url: str) -> Path:
    return Path(parse_url(sqlite_url).database or "")


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[SqlStore]:
    """A store in SQLite with one user."""
    migrate(sqlite_url)
    store = SqlStore(sqlite_url)
    store.users.put("u", "{}", NOW, ASSIGNED)
    yield store
    store.close()


def revision_nowait(store: SqlStore) -> int:
    return store.users.assignments_nowait(["u"])["u"].revision


def test_read_sees_the_last_write(sqlite_store: SqlStore) -> None:
    for revision in (1, 2, 3):
        assert revision_nowait(sqlite_store) == revision
        sqlite_store.users.put("u", "{}", NOW, None)


def test_second_thread_would_block_and_the_first_continues(sqlite_store: SqlStore) -> None:
    assert revision_nowait(sqlite_store) == 1
    with ThreadPoolExecutor(1) as pool, pytest.raises(WouldBlock):
        pool.submit(sqlite_store.users.assignments_nowait, ["u"]).result()
    assert revision_nowait(sqlite_store) == 1


def test_read_does_not_wait_for_a_writer(sqlite_store: SqlStore, sqlite_file: Path) -> None:
    with closing(sqlite3.connect(sqlite_file)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE users SET revision = 9")
        assert revision_nowait(sqlite_store) == 1
        other.commit()
    assert revision_nowait(sqlite_store) == 9


def test_read_does_not_wait_for_an_exclusive_lock(sqlite_store: SqlStore, sqlite_file: Path) -> None:
    sqlite_store.close()
    with closing(sqlite3.connect(sqlite_file)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("UPDATE users SET revision = 9")
        with pytest.raises(WouldBlock):
            sqlite_store.users.assignments_nowait(["u"])


def test_log_can_be_truncated_between_two_reads(sqlite_store: SqlStore, sqlite_file: Path) -> None:
    assert revision_nowait(sqlite_store) == 1
    with closing(sqlite3.connect(sqlite_file)) as other:
        busy, *_ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert busy == 0
    assert revision_nowait(sqlite_store) == 1


def test_read_does_not_create_a_missing_file(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path}/no.db")
    with pytest.raises(WouldBlock):
        store.users.assignments_nowait(["u"])
    assert not list(tmp_path.iterdir())


def test_path_may_contain_unusual_characters(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a b%20?c#d/ü.db".replace("?", "%3F")
    migrate(url)
    store = SqlStore(url)
    store.users.put("u", "{}", NOW, None)
    assert revision_nowait(store) == 1
    store.close()


def test_close_closes_the_file(sqlite_store: SqlStore, sqlite_file: Path) -> None:
    assert revision_nowait(sqlite_store) == 1
    closing_thread = threading.Thread(target=sqlite_store.close)
    closing_thread.start()
    closing_thread.join()
    # Closing the last connection removes the log.
    assert not sqlite_file.with_name(sqlite_file.name + "-wal").exists()


def test_read_works_again_after_an_error(
    sqlite_store: SqlStore, sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.sql.people.non_blocking_reads._PAUSE", 0.0)
    saved = sqlite_file.with_suffix(".saved")
    sqlite_store.close()
    shutil.move(sqlite_file, saved)
    with pytest.raises(WouldBlock):
        sqlite_store.users.assignments_nowait(["u"])
    shutil.move(saved, sqlite_file)
    assert revision_nowait(sqlite_store) == 1
