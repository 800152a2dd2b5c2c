"""The scopes that a key may have. A route declares the one that it needs with `needs`."""

from enum import StrEnum
from typing import Any


class Scope(StrEnum):
    """One thing that a key may do; `admin` may do all."""

    SEGMENT_ASSIGN = "segment:assign"
    PERSONAS_READ = "personas:read"
    PERSONAS_WRITE = "personas:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    USERS_ERASE = "users:erase"
    MODELS_READ = "models:read"
    MODELS_TRAIN = "models:train"
    MODELS_PROMOTE = "models:promote"
    METRICS_READ = "metrics:read"
    ADMIN = "admin"


BEARER, HEADER = "bearer", "header"
_SECURITY = "security"
SCHEMES: dict[str, Any] = {
    BEARER: {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer <key>`"},
    HEADER: {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "`X-API-Key: <key>`"},
}
# The declaration of a public route.
PUBLIC: dict[str, Any] = {_SECURITY: []}


def needs(scope: Scope) -> dict[str, Any]:
    """A route's `openapi_extra`: OpenAPI documents the very scope that a request needs."""
    return {_SECURITY: [{BEARER: [scope.value]}, {HEADER: [scope.value]}]}


def declared(openapi_extra: dict[str, Any] | None) -> Scope | None:
    """The scope that a route declares; None for a public one. Raises `LookupError` where nothing is declared."""
    if openapi_extra is None or _SECURITY not in openapi_extra:
        raise LookupError("declare openapi_extra=needs(Scope.…), or PUBLIC")
    security = openapi_extra[_SECURITY]
    return Scope(security[0][BEARER][0]) if security else None
