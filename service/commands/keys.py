"""`python -m service keys …`: make, list, rotate and revoke keys. A key is shown once, on standard output."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from service import audit
from service.audit import Action
from service.commands.activate import command_line_actor
from service.commands.database import prepare
from service.commands.declaration import Command, CommandGroup
from service.commands.output import say, show
from service.security.keys import NewKey, make_key, rotate_key
from service.security.scopes import Scope
from service.settings import Settings
from service.store.ports.keys import StoredKey
from service.store.ports.store import Store
from service.store.sql.store import SqlStore

Work = Callable[[argparse.Namespace, Store, datetime], None]


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """The store of the deployment, made if there is none yet."""
    store = SqlStore(prepare(settings), pool_size=1)
    try:
        yield store
    finally:
        store.close()


def key_lines(keys: Sequence[StoredKey], now: datetime) -> list[str]:
    """A line for each key, oldest first."""
    lines = [
        f"{key.prefix}  {_state(key, now):<8}  used {_minute(key.last_used_at):<16}  "
        f"ends {_minute(key.expires_at):<16}  {key.name}: {' '.join(key.scopes)}"
        for key in keys
    ]
    return lines or ["There is no key; make one: python -m service keys create --name NAME --scope SCOPE"]


def _create(options: argparse.Namespace, store: Store, now: datetime) -> None:
    lifetime = timedelta(days=options.days) if options.days else None
    key = make_key(store.keys, options.name, options.scope, now, lifetime)
    _record(store, Action.KEY_MADE, key.stored.prefix, name=options.name, scopes=list(options.scope))
    _show(key)


def _list(_: argparse.Namespace, store: Store, now: datetime) -> None:
    show("\n".join(key_lines(store.keys.all(), now)))


def _rotate(options: argparse.Namespace, store: Store, now: datetime) -> None:
    key = rotate_key(store.keys, options.prefix, now, timedelta(hours=options.overlap_hours))
    _record(store, Action.KEY_ROTATED, options.prefix, replaced_by=key.stored.prefix)
    _show(key)
    say(f"{options.prefix} goes on working for {options.overlap_hours:g} hours; then it has expired.")


def _revoke(options: argparse.Namespace, store: Store, now: datetime) -> None:
    revoked = store.keys.revoke(options.prefix, now)
    _record(store, Action.KEY_REVOKED, revoked.prefix)
    say(f"{revoked.prefix} ({revoked.name}) is revoked; every worker refuses it within two seconds.")


def _record(store: Store, action: Action, prefix: str, **details: object) -> None:
    audit.record(store, command_line_actor(), action, prefix, **details)


def _over_keys(work: Work) -> Callable[[argparse.Namespace, Settings], None]:
    """A command that opens the keys. Raises `UnusableKey`, `KeyNotFound` or `StoreUnavailable`."""

    def run(options: argparse.Namespace, settings: Settings) -> None:
        with opened(settings) as store:
            work(options, store, datetime.now(UTC))

    return run


def _show(key: NewKey) -> None:
    """Print a new key, and beside it what it is for."""
    stored = key.stored
    show(key.text)
    end = f" until {stored.expires_at:%Y-%m-%d %H:%M} UTC" if stored.expires_at else ""
    say(f"Key {stored.prefix} for {stored.name}: {', '.join(stored.scopes)}{end}. It is not shown again.")


def _state(key: StoredKey, now: datetime) -> str:
    if key.works_at(now):
        return "works"
    return "revoked" if key.revoked_at else "expired"


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"


def _add_create_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="who it is for")
    parser.add_argument(
        "--scope",
        required=True,
        action="append",
        type=_scope,
        metavar="SCOPE",
        help=f"what it may do, once for each: {', '.join(Scope)}",
    )
    parser.add_argument("--days", type=_positive, help="days until it expires (never)")


def _add_rotate_options(parser: argparse.ArgumentParser) -> None:
    _add_prefix(parser)
    parser.add_argument("--overlap-hours", type=_not_negative, default=24.0, help="both work for so long (24)")


def _add_prefix(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prefix", help="the 8 digits that `list` shows")


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


COMMANDS = CommandGroup(
    name="keys",
    help="make, list, rotate and revoke API keys",
    commands=(
        Command(
            name="create",
            help="make a key and show it, once",
            add_options=_add_create_options,
            run=_over_keys(_create),
        ),
        Command(
            name="list",
            help="all keys, by prefix: state, last use, end, name, scopes",
            run=_over_keys(_list),
        ),
        Command(
            name="rotate",
            help="make a key like another, which then ends",
            add_options=_add_rotate_options,
            run=_over_keys(_rotate),
        ),
        Command(
            name="revoke",
            help="end a key at once and for good",
            add_options=_add_prefix,
            run=_over_keys(_revoke),
        ),
    ),
)
