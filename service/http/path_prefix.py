"""The path under which a proxy publishes the service (ROOT_PATH), in plain ASGI.

Some proxies take the prefix away before they pass a request on, others do not: both kinds of requests are read as
without it, and the paths in responses begin with it.
"""

from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send

_prefix: ContextVar[str] = ContextVar("path_prefix", default="")


class PathPrefix:
    """Lets the app see paths without the prefix, and `public_path` add it."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = _prefix.set(self._prefix)
        try:
            await self._app(self._without_prefix(scope), receive, send)
        finally:
            _prefix.reset(token)

    def _without_prefix(self, scope: Scope) -> Scope:
        path = without_prefix(scope["path"], self._prefix)
        if path == scope["path"]:
            return scope
        raw_path: bytes = scope.get("raw_path") or b""
        return {**scope, "path": path, "raw_path": raw_path.removeprefix(self._prefix.encode()) or b"/"}


def public_path(path: str) -> str:
    """A path of the service as the client of the current request has to ask for it."""
    return _prefix.get() + path


def without_prefix(path: str, prefix: str) -> str:
    """A path as the service's routes declare it."""
    if not prefix or not path.startswith(prefix):
        return path
    rest = path[len(prefix) :]
    return path if rest and not rest.startswith("/") else rest or "/"
