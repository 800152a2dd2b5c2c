"""Connections to PostgreSQL of which no call hangs: the server's own timeouts, and ours where it says nothing."""

import math
from functools import partial
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.rows import TupleRow
from sqlalchemy import URL, Engine, create_engine, event

from service.store.sql.connections.deadline import seconds_left
from service.store.sql.connections.engine import milliseconds, wait_seconds


def postgres_engine(url: URL, options: dict[str, Any], patience: float) -> Engine:
    """An engine for PostgreSQL, `options` being those of every engine."""
    engine = create_engine(
        url,
        pool_pre_ping=True,
        # A job's slot is looked at again after a conflict, which needs a new snapshot.
        isolation_level="READ COMMITTED",
        use_native_hstore=False,
        connect_args={"options": _server_options(url, patience)},
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


def _server_options(url: URL, patience: float) -> str:
    """What a session is started with; what the URL asks for comes last and wins."""
    settings = {
        "timezone": "UTC",
        "statement_timeout": milliseconds(patience * 0.8),
        "lock_timeout": milliseconds(patience * 0.6),
        "idle_in_transaction_session_timeout": milliseconds(patience * 4),
    }
    asked = url.query.get("options", "")
    ours = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return f"{ours} {asked if isinstance(asked, str) else ' '.join(asked)}".strip()


class _BoundedConnection(psycopg.Connection[TupleRow]):
    """Waits for the server no longer than the call in which it waits may take."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        left = min(seconds_left(), math.inf if timeout is None else timeout)
        try:
            return super().wait(gen, interval, None if math.isinf(left) else left)
        except psycopg.OperationalError:
            # An answer that comes later would be taken for the next statement's.
            if not seconds_left():
                self.pgconn.finish()
            raise
