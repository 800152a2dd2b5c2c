"""What the OpenAPI document says of a route's answers: an example of each, problems included."""

from typing import Any

from models.errors import SegmentsError
from service.errors import BY_STATUS, INTERNAL, INVALID, ProblemType, problem_type
from service.problems import MEDIA_TYPE
from service.routes import examples

Responses = dict[int | str, dict[str, Any]]

PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}
BODY_STATUSES = (400, 413, 415)
NOT_MODIFIED: Responses = {304: {"description": "What `If-None-Match` names is still current."}}


def documented(
    status: int,
    example: object,
    *errors: type[SegmentsError],
    body: bool = False,
    invalid: bool = False,
    media: str = "application/json",
) -> Responses:
    """The answers of a route: one that succeeds, and the problems that it may tell.

    `body`: it reads JSON, with all that can be wrong with that; `invalid`: it has parameters to validate.
    """
    kinds = [problem_type(error) for error in errors]
    kinds += [BY_STATUS[number] for number in BODY_STATUSES] if body else []
    kinds += [INVALID] if body or invalid else []
    responses: Responses = {status: {"content": {media: {"example": example}}}}
    for kind in sorted([*kinds, INTERNAL], key=lambda kind: kind.status):
        _add(responses, kind)
    return responses


def _add(responses: Responses, kind: ProblemType) -> None:
    content = {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA, "examples": {}}}
    entry = responses.setdefault(kind.status, {"description": kind.title, "content": content})
    example = {"summary": kind.title, "value": examples.problem(kind)}
    entry["content"][MEDIA_TYPE]["examples"][kind.name] = example
    if kind.retry_after is not None:
        entry["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
