"""What a key looks like, and how keys are made, listed, rotated and revoked.

`bps_<prefix>_<secret>`: 8 hex digits that identify a key, and 40 (160 random bits) that prove it. The sha256 of
the whole is stored (docs/decisions/0017 says why no slow hash is needed). Only `make_key` ever sees a key.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.errors import SegmentsError
from service.security.scopes import Scope
from service.store.ports.keys import KeyNotFound, KeyStore, StoredKey

MARK = "bps"
_KEY = re.compile(rf"{MARK}_(?P<prefix>[0-9a-f]{{8}})_[0-9a-f]{{40}}")
FIRST_KEY = "admin key file"


class UnusableKey(SegmentsError):
    """What was given as a key is none, or cannot be made one."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made: the one moment at which its text is known."""

    text: str
    stored: StoredKey

    def __repr__(self) -> str:
        return f"NewKey({self.stored.prefix})"


def make_key(
    keys: KeyStore, name: str, scopes: Sequence[Scope], now: datetime, lifetime: timedelta | None = None
) -> NewKey:
    """Make and store a key. Raises `UnusableKey` for a name that cannot be listed, or no scopes."""
    if not (name.isprintable() and 0 < len(name) <= 80):
        raise UnusableKey("A key's name is 1 to 80 printable characters.")
    if not scopes:
        raise UnusableKey(f"A key needs a scope: {', '.join(Scope)}.")
    while True:
        text = f"{MARK}_{secrets.token_hex(4)}_{secrets.token_hex(20)}"
        names = tuple(scope.value for scope in Scope if scope in scopes)
        stored = StoredKey(
            prefix=prefix_of(text),
            digest=digest_of(text),
            name=name,
            scopes=names,
            created_at=now,
            expires_at=now + lifetime if lifetime else None,
        )
        if keys.add(stored):
            return NewKey(text, stored)


def rotate_key(keys: KeyStore, prefix: str, now: datetime, overlap: timedelta) -> NewKey:
    """Make a second key of the same name and scopes; the first expires after `overlap`.

    The new key has the lifetime of the first. Raises `KeyNotFound`, or `UnusableKey` for a revoked key.
    """
    old = find(keys, prefix)
    if old.revoked_at is not None:
        raise UnusableKey(f"Key {prefix} is revoked; make a new one with `python -m service keys create`.")
    lifetime = old.expires_at - old.created_at if old.expires_at else None
    new = make_key(keys, old.name, [Scope(scope) for scope in old.scopes], now, lifetime)
    keys.expire(prefix, now + overlap)
    return new


def store_admin_key(keys: KeyStore, text: str, now: datetime) -> StoredKey:
    """Store the deployment's own admin key, whose text is in a secret file; a stored one stays as it is.

    Raises `UnusableKey` where the text is no key, or where another key has its prefix.
    """
    if not _KEY.fullmatch(text):
        raise UnusableKey(
            "ADMIN_KEY_FILE holds no key. One looks like bps_<8 hex digits>_<40 hex digits>, all of them random."
        )
    first = StoredKey(
        prefix=prefix_of(text),
        digest=digest_of(text),
        name=FIRST_KEY,
        scopes=(Scope.ADMIN.value,),
        created_at=now,
    )
    if keys.add(first):
        return first
    stored = find(keys, first.prefix)
    if stored.digest != first.digest:
        raise UnusableKey("Another key has the prefix of the one in ADMIN_KEY_FILE; make up a new one.")
    return stored


def find(keys: KeyStore, prefix: str) -> StoredKey:
    """One key. Raises `KeyNotFound`."""
    key = next((key for key in keys.all() if key.prefix == prefix), None)
    if key is None:
        raise KeyNotFound(prefix)
    return key


def prefix_of(text: str) -> str:
    """The public part of a key."""
    return text[len(MARK) + 1 : len(MARK) + 9]


def digest_of(text: str) -> str:
    """The digest of a key as it is stored: sha256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
