"""What is measured must have been answered: a redirect or a wrong cluster is fast, and no answer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from benchmarks.load.peers import Peer, prove
from benchmarks.load.rounds import Measured, NotAnswered, Round, answers
from benchmarks.load.servers import Running
from benchmarks.load.wrk import Load, Request

ASKED = Request("POST", "/predict", bodies=("{}", "{}"))


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
def test_what_is_no_2xx_is_not_measured(status: int) -> None:
    with server_that_gives(status) as server, pytest.raises(NotAnswered, match=f"/predict gave {status}"):
        answers(server, ASKED)


def test_an_outcome_for_each_item_is_an_answer() -> None:
    with server_that_gives(207, b"{}") as server:
        assert [answer.content for answer in answers(server, ASKED)] == [b"{}", b"{}"]


@pytest.mark.parametrize(("many", "answer"), [(False, {"cluster": 3}), (True, {"predict": [3]})])
def test_a_peer_must_predict_what_the_pipeline_does(many: bool, answer: dict[str, object]) -> None:
    peer = Peer("peer", "app", many)
    with server_that_gives(200, json.dumps(answer).encode()) as server:
        prove(peer, server, ASKED, [3, 3])
        with pytest.raises(NotAnswered, match="1 of 2 profiles"):
            prove(peer, server, ASKED, [3, 4])


def test_requests_take_turns_over_numbers_and_bodies() -> None:
    asked = Request("POST", "/users/{n}", numbers=3, bodies=("a", "b"))
    assert asked.in_turn() == [("/users/1", "a"), ("/users/2", "b"), ("/users/3", "a")]


def test_shares_are_of_the_ceiling_around_a_round() -> None:
    def measured(rate: float, processor: float) -> Measured:
        return Measured(Load(rate, 1.0, 2.0, 0), processor)

    found = Round(measured(900, 1e-5), measured(500, 4e-5), measured(1_100, 3e-5))
    assert found.ratio == 0.5
    assert found.by_processor == pytest.approx(0.5)
