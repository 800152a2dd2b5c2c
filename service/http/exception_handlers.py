"""Turns exceptions into problem responses: the service's errors by the error table, the framework's by status."""

from collections.abc import Sequence
from typing import cast

from fastapi import FastAPI
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from models.errors import SegmentsError
from service.http.error_table import INVALID, problem_type, problem_type_of_status
from service.http.problems import field_problems, problem_response
from service.http.schemas.imports import import_path
from service.http.schemas.retrain import job_path
from service.importing.jobs import ImportRunning
from service.limits import LimitExceeded
from service.observability.logs import log_failure
from service.security.guard import Forbidden, Unauthenticated
from service.store.ports.errors import StoreUnavailable
from service.store.ports.jobs import JobRunning

INVALID_DETAIL = "Correct what `errors` names and send it again; /docs shows every field."
INTERNAL_DETAIL = "The service failed; its log has the cause under this request id."
_DETAILS = {
    404: "No resource has this path; /docs lists every route.",
    405: "This path supports other methods; the Allow header names them.",
}


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Answer every exception with a problem. `routes`: every route, for the Allow header."""
    app.state.all_routes = routes
    app.add_exception_handler(SegmentsError, handle_segments_error)
    app.add_exception_handler(RequestValidationError, handle_invalid_request)
    app.add_exception_handler(HTTPException, handle_http_exception)


async def handle_segments_error(request: Request, error: Exception) -> Response:
    """An error of the service, by the table."""
    if isinstance(error, StoreUnavailable):
        request.app.state.services.metrics.store_failures.inc()
    return response_of(cast(SegmentsError, error), request.scope["path"])


def response_of(error: SegmentsError, path: str) -> Response:
    """The problem response for an error. A failure of the service is logged and not explained."""
    kind = problem_type(type(error))
    # Shed load would fill the log; the access log has a record of each request anyway.
    if kind.status >= 500 and not isinstance(error, LimitExceeded):
        log_failure(error)
    job = _job_path(error)
    detail = str(error) if kind.status != 500 else INTERNAL_DETAIL
    return problem_response(kind, detail, path, job=job, headers=_headers(error))


def _job_path(error: SegmentsError) -> str | None:
    """The path of the job that an error is about."""
    match error:
        case JobRunning():
            return job_path(error.job.id)
        case ImportRunning():
            return import_path(error.job.id)
        case _:
            return None


def _headers(error: SegmentsError) -> dict[str, str]:
    match error:
        case JobRunning() | ImportRunning():
            return {"Location": _job_path(error) or ""}
        case Unauthenticated() | Forbidden():
            return {"WWW-Authenticate": error.challenge}
        case LimitExceeded():
            return {"Retry-After": str(error.retry_after)}
        case _:
            return {}


async def handle_invalid_request(request: Request, error: Exception) -> Response:
    """A body or parameter that is not valid; the response quotes no value of it."""
    invalid = cast(RequestValidationError, error)
    problems = field_problems(invalid.errors(), _body_class(request), _parameters(request))
    return problem_response(INVALID, INVALID_DETAIL, request.scope["path"], errors=problems)


async def handle_http_exception(request: Request, error: Exception) -> Response:
    """An error of the router, or of a body that cannot be read, by its status."""
    refusal = cast(HTTPException, error)
    headers = dict(refusal.headers or {})
    if refusal.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request)) or "GET, HEAD"
    kind = problem_type_of_status(refusal.status_code)
    detail = _DETAILS.get(refusal.status_code, refusal.detail)
    return problem_response(kind, detail, request.scope["path"], headers=headers)


def _body_class(request: Request) -> type[BaseModel] | None:
    """The class of the body that the request's route takes."""
    field = getattr(request.scope.get("route"), "body_field", None)
    annotation = getattr(getattr(field, "field_info", None), "annotation", None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _parameters(request: Request) -> dict[str, FieldInfo]:
    """The declarations of the parameters of the request's route, by their names in a request."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    return {field.alias: field.field_info for field in get_flat_params(dependant)} if dependant else {}


def _methods(request: Request) -> list[str]:
    """Every method of any route with this path; the router names those of one route alone."""
    methods: set[str] = set()
    for route in request.app.state.all_routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            methods |= set(getattr(route, "methods", None) or ())
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))
