"""Answers as bytes: our own values need no second validation, only serialisation."""

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from fastapi import Request, Response
from pydantic import TypeAdapter

from models.storage.artifact import LoadedArtifact
from service.http.idempotency import Done

ORIGIN = "Segments-Model-Origin"


class RenderedJson(NamedTuple):
    """A response rendered as JSON, before it becomes FastAPI's or the fast path's."""

    content: bytes
    status: int = 200
    headers: Mapping[str, str] = {}


def answer(
    value: object,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    exclude_none: bool = False,
) -> Response:
    """The value as JSON."""
    return response(plain(value, status, headers, exclude_none=exclude_none))


def response(answer: RenderedJson) -> Response:
    """An answer as FastAPI wants it."""
    return Response(answer.content, answer.status, answer.headers, "application/json")


def plain(
    value: object,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    exclude_none: bool = False,
) -> RenderedJson:
    """The value as JSON, for the short way too."""
    return RenderedJson(to_json(value, exclude_none=exclude_none), status, headers or {})


def done_answer(done: Done) -> Response:
    """An answer that may have been kept."""
    return Response(done.body, done.status, dict(done.headers), "application/json")


def to_json(value: Any, *, exclude_none: bool = False) -> bytes:
    """The value as JSON, by its type."""
    # A class is hashable; typeshed thinks otherwise of type[Any].
    return _adapter(type(value)).dump_json(value, exclude_none=exclude_none)  # type: ignore[arg-type]


def model_headers(loaded: LoadedArtifact) -> dict[str, str]:
    """What every answer of a model says of it: `simulated`, `file` or `users`."""
    return {ORIGIN: loaded.manifest.origin.source}


def cached_answer(request: Request, value: object, loaded: LoadedArtifact) -> Response:
    """The value with an ETag, or 304 if whoever asks has it already."""
    content = to_json(value)
    tag = entity_tag(value, loaded)
    headers = {**model_headers(loaded), "ETag": tag, "Cache-Control": "no-cache"}
    if matches(request.headers.getlist("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, 200, headers, "application/json")


def entity_tag(value: object, loaded: LoadedArtifact) -> str:
    """The ETag of a value that depends on the model."""
    digest = hashlib.blake2b(to_json(value), digest_size=8).hexdigest()
    return f'"{loaded.manifest.version}.{digest}"'


def matches(asked: list[str], tag: str) -> bool:
    """Whether an If-None-Match names the tag; weak ones count (RFC 9110, 13.1.2)."""
    names = [name.strip().removeprefix("W/") for line in asked for name in line.split(",")]
    return "*" in names or tag in names


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
