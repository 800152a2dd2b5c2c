"""Authorization of a request by its headers. Takes about a microsecond, in memory alone.

SegmentsError
├── ForeignName             no key, and none is needed but by those who use another name (`open_access`)
├── Unauthenticated         no key, or none that works
└── Forbidden               a key that works, without the scope that is needed
"""

import hashlib
import hmac
import time
from collections.abc import Iterable

from models.errors import SegmentsError
from service.security.keyring import CachedKey, Keyring
from service.security.open_access import OpenAccess, require_local_name
from service.security.scopes import Scope

REALM = 'Bearer realm="segments"'
# A key has its shape by its length alone; a prefix of another shape is not in the keyring.
_PREFIX = slice(4, 12)
_LENGTH = 53
_NO_DIGEST = bytes(32)

Headers = Iterable[tuple[bytes, bytes]]


class Unauthenticated(SegmentsError):
    """No key, or none that works; `challenge` is the WWW-Authenticate of the response."""

    def __init__(self, sentence: str, challenge: str = REALM) -> None:
        super().__init__(sentence)
        self.challenge = challenge


class Forbidden(SegmentsError):
    """A key that works, without the scope that is needed; `challenge` is the WWW-Authenticate of the response."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"This key does not have the scope '{scope}'; ask for one that does.")
        self.challenge = f'{REALM}, error="insufficient_scope", scope="{scope}"'


def authorize(keyring: Keyring, headers: Headers, needed: Scope | None) -> CachedKey | None:
    """Check the key of a request for a scope; the key, None where none is needed.

    `headers`: names in lower case, as ASGI has them. `needed`: None for a public route.
    Raises `ForeignName`, `Unauthenticated`, `Forbidden`, `service.limits.RateExceeded`, or `StoreUnavailable`
    while no keys could be read.
    """
    if needed is None:
        return None
    keys = keyring.snapshot().keys
    if not keys and keyring.open_access is not OpenAccess.NONE:
        if keyring.open_access is OpenAccess.LOCAL:
            require_local_name(headers)
        return None
    sent = sent_key(headers)
    if sent is None:
        raise Unauthenticated(
            "A key is needed: send `Authorization: Bearer <key>`. Whoever runs this service makes one with "
            "`python -m service keys create`."
        )
    key = keys.get(sent[_PREFIX])
    # Digests are compared, also where no key has the prefix, so that timing reveals nothing.
    matches = hmac.compare_digest(hashlib.sha256(sent).digest(), key.digest if key else _NO_DIGEST)
    if key is None or not matches or len(sent) != _LENGTH:
        raise _refused("This is no key of this service.")
    if key.revoked:
        raise _refused("This key has been revoked; ask for a new one.")
    if time.time() >= key.expires_at:
        raise _refused("This key has expired; ask for a new one.")
    if needed not in key.scopes:
        raise Forbidden(needed)
    if key.bucket is not None:
        key.bucket.take()
    key.used = True
    return key


def sent_key(headers: Headers) -> bytes | None:
    """The key of `Authorization: Bearer …`, else of `X-API-Key`."""
    fallback = None
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip()
        if name == b"x-api-key":
            fallback = value
    return fallback


def _refused(sentence: str) -> Unauthenticated:
    return Unauthenticated(sentence, f'{REALM}, error="invalid_token"')
