"""One service asked on both paths: the fast path (`service.fastpath.dispatcher`) and FastAPI's standard path."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import Message

from models.storage.registry import Registry
from service.app import create_app
from service.fastpath.deferred import Deferred
from service.fastpath.dispatcher import FastPath
from service.fastpath.routes import FAST_ROUTES
from service.http.server.connection import QUEUED_REQUEST
from service.http.server.early_response import FastRequest, FastResponse
from service.http.server.request_queue import QueuedRequest, RequestQueue
from service.settings import Settings
from service.store.memory.store import MemoryStore
from testkit.small_model import write_small_model

Headers = Mapping[str, str] | Sequence[tuple[str, str]]
_WITH_BODY = ("POST", "PUT")


class WholeResponse(NamedTuple):
    """A response with its headers in order of their names."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes


class BothPaths:
    """One app, asked on both paths."""

    def __init__(self, app: FastAPI, client: TestClient) -> None:
        self.app, self.client = app, client
        self.fast_path = FastPath(app.state.services, FAST_ROUTES)

    def fast(
        self, method: str, target: str, body: bytes = b"", headers: Headers = (), waiting: int = 0
    ) -> tuple[FastResponse | None, dict[str, Any]]:
        """The fast path's response to a whole request, and the scope after it; `waiting`: other requests."""
        scope = _scope(method, target, body, _pairs(headers), waiting)
        match = self.fast_path.match(scope)
        if match is None:
            return None, scope
        return self._finished(self.fast_path.respond([FastRequest(match, scope, body)]))[0], scope

    def fast_batch(self, requests: Sequence[tuple[str, str, bytes, Headers]]) -> list[FastResponse | None]:
        """The fast path's responses to whole requests of its routes that arrive in one event-loop iteration."""
        scopes = [_scope(method, target, body, _pairs(headers), 0) for method, target, body, headers in requests]
        bodies = [body for _, _, body, _ in requests]
        matches = [self.fast_path.match(scope) for scope in scopes]
        return self._finished(self.fast_path.respond([*map(FastRequest, matches, scopes, bodies)]))

    def _finished(self, responses: Sequence[FastResponse | Deferred | None]) -> list[FastResponse | None]:
        """The responses once the store has done its part for those that wait for it."""
        waiting = [response for response in responses if isinstance(response, Deferred)]
        wait([deferred.awaited.work for deferred in waiting], timeout=30)
        due = iter(self.fast_path.finish(waiting))
        return [next(due) if isinstance(response, Deferred) else response for response in responses]

    def standard_after_fast(self, scope: dict[str, Any], body: bytes = b"") -> WholeResponse:
        """The app's response to a request that the fast path has declined, with the scope as it left it."""
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        assert self.client.portal is not None
        self.client.portal.call(self.app, scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent)
        return _sorted(sent[0]["status"], sent[0]["headers"], content)

    def standard(self, method: str, target: str, body: bytes = b"", headers: Headers = ()) -> WholeResponse:
        """The response of the standard path alone."""
        # A request without a body still has a content length.
        content = body if method in _WITH_BODY else None
        response = self.client.request(method, target, content=content, headers=_pairs(headers))
        return WholeResponse(response.status_code, sorted(response.headers.multi_items()), response.content)

    def assert_fast(self, method: str, target: str, body: bytes = b"", headers: Headers = ()) -> None:
        """The fast path answers, and its response is the standard path's."""
        sent = [*_pairs(headers), ("x-request-id", "mine")]
        response, _ = self.fast(method, target, body, sent)
        assert response is not None, "the fast path must answer this request"
        assert on_the_wire(response) == self.standard(method, target, body, sent)

    def assert_declined(self, method: str, target: str, body: bytes = b"", headers: Headers = ()) -> None:
        """The fast path declines, and leaves no trace in the standard path's response."""
        sent = [*_pairs(headers), ("x-request-id", "mine")]
        response, scope = self.fast(method, target, body, sent)
        assert response is None, "the fast path must decline this request"
        assert self.standard_after_fast(scope, body) == self.standard(method, target, body, sent)

    def assert_same(
        self, is_fast: bool, method: str, target: str, body: bytes = b"", headers: Headers = ()
    ) -> None:
        """`assert_fast`, or `assert_declined`."""
        (self.assert_fast if is_fast else self.assert_declined)(method, target, body, headers)


@contextmanager
def both_paths(
    folder: Path, model: bool = True, store: MemoryStore | None = None, **changes: Any
) -> Iterator[BothPaths]:
    """A service to be asked on both paths; `changes` are settings."""
    settings = Settings(_env_file=None, artifacts_dir=folder / "artifacts", data_dir=folder)
    if model:
        registry = Registry(settings.artifacts_dir)
        registry.activate(write_small_model(registry.root, seed=0).name)
    app = create_app(settings.model_copy(update=changes), store=store or MemoryStore())
    with TestClient(app, raise_server_exceptions=False) as client:
        yield BothPaths(app, client)


def on_the_wire(response: FastResponse) -> WholeResponse:
    """A response as it is sent, without the server's own headers."""
    lines = [line.partition(b": ") for line in response.head.removesuffix(b"\r\n").split(b"\r\n")]
    return _sorted(response.status, [(name, value) for name, _, value in lines], response.content)


def _scope(method: str, target: str, body: bytes, headers: list[tuple[str, str]], waiting: int) -> dict[str, Any]:
    """A request's scope as the protocol makes it, once the request is received whole."""
    path, _, query = target.partition("?")
    if method in _WITH_BODY and not {"content-length", "transfer-encoding"} & dict(headers).keys():
        headers = [*headers, ("content-length", str(len(body)))]
    queued = QueuedRequest(RequestQueue(waiting))
    queued.mark_received()
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "root_path": "",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [
            (b"host", b"localhost"),
            *((name.lower().encode(), value.encode()) for name, value in headers),
        ],
        "server": ("localhost", 80),
        "client": ("testclient", 50_000),
        "state": {},
        QUEUED_REQUEST: queued,
    }


def _pairs(headers: Headers) -> list[tuple[str, str]]:
    return list(headers.items()) if isinstance(headers, Mapping) else list(headers)


def _sorted(status: int, headers: Sequence[tuple[bytes, bytes]], content: bytes) -> WholeResponse:
    return WholeResponse(status, sorted((name.decode(), value.decode()) for name, value in headers), content)
