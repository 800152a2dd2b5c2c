"""Behind a proxy that publishes the service under a path, whether it takes the path away or passes it on."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from models.storage.registry import Registry
from service.app import create_app
from service.http.path_prefix import without_prefix
from service.settings import Settings
from service.store.memory.store import MemoryStore
from tests.service.http.routes.retrains import SIMULATED
from tests.support.both_paths import both_paths
from tests.support.launcher import FakeLauncher
from tests.support.problems import assert_problem

PREFIX = "/tools/segments"


class Proxy:
    """Publishes an app under a path; `strips`: requests are passed on without it."""

    def __init__(self, app: ASGIApp, strips: bool) -> None:
        self.app, self.strips = app, strips

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            assert scope["path"].startswith(PREFIX), f"no page of the service's: {scope['path']}"
            if self.strips:
                path, raw_path = (
                    scope["path"].removeprefix(PREFIX),
                    scope["raw_path"].removeprefix(PREFIX.encode()),
                )
                scope = {**scope, "path": path, "raw_path": raw_path}
        await self.app(scope, receive, send)


@pytest.fixture(params=[True, False], ids=["stripped", "passed on"])
def published(
    request: pytest.FixtureRequest, settings: Settings, launcher: FakeLauncher, registry: Registry
) -> Iterator[TestClient]:
    app = create_app(settings.model_copy(update={"root_path": PREFIX}), store=MemoryStore(), launcher=launcher)
    with TestClient(Proxy(app, request.param), raise_server_exceptions=False) as client:
        yield client


def get(client: TestClient, path: str) -> Any:
    return client.get(PREFIX + path)


def test_page_of_the_documentation_and_all_that_it_loads_are_there(published: TestClient) -> None:
    page = get(published, "/docs")
    assert page.status_code == 200
    script = get(published, "/static/docs.js").text
    loaded = re.findall(r"(?:src|href)=\"([^\"]+)\"", page.text) + re.findall(r"fetch\(\"([^\"]+)\"", script)
    assert len(loaded) == 5
    for target in loaded:
        assert published.get(urljoin(f"{PREFIX}/docs", target)).status_code == 200, target
    assert get(published, "/openapi.json").json()["servers"] == [{"url": PREFIX}]


def test_links_of_the_index_are_there(published: TestClient) -> None:
    links = get(published, "/").json()["links"]
    assert {published.get(link).status_code for link in links.values()} == {200}


def test_location_and_links_of_a_retrain_lead_to_it(published: TestClient) -> None:
    started = published.post(f"{PREFIX}/retrain", json=SIMULATED)
    links = started.json()["links"]
    assert started.headers["location"] == links["self"]
    assert published.get(links["self"]).json()["id"] == started.json()["id"]
    again = published.post(f"{PREFIX}/retrain", json=SIMULATED)
    problem = assert_problem(again, 409, "retrain-running")
    assert (problem["job"], again.headers["location"]) == (links["self"], links["self"])
    (listed,) = get(published, "/retrain").json()["items"]
    assert listed["links"] == links
    with published.stream("GET", links["events"]) as events:
        assert started.json()["id"] in next(events.iter_text())
        assert published.post(links["cancel"]).status_code == 202


def test_id_with_a_slash_is_one_segment_behind_the_prefix(published: TestClient) -> None:
    target = f"{PREFIX}/users/gid%3A%2F%2Fshop%2F731/profile"
    assert published.put(target, json={"age": 30}).json()["user_id"] == "gid://shop/731"
    invalid = assert_problem(published.put(target, json={"age": 5}), 422, "invalid-request")
    assert invalid["instance"] == f"{PREFIX}/users/gid:%2F%2Fshop%2F731/profile"


def test_problem_names_the_path_that_the_client_sent(published: TestClient) -> None:
    assert assert_problem(get(published, "/nope"), 404, "not-found")["instance"] == f"{PREFIX}/nope"
    invalid = published.post(f"{PREFIX}/segment", json={"age": 5})
    assert assert_problem(invalid, 422, "invalid-request")["instance"] == f"{PREFIX}/segment"


@pytest.mark.parametrize("target", ["/segment", f"{PREFIX}/segment"])
def test_fast_path_answers_with_and_without_the_prefix(
    target: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with both_paths(tmp_path_factory.mktemp("prefix"), root_path=PREFIX) as both:
        both.assert_fast("POST", target, b'{"age": 30}', {"content-type": "application/json"})


@pytest.mark.parametrize(
    ("path", "prefix", "own"),
    [
        ("/segments/docs", "/segments", "/docs"),
        ("/segments", "/segments", "/"),
        ("/segments/", "/segments", "/"),
        ("/segmentsdocs", "/segments", "/segmentsdocs"),
        ("/docs", "/segments", "/docs"),
        ("/docs", "", "/docs"),
    ],
)
def test_prefix_is_taken_away_as_a_whole(path: str, prefix: str, own: str) -> None:
    assert without_prefix(path, prefix) == own
