"""Who may do everything as long as no key was ever made, and the names that count as this machine's.

A page of any web site can give its own host name the address 127.0.0.1 (DNS rebinding), and its scripts then read
from a service on this machine. The browser sends that name as `Host`, and no page can make it send another.
"""

from collections.abc import Iterable
from enum import Enum
from functools import lru_cache

from models.errors import SegmentsError
from service.settings import is_loopback


class OpenAccess(Enum):
    """Which requests need no key while none was ever made."""

    NONE = "none: a key is needed"
    LOCAL = "those to a name of this machine"
    ALL = "all"


class ForeignName(SegmentsError):
    """A request without a key to another name than this machine's own."""

    def __init__(self) -> None:
        super().__init__(
            "Without a key this service answers to localhost, 127.0.0.0/8 and [::1] alone. To use another name, "
            "list it in TRUSTED_HOSTS, or make a key: python -m service keys create --name admin --scope admin"
        )


def require_local_name(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Raise `ForeignName` for a request to another name. `headers`: names in lower case, as ASGI has them."""
    for name, value in headers:
        if name == b"host" and not _is_local(value):
            raise ForeignName


@lru_cache(64)
def _is_local(header: bytes) -> bool:
    """Whether the value of a header `Host` names this machine."""
    text = header.decode("latin-1").lower()
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        return bool(bracket) and (not port or port.startswith(":")) and ":" in host and is_loopback(host)
    return is_loopback(text.partition(":")[0].removesuffix("."))
