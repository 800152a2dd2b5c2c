"""The short way: what the busiest routes are asked most often, answered from its bytes before ASGI begins.

A request takes it when it is whole, short, plain JSON without a query, and nothing about it is refused. The short
way never says no: whatever is unusual, and every refusal, goes the long way through FastAPI, as if this were not
there. So the routes stay declared once, in FastAPI's terms, and what answers here are the functions that they are
made of. `tests/service/test_express.py` sends every kind of request both ways and compares the answers.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import NamedTuple, Protocol

from starlette.types import Scope

from models.errors import SegmentsError
from service.access.guard import admit
from service.access.scopes import Scope as Permission
from service.assignment import LONG
from service.deps import Services
from service.gate import host_of, is_trusted
from service.middleware import NO_SNIFFING, note, safe_id
from service.protocol import ARRIVAL, Answered
from service.settings import listed

# In a request's scope: for which permission its key was looked at, and counted against its rate.
ADMITTED = "segments.admitted"
_LENGTH = re.compile(rb"[0-9]{1,5}")
_JSON = (b"content-type", b"application/json")


class Plain(NamedTuple):
    """An answer in JSON, before it is anybody's response."""

    content: bytes
    status: int = 200
    headers: Mapping[str, str] = {}


class Declared(Protocol):
    """What the short way needs to know of a route."""

    path: str

    @property
    def scope_needed(self) -> Permission | None:
        """The scope that the route declares."""


@dataclass(frozen=True)
class ShortWay:
    """A route's. `answer` gets the body or, where the path has a name in it, that name.

    None from it: take the long way.
    """

    method: str
    route: Declared
    answer: Callable[[Services, bytes], Plain | None]

    @cached_property
    def needed(self) -> Permission | None:
        """The scope that a key needs."""
        return self.route.scope_needed

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


class Express:
    """Answers requests that are whole, or leaves them to the long way."""

    def __init__(self, services: Services, ways: Sequence[ShortWay]) -> None:
        settings = services.settings
        self._services = services
        self._fixed = {(way.method, way.route.path): way for way in ways if "{" not in way.route.path}
        self._named = [way for way in ways if "{" in way.route.path]
        self._limit = min(LONG, settings.max_body_bytes)
        self._hosts = listed(settings.trusted_hosts)
        self._max_queued = settings.max_in_flight

    def __call__(self, scope: Scope) -> Callable[[bytes], Answered | None] | None:
        """What answers a request with this head once its body is here; None: the long way does."""
        method, path = scope["method"], scope["path"]
        way = self._fixed.get((method, path))
        if way is not None:
            return partial(self._answered, way, None, scope)
        for each in self._named:
            if each.method == method and (named := each.named(path)) is not None:
                return partial(self._answered, each, named, scope)
        return None

    def _answered(self, way: ShortWay, named: bytes | None, scope: Scope, body: bytes) -> Answered | None:
        started = time.perf_counter()
        headers = dict(scope["headers"])
        if not self._is_plain(scope, headers, named is None):
            return None
        answer = self._answer(way, scope, body if named is None else named)
        if answer is None:
            return None
        asked, seconds = safe_id(headers.get(b"x-request-id", b"")), time.perf_counter() - started
        note(self._services.metrics, asked, way.method, way.route.path, answer.status, seconds)
        return Answered(answer.status, _headers(answer, asked), answer.content)

    def _is_plain(self, scope: Scope, headers: Mapping[bytes, bytes], with_body: bool) -> bool:
        """Whether nothing about a request is unusual: in its head, under which name it came, in how many wait."""
        return (
            not scope["query_string"]
            and b"origin" not in headers
            and len(headers) == len(scope["headers"])
            # A body where none is due is bounded all the same.
            and self._is_short(headers.get(b"content-length", b"" if with_body else b"0"))
            and (not with_body or _is_json(headers))
            and scope[ARRIVAL].waiting.count <= self._max_queued
            and (not self._hosts or is_trusted(host_of(scope), self._hosts))
        )

    def _is_short(self, length: bytes) -> bool:
        return _LENGTH.fullmatch(length) is not None and int(length) <= self._limit

    def _answer(self, way: ShortWay, scope: Scope, asked: bytes) -> Plain | None:
        try:
            admit(self._services.keyring, scope["headers"], way.needed)
            scope[ADMITTED] = way.needed
            return way.answer(self._services, asked)
        except SegmentsError:
            return None


def _is_json(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-type") == b"application/json" and b"content-encoding" not in headers


def _headers(answer: Plain, asked: str) -> list[tuple[bytes, bytes]]:
    length = (b"content-length", b"%d" % len(answer.content))
    return [*_raw(tuple(answer.headers.items())), length, _JSON, (b"x-request-id", asked.encode()), NO_SNIFFING]


@lru_cache(16)
def _raw(headers: tuple[tuple[str, str], ...]) -> list[tuple[bytes, bytes]]:
    """Headers as the protocol writes them: there are few, and the same each time."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
