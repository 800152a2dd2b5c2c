"""Problems as exceptions, which hold no key."""

import json
import logging
import pickle
import traceback
from typing import Any

import httpx2 as httpx
import pytest
from backpocket_segments import (
    AlreadyRunning,
    Conflict,
    ConnectionFailed,
    CursorExpired,
    InvalidRequest,
    JobFailed,
    NotAllowed,
    NotFound,
    Retries,
    SegmentsClient,
    SegmentsError,
    SegmentsProblem,
    TimedOut,
    Unavailable,
    UnexpectedResponse,
    UserErased,
)
from backpocket_segments.decoding import decode
from backpocket_segments.errors import problem_of
from backpocket_segments.results import ImportJob

from service.http.error_table import BY_STATUS, TABLE, ProblemType
from tests.client.fake_service import FakeService

KEY = "bps_12345678_secretsecretsecretsecretsecretsecretsecr"
CLASSES: dict[str, type[SegmentsProblem]] = {
    "unauthenticated": NotAllowed,
    "user-not-found": NotFound,
    "retrain-running": AlreadyRunning,
    "name-taken": Conflict,
    "user-erased": UserErased,
    "expired-cursor": CursorExpired,
    "invalid-request": InvalidRequest,
    "rate-exceeded": Unavailable,
    "no-model": Unavailable,
    "internal-error": SegmentsProblem,
}


@pytest.mark.parametrize("kind", [*TABLE.values(), *BY_STATUS.values()], ids=lambda kind: kind.name)
def test_every_problem_of_the_service_has_a_class_and_survives_pickling(kind: ProblemType) -> None:
    errors = [{"place": "body", "pointer": "/age", "detail": "age is at least 13."}]
    error = problem_of(
        {"type": kind.uri, "status": kind.status, "title": kind.title, "request_id": "7", "errors": errors}
    )
    assert error.name == kind.name
    assert type(error) is CLASSES.get(kind.name, type(error))
    assert type(error) is not SegmentsProblem or kind.status in (405, 408, 431, 500)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_failed_job_survives_pickling() -> None:
    job = decode(ImportJob, json.dumps(FakeService()._job_as("FAILED")).encode())
    again = pickle.loads(pickle.dumps(JobFailed(job)))
    assert again.job == job
    assert str(again) == "The job 7 is FAILED: The disk is full."


def client_that_gets(outcome: httpx.Response | Exception, key: str | None = KEY) -> SegmentsClient:
    def respond(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == f"Bearer {key}"
        if isinstance(outcome, Exception):
            outcome.request = request  # type: ignore[attr-defined]
            raise outcome
        return outcome

    retries = Retries(attempts=2, first_pause=0)
    return SegmentsClient("http://segments.example", key, transport=httpx.MockTransport(respond), retries=retries)


PROBLEM = {"type": "urn:segments:problem:user-not-found", "status": 404, "title": "User not found", "detail": "…"}
OUTCOMES: list[tuple[httpx.Response | Exception, type[SegmentsError]]] = [
    (httpx.Response(404, json=PROBLEM), NotFound),
    (httpx.Response(500, text="<html>"), SegmentsProblem),
    (httpx.Response(302, headers={"Location": "/login"}), UnexpectedResponse),
    (httpx.Response(200, text="<html>"), UnexpectedResponse),
    (httpx.Response(200, json={"user_id": 3}), UnexpectedResponse),
    (httpx.ConnectError("refused"), ConnectionFailed),
    (httpx.ReadTimeout(""), TimedOut),
]


@pytest.mark.parametrize(("outcome", "kind"), OUTCOMES, ids=lambda value: repr(value))
def test_neither_errors_nor_logs_nor_repr_hold_the_key(
    outcome: httpx.Response | Exception, kind: type[SegmentsError], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with client_that_gets(outcome) as segments, pytest.raises(kind) as caught:
        segments.get_persona("ada")
    chain: list[Any] = [caught.value, caught.value.__cause__, caught.value.__context__]
    shown = [*map(repr, chain), *map(str, chain), *traceback.format_exception(caught.value)]
    shown += [repr(segments), repr(vars(segments)), repr(vars(segments._http)), caplog.text]
    assert [text for text in shown if "secret" in text] == []


def test_unreadable_response_is_described_without_its_values() -> None:
    response = httpx.Response(200, json={"fields": [], "model_version": ["private"], "simulated": True})
    with client_that_gets(response) as segments, pytest.raises(UnexpectedResponse) as caught:
        segments.vocabulary()
    assert str(caught.value) == "This is no Vocabulary: list where <class 'str'> is expected."
    assert "private" not in "".join(traceback.format_exception(caught.value))
