"""What is erased from a SQLite database is in its file no more."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from service.store.sql.connections.engine import parse_url
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from tests.contract.support.records import NOW, assigned

ERASED = "erased-user-8f3a"
SECRETS = [ERASED.encode(), b"her-secret-hobby", b"his-secret-hobby", b"older-secret-hobby"]


@pytest.mark.parametrize("notice", [True, False], ids=["with a notice", "without a notice"])
def test_nothing_of_an_erased_user_is_left_in_the_file(sqlite_url: str, notice: bool) -> None:
    migrate(sqlite_url)
    store, path = SqlStore(sqlite_url), Path(parse_url(sqlite_url).database or "")
    for number in range(200):
        store.users.put(f"user {number}", '{"age": 30}', NOW, assigned("p_1"))
    store.users.put(ERASED, '{"hobbies": ["older-secret-hobby"]}' + " " * 9_000, NOW, assigned("p_1"))
    store.users.put(ERASED, '{"hobbies": ["her-secret-hobby"]}', NOW, assigned("p_2"))
    store.users.put_recipient(ERASED, "r", '{"hobbies": ["his-secret-hobby"]}' + " " * 9_000, NOW)
    checkpoint(path)
    assert [secret in path.read_bytes() for secret in SECRETS] == [True, True, True, False]
    store.rights.erase(ERASED, NOW, notice)
    checkpoint(path)
    assert path.with_name(f"{path.name}-wal").stat().st_size == 0
    assert [secret in path.read_bytes() for secret in SECRETS] == [notice, False, False, False]
    store.close()


def checkpoint(path: Path) -> None:
    """Write the log into the file, and truncate it."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
