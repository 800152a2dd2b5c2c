"""Pages of other origins: what they may send, and that they can read every response, refusals and failures too."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from models.storage.registry import Registry
from service.app import create_app
from service.settings import Settings
from service.store.memory.store import MemoryStore
from service.store.memory.users import MemoryUsers
from tests.support.problems import assert_problem

ORIGIN = "https://app.example"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}


class BrokenUsers(MemoryUsers):
    """Raises as a defect would."""

    def count(self) -> int:
        raise ZeroDivisionError


@pytest.fixture
def shared(settings: Settings, registry: Registry) -> Iterator[TestClient]:
    """A service that others can reach, and that pages of one origin may use."""
    changed = settings.model_copy(update={"cors_origins": ORIGIN, "host": "0.0.0.0", "insecure": True})
    app = create_app(changed, store=MemoryStore(users=BrokenUsers()))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def test_no_origin_is_allowed_by_default(client: TestClient) -> None:
    assert client.options("/segment", headers=PREFLIGHT).status_code == 405
    response = client.get("/personas", headers={"Origin": ORIGIN})
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", "authorization,content-type,idempotency-key"),
        ("POST", "X-API-Key, Content-Type"),
        ("PATCH", "authorization, if-match, content-type"),
        ("GET", "authorization, if-none-match"),
        ("HEAD", "authorization"),
        ("PUT", "authorization, content-type, x-request-id"),
        ("DELETE", "authorization"),
    ],
)
def test_page_of_the_origin_may_send_every_method_and_header_of_the_api(
    shared: TestClient, method: str, headers: str
) -> None:
    preflight = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    response = shared.options("/segment", headers=PREFLIGHT | preflight)
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, ORIGIN)


@pytest.mark.parametrize(
    "refused", [{"Origin": "https://evil.example"}, {"Access-Control-Request-Headers": "x-unknown"}]
)
def test_refused_preflight_is_a_problem_that_names_the_setting(
    shared: TestClient, refused: dict[str, str]
) -> None:
    response = shared.options("/segment", headers=PREFLIGHT | refused)
    problem = assert_problem(response, 400, "untrusted-origin")
    assert "CORS_ORIGINS" in problem["detail"]
    assert problem["instance"] == "/segment"
    assert ("access-control-allow-origin" in response.headers) is ("Origin" not in refused)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/segment", {}, 200),
        ("POST", "/segment", {"age": 5}, 422),
        ("GET", "/nope", None, 404),
        ("DELETE", "/segment", None, 405),
        ("POST", "/retrain", {"source": "users"}, 500),
    ],
)
def test_page_can_read_every_response(
    shared: TestClient, method: str, path: str, body: object, status: int
) -> None:
    response = shared.request(method, path, json=body, headers={"Origin": ORIGIN})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (status, ORIGIN)
    assert "X-Request-ID" in response.headers["access-control-expose-headers"]


def test_page_can_read_that_a_key_is_needed(settings: Settings, registry: Registry) -> None:
    closed = settings.model_copy(update={"cors_origins": ORIGIN, "host": "0.0.0.0"})
    with TestClient(create_app(closed, store=MemoryStore())) as client:
        response = client.post("/segment", json={}, headers={"Origin": ORIGIN})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (401, ORIGIN)
