"""HEAD on every route: the head of GET's response, and nothing else."""

import re

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from service.app import create_app
from service.retraining.launcher import Ended
from service.settings import Settings
from service.store.memory.store import MemoryStore
from tests.service.http.routes.retrains import begin, end
from tests.support.both_paths import BothPaths, both_paths, on_the_wire
from tests.support.launcher import FakeLauncher

APP = create_app(Settings(_env_file=None), store=MemoryStore())
PATHS = sorted(
    {
        route.path
        for route in APP.state.all_routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    }
    | {"/openapi.json", "/static/docs/swagger-ui.css"}
)
# Differ between any two requests.
OWN = {"date", "x-request-id"}


@pytest.mark.parametrize("path", PATHS)
def test_head_has_the_status_and_the_headers_of_get(client: TestClient, path: str) -> None:
    target = re.sub(r"{\w+}", "somebody", path)
    head, get = client.head(target), client.get(target)
    assert head.content == b""
    assert head.status_code == get.status_code
    if path != "/metrics":  # which grow with each request
        assert {name: value for name, value in head.headers.items() if name not in OWN} == {
            name: value for name, value in get.headers.items() if name not in OWN
        }


def test_head_of_what_the_fast_path_answers_has_its_headers(tmp_path_factory: pytest.TempPathFactory) -> None:
    with both_paths(tmp_path_factory.mktemp("head")) as both:
        both.client.put("/users/ann/profile", json={"age": 30})
        assert_same_head(both, "/users/ann/persona")


def assert_same_head(both: BothPaths, target: str) -> None:
    response, _ = both.fast("GET", target, headers={"x-request-id": "mine"})
    assert response is not None
    head = both.standard("HEAD", target, headers={"x-request-id": "mine"})
    assert (head.headers, head.content) == (on_the_wire(response).headers, b"")


def test_head_of_an_event_stream_ends_at_once(client: TestClient, launcher: FakeLauncher) -> None:
    address, child = begin(client, launcher)
    response = client.head(f"{address}/events")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"].startswith("text/event-stream")
    child.say(Ended(None, "No."))
    end(client, address)


def test_access_log_names_the_method_and_the_route(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="service.access")
    client.head("/personas/p_0")
    (record,) = [record.__dict__["fields"] for record in caplog.records if record.message == "answered"]
    assert (record["method"], record["route"], record["status"]) == ("HEAD", "/personas/{persona_id}", 200)
