"""Problem details (RFC 9457): the one body of every 4xx and 5xx.

A problem says what is wrong and what to do next. It never quotes a value of the request; of names, it quotes
the start of an unknown field's.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from service.http.error_table import ProblemType
from service.observability.logs import request_id

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 100
_MAX_NAME = 64
_MAX_INSTANCE = 300

RequestPart = Literal["body", "query", "path", "header"]


class FieldProblem(BaseModel):
    """What is wrong with one field or parameter."""

    model_config = ConfigDict(frozen=True)

    place: RequestPart = Field(description="The part of the request that `pointer` points into.")
    pointer: str = Field(description="JSON pointer (RFC 6901).")
    detail: str


class Problem(BaseModel):
    """What went wrong, and what to do next (RFC 9457)."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="The identifier of this type of problem; it never changes.")
    title: str
    status: int
    detail: str = Field(description="What is wrong with this request, and what to do next.")
    instance: str = Field(description="The path of the request.")
    request_id: str = Field(description="The id of the request in the logs and in the `X-Request-ID` header.")
    errors: tuple[FieldProblem, ...] = ()
    job: str | None = Field(default=None, description="The path of the retrain that the problem is about.")


def problem_response(
    kind: ProblemType,
    detail: str,
    instance: str,
    *,
    errors: Sequence[FieldProblem] = (),
    job: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response for a problem."""
    body = Problem(
        type=kind.uri,
        title=kind.title,
        status=kind.status,
        detail=detail,
        # A path may hold lone surrogates, which UTF-8 cannot encode.
        instance=instance[:_MAX_INSTANCE].encode("utf-8", "replace").decode(),
        request_id=request_id.get(),
        errors=tuple(errors),
        job=job,
    )
    all_headers = dict(headers or {})
    if kind.retry_after is not None:
        all_headers.setdefault("Retry-After", str(kind.retry_after))
    content = body.model_dump_json(exclude={"job"} if job is None else None)
    return Response(content, kind.status, all_headers, MEDIA_TYPE)


def field_problems(errors: Sequence[Any], known_fields: Sequence[str]) -> list[FieldProblem]:
    """pydantic's errors as pointers and sentences, the first `MAX_ERRORS` of them."""
    return [_field_problem(error, known_fields) for error in errors[:MAX_ERRORS]]


def _field_problem(error: Mapping[str, Any], known_fields: Sequence[str]) -> FieldProblem:
    location, *path = error["loc"] or ("body",)
    detail = _sentence(error, str(path[-1]) if path else "", known_fields)
    return FieldProblem(place=location, pointer=json_pointer(path), detail=detail)


def _sentence(error: Mapping[str, Any], name: str, known_fields: Sequence[str]) -> str:
    match error["type"]:
        case "extra_forbidden":
            return unknown_field(name, known_fields)
        case "missing" if not name:
            return "JSON body required."
        case "missing":
            return "Field required."
        case _:
            return f"{error['msg'].removeprefix('Value error, ')}."


def unknown_field(name: str, known_fields: Sequence[str]) -> str:
    """The sentence for an unknown field, with the known field nearest to it."""
    near = get_close_matches(name[:_MAX_NAME].lower(), known_fields, n=1, cutoff=0.5)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known fields: {', '.join(known_fields)}."
    return f"Unknown field '{name[:_MAX_NAME]}'. {hint}"


def json_pointer(path: Sequence[int | str]) -> str:
    """A JSON pointer (RFC 6901); long names are shortened."""
    steps = (str(step)[:_MAX_NAME].replace("~", "~0").replace("/", "~1") for step in path)
    return "".join(f"/{step}" for step in steps)
