"""Transactions in one database, each bounded in time, with database errors translated into the store's."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from service.store.ports.errors import StoreUnavailable
from service.store.sql.connections.deadline import PATIENCE, seconds_left, within
from service.store.sql.connections.engine import (
    POOL_SIZE,
    open_engine,
    reading,
    translated_errors,
    writing,
)

Insert = Callable[[Table], sqlite.Insert] | Callable[[Table], postgresql.Insert]


class Database:
    """Connects when it is first used. `patience` bounds each call, in seconds; then it is `StoreUnavailable`.

    `lock_seconds`: the longest wait for a lock of PostgreSQL, three fifths of the patience by default. At most
    half of PostgreSQL's connections write at a time: the others are for readers. Raises `UnusableDatabaseUrl`.
    """

    def __init__(
        self,
        url: str | URL,
        patience: float = PATIENCE,
        pool_size: int = POOL_SIZE,
        lock_seconds: float | None = None,
    ) -> None:
        self.patience = patience
        self.engine = open_engine(url, patience, pool_size, lock_seconds)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self.insert: Insert = sqlite.insert if self.is_sqlite else postgresql.insert
        self._reader, self._writer = reading(self.engine), writing(self.engine)
        # SQLite lets waiting writers sleep and try again; a lock wakes those of one process as soon as it is free.
        self._write_slots = threading.Semaphore(1 if self.is_sqlite else max(1, pool_size // 2))

    @property
    def path(self) -> Path:
        """The file of a SQLite database."""
        return Path(self.engine.url.database or "")

    def time_limit(self) -> AbstractContextManager[None]:
        """The deadline of one call of the store."""
        return within(self.patience)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for one SELECT."""
        with self.time_limit(), translated_errors(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed at the end."""
        with self.time_limit(), translated_errors(), self._write_access(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()

    @contextmanager
    def _write_access(self) -> Iterator[None]:
        if not self._write_slots.acquire(timeout=seconds_left()):
            raise StoreUnavailable("Other writes take too long; the same request may work later.")
        try:
            yield
        finally:
            self._write_slots.release()
