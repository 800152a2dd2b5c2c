"""The table of errors, and the problems that the framework's own refusals become."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

import service.app
import service.commands.main  # every module with errors of the service is imported by these two
from models.errors import ModelError, ProfileShapeError, SegmentsError
from service.commands.startup_checks import DatabaseInUse, NoWorkingKey
from service.http.error_table import BY_STATUS, INTERNAL, TABLE, problem_type
from service.retraining.export import ExportFailed
from service.security.keys import UnusableKey
from service.settings import SettingsError
from service.store.ports.errors import StoreError, UnusableDatabaseUrl
from service.store.ports.keys import KeyNotFound
from tests.support.problems import assert_problem

# Told to whoever starts the service, kept with a job, or raised at import: no request meets them.
NEVER_ANSWERED = {
    SettingsError,
    service.commands.listener.AddressTaken,
    NoWorkingKey,
    DatabaseInUse,
    KeyNotFound,
    UnusableKey,
    UnusableDatabaseUrl,
    ExportFailed,
    ProfileShapeError,
}
# Bases, and what only a defect of ours can raise: 500 on purpose.
OURS = {SegmentsError, ModelError, StoreError}


def every_error(base: type[SegmentsError] = SegmentsError) -> list[type[SegmentsError]]:
    return [base, *(found for child in base.__subclasses__() for found in every_error(child))]


ERRORS_OF_REQUESTS = [
    error
    for error in every_error()
    if error.__module__.startswith(("models", "service")) and error not in NEVER_ANSWERED | OURS
]


@pytest.mark.parametrize("error", ERRORS_OF_REQUESTS, ids=lambda error: error.__name__)
def test_every_error_that_a_request_can_meet_is_in_the_table(error: type[SegmentsError]) -> None:
    assert any(base in TABLE for base in error.__mro__ if base is not SegmentsError)


def test_an_error_that_is_not_in_the_table_is_answered_as_its_base() -> None:
    class Odd(SegmentsError):
        pass

    assert problem_type(Odd) is INTERNAL


def test_problem_types_are_told_apart_by_their_names() -> None:
    kinds = {*TABLE.values(), *BY_STATUS.values()}
    assert len({kind.name for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("path", ["/nope", "/segment/", "/users/a%2Fb/persona", "/%ff", "/users//persona"])
def test_an_address_that_does_not_exist_is_a_problem(client: TestClient, path: str) -> None:
    assert_problem(client.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/segment", "POST"),
        ("PATCH", "/retrain", "GET, POST"),
        ("HEAD", "/personas", "GET"),
        ("POST", "/static/docs/swagger-ui.css", "GET, HEAD"),
    ],
)
def test_another_method_is_refused_and_the_right_ones_are_named(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, path)
    assert answer.headers["allow"] == allowed
    assert answer.status_code == 405
    if method != "HEAD":
        assert_problem(answer, 405, "method-not-allowed")


def test_a_defect_is_a_problem_that_tells_nothing_of_its_cause(app: FastAPI) -> None:
    @app.get("/defect")
    def defect() -> None:
        raise RuntimeError("secret")

    with TestClient(app) as client:
        answer = client.get("/defect")
    assert_problem(answer, 500, "internal-error")
    assert "secret" not in answer.text


def test_a_request_id_that_is_safe_is_kept(client: TestClient) -> None:
    assert client.get("/livez", headers={"X-Request-ID": "abc-1.2_Z"}).headers["x-request-id"] == "abc-1.2_Z"


@pytest.mark.parametrize("unsafe", ["", "a b", "x" * 65, "ü", "<script>", "a\tb"])
def test_a_request_id_that_is_not_safe_is_replaced(client: TestClient, unsafe: str) -> None:
    answer = client.get("/nope", headers=[(b"X-Request-ID", unsafe.encode())])
    assert len(assert_problem(answer, 404, "not-found")["request_id"]) == 32
