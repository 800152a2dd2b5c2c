"""The table of errors, and the problems that the framework's own refusals become."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

import service.app
import service.commands.main  # every module with errors of the service is imported by these two
from models.errors import ModelError, ProfileShapeError, SegmentsError
from service.commands.database import UnusableDatabase
from service.commands.startup_checks import DatabaseInUse, NoWorkingKey
from service.http.error_table import BY_STATUS, INTERNAL, TABLE, problem_type
from service.retraining.export import ExportFailed
from service.security.keys import UnusableKey
from service.settings import SettingsError
from service.store.ports.errors import StoreError, UnusableDatabaseUrl
from service.store.ports.keys import KeyNotFound
from tests.support.problems import assert_problem

# Reported to the operator, stored with a job, or raised at import: no request meets them.
NEVER_ANSWERED = {
    SettingsError,
    service.commands.listener.AddressTaken,
    NoWorkingKey,
    DatabaseInUse,
    KeyNotFound,
    UnusableKey,
    UnusableDatabaseUrl,
    UnusableDatabase,
    ExportFailed,
    ProfileShapeError,
}
# Bases, and what only a defect of ours can raise: 500 on purpose.
INTERNAL_ERRORS = {SegmentsError, ModelError, StoreError}


def every_error(base: type[SegmentsError] = SegmentsError) -> list[type[SegmentsError]]:
    return [base, *(error for child in base.__subclasses__() for error in every_error(child))]


ERRORS_OF_REQUESTS = [
    error
    for error in every_error()
    if error.__module__.startswith(("models", "service")) and error not in NEVER_ANSWERED | INTERNAL_ERRORS
]


@pytest.mark.parametrize("error", ERRORS_OF_REQUESTS, ids=lambda error: error.__name__)
def test_every_error_that_a_request_can_meet_is_in_the_table(error: type[SegmentsError]) -> None:
    assert any(base in TABLE for base in error.__mro__ if base is not SegmentsError)


def test_error_that_is_not_in_the_table_is_treated_as_its_base() -> None:
    class NotInTheTable(SegmentsError):
        pass

    assert problem_type(NotInTheTable) is INTERNAL


def test_problem_types_have_unique_names() -> None:
    kinds = {*TABLE.values(), *BY_STATUS.values()}
    assert len({kind.name for kind in kinds}) == len(kinds)


@pytest.mark.parametrize(
    "path", ["/nope", "/segment/", "/users/a/b/persona", "/users%2Fa/persona", "/%C3%BF", "/users//persona"]
)
def test_unknown_path_is_a_problem(client: TestClient, path: str) -> None:
    assert_problem(client.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/segment", "POST"),
        ("PATCH", "/retrain", "GET, HEAD, POST"),
        ("HEAD", "/segment", "POST"),
        ("POST", "/static/docs/swagger-ui.css", "GET, HEAD"),
    ],
)
def test_other_method_is_refused_with_the_allowed_ones(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    response = client.request(method, path)
    assert response.headers["allow"] == allowed
    assert response.status_code == 405
    if method != "HEAD":
        assert_problem(response, 405, "method-not-allowed")


def test_unhandled_exception_is_a_problem_without_its_cause(app: FastAPI) -> None:
    @app.get("/defect")
    def defect() -> None:
        raise RuntimeError("secret")

    with TestClient(app) as client:
        response = client.get("/defect")
    assert_problem(response, 500, "internal-error")
    assert "secret" not in response.text


def test_safe_request_id_is_used(client: TestClient) -> None:
    assert client.get("/livez", headers={"X-Request-ID": "abc-1.2_Z"}).headers["x-request-id"] == "abc-1.2_Z"


@pytest.mark.parametrize("unsafe", ["", "a b", "x" * 65, "ü", "<script>", "a\tb"])
def test_unsafe_request_id_is_replaced(client: TestClient, unsafe: str) -> None:
    response = client.get("/nope", headers=[(b"X-Request-ID", unsafe.encode())])
    assert len(assert_problem(response, 404, "not-found")["request_id"]) == 32
