"""Examples of problems, one a type."""

from typing import Any

from service.http.error_table import INVALID, TYPE_PREFIX, ProblemType
from service.http.examples.retrain import JOB_ID


def problem(kind: ProblemType) -> dict[str, Any]:
    """A problem of that kind."""
    body: dict[str, Any] = {
        "type": kind.uri,
        "title": kind.title,
        "status": kind.status,
        "detail": f"{kind.title}; the detail says what to do next.",
        "instance": "/the/requested/path",
        "request_id": "5d1f0c1e8a7b4f6e",
        "errors": [],
    }
    if kind is INVALID:
        error = {
            "place": "body",
            "pointer": "/hobies",
            "detail": "Unknown field 'hobies'. Did you mean 'hobbies'?",
        }
        body["errors"] = [error]
    if kind.uri == f"{TYPE_PREFIX}retrain-running":
        body["job"] = f"/retrain/{JOB_ID}"
    return body
