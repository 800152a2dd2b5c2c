"""What must hold before the service starts. Each refusal is a sentence that says what to do."""

import fcntl
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TextIO

from models.errors import SegmentsError
from service.security.keys import store_admin_key
from service.settings import Settings
from service.store.ports.errors import StoreUnavailable
from service.store.ports.keys import KeyStore
from service.store.sql.connections.engine import parse_url

MAKE_A_KEY = "python -m service keys create --name admin --scope admin"


class NoWorkingKey(SegmentsError):
    """No key works, and others can reach the address or keys are required."""


class DatabaseInUse(SegmentsError):
    """Another service serves from the same SQLite file."""


def access_line(settings: Settings, keys: KeyStore) -> str:
    """Who has access, in a sentence. Stores the key of ADMIN_KEY_FILE first.

    Raises `NoWorkingKey`, `UnusableKey`, or `SettingsError` where ADMIN_KEY_FILE cannot be read.
    """
    now = datetime.now(UTC)
    if (text := settings.admin_key()) is not None and not store_admin_key(keys, text, now).works_at(now):
        raise NoWorkingKey("The key in ADMIN_KEY_FILE is revoked. Put another one there, or unset it.")
    stored = keys.all()
    working = sum(key.works_at(now) for key in stored)
    if stored:
        return f"Requests need a key: {working} of {len(stored)} work (python -m service keys list)."
    if settings.require_keys:
        raise NoWorkingKey(
            f"REQUIRE_KEYS is set, and no key exists: is this the right database? If so, make one: {MAKE_A_KEY}"
        )
    if not settings.exposed:
        return f"No key exists: everything is open to whoever is on this machine. To close it: {MAKE_A_KEY}"
    if settings.insecure:
        return "INSECURE: no key exists; whoever reaches this address may do everything, retrain and read users."
    raise NoWorkingKey(
        f"Others can reach {settings.host}, and no key exists. Make one: {MAKE_A_KEY} (or listen on 127.0.0.1; "
        "--insecure serves everything to everybody)."
    )


@contextmanager
def exclusive_database(url: str) -> Iterator[None]:
    """Hold a SQLite file for this service and its workers. Raises `DatabaseInUse` or `StoreUnavailable`."""
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        yield
        return
    with _lock_file(Path(f"{parsed.database}.lock")) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise DatabaseInUse(
                f"Another service (process {file.read(20).strip() or 'unknown'}) serves from {parsed.database}. "
                "Stop it, or give this one another DATABASE_URL; several services share a PostgreSQL."
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _lock_file(path: Path) -> TextIO:
    # Never removed: two processes could then hold locks on two files of this name.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreUnavailable(f"Cannot write {path}: {error.strerror}. See DATABASE_URL.") from error


def raise_descriptor_limit() -> None:
    """Allow as many descriptors as the system lets this process have: each connection takes one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def explain_hangup(say: Callable[[str], None]) -> None:
    """Have SIGHUP stop the service where its terminal has closed, and elsewhere say that it is not needed."""

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if sys.stdin is not None and sys.stdin.isatty():
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            say("SIGHUP: new models and keys need no signal; settings are read when the service starts.")

    signal.signal(signal.SIGHUP, handle)
