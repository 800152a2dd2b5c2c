"""The one check of a problem body; every test of a refusal goes through it."""

import re
from typing import Any, Protocol

from service.http.error_table import TYPE_PREFIX
from service.http.problems import MEDIA_TYPE


class Answered(Protocol):
    """What any HTTP client gives back."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Any: ...
    def json(self) -> Any: ...


def assert_problem(answer: Answered, status: int, name: str) -> dict[str, Any]:
    """The answer is a whole problem of that status and name; its body."""
    assert answer.headers["content-type"] == MEDIA_TYPE
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["type"]) == (status, TYPE_PREFIX + name), body
    assert body["status"] == status
    assert body["title"]
    assert len(body["detail"]) > 10
    assert body["instance"].startswith("/")
    assert body["request_id"] == answer.headers["x-request-id"] != ""
    assert set(body) <= {"type", "title", "status", "detail", "instance", "request_id", "errors", "job"}
    for error in body["errors"]:
        assert re.fullmatch(r"(/([^~/]|~[01])*)*", error["pointer"])
        assert error["detail"][-1] in ".?"
        assert error["place"] in {"body", "query", "path", "header"}
    return body
