"""Requests are sent again where that is safe and may help, and no longer than was agreed."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from backpocket_segments import (
    ConnectionFailed,
    NotFound,
    Retries,
    SegmentsError,
    SegmentsProblem,
    TimedOut,
    Unavailable,
)
from backpocket_segments.calls import Call, Pause, Run
from backpocket_segments.operations import assignments, jobs, rights, transfers, users
from backpocket_segments.session import MAX_CACHED, Reply, Send, Session, seconds_of
from hypothesis import given
from hypothesis import strategies as st

from service.http.error_table import BY_STATUS, TABLE
from tests.client.support import first_call

READ = first_call(users.get_persona("ada"))
PUT = first_call(users.put_profile("ada", {}))
SEGMENT = first_call(assignments.segment({}))
KEYED = first_call(jobs.retrain())
RECORDS = first_call(transfers.import_users([{"user_id": "ada"}]))
FILE = first_call(transfers.import_users("users.ndjson"))
IDEMPOTENT = [READ, PUT, SEGMENT, KEYED, first_call(users.get_personas(["ada"])), first_call(rights.erase("ada"))]


def problem(status: int, name: str, **headers: str) -> Reply:
    body = f'{{"type": "urn:segments:problem:{name}", "status": {status}, "title": "", "detail": ""}}'
    return Reply(status, headers, body.encode())


class Attempts:
    """A session whose requests get these outcomes, the last one over and over; its clock is its pauses."""

    def __init__(self, call: Call[Any], outcomes: Sequence[Reply | SegmentsError], **retries: Any) -> None:
        self.pauses: list[float] = []
        self.sent: list[Send] = []
        run = Run(Session(Retries(**retries), lambda: sum(self.pauses)).attempts(call))
        self.error: SegmentsError | None = None
        try:
            step = run.advance()
            while step is not None:
                step = run.advance(self._outcome(step, outcomes))
        except SegmentsError as error:
            self.error = error

    def _outcome(self, step: Send | Pause, outcomes: Sequence[Reply | SegmentsError]) -> object:
        if isinstance(step, Pause):
            self.pauses.append(step.seconds)
            return None
        self.sent.append(step)
        return outcomes[min(len(self.sent), len(outcomes)) - 1]


@given(attempt=st.integers(1, 2_000), draw=st.floats(0, 1, exclude_max=True), seed=st.integers(0, 99))
def test_pause_is_drawn_from_zero_to_a_limit_that_doubles(attempt: int, draw: float, seed: int) -> None:
    retries = Retries(first_pause=0.2, longest_pause=10)
    limit = 0.2 * 2 ** (attempt - 1) if attempt < 8 else 10
    assert retries.pause(attempt, None, lambda: draw) == pytest.approx(min(limit, 10) * draw)
    assert 0 <= retries.pause(attempt, None, random.Random(seed).random) <= 10


@given(retry_after=st.floats(0, 100), draw=st.floats(0, 1, exclude_max=True))
def test_pause_is_never_shorter_than_the_service_says(retry_after: float, draw: float) -> None:
    assert Retries().pause(1, retry_after, lambda: draw) >= retry_after


@pytest.mark.parametrize("call", IDEMPOTENT, ids=lambda call: f"{call.method} {call.route}")
@pytest.mark.parametrize("error", [ConnectionFailed("gone"), TimedOut("silent")], ids=lambda error: str(error))
def test_idempotent_request_is_sent_again_after_a_failed_connection(call: Call[Any], error: SegmentsError) -> None:
    attempts = Attempts(call, [error], attempts=3, total_seconds=1e9)
    assert len(attempts.sent) == 3
    assert attempts.error is error
    assert len({id(sent.call) for sent in attempts.sent}) == 1


REASONS = [TimedOut("silent"), problem(429, "rate-exceeded"), problem(503, "store-unavailable")]


@pytest.mark.parametrize("reason", REASONS, ids=str)
def test_records_are_sent_once_as_they_can_be_read_once(reason: Reply | SegmentsError) -> None:
    assert len(Attempts(RECORDS, [reason], attempts=3).sent) == 1


@pytest.mark.parametrize("call", [FILE, KEYED], ids=["file", "retrain"])
@pytest.mark.parametrize("reason", REASONS, ids=str)
def test_post_with_an_idempotency_key_is_sent_again(call: Call[Any], reason: Reply | SegmentsError) -> None:
    attempts = Attempts(call, [reason], attempts=3, total_seconds=1e9)
    assert len({sent.headers["Idempotency-Key"] for sent in attempts.sent}) == 1
    assert len(attempts.sent) == 3


def test_post_that_is_not_idempotent_is_sent_again_where_nothing_was_done_and_not_else() -> None:
    call = replace(KEYED, idempotent=False)
    assert len(Attempts(call, [TimedOut("silent")], attempts=3).sent) == 1
    refusals = [problem(429, "rate-exceeded"), problem(503, "overloaded"), problem(503, "store-unavailable")]
    assert [len(Attempts(call, [refusal], attempts=3).sent) for refusal in refusals] == [3, 3, 1]


@pytest.mark.parametrize("kind", [*TABLE.values(), *BY_STATUS.values()], ids=lambda kind: kind.name)
def test_of_all_problems_those_of_pressure_alone_are_repeated(kind: Any) -> None:
    attempts = Attempts(READ, [problem(kind.status, kind.name)], attempts=2)
    repeated = kind.status in (429, 503) or kind.name == "idempotency-key-in-progress"
    assert len(attempts.sent) == (2 if repeated else 1)
    assert isinstance(attempts.error, SegmentsProblem)
    assert attempts.error.status == kind.status


def test_retry_after_comes_before_the_next_attempt() -> None:
    busy = problem(429, "rate-exceeded", **{"retry-after": "7"})
    attempts = Attempts(SEGMENT, [busy, problem(404, "not-found")])
    [pause] = attempts.pauses
    assert 7 <= pause <= 7.2


def test_attempts_end_before_the_agreed_time_would_be_over() -> None:
    busy = problem(503, "store-unavailable", **{"retry-after": "7"})
    attempts = Attempts(READ, [busy], attempts=99, total_seconds=20)
    assert len(attempts.pauses) == 2
    assert isinstance(attempts.error, Unavailable)
    assert attempts.error.retry_after == 7


def test_same_idempotency_key_goes_with_every_attempt_and_another_with_the_next_operation() -> None:
    attempts = Attempts(KEYED, [TimedOut("silent")], attempts=4, total_seconds=1e9)
    keys = {sent.headers["Idempotency-Key"] for sent in attempts.sent}
    assert len(keys) == 1
    assert first_call(jobs.retrain()).headers["Idempotency-Key"] not in keys


def test_response_of_a_proxy_has_its_status_alone() -> None:
    attempts = Attempts(READ, [Reply(503, {"x-request-id": "7"}, b"<html>no backend</html>")], attempts=2)
    assert len(attempts.sent) == 2
    assert isinstance(attempts.error, Unavailable)
    assert (attempts.error.status, attempts.error.type) == (503, "about:blank")
    assert attempts.error.request_id == "7"


def test_date_of_retry_after_is_seconds_from_now() -> None:
    assert seconds_of("Sun, 06 Nov 1994 08:49:37 GMT", lambda: 784111767.0) == 10
    assert seconds_of("Sun, 06 Nov 1994 08:49:37 GMT", lambda: 784111787.0) == 0
    assert [seconds_of(text) for text in (None, "soon", "", "3")] == [None, None, None, 3]


def test_deletion_that_an_attempt_without_a_response_did_is_done() -> None:
    erase, gone = first_call(rights.erase("ada")), problem(404, "user-not-found")
    assert Attempts(erase, [TimedOut("silent"), gone]).error is None
    assert isinstance(Attempts(erase, [gone]).error, NotFound)
    assert isinstance(Attempts(READ, [TimedOut("silent"), gone]).error, NotFound)


def test_no_attempt_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="attempts is 1 or more"):
        Retries(attempts=0)


def test_catalogue_remembers_no_more_responses_than_agreed() -> None:
    session = Session(Retries())
    for number in range(2 * MAX_CACHED):
        run = Run(session.attempts(Call(method="GET", route=f"/{number}", result=str, cached=True)))
        run.advance()
        run.advance(Reply(200, {"etag": '"1"'}, b'"response"'))
        assert run.result == "response"
    assert len(session._cached) <= MAX_CACHED
