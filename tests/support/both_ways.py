"""One service asked both ways: the short way (`service.fastpath.dispatcher`) and the long one through FastAPI."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import Message

from models.storage.registry import Registry
from service.app import create_app
from service.fastpath.dispatcher import FastPath
from service.fastpath.routes import FAST_ROUTES
from service.http.server.connection import QUEUED_REQUEST
from service.http.server.early_response import FastRequest, FastResponse
from service.limits import Queue, QueuedRequest
from service.settings import Settings
from service.store.memory.store import MemoryStore
from testkit.small_model import write_small_model

WAYS = FAST_ROUTES
Headers = Mapping[str, str] | Sequence[tuple[str, str]]


class Told(NamedTuple):
    """A whole answer, its headers in order of their names."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes


class Both:
    """One app, asked both ways."""

    def __init__(self, app: FastAPI, client: TestClient) -> None:
        self.app, self.client = app, client
        self.express = FastPath(app.state.services, WAYS)

    def fast(
        self, method: str, target: str, body: bytes = b"", headers: Headers = (), others: int = 0
    ) -> tuple[FastResponse | None, dict[str, Any]]:
        """The short way's answer to a whole request, and the scope as it leaves it; `others` wait as well."""
        scope = _scope(method, target, body, _pairs(headers), others)
        found = self.express.find(scope)
        return (None if found is None else self.express.answer([FastRequest(found, scope, body)])[0]), scope

    def together(self, requests: Sequence[tuple[str, str, bytes, Headers]]) -> list[FastResponse | None]:
        """What the short way answers to whole requests, with a way that may be theirs, of one turn."""
        scopes = [_scope(method, target, body, _pairs(headers), 0) for method, target, body, headers in requests]
        asked = zip(scopes, requests, strict=True)
        return [
            *self.express.answer([FastRequest(self.express.find(scope), scope, each[2]) for scope, each in asked])
        ]

    def handed_on(self, scope: dict[str, Any], body: bytes = b"") -> Told:
        """What the app answers to a request that the short way has looked at, and left."""
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        assert self.client.portal is not None
        self.client.portal.call(self.app, scope, receive, send)
        content = b"".join(each.get("body", b"") for each in sent)
        return _in_order(sent[0]["status"], sent[0]["headers"], content)

    def long(self, method: str, target: str, body: bytes = b"", headers: Headers = ()) -> Told:
        """The answer of the long way alone."""
        # A POST without a body still says how long it is.
        content = body if method == "POST" else None
        answer = self.client.request(method, target, content=content, headers=_pairs(headers))
        return Told(answer.status_code, sorted(answer.headers.multi_items()), answer.content)

    def same(self, method: str, target: str, body: bytes = b"", headers: Headers = ()) -> bool:
        """Ask both ways and compare; whether the short way answered. Where not, what it hands on is compared."""
        sent = [*_pairs(headers), ("x-request-id", "mine")]
        short, scope = self.fast(method, target, body, sent)
        long = self.long(method, target, body, sent)
        assert long == (self.handed_on(scope, body) if short is None else told(short))
        return short is not None


@contextmanager
def both_paths(
    folder: Path, model: bool = True, store: MemoryStore | None = None, **changes: Any
) -> Iterator[Both]:
    """A service to be asked both ways; `changes` are settings."""
    settings = Settings(_env_file=None, artifacts_dir=folder / "artifacts", data_dir=folder)
    if model:
        registry = Registry(settings.artifacts_dir)
        registry.activate(write_small_model(registry.root, seed=0).name)
    app = create_app(settings.model_copy(update=changes), store=store or MemoryStore())
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Both(app, client)


def _scope(method: str, target: str, body: bytes, sent: list[tuple[str, str]], others: int) -> dict[str, Any]:
    """A request's scope as the protocol makes it, once the request is whole."""
    path, _, query = target.partition("?")
    if method == "POST" and not {"content-length", "transfer-encoding"} & dict(sent).keys():
        sent = [*sent, ("content-length", str(len(body)))]
    arrival = QueuedRequest(Queue(others))
    arrival.complete()
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
        "headers": [(b"host", b"testserver"), *((name.lower().encode(), value.encode()) for name, value in sent)],
        "server": ("testserver", 80),
        "client": ("testclient", 50_000),
        "state": {},
        QUEUED_REQUEST: arrival,
    }


def _pairs(headers: Headers) -> list[tuple[str, str]]:
    return list(headers.items()) if isinstance(headers, Mapping) else list(headers)


def told(answer: FastResponse) -> Told:
    """An answer as it stands on the wire, without what the server adds to each."""
    lines = [line.partition(b": ") for line in answer.head.removesuffix(b"\r\n").split(b"\r\n")]
    return _in_order(answer.status, [(name, value) for name, _, value in lines], answer.content)


def _in_order(status: int, headers: Sequence[tuple[bytes, bytes]], content: bytes) -> Told:
    return Told(status, sorted((name.decode(), value.decode()) for name, value in headers), content)
