"""What both clients share of httpx: the key, requests, responses and failures."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx

from backpocket_segments.errors import ConnectionFailed, TimedOut
from backpocket_segments.session import Reply, Send

# No httpx client sends a User-Agent of its own then.
AGENT = "backpocket-segments-client"


class KeyAuth(httpx.Auth):
    """Puts the key into a request as it is sent, so that nothing else holds it."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "KeyAuth(…)"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self._key}"
        yield request


@dataclass(frozen=True, kw_only=True)
class Options:
    """The address of the service, and how it is reached; `timeout` in seconds, of each step of an attempt."""

    url: str
    key: str | None = field(default=None, repr=False)
    timeout: float = 10.0

    def for_httpx(self) -> dict[str, Any]:
        """The arguments of an httpx client."""
        return {
            "base_url": self.url,
            "auth": KeyAuth(self.key) if self.key else None,
            "headers": {"User-Agent": AGENT},
        }


def arguments_of(send: Send, options: Options) -> dict[str, Any]:
    """The arguments of a request, without its streamed content."""
    call = send.call
    return {
        "method": call.method,
        "url": call.target,
        "params": call.parameters or None,
        "json": call.json,
        "headers": dict(send.headers),
        "timeout": httpx.Timeout(max(options.timeout, call.least_timeout)),
    }


def reply_of(response: httpx.Response, body: bytes = b"") -> Reply:
    """A response as the session reads it."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status_code, headers, body)


def failure_of(error: httpx.TransportError) -> ConnectionFailed:
    """A failure of the connection as ours. Its text says what failed, not what was sent."""
    kind = TimedOut if isinstance(error, httpx.TimeoutException) else ConnectionFailed
    return kind(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def content_of(send: Send) -> Iterator[bytes] | None:
    """The content of a request that is streamed."""
    return send.call.content() if send.call.content is not None else None
