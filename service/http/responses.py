"""Responses as bytes: values of the service need no second validation, only serialisation."""

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from fastapi import Request, Response
from pydantic import TypeAdapter

from models.storage.artifact import LoadedArtifact
from service.http.idempotency import ReplayableResponse

JSON = "application/json"
ORIGIN = "Segments-Model-Origin"


class RenderedResponse(NamedTuple):
    """A JSON response that is neither FastAPI's nor the fast path's yet."""

    content: bytes
    status: int = 200
    headers: Mapping[str, str] = {}


def render(value: object, headers: Mapping[str, str]) -> RenderedResponse:
    """A value as the JSON of a response."""
    return RenderedResponse(to_json(value), 200, headers)


def from_rendered(rendered: RenderedResponse) -> Response:
    """A rendered response as FastAPI's."""
    return Response(rendered.content, rendered.status, rendered.headers, JSON)


def from_replayable(response: ReplayableResponse) -> Response:
    """A response of `run_once` as FastAPI's."""
    return Response(response.body, response.status, dict(response.headers), JSON)


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value as a JSON response."""
    return Response(to_json(value), status, headers, JSON)


def to_json(value: Any) -> bytes:
    """A value as JSON, by its type."""
    # A class is hashable; typeshed thinks otherwise of type[Any].
    return _adapter(type(value)).dump_json(value)  # type: ignore[arg-type]


def model_headers(loaded: LoadedArtifact) -> dict[str, str]:
    """The headers of every response of a model: the origin of its data (`simulated`, `file` or `users`)."""
    return {ORIGIN: loaded.manifest.origin.source}


def conditional_response(request: Request, value: object, loaded: LoadedArtifact) -> Response:
    """The value with its ETag, or 304 where the client has it already."""
    content = to_json(value)
    tag = _entity_tag(content, loaded)
    headers = {**model_headers(loaded), "ETag": tag, "Cache-Control": "no-cache"}
    if names_tag(request.headers.getlist("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, 200, headers, JSON)


def entity_tag(value: object, loaded: LoadedArtifact) -> str:
    """The ETag of a value that depends on the model."""
    return _entity_tag(to_json(value), loaded)


def names_tag(header: list[str], tag: str) -> bool:
    """Whether an If-Match or If-None-Match names the tag, by weak comparison (RFC 9110, 8.8.3.2)."""
    names = [name.strip().removeprefix("W/") for line in header for name in line.split(",")]
    return "*" in names or tag in names


def _entity_tag(content: bytes, loaded: LoadedArtifact) -> str:
    digest = hashlib.blake2b(content, digest_size=8).hexdigest()
    return f'"{loaded.manifest.version}.{digest}"'


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
