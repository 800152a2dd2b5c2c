"""The responses of a route in the OpenAPI document: an example of each, problems included."""

from copy import deepcopy
from typing import Any

from models.errors import SegmentsError
from service.http.error_table import (
    BY_STATUS,
    INTERNAL,
    INVALID,
    MALFORMED_REQUEST,
    TOO_SLOW,
    UNTRUSTED_HOST,
    ProblemType,
    problem_type,
)
from service.http.examples.problems import problem
from service.http.problems import MEDIA_TYPE
from service.limits import Overloaded, RateExceeded
from service.security.guard import Forbidden, Unauthenticated
from service.store.ports.errors import StoreUnavailable

Responses = dict[int | str, dict[str, Any]]

JSON = "application/json"
PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}
ACCESS_ERRORS = (Unauthenticated, Forbidden, RateExceeded, StoreUnavailable)
BODY_STATUSES = (400, 413, 415)
NOT_MODIFIED: Responses = {304: {"description": "The representation that `If-None-Match` names is current."}}


def documented(
    status: int,
    example: object,
    *errors: type[SegmentsError],
    body: bool = False,
    invalid: bool = False,
    media: str = JSON,
    model: type[object] | None = None,
) -> Responses:
    """The responses of a route: one that succeeds, and its problems.

    `body`: it reads JSON, with all that can be wrong with that; `invalid`: it has parameters to validate; `model`:
    the schema of a success that is not the route's main one. What is not JSON is described as text.
    """
    kinds = [problem_type(error) for error in errors]
    kinds += [BY_STATUS[number] for number in BODY_STATUSES] if body else []
    kinds += [INVALID] if body or invalid else []
    content = {"example": example} if media == JSON else {"schema": {"type": "string"}, "example": example}
    responses: Responses = {status: {"content": {media: content}}}
    if model is not None:
        responses[status]["model"] = model
    for kind in sorted([*kinds, INTERNAL], key=lambda kind: kind.status):
        _add(responses, kind)
    return responses


def documented_table(ndjson: str, csv: str, *errors: type[SegmentsError]) -> Responses:
    """The responses of a route that sends a table of any length, with an example in each format."""
    responses = documented(200, ndjson, *errors, invalid=True, media="application/x-ndjson")
    responses[200]["content"]["text/csv"] = {"schema": {"type": "string"}, "example": csv}
    return responses


def no_content(*errors: type[SegmentsError]) -> Responses:
    """The responses of a route that succeeds without a body (204), and its problems."""
    responses = documented(204, None, *errors, invalid=True)
    responses[204] = {"description": "Done."}
    return responses


def with_refusals(responses: Responses, guarded: bool, always_admitted: bool) -> Responses:
    """A route's responses, with those problems that no route declares: of admission control and of the key."""
    documented = deepcopy(responses)
    kinds = [MALFORMED_REQUEST]
    kinds += [problem_type(error) for error in ACCESS_ERRORS] if guarded else []
    # Unknown parameters are refused wherever there are parameters at all.
    kinds += [] if always_admitted else [UNTRUSTED_HOST, INVALID, problem_type(Overloaded), TOO_SLOW]
    kinds += [BY_STATUS[408]] if 415 in documented else []
    for kind in kinds:
        _add(documented, kind)
    return dict(sorted(documented.items(), key=lambda response: int(response[0])))


def _add(responses: Responses, kind: ProblemType) -> None:
    content = {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA, "examples": {}}}
    entry = responses.setdefault(kind.status, {"description": kind.title, "content": content})
    example = {"summary": kind.title, "value": problem(kind)}
    entry["content"][MEDIA_TYPE]["examples"][kind.name] = example
    if kind.status == 401:
        entry["headers"] = {
            "WWW-Authenticate": {"description": "How to authenticate.", "schema": {"type": "string"}}
        }
    if kind.retry_after is not None:
        entry["headers"] = {
            "Retry-After": {"description": "Seconds to wait before a retry.", "schema": {"type": "integer"}}
        }
