"""The path of a request, with ids in it that hold a slash, in plain ASGI.

ASGI's `path` is decoded: a `%2F` within an id would end the id. So the path is decoded again from `raw_path`, all
but the escapes `%2F` and `%25`, with which the segments stay apart and an id that holds the three characters `%2F`
(sent as `%252F`) stays another one. `path_value` decodes these two in a segment that a route has matched.
"""

import re
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

_ESCAPE = re.compile(r"%(2f|25)", re.IGNORECASE)
_RAW_ESCAPE = re.compile(rb"%(2f|25)", re.IGNORECASE)
_NO_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class EncodedPath:
    """Lets the app see paths in which `%2F` and `%25` are not decoded."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            scope = _with_encoded_path(scope)
        await self._app(scope, receive, send)


def _with_encoded_path(scope: Scope) -> Scope:
    raw_path: bytes = scope.get("raw_path") or b""
    if b"%" not in raw_path:
        return scope
    # A path that cannot be decoded is refused by `service.http.server.request_head`.
    return {**scope, "path": unquote_to_bytes(_RAW_ESCAPE.sub(rb"%25\1", raw_path)).decode("utf-8", "replace")}


def path_value(segment: str) -> str:
    """The value of a path parameter: the two escapes that `EncodedPath` leaves are decoded."""
    return _ESCAPE.sub(lambda escape: "/" if escape[1] != "25" else "%", segment) if "%" in segment else segment


def is_decoded_alike(raw_path: bytes) -> bool:
    """Whether a path is the same with all escapes decoded, and as `EncodedPath` decodes it."""
    return b"%" not in raw_path or (_RAW_ESCAPE.search(raw_path) is None and path_fault(raw_path) is None)


def path_fault(raw_path: bytes) -> str | None:
    """Why a path cannot be decoded, in a sentence; None where it can."""
    if b"%" not in raw_path:
        return None
    if _NO_ESCAPE.search(raw_path):
        return "The path has a percent sign without two hexadecimal digits after it; send a percent sign as `%25`."
    try:
        unquote_to_bytes(raw_path).decode()
    except UnicodeDecodeError:
        return "The path is not UTF-8 once it is decoded; percent-encode the bytes of its text in UTF-8."
    return None
