"""Routes that let nobody in but those who may: each declares the scope that it needs where it is declared.

    @router.get("/personas", openapi_extra=needs(Scope.PERSONAS_READ), …)
    @router.get("/livez", openapi_extra=PUBLIC, …)

The key is looked at before the body is read. A route that declares nothing cannot be made.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from inspect import iscoroutinefunction
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from service.container import Services
from service.http.documentation import with_refusals
from service.http.server.admission import ALWAYS_ANSWERED
from service.security.guard import authorize
from service.security.scopes import Scope, declared

# In a request's scope: the permission that its key was checked for already, and counted against its rate.
ADMITTED = "segments.admitted"


class GuardedRoute(APIRoute):
    """A route that asks for its scope; what goes over the store (plain functions) takes a place in its lane."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path, self.openapi_extra = path, options.get("openapi_extra")
        responses, guarded = options.get("responses") or {}, self.scope_needed is not None
        told = with_refusals(responses, guarded, path in ALWAYS_ANSWERED)
        super().__init__(path, endpoint, **options | {"responses": told})

    @property
    def scope_needed(self) -> Scope | None:
        """The scope that the route declares; None for a public one. Raises `LookupError` where it does not."""
        try:
            return declared(self.openapi_extra)
        except LookupError as error:
            raise LookupError(f"{self.path}: {error}") from None

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, for those who may."""
        handle, needed = super().get_route_handler(), self.scope_needed
        over_store = not iscoroutinefunction(self.endpoint)

        async def guarded(request: Request) -> Response:
            services: Services = request.app.state.services
            if needed is None or request.scope.get(ADMITTED) is not needed:
                authorize(services.keyring, request.scope["headers"], needed)
            async with self.received(request) as asked:
                if not over_store:
                    return await handle(asked)
                with services.store_bulkhead.place():
                    return await handle(asked)

        return guarded

    @asynccontextmanager
    async def received(self, request: Request) -> AsyncIterator[Request]:
        """The request as the handler gets it, while it is answered."""
        yield request


def declared_by(router: APIRouter, endpoint: Callable[..., Any]) -> GuardedRoute:
    """The route that a function was declared with."""
    return next(route for route in router.routes if isinstance(route, GuardedRoute) and route.endpoint is endpoint)


def require_guarded(routes: Sequence[BaseRoute]) -> None:
    """Raise `LookupError` for a route that would let everybody in without having said so."""
    for route in routes:
        if isinstance(route, APIRoute) and not isinstance(route, GuardedRoute):
            raise LookupError(f"{route.path}: its router needs route_class=GuardedRoute, or JsonRoute")
