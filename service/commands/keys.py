"""`python -m service keys …`: make, list, rotate and revoke keys. A key is shown once, on standard output."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from service.security.keys import NewKey, make_key, rotate_key
from service.security.scopes import Scope
from service.settings import Settings
from service.store.ports.keys import KeyStore, StoredKey
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore


def run(options: argparse.Namespace, settings: Settings) -> None:
    """Do what was asked. Raises `UnusableKey`, `KeyNotFound` or `StoreUnavailable`."""
    now = datetime.now(UTC)
    with opened(settings) as keys:
        match options.keys_command:
            case "create":
                lifetime = timedelta(days=options.days) if options.days else None
                show(make_key(keys, options.name, options.scope, now, lifetime))
            case "rotate":
                show(rotate_key(keys, options.prefix, now, timedelta(hours=options.overlap_hours)))
                say(f"{options.prefix} goes on working for {options.overlap_hours:g} hours; then it has expired.")
            case "revoke":
                revoked = keys.revoke(options.prefix, now)
                say(f"{revoked.prefix} ({revoked.name}) is revoked; every worker refuses it within two seconds.")
            case "list":
                print("\n".join(key_lines(keys.all(), now)))


@contextmanager
def opened(settings: Settings) -> Iterator[KeyStore]:
    """The keys of the deployment, its database made if there is none yet."""
    migrate(settings.full_database_url())
    store = SqlStore(settings.full_database_url(), pool_size=1)
    try:
        yield store.keys
    finally:
        store.close()


def show(key: NewKey) -> None:
    """Print a key, and beside it what it is."""
    stored = key.stored
    print(key.text)
    end = f" until {stored.expires_at:%Y-%m-%d %H:%M} UTC" if stored.expires_at else ""
    say(f"Key {stored.prefix} for {stored.name}: {', '.join(stored.scopes)}{end}. It is not shown again.")


def key_lines(keys: Sequence[StoredKey], now: datetime) -> list[str]:
    """A line for each key, oldest first."""
    lines = [
        f"{key.prefix}  {_state(key, now):<8}  used {_day(key.last_used_at, 'never'):<16}  "
        f"ends {_day(key.expires_at, 'never'):<16}  {key.name}: {' '.join(key.scopes)}"
        for key in keys
    ]
    return lines or ["There is no key; make one: python -m service keys create --name NAME --scope SCOPE"]


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The commands and their options."""
    keys = commands.add_parser("keys", help="make, list, rotate and revoke API keys")
    actions = keys.add_subparsers(dest="keys_command", required=True)
    create = actions.add_parser("create", help="make a key and show it, once")
    create.add_argument("--name", required=True, help="who it is for")
    create.add_argument(
        "--scope",
        required=True,
        action="append",
        type=_scope,
        metavar="SCOPE",
        help=f"what it may do, once for each: {', '.join(Scope)}",
    )
    create.add_argument("--days", type=_positive, help="days until it expires (never)")
    actions.add_parser("list", help="all keys, by prefix: state, last use, end, name, scopes")
    rotate = actions.add_parser("rotate", help="make a key like another, which then ends")
    rotate.add_argument("prefix", help="the 8 digits that `list` shows")
    rotate.add_argument("--overlap-hours", type=_not_negative, default=24.0, help="both work for so long (24)")
    revoke = actions.add_parser("revoke", help="end a key at once and for good")
    revoke.add_argument("prefix", help="the 8 digits that `list` shows")


def say(sentence: str) -> None:
    """A line beside what is printed."""
    print(sentence, file=sys.stderr)


def _state(key: StoredKey, now: datetime) -> str:
    if key.works_at(now):
        return "works"
    return "revoked" if key.revoked_at else "expired"


def _day(moment: datetime | None, otherwise: str) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else otherwise


def _scope(text: str) -> Scope:
    try:
        return Scope(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"there is no scope '{text}'; there are {', '.join(Scope)}") from None


def _positive(text: str) -> float:
    days = float(text)
    if not 0 < days < 100_000:
        raise ValueError
    return days


def _not_negative(text: str) -> float:
    hours = float(text)
    if not 0 <= hours < 100_000:
        raise ValueError
    return hours
