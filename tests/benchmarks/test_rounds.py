"""Rounds of load: a server is measured only if it responds with 2xx and the right clusters."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from benchmarks.load.peers import Peer, prove
from benchmarks.load.rounds import Measured, NotAnswered, Round, responses
from benchmarks.load.servers import Running
from benchmarks.load.wrk import Load, Request

REQUEST = Request("POST", "/predict", bodies=("{}", "{}"))


@contextmanager
def server_that_gives(status: int, body: bytes = b"") -> Iterator[Running]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("location", "/elsewhere")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Running("server", f"http://127.0.0.1:{server.server_port}", 0, 0.0)
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("status", [307, 404, 500])
def test_server_without_2xx_is_not_measured(status: int) -> None:
    with server_that_gives(status) as server, pytest.raises(NotAnswered, match=f"/predict gave {status}"):
        responses(server, REQUEST)


def test_multi_status_is_measured() -> None:
    with server_that_gives(207, b"{}") as server:
        assert [response.content for response in responses(server, REQUEST)] == [b"{}", b"{}"]


@pytest.mark.parametrize(("many", "body"), [(False, {"cluster": 3}), (True, {"predict": [3]})])
def test_peer_must_predict_the_clusters_of_the_pipeline(many: bool, body: dict[str, object]) -> None:
    peer = Peer("peer", "app", many)
    with server_that_gives(200, json.dumps(body).encode()) as server:
        prove(peer, server, REQUEST, [3, 3])
        with pytest.raises(NotAnswered, match="1 of 2 profiles"):
            prove(peer, server, REQUEST, [3, 4])


def test_requests_cycle_through_numbers_and_bodies() -> None:
    request = Request("POST", "/users/{n}", numbers=3, bodies=("a", "b"))
    assert request.in_turn() == [("/users/1", "a"), ("/users/2", "b"), ("/users/3", "a")]


def test_ratio_compares_with_the_ceiling_around_the_round() -> None:
    def measured(rate: float, processor: float) -> Measured:
        return Measured(Load(rate, 1.0, 2.0, 0), processor)

    one = Round(measured(900, 1e-5), measured(500, 4e-5), measured(1_100, 3e-5))
    assert one.ratio == 0.5
    assert one.by_processor == pytest.approx(0.5)
