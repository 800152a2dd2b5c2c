"""`PUT /users/{user_id}/profile` on the fast path: it stores and answers what the standard path does, once."""

import hashlib
import json
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from service.fastpath.deferred import Awaited, Deferred
from service.http.responses import RenderedResponse
from service.http.server.early_response import FastRequest
from service.store.memory.store import MemoryStore
from service.store.memory.users import MemoryUsers
from service.store.ports.errors import StoreUnavailable
from service.store.ports.users import StoredAssignment, StoredUser
from tests.service.fastpath.requests import FULL, FULL_PROFILE, JSON, UNKNOWN_VALUE, as_json
from tests.service.fastpath.test_dispatcher import access_log, counted
from tests.service.fastpath.test_routes import INVALID, INVALID_USER_IDS, VALID
from tests.support.both_paths import BothPaths, WholeResponse, both_paths, on_the_wire

# Different at every write.
VOLATILE = ("user_id", "profile_updated_at", "assigned_at")
# Spelled as the model spells them; whether the fast path takes other spellings is left to it.
KNOWN = {
    *("every answer", "half of the answers", "no answer", "nulls", "an empty list", "repeated values"),
    *("a list as long as the table's", "the minimum age", "the maximum age"),
    *("an answer given twice", "an invalid answer replaced by a valid one"),
}


def target(user_id: str) -> str:
    return f"/users/{user_id}/profile"


def stable(response: WholeResponse) -> tuple[int, list[tuple[str, str]], dict[str, Any]]:
    """A response without what differs between two writes."""
    headers = [header for header in response.headers if header[0] not in ("content-length", "x-request-id")]
    body = json.loads(response.content)
    return response.status, headers, {name: value for name, value in body.items() if name not in VOLATILE}


def stored(both: BothPaths, user_id: str) -> StoredUser:
    user: StoredUser | None = both.app.state.services.store.users.get(user_id)
    assert user is not None
    return user


@pytest.mark.parametrize(("name", "body"), VALID.items(), ids=VALID)
def test_profile_is_stored_and_answered_as_on_the_standard_path_or_declined(
    both: BothPaths, name: str, body: bytes
) -> None:
    must_be_fast = name in KNOWN
    name = hashlib.sha256(body).hexdigest()
    for _ in range(2):
        fast, _ = both.fast("PUT", target(f"fast-{name}"), body, JSON)
        standard = both.standard("PUT", target(f"standard-{name}"), body, JSON)
        if fast is None:
            assert not must_be_fast, "the fast path must answer this request"
            assert both.app.state.services.store.users.get(f"fast-{name}") is None
            return
        assert stable(on_the_wire(fast)) == stable(standard)
    one, other = stored(both, f"fast-{name}"), stored(both, f"standard-{name}")
    assert one.assignment is not None
    assert other.assignment is not None
    assert (one.profile_json, one.revision) == (other.profile_json, 2)
    assert one.assignment.persona_id == other.assignment.persona_id
    assert one.assignment.answered_count == other.assignment.answered_count


@pytest.mark.parametrize("body", [*INVALID.values(), UNKNOWN_VALUE], ids=[*INVALID, "an unknown value"])
def test_invalid_profile_and_unknown_answers_are_declined_and_not_stored(both: BothPaths, body: bytes) -> None:
    assert both.fast("PUT", target("declined"), body, JSON)[0] is None
    assert both.app.state.services.store.users.get("declined") is None


@pytest.mark.parametrize("user_id", INVALID_USER_IDS)
def test_invalid_user_id_is_declined(both: BothPaths, user_id: str) -> None:
    both.assert_declined("PUT", target(user_id), FULL, JSON)


def test_profile_without_a_model_is_declined(tmp_path: Path) -> None:
    with both_paths(tmp_path, model=False) as both:
        assert both.fast("PUT", target("ann"), FULL, JSON)[0] is None
        assert both.standard("PUT", target("ann"), FULL, JSON).status == 201


def test_writes_of_one_user_in_one_iteration_are_stored_in_their_order(both: BothPaths) -> None:
    ages = (20, 30, 40)
    bodies = [as_json(FULL_PROFILE | {"age": age}) for age in ages]
    responses = both.fast_batch([("PUT", target("thrice"), body, JSON) for body in bodies])
    assert [response and json.loads(response.content)["revision"] for response in responses] == [1, 2, 3]
    assert [response and response.status for response in responses] == [201, 200, 200]
    assert json.loads(stored(both, "thrice").profile_json or "")["age"] == 40


def test_both_paths_count_and_log_a_write_alike(both: BothPaths, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="service.access")
    headers = {**JSON, "x-request-id": "mine"}
    fast = counted(both, lambda: both.fast("PUT", target("counted-1"), FULL, headers))
    standard = counted(both, lambda: both.standard("PUT", target("counted-2"), FULL, headers))
    assert len(fast) >= 3
    assert fast == standard
    records = access_log(caplog)
    assert all(record.pop("duration_ms") > 0 for record in records)
    assert records[0] == records[1]


# --- failures --------------------------------------------------------------------------------------


class FailingUsers(MemoryUsers):
    """Fails each write that was submitted, and counts them."""

    submitted = 0
    error: Exception = StoreUnavailable("away")

    def submit(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> Future[StoredUser]:
        self.submitted += 1
        write: Future[StoredUser] = Future()
        write.set_exception(self.error)
        return write


@pytest.mark.parametrize("error", [StoreUnavailable("away"), ZeroDivisionError()])
def test_write_that_fails_is_the_problem_of_the_standard_path_and_not_repeated(
    tmp_path: Path, error: Exception
) -> None:
    users = FailingUsers()
    users.error = error
    with both_paths(tmp_path, store=MemoryStore(users=users)) as both:
        both.assert_fast("PUT", target("ann"), FULL, JSON)
        assert users.submitted == 2
        assert both.app.state.services.store_bulkhead.in_use == 0


def test_both_paths_count_a_store_that_is_away(tmp_path: Path) -> None:
    with both_paths(tmp_path, store=MemoryStore(users=FailingUsers())) as both:
        fast = counted(both, lambda: both.fast("PUT", target("ann"), FULL, JSON))
        assert fast == counted(both, lambda: both.standard("PUT", target("ann"), FULL, JSON))
        assert fast["segments_store_failures_total", frozenset()] == 1


class RefusingUsers(MemoryUsers):
    """Takes no write of Bob."""

    def submit(
        self, user_id: str, profile_json: str, at: datetime, assignment: StoredAssignment | None
    ) -> Future[StoredUser]:
        if user_id == "bob":
            raise ZeroDivisionError
        return super().submit(user_id, profile_json, at, assignment)


def test_write_that_cannot_be_submitted_is_declined_and_the_others_are_answered_once(tmp_path: Path) -> None:
    with both_paths(tmp_path, store=MemoryStore(users=RefusingUsers())) as both:
        responses = both.fast_batch([("PUT", target(name), FULL, JSON) for name in ("ann", "bob", "cid")])
        assert [response and response.status for response in responses] == [201, None, 201]
        assert stored(both, "ann").revision == 1


def test_writes_beyond_the_slots_of_the_store_are_declined(tmp_path: Path) -> None:
    with both_paths(tmp_path, max_store_requests=2) as both:
        requests = [("PUT", target(f"user-{number}"), FULL, JSON) for number in range(3)]
        for _ in range(2):
            responses = both.fast_batch(requests)
            assert [response is not None for response in responses] == [True, True, False]


def test_write_that_takes_too_long_is_answered_503(both: BothPaths) -> None:
    def render(_: object) -> RenderedResponse:
        raise AssertionError

    fast, scope = both.fast("PUT", target("slow"), FULL, JSON)
    assert fast is not None
    match = both.fast_path.match(scope)
    before = both.app.state.services.store_bulkhead.in_use
    both.app.state.services.store_bulkhead.acquire()
    deferred = Deferred(
        request=FastRequest(match, scope, FULL), own_id="mine", started=0.0, awaited=Awaited(Future(), render)
    )
    (response,) = both.fast_path.finish([deferred])
    problem = json.loads(response.content)
    assert (response.status, problem["type"]) == (503, "urn:segments:problem:too-slow")
    assert problem["request_id"] == "mine"
    assert b"content-type: application/problem+json\r\n" in response.head
    assert both.app.state.services.store_bulkhead.in_use == before
