"""The one question: may whoever sent these headers do this? About a microsecond, in memory alone.

SegmentsError
├── Unauthenticated         no key, or none that works
└── Forbidden               a key that works, without the scope that is needed
"""

import hashlib
import hmac
import time
from collections.abc import Iterable

from models.errors import SegmentsError
from service.security.keyring import Keyring, KnownKey
from service.security.scopes import Scope

REALM = 'Bearer realm="segments"'
# A key's shape by its length alone; what has another shape is not in the ring.
_PREFIX = slice(4, 12)
_LENGTH = 53
_NOBODY = bytes(32)

Headers = Iterable[tuple[bytes, bytes]]


class Unauthenticated(SegmentsError):
    """No key, or none that works; `challenge` is the WWW-Authenticate of the answer."""

    def __init__(self, sentence: str, challenge: str = REALM) -> None:
        super().__init__(sentence)
        self.challenge = challenge


class Forbidden(SegmentsError):
    """A key that works, without the scope that is needed; `challenge` is the WWW-Authenticate of the answer."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"This key does not have the scope '{scope}'; ask for one that does.")
        self.challenge = f'{REALM}, error="insufficient_scope", scope="{scope}"'


def admit(keyring: Keyring, headers: Headers, needed: Scope | None) -> KnownKey | None:
    """Let a request pass; its key, if it had to have one.

    `headers`: names in lower case, as ASGI has them. `needed`: None for what is open to everybody.
    Raises `Unauthenticated`, `Forbidden`, `service.limits.RateExceeded`, or `StoreUnavailable` while no keys
    could be read.
    """
    if needed is None:
        return None
    keys = keyring.snapshot().keys
    if not keys and keyring.open_without_keys:
        return None
    sent = sent_key(headers)
    if sent is None:
        raise Unauthenticated(
            "A key is needed: send `Authorization: Bearer <key>`. Whoever runs this service makes one with "
            "`python -m service keys create`."
        )
    known = keys.get(sent[_PREFIX])
    # Compared also where there is nothing to compare with, and by digests, so that time tells nothing.
    proven = hmac.compare_digest(hashlib.sha256(sent).digest(), known.digest if known else _NOBODY)
    if known is None or not proven or len(sent) != _LENGTH:
        raise _refused("This is no key of this service.")
    if known.revoked:
        raise _refused("This key has been revoked; ask for a new one.")
    if time.time() >= known.ends_at:
        raise _refused("This key has expired; ask for a new one.")
    if needed not in known.scopes:
        raise Forbidden(needed)
    if known.bucket is not None:
        known.bucket.take()
    known.used = True
    return known


def sent_key(headers: Headers) -> bytes | None:
    """The key of `Authorization: Bearer …`, else of `X-API-Key`."""
    other = None
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip()
        if name == b"x-api-key":
            other = value
    return other


def _refused(sentence: str) -> Unauthenticated:
    return Unauthenticated(sentence, f'{REALM}, error="invalid_token"')
