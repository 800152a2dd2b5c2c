"""Problem details (RFC 9457): the one body of every 4xx and 5xx.

A problem says what is wrong and what to do next. It never quotes a value of the request; of names, it quotes
the start of an unknown field's.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo
from starlette.responses import Response

from service.http.error_table import ProblemType
from service.http.path_prefix import public_path
from service.observability.logs import request_id
from service.sentences import MAX_NAME, Subject, sentence, subject_of

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 100
_MAX_INSTANCE = 300
# What stands for itself in a path (RFC 3986, 3.3), and escapes that the path has already.
_IN_PATHS = "/%:@!$&'()*+,;="

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
    instance: str = Field(description="The path of the request, percent-encoded.")
    request_id: str = Field(description="The id of the request in the logs and in the `X-Request-ID` header.")
    errors: tuple[FieldProblem, ...] = ()
    job: str | None = Field(default=None, description="The path of the job that the problem is about.")


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
        instance=quote(public_path(instance)[:_MAX_INSTANCE].encode("utf-8", "replace"), safe=_IN_PATHS),
        request_id=request_id.get(),
        errors=tuple(errors),
        job=job,
    )
    all_headers = dict(headers or {})
    if kind.retry_after is not None:
        all_headers.setdefault("Retry-After", str(kind.retry_after))
    content = body.model_dump_json(exclude={"job"} if job is None else None)
    return Response(content, kind.status, all_headers, MEDIA_TYPE)


def field_problems(
    errors: Sequence[Any],
    model: type[BaseModel] | None,
    parameters: Mapping[str, FieldInfo] | None = None,
    *,
    is_item: bool = False,
) -> list[FieldProblem]:
    """pydantic's errors as pointers and sentences, the first `MAX_ERRORS` of them.

    `model`: the class that the body, or `is_item` one value in a list of it, was validated by; `parameters`: the
    declarations of the others, by name.
    """
    return [_field_problem(error, model, parameters or {}, is_item) for error in errors[:MAX_ERRORS]]


def _field_problem(
    error: Mapping[str, Any], model: type[BaseModel] | None, parameters: Mapping[str, FieldInfo], is_item: bool
) -> FieldProblem:
    location, *path = error["loc"] or ("body",)
    subject = subject_of(path, model, is_item) if location == "body" else _parameter(path, parameters)
    return FieldProblem(place=location, pointer=json_pointer(path), detail=sentence(error, subject))


def _parameter(path: Sequence[int | str], parameters: Mapping[str, FieldInfo]) -> Subject:
    name = str(path[0]) if path else ""
    return Subject(name=name[:MAX_NAME], model=None, info=parameters.get(name), is_item=False)


def json_pointer(path: Sequence[int | str]) -> str:
    """A JSON pointer (RFC 6901); long names are shortened."""
    steps = (str(step)[:MAX_NAME].replace("~", "~0").replace("/", "~1") for step in path)
    return "".join(f"/{step}" for step in steps)
