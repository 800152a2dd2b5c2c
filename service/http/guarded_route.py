"""Routes that check the key of a request, and limit the work that runs at a time. Each declares both:

    @router.get("/users/{user_id}/persona", openapi_extra=needs(Scope.USERS_READ), …)
    @does(Work.STORE)
    def get_user_persona(…)

The key is checked before the body is read. A route that lacks a declaration cannot be made.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from enum import Enum
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import Query
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from service.container import Services
from service.http.documentation import with_refusals
from service.http.server.admission import ALWAYS_ADMITTED
from service.http.server.request_path import path_value
from service.security.actor import actor_of
from service.security.guard import authorize
from service.security.scopes import Scope, declared
from service.sentences import unknown_name

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

# In a request's scope: the scope that its key has been checked for already, and counted against its rate.
ADMITTED = "segments.admitted"
# In a request's scope: who sent it (`service.security.actor.Actor`), on routes that need a scope.
ACTOR = "segments.actor"
_WORK = "_work"


class Work(Enum):
    """What a route does, and which limit of concurrency applies to it."""

    MEMORY = "Answers from memory in microseconds: no limit but that of admission control."
    STORE = (
        "Calls the store: holds a slot of `Services.store_bulkhead`, so that a hanging store stops nothing else."
    )
    LONG = "May compute for seconds: one at a time, in order of arrival (`Services.long_work`)."
    STREAM = "Sends or receives for minutes: limited in number by `Services.streams`, or `Services.downloads`."


def does(work: Work) -> Callable[[Endpoint], Endpoint]:
    """Declare the work of an endpoint; below the route's decorator."""

    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _WORK, work)
        return endpoint

    return declare


class GuardedRoute(APIRoute):
    """A route that requires its scope, and holds a slot of the bulkhead that its work belongs to."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path, self.openapi_extra = path, options.get("openapi_extra")
        responses, guarded = options.get("responses") or {}, self.required_scope is not None
        self.work = _declared_work(path, endpoint)
        documented = with_refusals(responses, guarded, path in ALWAYS_ADMITTED)
        super().__init__(path, endpoint, **options | {"responses": documented})

    @property
    def required_scope(self) -> Scope | None:
        """The scope that the route declares; None for a public one. Raises `LookupError` where it does not."""
        try:
            return declared(self.openapi_extra)
        except LookupError as error:
            raise LookupError(f"{self.path}: {error}") from None

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, behind the check of the key and the bulkhead."""
        handle, scope = super().get_route_handler(), self.required_scope

        async def handle_guarded(request: Request) -> Response:
            services: Services = request.app.state.services
            if scope is None or request.scope.get(ADMITTED) is not scope:
                key = authorize(services.keyring, request.scope["headers"], scope)
                if scope is not None:
                    request.scope[ACTOR] = actor_of(key)
            self._refuse_unknown_parameters(request)
            values = request.scope["path_params"].items()
            request.scope["path_params"] = {name: path_value(segment) for name, segment in values}
            async with self.received(request) as received:
                with self._bulkhead_slot(services):
                    return await handle(received)

        return handle_guarded

    def _bulkhead_slot(self, services: Services) -> AbstractContextManager[None]:
        return services.store_bulkhead.slot() if self.work is Work.STORE else nullcontext()

    def _refuse_unknown_parameters(self, request: Request) -> None:
        """Raise `RequestValidationError` for a parameter that the route would ignore: it may be misspelled."""
        # Probes and links to pages carry parameters of their own.
        if not request.scope["query_string"] or self.path in ALWAYS_ADMITTED or not self.include_in_schema:
            return
        fields = get_flat_params(self.dependant)
        known_names = [field.alias for field in fields if isinstance(field.field_info, Query)]
        sent = [name for name, _ in request.query_params.multi_items()]
        errors = [
            {"type": "unknown", "loc": ("query", name), "msg": unknown_name("parameter", name, known_names)}
            for name in dict.fromkeys(sent)
            if name not in known_names
        ]
        errors += [
            {"type": "repeated", "loc": ("query", name), "msg": f"{name} is sent more than once."}
            for name in known_names
            if sent.count(name) > 1
        ]
        if errors:
            raise RequestValidationError(errors)

    @asynccontextmanager
    async def received(self, request: Request) -> AsyncIterator[Request]:
        """The request as the handler gets it, for the time of its handling."""
        yield request


def declared_by(router: APIRouter, endpoint: Callable[..., Any]) -> GuardedRoute:
    """The route that an endpoint was declared with."""
    return next(route for route in router.routes if isinstance(route, GuardedRoute) and route.endpoint is endpoint)


def require_guarded(routes: Sequence[BaseRoute]) -> None:
    """Raise `LookupError` for a route that would check no key."""
    for route in routes:
        if isinstance(route, APIRoute) and not isinstance(route, GuardedRoute):
            raise LookupError(f"{route.path}: its router needs route_class=GuardedRoute, or JsonRoute")


def _declared_work(path: str, endpoint: Callable[..., Any]) -> Work:
    work = getattr(endpoint, _WORK, None)
    if not isinstance(work, Work):
        raise LookupError(f"{path}: declare @does(Work.…) below the route's decorator")
    return work
