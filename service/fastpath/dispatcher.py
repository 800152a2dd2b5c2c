"""The short way: what the busiest routes are asked most often, answered from its bytes before ASGI begins.

A request takes it when it is whole, short, plain JSON without a query, and nothing about it is refused. How many
wait does not matter: to answer one takes less than to send it away. The short way never says no: whatever is
unusual, and every refusal, goes the long way through FastAPI, as if this were not there. So the routes stay
declared once, in FastAPI's terms, and what answers here are the functions that they are made of.
`tests/service/fastpath/test_dispatcher.py` sends every kind of request both ways and compares the answers.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple, Protocol

from starlette.types import Scope

from models.errors import SegmentsError
from service.container import Services
from service.http.guarded_route import ADMITTED
from service.http.responses import RenderedJson
from service.http.server.admission import host_of, is_trusted
from service.http.server.early_response import FastRequest, FastResponse
from service.http.server.request_log import NO_SNIFFING, log_answered, safe_id
from service.observability.logs import buffered_lines
from service.security.guard import authorize
from service.security.scopes import Scope as Permission
from service.segmenting.assignment import LONG_BODY
from service.settings import comma_separated

_LENGTH = re.compile(rb"[0-9]{1,5}")
_JSON = (b"content-type", b"application/json")


class Declared(Protocol):
    """What the short way needs to know of a route."""

    path: str

    @property
    def scope_needed(self) -> Permission | None:
        """The scope that the route declares."""


@dataclass(frozen=True)
class FastRoute:
    """A route's. `answer` gets the bodies of requests or, where the path has a name in it, those names.

    None from it, or a `SegmentsError` for all of them: take the long way.
    """

    method: str
    route: Declared
    answer: Callable[[Services, Sequence[bytes]], Sequence[RenderedJson | None]]

    @cached_property
    def needed(self) -> Permission | None:
        """The scope that a key needs."""
        return self.route.scope_needed

    @cached_property
    def with_body(self) -> bool:
        """Whether it answers to a body, and not to a name."""
        return "{" not in self.route.path

    @cached_property
    def around(self) -> tuple[str, str]:
        """What stands before and after the name in the path."""
        before, _, rest = self.route.path.partition("{")
        return before, rest.partition("}")[2]

    def named(self, path: str) -> bytes | None:
        """What stands in a path where this one has its name."""
        before, after = self.around
        if len(path) <= len(before) + len(after) or not path.startswith(before) or not path.endswith(after):
            return None
        return path[len(before) : len(path) - len(after)].encode("utf-8", "replace")


class Found(NamedTuple):
    """The short way that a request may take, and the name in its path."""

    way: FastRoute
    named: bytes = b""


class FastPath:
    """Answers requests that are whole, or leaves them to the long way."""

    def __init__(self, services: Services, ways: Sequence[FastRoute]) -> None:
        settings = services.settings
        self._services = services
        self._ways = ways
        self._fixed = {(way.method, way.route.path): way for way in ways if way.with_body}
        self._named = [way for way in ways if not way.with_body]
        self._limit = min(LONG_BODY, settings.max_body_bytes)
        self._hosts = comma_separated(settings.trusted_hosts)

    def find(self, scope: Scope) -> Found | None:
        """What may answer a request with this head; None: the long way does."""
        method, path = scope["method"], scope["path"]
        way = self._fixed.get((method, path))
        if way is not None:
            return Found(way)
        for each in self._named:
            if each.method == method and (named := each.named(path)) is not None:
                return Found(each, named)
        return None

    def answer(self, asked: Sequence[FastRequest]) -> Sequence[FastResponse | None]:
        """The answers of whole requests, each found before; None: the long way is to be taken."""
        started = time.perf_counter()
        headers = [dict(each.scope["headers"]) for each in asked]
        let = [self._lets(each, head) for each, head in zip(asked, headers, strict=True)]
        answers: list[RenderedJson | None] = [None] * len(asked)
        for way in self._ways:
            places = [place for place, each in enumerate(asked) if let[place] and each.found.way is way]
            for place, answer in zip(places, self._along(way, [asked[place] for place in places]), strict=True):
                answers[place] = answer
        ids = [safe_id(each.get(b"x-request-id", b"")) for each in headers]
        told = [None if answer is None else _told(answer, own) for answer, own in zip(answers, ids, strict=True)]
        done = [
            (own, each.found.way, answer.status)
            for own, each, answer in zip(ids, asked, answers, strict=True)
            if answer is not None
        ]
        self._note(done, time.perf_counter() - started)
        return told

    def _along(self, way: FastRoute, asked: Sequence[FastRequest]) -> Sequence[RenderedJson | None]:
        """The answers of requests that all go this way."""
        if not asked:
            return []
        try:
            return way.answer(self._services, [each.body if way.with_body else each.found.named for each in asked])
        except SegmentsError:
            return [None] * len(asked)
        except Exception:
            # A defect of ours is told the long way, of whichever request it is; the others have their answers.
            return [None] if len(asked) == 1 else [answer for each in asked for answer in self._along(way, [each])]

    def _note(self, done: Sequence[tuple[str, FastRoute, int]], seconds: float) -> None:
        """Count answered requests, and write their lines: of each the id, the way and the status."""
        for _, way, status in done:
            self._services.metrics.observe_request(way.method, way.route.path, status, seconds)
        with buffered_lines():
            for own, way, status in done:
                log_answered(own, way.method, way.route.path, status, seconds)

    def _lets(self, asked: FastRequest, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a request is plain, and admitted."""
        way, scope = asked.found.way, asked.scope
        if not self._is_plain(scope, headers, way.with_body):
            return False
        try:
            authorize(self._services.keyring, scope["headers"], way.needed)
        except SegmentsError:
            return False
        scope[ADMITTED] = way.needed
        return True

    def _is_plain(self, scope: Scope, headers: Mapping[bytes, bytes], with_body: bool) -> bool:
        """Whether nothing about a request is unusual: in its head, and under which name it came."""
        return (
            not scope["query_string"]
            and b"origin" not in headers
            and len(headers) == len(scope["headers"])
            # A body where none is due is bounded all the same.
            and self._is_short(headers.get(b"content-length", b"" if with_body else b"0"))
            and (not with_body or _is_json(headers))
            and (not self._hosts or is_trusted(host_of(scope), self._hosts))
        )

    def _is_short(self, length: bytes) -> bool:
        return _LENGTH.fullmatch(length) is not None and int(length) <= self._limit


def _told(answer: RenderedJson, asked: str) -> FastResponse:
    """The answer to the request with that id."""
    lines = _lines(tuple(answer.headers.items()))
    head = b"%bcontent-length: %d\r\nx-request-id: %b\r\n" % (lines, len(answer.content), asked.encode())
    return FastResponse(answer.status, head, answer.content)


def _is_json(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-type") == b"application/json" and b"content-encoding" not in headers


@lru_cache(16)
def _lines(headers: tuple[tuple[str, str], ...]) -> bytes:
    """The lines of an answer's own headers and of those of every answer: there are few, the same each time."""
    own = ((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers)
    return b"".join(b"%b: %b\r\n" % pair for pair in (*own, _JSON, NO_SNIFFING))
