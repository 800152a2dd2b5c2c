"""Reading users at once from SQLite: nothing is waited for, and nothing is held."""

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
from tests.contract.records import NOW, assigned

ASSIGNED = assigned("p_1", confidence=0.5)


@pytest.fixture
def sqlite_file(sqlite_url: str) -> Path:
    return Path(parse_url(sqlite_url).database or "")


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[SqlStore]:
    """A store in SQLite with a user."""
    migrate(sqlite_url)
    store = SqlStore(sqlite_url)
    store.users.put("u", "{}", NOW, ASSIGNED)
    yield store
    store.close()


def revision_now(store: SqlStore) -> int:
    return store.users.assignments_nowait(["u"])["u"].revision


def test_what_was_written_is_read_at_once(sqlite_store: SqlStore) -> None:
    for revision in (1, 2, 3):
        assert revision_now(sqlite_store) == revision
        sqlite_store.users.put("u", "{}", NOW, None)


def test_another_thread_is_sent_away_and_the_first_goes_on(sqlite_store: SqlStore) -> None:
    assert revision_now(sqlite_store) == 1
    with ThreadPoolExecutor(1) as pool, pytest.raises(WouldBlock):
        pool.submit(sqlite_store.users.assignments_nowait, ["u"]).result()
    assert revision_now(sqlite_store) == 1


def test_a_writer_is_not_waited_for(sqlite_store: SqlStore, sqlite_file: Path) -> None:
    with closing(sqlite3.connect(sqlite_file)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE users SET revision = 9")
        assert revision_now(sqlite_store) == 1
        other.commit()
    assert revision_now(sqlite_store) == 9


def test_a_file_that_somebody_has_for_themselves_is_not_waited_for(
    sqlite_store: SqlStore, sqlite_file: Path
) -> None:
    sqlite_store.close()
    with closing(sqlite3.connect(sqlite_file)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("UPDATE users SET revision = 9")
        with pytest.raises(WouldBlock):
            sqlite_store.users.assignments_nowait(["u"])


def test_the_log_can_be_emptied_between_two_readings(sqlite_store: SqlStore, sqlite_file: Path) -> None:
    assert revision_now(sqlite_store) == 1
    with closing(sqlite3.connect(sqlite_file)) as other:
        busy, *_ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert busy == 0
    assert revision_now(sqlite_store) == 1


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path}/no.db")
    with pytest.raises(WouldBlock):
        store.users.assignments_nowait(["u"])
    assert not list(tmp_path.iterdir())


def test_a_folder_with_odd_characters_is_a_folder(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a b%20?c#d/ü.db".replace("?", "%3F")
    migrate(url)
    store = SqlStore(url)
    store.users.put("u", "{}", NOW, None)
    assert revision_now(store) == 1
    store.close()


def test_after_closing_the_file_is_let_go_of(sqlite_store: SqlStore, sqlite_file: Path) -> None:
    assert revision_now(sqlite_store) == 1
    closing_thread = threading.Thread(target=sqlite_store.close)
    closing_thread.start()
    closing_thread.join()
    # Whoever lets go of the last connection empties the log and removes it.
    assert not sqlite_file.with_name(sqlite_file.name + "-wal").exists()


def test_what_goes_wrong_is_not_now_and_heals(
    sqlite_store: SqlStore, sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.sql.non_blocking_reads._PAUSE", 0.0)
    saved = sqlite_file.with_suffix(".saved")
    sqlite_store.close()
    shutil.move(sqlite_file, saved)
    with pytest.raises(WouldBlock):
        sqlite_store.users.assignments_nowait(["u"])
    shutil.move(saved, sqlite_file)
    assert revision_now(sqlite_store) == 1
