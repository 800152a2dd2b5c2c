"""What must hold before anything is served, each refusal in a sentence that says what to do; and who may ask."""

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
from service.security.keys import keep_first_key
from service.settings import Settings
from service.store.ports.keys import KeyStore
from service.store.ports.store import StoreUnavailable
from service.store.sql.engine import parse_url

MAKE_A_KEY = "python -m service keys create --name admin --scope admin"


class NobodyMayAsk(SegmentsError):
    """Others can reach the address, and there is no key."""


class DatabaseInUse(SegmentsError):
    """Another service serves from the same SQLite file."""


def access_line(settings: Settings, keys: KeyStore) -> str:
    """Who may ask, for whoever starts the service; the key of ADMIN_KEY_FILE is kept before.

    Raises `NobodyMayAsk`, `UnusableKey`, or `SettingsError` where ADMIN_KEY_FILE cannot be read.
    """
    now = datetime.now(UTC)
    if (text := settings.first_key()) is not None and not keep_first_key(keys, text, now).works_at(now):
        raise NobodyMayAsk("The key in ADMIN_KEY_FILE is revoked. Put another one there, or unset it.")
    made = keys.all()
    working = sum(key.works_at(now) for key in made)
    if made:
        return f"Keys are asked for: {working} of {len(made)} work (python -m service keys list)."
    if not settings.exposed:
        return f"No key was made: everything is open to whoever is on this machine. To close it: {MAKE_A_KEY}"
    if settings.insecure:
        return "INSECURE: no key was made; whoever reaches this address may do everything, retrain and read users."
    raise NobodyMayAsk(
        f"Others can reach {settings.host}, and no key was made. Make one: {MAKE_A_KEY} (or listen on 127.0.0.1; "
        "--insecure serves everything to everybody)."
    )


@contextmanager
def alone_with_database(url: str) -> Iterator[None]:
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
    # Kept afterwards: whoever removed it would let two others lock two files of this name.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreUnavailable(f"Cannot write {path}: {error.strerror}. See DATABASE_URL.") from error


def raise_descriptor_limit() -> None:
    """As many descriptors as this process may have: each connection takes one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def explain_hangup(say: Callable[[str], None]) -> None:
    """Let SIGHUP end the service in order where a terminal went away, and say what it is not for elsewhere."""

    def hung_up(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if sys.stdin is not None and sys.stdin.isatty():
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            say("SIGHUP: models and keys are followed without it; settings are read when the service is started.")

    signal.signal(signal.SIGHUP, hung_up)
