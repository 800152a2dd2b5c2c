"""The fast path: the most frequent requests, answered from their bytes before ASGI.

A request takes it when it was received whole, is short, plain JSON without a query, and no part of it is
refused. How many requests wait does not matter: answering one takes less time than refusing it. The fast path
never refuses; it declines whatever is unusual, and FastAPI answers that on the standard path. So each route
stays declared once, in FastAPI's terms, and the functions that answer here are those that the route itself
calls. `tests/service/fastpath/test_dispatcher.py` sends every kind of request on both paths and compares the
responses.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple, Protocol

from starlette.types import Scope as AsgiScope

from models.errors import SegmentsError
from service.container import Services
from service.fastpath.deferred import Awaited, Deferred
from service.fastpath.outcomes import outcome_response
from service.http.guarded_route import ADMITTED
from service.http.path_prefix import without_prefix
from service.http.responses import RenderedResponse
from service.http.server.connection import QUEUED_REQUEST
from service.http.server.early_response import FastRequest, FastResponse
from service.http.server.request_head import host_of, is_host, is_trusted, trusted_names
from service.http.server.request_log import NO_SNIFFING, log_request, safe_request_id
from service.http.server.request_path import is_decoded_alike
from service.observability.logs import buffered_lines
from service.security.guard import authorize
from service.security.scopes import Scope
from service.segmenting.assignment import LONG_BODY

_LENGTH = re.compile(rb"[0-9]{1,5}")
_JSON = (b"content-type", b"application/json")


class DeclaredRoute(Protocol):
    """What the fast path needs of a FastAPI route."""

    path: str

    @property
    def required_scope(self) -> Scope | None:
        """The scope that the route declares."""


@dataclass(frozen=True)
class FastRoute:
    """A route with a fast path.

    `respond` gets requests, each with its body and the value of its path parameter. It returns None for a request
    that it declines, and raises a `SegmentsError` to decline all of them. A route that `writes` raises nothing,
    declines no request of which it has begun the work, and returns what that work is: a write must not be begun
    again on the standard path.
    """

    method: str
    declared: DeclaredRoute
    respond: Callable[[Services, Sequence[FastRequest]], Sequence[RenderedResponse | Awaited | None]]
    writes: bool = False

    @cached_property
    def path(self) -> str:
        """The path template."""
        return self.declared.path

    @cached_property
    def scope(self) -> Scope | None:
        """The scope that a key needs."""
        return self.declared.required_scope

    @cached_property
    def has_body(self) -> bool:
        """Whether its requests have a body."""
        return self.method != "GET"

    @cached_property
    def has_parameter(self) -> bool:
        """Whether its path has a parameter."""
        return "{" in self.path

    @cached_property
    def _affixes(self) -> tuple[str, str]:
        """The parts of the path before and after its parameter."""
        prefix, _, rest = self.path.partition("{")
        return prefix, rest.partition("}")[2]

    def parameter(self, path: str) -> str | None:
        """The value of the path parameter; None where the path is of another route."""
        prefix, suffix = self._affixes
        if len(path) <= len(prefix) + len(suffix) or not path.startswith(prefix) or not path.endswith(suffix):
            return None
        value = path[len(prefix) : len(path) - len(suffix)]
        return None if "/" in value else value


class RouteMatch(NamedTuple):
    """The fast route of a request, and the value of its path parameter."""

    route: FastRoute
    parameter: str = ""


class _Answered(NamedTuple):
    """What is recorded of a request; `started`: by `time.perf_counter`."""

    own_id: str
    route: FastRoute
    status: int
    started: float


class FastPath:
    """Answers requests that were received whole, or declines them."""

    def __init__(self, services: Services, routes: Sequence[FastRoute]) -> None:
        settings = services.settings
        self._services = services
        self._routes = routes
        self._by_path = {(route.method, route.path): route for route in routes if not route.has_parameter}
        self._with_parameter = [route for route in routes if route.has_parameter]
        self._max_bytes = min(LONG_BODY, settings.max_body_bytes)
        self._request_seconds = settings.request_seconds
        self._hosts = trusted_names(settings.trusted_hosts)
        self._prefix = settings.root_path

    def match(self, scope: AsgiScope) -> RouteMatch | None:
        """The route that may answer a request with this head; None declines it."""
        method, path = scope["method"], scope["path"]
        if not is_decoded_alike(scope["raw_path"]):
            return None
        if self._prefix:
            path = without_prefix(path, self._prefix)
        route = self._by_path.get((method, path))
        if route is not None:
            return RouteMatch(route)
        for route in self._with_parameter:
            if route.method == method and (parameter := route.parameter(path)) is not None:
                return RouteMatch(route, parameter)
        return None

    def respond(self, requests: Sequence[FastRequest]) -> Sequence[FastResponse | Deferred | None]:
        """The responses to whole requests, which matched before; None for a request that is declined."""
        started = time.perf_counter()
        headers = [dict(request.scope["headers"]) for request in requests]
        admitted = [self._admits(request, fields) for request, fields in zip(requests, headers, strict=True)]
        rendered: list[RenderedResponse | Awaited | None] = [None] * len(requests)
        for route in self._routes:
            indices = [
                index for index, request in enumerate(requests) if admitted[index] and request.match.route is route
            ]
            if route.writes:
                # The others are refused on the standard path, or find a slot by then.
                indices = indices[: self._services.store_bulkhead.free]
            responses = self._respond_on(route, [requests[index] for index in indices])
            for index, response in zip(indices, responses, strict=True):
                rendered[index] = response
        answered: list[_Answered] = []
        result: list[FastResponse | Deferred | None] = []
        for request, fields, response in zip(requests, headers, rendered, strict=True):
            own_id = safe_request_id(fields.get(b"x-request-id", b""))
            if isinstance(response, RenderedResponse):
                answered.append(_Answered(own_id, request.match.route, response.status, started))
                result.append(_with_head(response, own_id))
            else:
                result.append(response and self._defer(Deferred(request, own_id, started, response)))
        self._record(answered)
        return result

    def finish(self, deferred: Sequence[Deferred]) -> Sequence[FastResponse]:
        """The responses to deferred requests whose work has ended, or takes too long."""
        answered, result = list[_Answered](), list[FastResponse]()
        self._services.metrics.in_flight.dec(len(deferred))
        for request, own_id, started, awaited in deferred:
            self._services.store_bulkhead.release()
            path, metrics = request.scope["path"], self._services.metrics
            response = outcome_response(awaited, own_id, path, self._request_seconds, metrics)
            answered.append(_Answered(own_id, request.match.route, response.status, started))
            result.append(_with_head(response, own_id))
        self._record(answered)
        return result

    def _defer(self, deferred: Deferred) -> Deferred:
        """A request that counts as one that is being worked on, until `finish`."""
        self._services.store_bulkhead.acquire()
        self._services.metrics.in_flight.inc()
        deferred.request.scope[QUEUED_REQUEST].start()
        return deferred

    def _respond_on(
        self, route: FastRoute, requests: Sequence[FastRequest]
    ) -> Sequence[RenderedResponse | Awaited | None]:
        """The responses to requests of one route."""
        if not requests:
            return []
        try:
            return route.respond(self._services, requests)
        except SegmentsError:
            return [None] * len(requests)
        except Exception:
            # A defect is answered on the standard path; run one by one, the other requests get their responses.
            if len(requests) == 1:
                return [None]
            return [response for request in requests for response in self._respond_on(route, [request])]

    def _record(self, answered: Sequence[_Answered]) -> None:
        """Count answered requests and write their access log records."""
        now = time.perf_counter()
        for _, route, status, started in answered:
            self._services.metrics.observe_request(route.method, route.path, status, now - started)
        with buffered_lines():
            for own_id, route, status, started in answered:
                log_request(own_id, route.method, route.path, status, now - started)

    def _admits(self, request: FastRequest, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a request is plain, and its key has the scope."""
        route, scope = request.match.route, request.scope
        if not self._is_plain(scope, headers, route.has_body):
            return False
        try:
            authorize(self._services.keyring, scope["headers"], route.scope)
        except SegmentsError:
            return False
        scope[ADMITTED] = route.scope
        return True

    def _is_plain(self, scope: AsgiScope, headers: Mapping[bytes, bytes], has_body: bool) -> bool:
        """Whether nothing in a request's head is unusual, its host included."""
        return (
            not scope["query_string"]
            and b"origin" not in headers
            and b"transfer-encoding" not in headers
            and (host := headers.get(b"host")) is not None
            and is_host(host)
            and len(headers) == len(scope["headers"])
            # An unexpected body is limited all the same.
            and self._is_short(headers.get(b"content-length", b"" if has_body else b"0"))
            and (not has_body or _is_json(headers))
            and (not self._hosts or is_trusted(host_of(scope), self._hosts))
        )

    def _is_short(self, length: bytes) -> bool:
        return _LENGTH.fullmatch(length) is not None and int(length) <= self._max_bytes


def _with_head(response: RenderedResponse, own_id: str) -> FastResponse:
    """A response to the request with that id."""
    lines = _header_lines(tuple(response.headers.items()))
    head = b"%bcontent-length: %d\r\nx-request-id: %b\r\n" % (lines, len(response.content), own_id.encode())
    return FastResponse(response.status, head, response.content)


def _is_json(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-type") == b"application/json" and b"content-encoding" not in headers


@lru_cache(16)
def _header_lines(headers: tuple[tuple[str, str], ...]) -> bytes:
    """The lines of a response's own headers and of those that every response has; there are few different ones."""
    own = {name.lower().encode("latin-1"): value.encode("latin-1") for name, value in headers}
    return b"".join(b"%b: %b\r\n" % header for header in {**dict([_JSON, NO_SNIFFING]), **own}.items())
