"""Heads that are not valid HTTP/1.1, and names of hosts."""

from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from models.storage.registry import Registry
from service.app import create_app
from service.http.server.request_head import host_of, is_host, is_trusted, trusted_names
from service.settings import Settings
from service.store.memory.store import MemoryStore
from testkit.server import Server, serving
from testkit.small_model import write_small_model
from tests.support.sockets import LAST, connect, post, rest, statuses

ORIGIN = "https://app.example"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("heads")
    registry = Registry(folder / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    with serving(folder, registry.root, MAX_IN_FLIGHT="1", CORS_ORIGINS=ORIGIN) as server:
        yield server


def answer_to(server: Server, sent: bytes) -> bytes:
    with connect(server.port) as connection:
        connection.sendall(sent)
        return rest(connection)


@pytest.mark.parametrize("target", [b"/segment", b"/personas"])
@pytest.mark.parametrize(
    "host", [b"", b"host: localhost\r\n" * 2, b"host: a b\r\n", b"host: a/b\r\n", b"host: a@b\r\n"]
)
def test_http_1_1_has_one_valid_host(server: Server, target: bytes, host: bytes) -> None:
    received = answer_to(server, post(b"{}", head=LAST, path=target).replace(b"host: localhost\r\n", host))
    assert statuses(received) == [b"400"]
    assert b"malformed-request" in received


def test_http_1_0_needs_no_host(server: Server) -> None:
    sent = post(b"{}", version=b"1.0").replace(b"host: localhost\r\n", b"")
    assert statuses(answer_to(server, sent)) == [b"200"]


@pytest.mark.parametrize("coding", [b"gzip, chunked", b"x, chunked", b"chunked, chunked"])
@pytest.mark.parametrize("request_line", [b"POST /segment", b"GET /users/ann/persona"])
def test_other_transfer_coding_than_chunked_is_refused(server: Server, request_line: bytes, coding: bytes) -> None:
    head = b"%b HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: %b\r\n\r\n"
    received = answer_to(server, head % (request_line, coding) + b"2\r\n{}\r\n0\r\n\r\n")
    assert statuses(received)[0] in (b"501", b"400")
    assert len(statuses(received)) == 1
    assert b"connection: close" in received


@pytest.mark.parametrize("coding", [b"chunked", b"Chunked"])
def test_chunked_is_read_in_any_case(server: Server, coding: bytes) -> None:
    head = (
        b"POST /segment HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: %b\r\n"
    )
    assert statuses(answer_to(server, head % coding + LAST + b"\r\n2\r\n{}\r\n0\r\n\r\n")) == [b"200"]


@pytest.mark.parametrize(
    ("request_line", "head", "status"),
    [
        (
            b"OPTIONS /segment",
            b"access-control-request-method: POST\r\norigin: " + ORIGIN.encode() + b"\r\n",
            b"200",
        ),
        (b"GET /personas", b"host: twice\r\n", b"400"),
    ],
    ids=["preflight", "malformed"],
)
def test_request_that_a_layer_answers_by_itself_waits_no_longer(
    server: Server, request_line: bytes, head: bytes, status: bytes
) -> None:
    sent = b"%b HTTP/1.1\r\nhost: localhost\r\n%b" % (request_line, head)
    assert statuses(answer_to(server, (sent + b"\r\n") * 9 + sent + LAST + b"\r\n")) == [status] * 10
    # MAX_IN_FLIGHT is 1: were they still counted, this one would be refused.
    assert statuses(answer_to(server, post(b"{}", path=b"/segment?explain=true", head=LAST))) == [b"200"]


@pytest.mark.parametrize(
    "sent", ["segments.example.org", "SEGMENTS.Example.org", "segments.example.org.:80", "A.B."]
)
def test_hosts_compare_without_case_and_final_dot(sent: str) -> None:
    for setting in ("a.b, Segments.Example.Org.", "a.b,*.EXAMPLE.org"):
        assert is_trusted(host_of({"headers": [(b"host", sent.encode())]}), trusted_names(setting))


@pytest.mark.parametrize(
    ("value", "is_valid"),
    [(b"", True), (b"a.b:80", True), (b"[::1]:80", True), (b"a b", False), (b"[::1", False), (b"a:b", False)],
)
def test_host_is_a_name_and_a_port(value: bytes, is_valid: bool) -> None:
    assert is_host(value) is is_valid


def test_failure_has_the_headers_for_browsers(settings: Settings, registry: Registry) -> None:
    app = create_app(settings.model_copy(update={"cors_origins": ORIGIN}), store=MemoryStore())

    @app.get("/defect")
    def defect() -> None:
        raise RuntimeError("secret")

    with TestClient(app) as client:
        response = client.get("/defect", headers={"Origin": ORIGIN})
        assert (response.status_code, response.headers["access-control-allow-origin"]) == (500, ORIGIN)
        assert response.json()["request_id"] == response.headers["x-request-id"]
        counted = [
            sample.value
            for family in text_string_to_metric_families(client.get("/metrics").text)
            for sample in family.samples
            if sample.name == "segments_http_requests_total" and sample.labels["status"] == "500"
        ]
    assert counted == [1.0]
