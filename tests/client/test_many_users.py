"""Imports, exports, feeds and long lists, by both clients, with a small service in memory."""

import asyncio
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from backpocket_segments import (
    AsyncSegmentsClient,
    ConnectionFailed,
    CursorExpired,
    CursorFile,
    JobFailed,
    ModelsDiffer,
    Retries,
    SegmentsClient,
    TimedOut,
)

from tests.client.fake_service import PAGE, Chunks, FakeService, change
from tests.client.support import Blocking

FAST = Retries(attempts=3, first_pause=0)


@pytest.fixture
def service() -> FakeService:
    return FakeService()


def clients(handler: Any) -> dict[str, Any]:
    """What both clients need to ask a handler, which gets requests that were read."""

    def respond(request: httpx.Request) -> httpx.Response:
        body = request.read() if isinstance(request.stream, httpx.SyncByteStream) else request.content
        response: httpx.Response = handler(request.method, request.url.path, dict(request.url.params), body)
        return response

    async def respond_later(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return respond(request)

    return {"blocking": httpx.MockTransport(respond), "asyncio": httpx.MockTransport(respond_later)}


@pytest.fixture(params=["blocking", "asyncio"])
def connect(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Makes a client that asks a handler."""
    with asyncio.Runner() as runner:

        def client_of(handler: Any) -> Any:
            transport = clients(handler)[request.param]
            if request.param == "blocking":
                return SegmentsClient("http://segments.example", transport=transport, retries=FAST)
            client = AsyncSegmentsClient("http://segments.example", transport=transport, retries=FAST)
            return Blocking(client, runner)

        yield client_of


@pytest.fixture
def segments(connect: Any, service: FakeService) -> Any:
    return connect(service.respond)


def test_list_that_two_models_answered_is_read_again(segments: Any, service: FakeService) -> None:
    service.versions = iter(["v1", "v2", "v2", "v2"])
    assert segments.get_personas([f"u{index}" for index in range(1_500)]).model_version == "v2"
    service.versions = cycle(["v1", "v2"])
    with pytest.raises(ModelsDiffer):
        segments.get_personas([f"u{index}" for index in range(1_500)])


def test_records_are_imported_and_the_job_is_followed(segments: Any, service: FakeService) -> None:
    states: list[float] = []
    records = ({"user_id": f"u{index}", "note": "\u2028x" * 50} for index in range(3_000))
    job = segments.import_users(
        records, wait=True, progress=lambda job: states.append(job.progress), poll_seconds=0
    )
    assert len(service.users) == 3_000
    assert job.status == "SUCCEEDED"
    assert states == [0, 1 / 3, 2 / 3, 1]


def test_file_is_imported_in_the_format_of_its_suffix(segments: Any, service: FakeService, tmp_path: Path) -> None:
    path = tmp_path / "users.JSONL"
    path.write_text('{"user_id": "ada"}\n', encoding="utf-8")
    assert segments.import_users(path).status == "QUEUED"
    assert service.users == {"ada": {"user_id": "ada"}}
    assert service.looks == 0


def test_import_that_fails_says_why(segments: Any, service: FakeService) -> None:
    service.job_ends_as = "FAILED"
    with pytest.raises(JobFailed, match="The disk is full") as caught:
        segments.import_users([{"user_id": "ada"}], wait=True, poll_seconds=0)
    assert caught.value.job.progress == 1


def test_file_is_sent_whole_again_after_a_refusal(connect: Any, service: FakeService, tmp_path: Path) -> None:
    path = tmp_path / "users.ndjson"
    path.write_text('{"user_id": "ada"}\n' * 9_000, encoding="utf-8")
    bodies: list[bytes] = []

    def busy_once(method: str, route: str, query: dict[str, str], body: bytes) -> httpx.Response:
        bodies.append(body)
        busy = {"type": "urn:segments:problem:overloaded", "status": 503}
        return httpx.Response(503, json=busy) if len(bodies) == 1 else service.respond(method, route, query, body)

    assert connect(busy_once).import_users(path).id == "7"
    assert bodies == [path.read_bytes()] * 2


def test_export_is_read_line_by_line_whatever_its_texts_hold(segments: Any, service: FakeService) -> None:
    service.users = {"a\u2028b": {}, "ada": {}, "💡": {}}
    exported = list(segments.export_users())
    assert [user.user_id for user in exported] == list(service.users)
    assert {(user.persona_id, user.status, user.basis) for user in exported} == {("p_1", "PRESENT", "OWN_PROFILE")}


def test_export_that_breaks_off_is_no_shorter_export(connect: Any, service: FakeService) -> None:
    service.users = {"ada": {}}
    line = b"".join(service.respond("GET", "/users:export", {}, b"").stream)  # type: ignore[arg-type]
    bodies = [Chunks([line, httpx.RemoteProtocolError("cut off")])]
    exported = connect(lambda *_: httpx.Response(200, stream=bodies[0])).export_users()
    assert next(exported).user_id == "ada"
    with pytest.raises(ConnectionFailed, match="cut off"):
        next(exported)
    assert bodies[0].closed


def test_export_that_is_left_gives_its_connection_back(connect: Any, service: FakeService) -> None:
    service.users = {f"u{index}": {} for index in range(99)}
    body = service.respond("GET", "/users:export", {}, b"").stream
    exported = connect(lambda *_: httpx.Response(200, stream=body)).export_users()
    assert next(exported).user_id == "u0"
    exported.close()
    assert isinstance(body, Chunks)
    assert body.closed


def test_export_is_opened_again_after_a_failed_connection(connect: Any, service: FakeService) -> None:
    service.users = {"ada": {}}
    failures = iter([httpx.ConnectError("refused")])

    def fail_once(*request: Any) -> httpx.Response:
        for failure in failures:
            raise failure
        return service.respond(*request)

    assert len(list(connect(fail_once).export_users())) == 1


def test_feed_is_read_to_its_end_and_its_cursor_is_remembered(
    segments: Any, service: FakeService, tmp_path: Path
) -> None:
    service.feed = [change(number) for number in range(5)]
    cursors = CursorFile(tmp_path / "cursor")
    assert [item.id for item in segments.changes(cursor_store=cursors)] == [0, 1, 2, 3, 4]
    assert cursors.load() == "5"
    service.feed.append(change(5))
    assert [item.user_id for item in segments.changes(cursor_store=cursors)] == ["u5"]
    assert [item.id for item in segments.changes("3")] == [3, 4, 5]
    assert list(segments.changes(segments.latest_cursor())) == []


def test_cursor_is_remembered_when_its_page_was_handled_and_not_before(
    segments: Any, service: FakeService, tmp_path: Path
) -> None:
    service.feed = [change(number) for number in range(5)]
    cursors = CursorFile(tmp_path / "cursor")
    changes = segments.changes(cursor_store=cursors)
    handled = [next(changes).id for _ in range(PAGE)]
    assert (handled, cursors.load()) == ([0, 1], None)
    assert next(changes).id == 2
    assert cursors.load() == "2"
    changes.close()
    assert [item.id for item in segments.changes(cursor_store=cursors)] == [2, 3, 4]


def test_feed_is_followed_beyond_its_end(segments: Any, service: FakeService) -> None:
    service.feed = [change(0)]
    changes = segments.changes(follow=True, poll_seconds=0)
    assert next(changes).id == 0
    service.feed.append(change(1))
    assert next(changes).id == 1
    changes.close()


def test_feed_whose_cursor_is_too_old_says_so(segments: Any, service: FakeService) -> None:
    service.expired = True
    with pytest.raises(CursorExpired):
        list(segments.changes("1"))


def test_members_come_page_by_page_as_they_are_asked_for(segments: Any, service: FakeService) -> None:
    service.users = {f"u{index}": {} for index in range(5)}
    members = segments.members("p_1", min_confidence=0.2)
    assert [member.user_id for member in islice(members, 3)] == ["u0", "u1", "u2"]
    assert len(service.requests) == 2
    assert [member.user_id for member in members] == ["u3", "u4"]


def test_erased_user_is_no_response(segments: Any, service: FakeService) -> None:
    assert segments.erase("ada") is None
    assert service.requests == ["DELETE /users/ada"]


def test_long_work_has_more_time_than_the_client_gives_a_request(service: FakeService) -> None:
    timeouts: list[float] = []

    def respond(request: httpx.Request) -> httpx.Response:
        timeouts.append(request.extensions["timeout"]["read"])
        return service.respond(request.method, request.url.path, dict(request.url.params), request.read())

    with SegmentsClient(
        "http://segments.example", timeout=0.5, transport=httpx.MockTransport(respond)
    ) as segments:
        segments.erase("ada")
        segments.get_personas(["ada"])
        segments.import_users([{"user_id": "ada"}])
    assert timeouts == [0.5, 60, 600]


def test_silent_service_times_out_after_the_agreed_attempts(connect: Any) -> None:
    attempts: list[str] = []

    def be_silent(method: str, *_: Any) -> httpx.Response:
        attempts.append(method)
        raise httpx.ReadTimeout("silent")

    segments = connect(be_silent)
    with pytest.raises(TimedOut):
        segments.get_persona("ada")
    with pytest.raises(TimedOut):
        segments.import_users([{"user_id": "ada"}])
    assert attempts == ["GET", "GET", "GET", "POST"]
