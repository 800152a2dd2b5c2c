"""Connections to PostgreSQL whose calls never hang: timeouts of the server, and of the client."""

import math
from functools import partial
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.rows import TupleRow
from sqlalchemy import URL, Engine, create_engine, event

from service.store.sql.connections.deadline import milliseconds, seconds_left, wait_seconds


def postgres_engine(url: URL, options: dict[str, Any], patience: float, lock_seconds: float) -> Engine:
    """An engine for PostgreSQL. `options`: those of every engine."""
    engine = create_engine(
        url,
        pool_pre_ping=True,
        # `SqlJobs.start` reads the slot again after a conflict, which needs a new snapshot.
        isolation_level="READ COMMITTED",
        use_native_hstore=False,
        connect_args={"options": _server_options(url, patience, lock_seconds)},
        **options,
    )
    event.listen(engine, "do_connect", partial(_connect_postgres, patience=patience), named=True)
    return engine


def _connect_postgres(
    cargs: list[str], cparams: dict[str, Any], patience: float, **_: Any
) -> "_BoundedConnection":
    if not seconds_left():
        raise psycopg.errors.ConnectionTimeout("no time is left to connect in")
    # A new dictionary: the engine uses its own for every connection.
    options = {"connect_timeout": math.ceil(wait_seconds(patience))} | cparams
    return _BoundedConnection.connect(*cargs, **options)


def _server_options(url: URL, patience: float, lock_seconds: float) -> str:
    """The settings of a session; those in the URL come last and win."""
    settings = {
        "timezone": "UTC",
        "statement_timeout": milliseconds(patience * 0.8),
        "lock_timeout": milliseconds(lock_seconds),
        "idle_in_transaction_session_timeout": milliseconds(patience * 4),
    }
    from_url = url.query.get("options", "")
    defaults = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return f"{defaults} {from_url if isinstance(from_url, str) else ' '.join(from_url)}".strip()


class _BoundedConnection(psycopg.Connection[TupleRow]):
    """Waits for the server until the deadline of the call at most."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        left = min(seconds_left(), math.inf if timeout is None else timeout)
        try:
            return super().wait(gen, interval, None if math.isinf(left) else left)
        except psycopg.OperationalError:
            # A late result would be taken for that of the next statement.
            if not seconds_left():
                self.pgconn.finish()
            raise
