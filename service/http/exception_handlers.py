"""From an exception to a problem: ours by the table, the framework's by their status."""

from collections.abc import Sequence
from typing import cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from models.errors import SegmentsError
from service.http.error_table import INVALID, problem_type, problem_type_of_status
from service.http.problems import MAX_ERRORS, field_problems, problem_response
from service.http.schemas.retrain import job_path
from service.limits import LimitExceeded
from service.observability.logs import log_failure
from service.security.guard import Forbidden, Unauthenticated
from service.store.ports.jobs import JobRunning

INVALID_DETAIL = "Change what `errors` names and send it again; /docs shows every field."
_DETAILS = {
    404: "There is nothing at this address; /docs lists all that there is.",
    405: "This address takes other methods; the Allow header names them.",
}


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Answer every exception with a problem. `routes`: all that an Allow header may have to name."""
    app.state.all_routes = routes
    app.add_exception_handler(SegmentsError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, refused)


async def ours(request: Request, error: Exception) -> Response:
    """An error of ours, as the table has it."""
    return answer_of(cast(SegmentsError, error), request.scope["path"])


def answer_of(error: SegmentsError, path: str) -> Response:
    """The problem that an error is to whoever asked. What is our own fault is logged and not explained."""
    kind = problem_type(type(error))
    # A crowd that is turned away would fill the log: the line of each request says as much.
    if kind.status >= 500 and not isinstance(error, LimitExceeded):
        log_failure(error)
    job = job_path(error.job.id) if isinstance(error, JobRunning) else None
    detail = str(error) if kind.status != 500 else "This is our fault; the log has it under the request id."
    return problem_response(kind, detail, path, job=job, headers=_headers(error))


def _headers(error: SegmentsError) -> dict[str, str]:
    match error:
        case JobRunning():
            return {"Location": job_path(error.job.id)}
        case Unauthenticated() | Forbidden():
            return {"WWW-Authenticate": error.challenge}
        case LimitExceeded():
            return {"Retry-After": str(error.retry_after)}
        case _:
            return {}


async def invalid(request: Request, error: Exception) -> Response:
    """A body or a parameter that does not fit; no value of it is told back."""
    errors = cast(RequestValidationError, error).errors()
    problems = [
        problem
        for each in errors[:MAX_ERRORS]
        for problem in field_problems([each], _known_fields(request, each["loc"][1:-1]))
    ]
    return problem_response(INVALID, INVALID_DETAIL, request.scope["path"], errors=problems)


async def refused(request: Request, error: Exception) -> Response:
    """The router's and our own refusals by status."""
    refusal = cast(HTTPException, error)
    headers = dict(refusal.headers or {})
    if refusal.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request)) or "GET, HEAD"
    kind = problem_type_of_status(refusal.status_code)
    detail = _DETAILS.get(refusal.status_code, refusal.detail)
    return problem_response(kind, detail, request.scope["path"], headers=headers)


def _known_fields(request: Request, path: Sequence[int | str]) -> tuple[str, ...]:
    """The fields of the body that the route takes, or of what stands at this path in it."""
    field = getattr(request.scope.get("route"), "body_field", None)
    annotation = getattr(getattr(field, "field_info", None), "annotation", None)
    for name in path:
        inner = getattr(annotation, "model_fields", {}).get(name)
        annotation = inner.annotation if inner is not None else annotation
    return tuple(getattr(annotation, "model_fields", ()))


def _methods(request: Request) -> list[str]:
    """Every method that some route takes at this path; the router names those of one route alone."""
    methods: set[str] = set()
    for route in request.app.state.all_routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            methods |= set(getattr(route, "methods", None) or ())
    return sorted(methods)
