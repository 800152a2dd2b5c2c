"""API keys for tests, created in a store as the commands create them."""

from datetime import UTC, datetime, timedelta

from service.security.keys import make_key
from service.security.scopes import Scope
from service.store.ports.keys import KeyStore
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore

NEVER_MADE = "bps_00000000_" + "0" * 40


def key_with(keys: KeyStore, *scopes: Scope, ended_ago: timedelta | None = None) -> str:
    """The text of a new key. `ended_ago`: how long ago it expired, if it did."""
    now = datetime.now(UTC)
    made = make_key(keys, "test", scopes, now)
    if ended_ago is not None:
        keys.expire(made.stored.prefix, now - ended_ago)
    return made.text


def admin_key_in(url: str) -> str:
    """The text of a new key for everything, in a database that is made if there is none."""
    migrate(url)
    store = SqlStore(url)
    try:
        return key_with(store.keys, Scope.ADMIN)
    finally:
        store.close()


def bearer(key: str) -> dict[str, str]:
    """The header with a key."""
    return {"Authorization": f"Bearer {key}"}


def prefix(key: str) -> str:
    """The public part of a key."""
    return key.split("_")[1]
