"""The one check of a problem body; every test of a refusal goes through it."""

import re
from typing import Any, Protocol

from service.http.error_table import TYPE_PREFIX
from service.http.problems import MEDIA_TYPE


class Response(Protocol):
    """The response of any HTTP client."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Any: ...
    def json(self) -> Any: ...


def assert_problem(response: Response, status: int, name: str) -> dict[str, Any]:
    """The response is a complete problem of that status and name; its body."""
    assert response.headers["content-type"] == MEDIA_TYPE
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["type"]) == (status, TYPE_PREFIX + name), body
    assert body["status"] == status
    assert body["title"]
    assert len(body["detail"]) > 10
    assert body["instance"].startswith("/")
    assert body["request_id"] == response.headers["x-request-id"] != ""
    assert set(body) <= {"type", "title", "status", "detail", "instance", "request_id", "errors", "job"}
    for error in body["errors"]:
        assert re.fullmatch(r"(/([^~/]|~[01])*)*", error["pointer"])
        assert error["detail"][-1] in ".?"
        assert error["place"] in {"body", "query", "path", "header"}
    return body
